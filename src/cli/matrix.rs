//! `conda-torch matrix`, and with `--diff` a channel compared with the built-in data.

use anyhow::bail;

use conda_torch_core::channel::{ChannelContents, PACKAGES, age, differences, since};
use conda_torch_core::conda::{Channels, Subdir};
use conda_torch_core::diagnostics::{Context, channel_error};
use conda_torch_core::formats::matrix_rows;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::report::matrix::{Recommended, TableRows};
use conda_torch_core::report::matrix_diff::{Compared, document};
use conda_torch_core::resolve::{Request, advise};
use conda_torch_core::types::{Date, Machine};
use conda_torch_probe::host::Host;

use crate::text;
use crate::text::table::{TableFormat, table};

use super::channel_flags::ChannelFlags;
use super::machine_flags::{MachineFlags, machine};
use super::output_flags::{page_width, terminal_width};
use super::{Output, UsageError, live, note};

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
    /// Format of the table
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    machine: MachineFlags,
    #[command(flatten)]
    channel: ChannelFlags,
    #[command(flatten)]
    diff: DiffFlags,
}

// No doc comment: clap would show it as the description of the subcommand.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Maintenance")]
struct DiffFlags {
    /// Compare a channel with the built-in data, with `conda-torch-live`; exit code 4 on differences
    #[arg(long, conflicts_with_all = ["all", "live"])]
    diff: bool,
    /// Print the differences as rows for `crates/conda-torch-core/src/matrix/data/`
    #[arg(long, requires = "diff", conflicts_with = "format")]
    rows: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Text
    Table,
    /// One Markdown table
    Markdown,
    /// One JSON document
    Json,
    /// Comma-separated values
    Csv,
}

/// Prints the table, with the recommended build marked. `--platform` alone describes no machine.
pub(super) fn run(args: &Args, host: &dyn Host) -> anyhow::Result<Output> {
    let matrix = Matrix::embedded();
    let with_pytorch = &Subdir::ALL[..5];
    let subdirs = args.machine.platform.map_or(with_pytorch.to_vec(), |subdir| vec![subdir]);
    let channels = args.channel.channels(host)?;
    let offline = args.channel.offline;
    if args.diff.diff {
        return run_diff(args, host, &channels, &subdirs);
    }
    if !args.channel.live && (offline || !args.channel.channels.is_empty()) {
        let why = "`--channel` and `--offline` need `--live` or `--diff`, which read a channel";
        return Err(UsageError(why.to_owned()).into());
    }
    let format = match args.format {
        Format::Table => TableFormat::Human(terminal_width()),
        Format::Markdown => TableFormat::Markdown,
        Format::Json => TableFormat::Json,
        Format::Csv => TableFormat::Csv,
    };
    let live = args.channel.read(host, &channels, &subdirs)?;
    let matrix = live.as_ref().map_or(matrix, |live| &live.matrix);
    let nowhere = Machine::default();
    let context = Context::new(&nowhere, matrix);
    for remark in live.iter().flat_map(|live| &live.diagnostics) {
        note(&format!("note: {} [{}]", remark.message(&context), remark.code()));
    }
    let advice;
    let mut recommended = None;
    if !args.machine.is_platform_alone() {
        let machine = machine(&args.machine, host, matrix)?;
        advice = advise(&machine, &Request::default(), matrix);
        recommended = advice
            .recommended
            .as_ref()
            .map(|choice| Recommended { build: choice.build, cuda_version: choice.cuda_version });
    }
    let which = if args.all { TableRows::All } else { TableRows::Newest };
    let stdout = table(matrix, &subdirs, which, recommended, format);
    Ok(Output { stdout, code: 0 })
}

/// Compares channels with the built-in data: exit code 4 on differences.
fn run_diff(
    args: &Args,
    host: &dyn Host,
    channels: &Channels,
    subdirs: &[Subdir],
) -> anyhow::Result<Output> {
    if matches!(args.format, Format::Markdown | Format::Csv) {
        let why = "`--diff` only supports `--format table`, `--format json` and `--rows`";
        return Err(UsageError(why.to_owned()).into());
    }
    let matrix = Matrix::embedded();
    let read = live::records(host, channels, subdirs, &PACKAGES, args.channel.offline)?;
    let records = match read.records {
        Ok(records) => since(records.records, matrix),
        Err(fault) => bail!(channel_error(&fault)),
    };
    let channel = channels.to_string();
    let day = Date::of_unix_time(live::now().saturating_sub(age(&read.origins)));
    let (contents, gaps) = ChannelContents::of(&records, day);
    if contents.builds.is_empty() && gaps.is_empty() {
        bail!("no PyTorch found in `{channel}`");
    }
    let compared = Compared {
        channel: &channel,
        origins: &read.origins,
        differences: &differences(&contents, matrix, subdirs),
        gaps: &gaps,
        matrix,
    };
    let stdout = if args.diff.rows {
        matrix_rows(compared.differences, matrix)
    } else if args.format == Format::Json {
        document(&compared)
    } else {
        text::matrix_diff(&compared, page_width())
    };
    Ok(Output { stdout, code: if compared.is_same() { 0 } else { 4 } })
}
