//! `conda-torch matrix`, and with `--diff` a channel compared with the built-in data.

use anyhow::bail;

use conda_torch_core::channel::{ChannelContents, differences};
use conda_torch_core::conda::{Channels, Subdir};
use conda_torch_core::diagnostics::{Context, channel_error};
use conda_torch_core::formats::matrix_rows;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::report::ErrorCode;
use conda_torch_core::report::matrix::{Recommended, TableRows, rows};
use conda_torch_core::report::matrix_diff::{Compared, document};
use conda_torch_core::resolve::{Request, advise};
use conda_torch_core::types::{Machine, Shell};
use conda_torch_probe::host::Host;

use crate::text;
use crate::text::table::{Age, TableFormat, table};

use super::flags::{
    ChannelFlags, GlobalFlags, MachineFlags, machine, page_width, terminal_width, today,
};
use super::live::{WITH_PYTORCH, read_matrix, read_records};
use super::{Failure, Output, UsageError, note};

const EXAMPLES: &str = "\
Examples:
  conda-torch matrix                          all platforms, your build marked
  conda-torch matrix --platform win-64        one platform
  conda-torch matrix --all --format csv       all builds, for a spreadsheet";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Show every build instead of the newest for each CUDA version
    #[arg(long)]
    all: bool,
    /// Format of the table [default: table]
    #[arg(long, value_enum)]
    format: Option<TableFormat>,
    #[command(flatten)]
    pub(super) machine: MachineFlags,
    #[command(flatten)]
    channel: ChannelFlags,
    /// Compare a channel with the built-in data, with `conda-torch-live`; exit code 4 on differences
    #[arg(long, help_heading = "Maintenance", conflicts_with_all = ["all", "live"])]
    diff: bool,
    /// Print the differences as rows for `crates/conda-torch-core/src/matrix/data/`
    #[arg(long, help_heading = "Maintenance", requires = "diff", conflicts_with = "format")]
    rows: bool,
}

/// Prints the table, with the recommended build marked. `--platform` alone describes no machine.
pub(super) fn run(args: &Args, global: &GlobalFlags, host: &dyn Host) -> anyhow::Result<Output> {
    let format = global.format(args.format, TableFormat::Json, TableFormat::Table)?;
    let Args { machine: flags, channel, .. } = args;
    let subdirs = flags.platform.map_or(WITH_PYTORCH.to_vec(), |subdir| vec![subdir]);
    let channels = channel.channels(host)?;
    if args.diff {
        return run_diff(args, global, format, host, &channels, &subdirs);
    }
    if !channel.live && (channel.offline || !channel.channel.is_empty()) {
        let why = "`--channel` and `--offline` need `--live` or `--diff`, which read a channel";
        bail!(UsageError(why.to_owned()));
    }
    let live = read_matrix(host, channel, &channels, &subdirs)?;
    let matrix = live.as_ref().map_or(Matrix::embedded(), |live| &live.matrix);
    let nowhere = Machine::default();
    let context = Context::new(&nowhere, matrix);
    for remark in live.iter().flat_map(|live| &live.diagnostics) {
        note(&format!("note: {} [{}]", remark.message(&context), remark.code()));
    }
    let is_here = !flags.is_platform_alone();
    let machine = is_here.then(|| machine(flags, host, matrix)).transpose()?;
    let advice = machine.as_ref().map(|machine| advise(machine, &Request::default(), matrix));
    let choice = advice.as_ref().and_then(|advice| advice.recommended.as_ref());
    let recommended =
        choice.map(|it| Recommended { build: it.build, cuda_version: it.cuda_version });
    let which = if args.all { TableRows::All } else { TableRows::Newest };
    let rows = rows(matrix, &subdirs, which, recommended);
    let age = Age { today: today(host), is_live: live.is_some() };
    let stdout = table(matrix, &rows, which, format, terminal_width(), age);
    let stdout =
        if format == TableFormat::Json { global.answer(stdout, Shell::Posix)? } else { stdout };
    Ok(Output { stdout, code: 0 })
}

/// Compares channels with the built-in data: exit code 4 on differences.
fn run_diff(
    args: &Args,
    global: &GlobalFlags,
    format: TableFormat,
    host: &dyn Host,
    channels: &Channels,
    subdirs: &[Subdir],
) -> anyhow::Result<Output> {
    if matches!(format, TableFormat::Markdown | TableFormat::Csv) {
        let why = "`--diff` only supports `--format table`, `--format json` and `--rows`";
        bail!(UsageError(why.to_owned()));
    }
    let matrix = Matrix::embedded();
    let read = read_records(host, channels, subdirs, args.channel.offline)?;
    let fault = |fault| Failure::new(ErrorCode::ChannelUnreadable, channel_error(&fault));
    let records = read.records.map_err(fault)?.records;
    let channel = channels.to_string();
    let (contents, gaps) = ChannelContents::of(&records, read.day);
    if contents.builds.is_empty() && gaps.is_empty() {
        let why = format!("no PyTorch found in `{channel}`");
        bail!(Failure::new(ErrorCode::ChannelUnreadable, why));
    }
    let compared = Compared {
        channel: &channel,
        origins: &read.origins,
        differences: &differences(&contents, matrix, subdirs),
        gaps: &gaps,
        matrix,
    };
    let stdout = if args.rows {
        matrix_rows(compared.differences, matrix)
    } else if format == TableFormat::Json {
        global.answer(document(&compared), Shell::Posix)?
    } else {
        text::matrix_diff(&compared, page_width())
    };
    Ok(Output { stdout, code: if compared.is_same() { 0 } else { 4 } })
}
