//! `conda-torch matrix --diff`: the channel against the rows.

use anyhow::bail;

use conda_torch_core::channel::{Has, PACKAGES, age, differences, since};
use conda_torch_core::conda::{Channels, Subdir};
use conda_torch_core::diagnostics::trouble;
use conda_torch_core::formats::matrix_rows;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::report::matrix_diff::{Compared, json};
use conda_torch_core::types::Date;
use conda_torch_probe::host::Host;

use super::live_rows::now;
use super::width::terminal_width;
use super::{Output, live};

/// What is compared with.
pub(super) struct With<'a> {
    /// The channels.
    pub(super) channels: &'a Channels,
    /// Whether only what is kept may be read.
    pub(super) offline: bool,
    /// How it is to be written.
    pub(super) form: Form,
}

/// The forms of a comparison.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// A list, for a person.
    List,
    /// One JSON document.
    Json,
    /// Rows for the files of `crates/conda-torch-core/src/matrix/data/`.
    Rows,
}

/// Compares: exit code 0 where nothing differs, 4 where something does.
pub(super) fn run(with: &With<'_>, subdirs: &[Subdir], host: &dyn Host) -> anyhow::Result<Output> {
    let matrix = Matrix::embedded();
    let read = match live::records(host, with.channels, subdirs, &PACKAGES, with.offline)? {
        Ok(read) => read,
        Err(interrupted) => return Ok(interrupted.output()),
    };
    let records = match read.told {
        Ok(records) => since(records.records, matrix),
        Err(fault) => bail!(trouble(&fault)),
    };
    let shown = with.channels.to_string();
    let day = Date::of_unix_time(now().saturating_sub(age(&read.origins)));
    let (has, gaps) = Has::of(&records, day);
    if has.builds.is_empty() && gaps.is_empty() {
        bail!("there is no PyTorch in `{shown}`");
    }
    let differences = differences(&has, matrix, subdirs);
    let compared = Compared {
        channel: &shown,
        origins: &read.origins,
        differences: &differences,
        gaps: &gaps,
        matrix,
    };
    let stdout = match with.form {
        Form::List => {
            crate::text::matrix_diff(&compared, terminal_width().unwrap_or(80).clamp(40, 100))
        }
        Form::Json => json(&compared),
        Form::Rows => matrix_rows(compared.differences, matrix),
    };
    Ok(Output { stdout, code: if compared.is_same() { 0 } else { 4 } })
}
