//! `conda-torch matrix --diff`: the channel against the rows.

use anyhow::bail;

use crate::channel::{Told, differences, found, since};
use crate::host::Host;
use crate::matrix::Matrix;
use crate::model::{Subdir, without_secrets};
use crate::render::difference::{Compared, human, rows, trouble};

use super::verify::Interrupted;
use super::width::terminal_width;
use super::{Output, live};

/// What is compared with.
pub(super) struct With<'a> {
    /// A name, an address or a folder.
    pub(super) channel: &'a str,
    /// Whether only what is kept may be read.
    pub(super) offline: bool,
    /// Whether rows are wanted, and not a list.
    pub(super) rows: bool,
}

/// Compares: exit code 0 where nothing differs, 4 where something does.
pub(super) fn run(with: &With<'_>, subdirs: &[Subdir], host: &dyn Host) -> anyhow::Result<Output> {
    let matrix = Matrix::embedded();
    let channel = folder(with.channel)?;
    let reply = match live::records(host, &channel, subdirs, &["pytorch"], with.offline)? {
        Ok(reply) => reply,
        // As a shell has it: 130 for Ctrl-C.
        Err(Interrupted(signal)) => {
            let code = u8::try_from(128 + signal).unwrap_or(1);
            return Ok(Output { stdout: String::new(), code });
        }
    };
    let records = match reply.told {
        Told::Records(records) => since(records.records, matrix),
        Told::Failed(fault) => bail!(trouble(&fault)),
        Told::Solved(_) => bail!("`conda-torch-live` answers another question than it was asked"),
    };
    let shown = without_secrets(with.channel);
    if records.is_empty() {
        bail!("there is no PyTorch in `{shown}`");
    }
    let (builds, gaps) = found(&records);
    let differences = differences(&builds, matrix, subdirs);
    let compared = Compared {
        channel: &shown,
        origins: &reply.origins,
        differences: &differences,
        gaps: &gaps,
        matrix,
    };
    let stdout = if with.rows {
        rows(&compared)
    } else {
        human(&compared, terminal_width().unwrap_or(80).clamp(40, 100))
    };
    let same = differences.is_empty() && gaps.is_empty();
    Ok(Output { stdout, code: if same { 0 } else { 4 } })
}

/// A channel as `conda-torch-live` takes it: folders are absolute there.
pub(super) fn folder(channel: &str) -> anyhow::Result<String> {
    let is_path = channel.starts_with(['.', '~', '/', '\\']) || channel.contains(":\\");
    if !is_path {
        return Ok(channel.to_owned());
    }
    let path = std::path::absolute(channel)?;
    match path.into_os_string().into_string() {
        Ok(path) => Ok(path),
        Err(_) => bail!("`{channel}` lies in a folder whose name is not Unicode"),
    }
}
