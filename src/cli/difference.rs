//! `conda-torch matrix --diff`: the channel against the rows.

use anyhow::bail;

use crate::channel::{differences, found, since};
use crate::host::Host;
use crate::matrix::Matrix;
use crate::model::{Channels, Subdir};
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
    /// The channels.
    pub(super) channels: &'a Channels,
    /// Whether only what is kept may be read.
    pub(super) offline: bool,
    /// Whether rows are wanted, and not a list.
    pub(super) rows: bool,
}

/// Compares: exit code 0 where nothing differs, 4 where something does.
pub(super) fn run(with: &With<'_>, subdirs: &[Subdir], host: &dyn Host) -> anyhow::Result<Output> {
    let matrix = Matrix::embedded();
    let read = match live::records(host, with.channels, subdirs, &NAMES, with.offline)? {
        Ok(read) => read,
        Err(interrupted) => return Ok(interrupted.output()),
    };
    let records = match read.told {
        Ok(records) => since(records.records, matrix),
        Err(fault) => bail!(trouble(&fault)),
    };
    let shown = with.channels.to_string();
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
