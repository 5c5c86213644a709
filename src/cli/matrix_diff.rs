//! `conda-torch matrix --diff`: a channel compared with the built-in data.

use anyhow::bail;

use conda_torch_core::channel::{ChannelContents, PACKAGES, age, differences, since};
use conda_torch_core::conda::{Channels, Subdir};
use conda_torch_core::diagnostics::channel_error;
use conda_torch_core::formats::matrix_rows;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::report::matrix_diff::{Compared, document};
use conda_torch_core::types::Date;
use conda_torch_probe::host::Host;

use crate::text;

use super::output_flags::page_width;
use super::{Output, live};

/// The formats of a comparison.
#[derive(Debug, Clone, Copy)]
pub(super) enum DiffFormat {
    /// A list for a person.
    Text,
    /// One JSON document.
    Json,
    /// Rows for the files of `crates/conda-torch-core/src/matrix/data/`.
    Rows,
}

/// Compares channels with the built-in data: exit code 4 on differences.
pub(super) fn run(
    host: &dyn Host,
    channels: &Channels,
    subdirs: &[Subdir],
    offline: bool,
    format: DiffFormat,
) -> anyhow::Result<Output> {
    let matrix = Matrix::embedded();
    let read = live::records(host, channels, subdirs, &PACKAGES, offline)?;
    let records = match read.records {
        Ok(records) => since(records.records, matrix),
        Err(fault) => bail!(channel_error(&fault)),
    };
    let shown = channels.to_string();
    let day = Date::of_unix_time(live::now().saturating_sub(age(&read.origins)));
    let (has, gaps) = ChannelContents::of(&records, day);
    if has.builds.is_empty() && gaps.is_empty() {
        bail!("no PyTorch found in `{shown}`");
    }
    let differences = differences(&has, matrix, subdirs);
    let compared = Compared {
        channel: &shown,
        origins: &read.origins,
        differences: &differences,
        gaps: &gaps,
        matrix,
    };
    let stdout = match format {
        DiffFormat::Text => text::matrix_diff(&compared, page_width()),
        DiffFormat::Json => document(&compared),
        DiffFormat::Rows => matrix_rows(compared.differences, matrix),
    };
    Ok(Output { stdout, code: if compared.is_same() { 0 } else { 4 } })
}
