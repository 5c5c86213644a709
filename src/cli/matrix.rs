//! `conda-torch matrix`.

use conda_torch_core::conda::Subdir;
use conda_torch_core::diagnostics::channel_remark;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::report::matrix::{Recommended, TableRows};
use conda_torch_core::resolve::{Request, advise};
use conda_torch_probe::host::Host;

use crate::text::table::{TableFormat, table};

use super::channel_flags::ChannelFlags;
use super::difference::{self, Form, With};
use super::machine_flags::{MachineFlags, machine};
use super::width::terminal_width;
use super::{Output, UsageError};

/// The questions that a table answers.
const EXAMPLES: &str = "\
Examples:
  conda-torch matrix                          every platform, your row marked
  conda-torch matrix --platform win-64        one platform
  conda-torch matrix --all --format csv       every build, for a spreadsheet";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Show every build, not the newest for each CUDA alone
    #[arg(long)]
    all: bool,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    channel: ChannelFlags,
    #[command(flatten)]
    diff: DiffFlags,
    #[command(flatten)]
    machine: MachineFlags,
}

// No doc comment: clap would make it the text of the subcommand.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Maintenance")]
struct DiffFlags {
    /// Show in what a channel differs from these rows, by `conda-torch-live`; exit code 4 if it does
    #[arg(long, conflicts_with_all = ["all", "live"])]
    diff: bool,
    /// Write what differs as rows for the files of `crates/conda-torch-core/src/matrix/data/`
    #[arg(long, requires = "diff", conflicts_with = "format")]
    rows: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// For a person
    Table,
    /// One Markdown table
    Markdown,
    /// One JSON document
    Json,
    /// Comma-separated values
    Csv,
}

/// The table. The row that the machine would get is marked; where a platform alone is named, there
/// is no machine.
pub(super) fn run(args: &Args, host: &dyn Host) -> anyhow::Result<Output> {
    let matrix = Matrix::embedded();
    let with_pytorch = &Subdir::ALL[..5];
    let subdirs = args.machine.platform.map_or(with_pytorch.to_vec(), |subdir| vec![subdir]);
    let channels = args.channel.channels(host)?;
    let offline = args.channel.offline;
    if args.diff.diff {
        let form = match args.format {
            _ if args.diff.rows => Form::Rows,
            Format::Table => Form::List,
            Format::Json => Form::Json,
            Format::Markdown | Format::Csv => {
                let why = "`--diff` is a list, or `--format json`, or `--rows`";
                return Err(UsageError(why.to_owned()).into());
            }
        };
        let with = With { channels: &channels, offline, form };
        return difference::run(&with, &subdirs, host);
    }
    if !args.channel.live && (offline || !args.channel.channels.is_empty()) {
        let why = "`--channel` and `--offline` go with `--live` or `--diff`, which read a channel";
        return Err(UsageError(why.to_owned()).into());
    }
    let format = match args.format {
        Format::Table => TableFormat::Human(terminal_width()),
        Format::Markdown => TableFormat::Markdown,
        Format::Json => TableFormat::Json,
        Format::Csv => TableFormat::Csv,
    };
    let live = match args.channel.read(host, &channels, &subdirs)? {
        Ok(live) => live,
        Err(interrupted) => return Ok(interrupted.output()),
    };
    let matrix = live.as_ref().map_or(matrix, |live| &live.matrix);
    for remark in live.iter().flat_map(|live| &live.remarks) {
        super::remark(&format!("note: {} [{}]", channel_remark(remark), remark.code()));
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
