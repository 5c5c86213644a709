//! `conda-torch matrix --diff`: the channel against the rows.

use anyhow::bail;

use crate::channel::{differences, found, since};
use crate::host::Host;
use crate::matrix::Matrix;
use crate::model::{Subdir, without_secrets};
use crate::render::{
    difference::{Compared, human, rows},
    trouble,
};

use super::width::terminal_width;
use super::{Output, live};

/// The packages that are compared: PyTorch, and what leads to it.
const NAMES: [&str; 3] = ["pytorch", "pytorch-cpu", "pytorch-gpu"];

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
    let read = match live::records(host, &channel, subdirs, &NAMES, with.offline)? {
        Ok(read) => read,
        Err(interrupted) => return Ok(interrupted.output()),
    };
    let records = match read.told {
        Ok(records) => since(records.records, matrix),
        Err(fault) => bail!(trouble(&fault)),
    };
    let shown = without_secrets(with.channel);
    let (builds, gaps) = found(&records);
    if builds.is_empty() && gaps.is_empty() {
        bail!("there is no PyTorch in `{shown}`");
    }
    let differences = differences(&builds, matrix, subdirs);
    let compared = Compared {
        channel: &shown,
        origins: &read.origins,
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
