//! `conda-torch matrix`, and with `--diff` a channel compared with the built-in data.

use anyhow::bail;

use conda_torch_core::channel::{ChannelContents, differences};
use conda_torch_core::conda::{Channels, Subdir, Version};
use conda_torch_core::diagnostics::{Context, channel_error};
use conda_torch_core::formats::matrix_rows;
use conda_torch_core::matrix::{BuildFilter, Matrix};
use conda_torch_core::report::ErrorCode;
use conda_torch_core::report::matrix::{Recommended, TableRows, rows};
use conda_torch_core::report::matrix_diff::{Compared, document};
use conda_torch_core::resolve::{Request, advise};
use conda_torch_core::types::{CudaVersion, Machine, Shell};
use conda_torch_probe::Overrides;
use conda_torch_probe::host::Host;

use clap_complete::ArgValueCandidates;

use crate::built_in;
use crate::text;
use crate::text::table::{Age, TableFormat, nothing_matches, table};

use super::flags::{
    ChannelFlags, GlobalFlags, MachineFlags, RequestedVersion, machine, page_width, python,
    pytorch, terminal_width, today,
};
use super::live::{read_matrix, read_records};
use super::{Failure, Output, UsageError, completions, note};

const EXAMPLES: &str = "\
Examples:
  conda-torch matrix                          all platforms, your build marked
  conda-torch matrix --platform win-64        one platform
  conda-torch matrix --gpu 'GTX 1080 Ti' --python 3.9
                                              what runs on it with this Python
  conda-torch matrix --all --format csv       all builds, for a spreadsheet
  conda-torch matrix --format svg > gpus.svg  a picture of builds and GPUs";

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
    filter: FilterFlags,
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

// No doc comment: clap would show it as the description of the subcommand.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Filters, with those of the machine")]
struct FilterFlags {
    /// Builds for a Python version [e.g. 3.12]
    #[arg(long, value_name = "X.Y", value_parser = python, add = ArgValueCandidates::new(completions::pythons))]
    python: Option<Version>,
    /// Builds that accept a version of `cuda-version` [e.g. 12.9]
    #[arg(long, value_name = "X.Y", add = ArgValueCandidates::new(completions::cuda_versions))]
    cuda_version: Option<CudaVersion>,
    /// Versions of PyTorch [e.g. 2.9, ">=2.4"]
    #[arg(long, value_name = "VERSION", value_parser = pytorch, add = ArgValueCandidates::new(completions::pytorch_versions))]
    pytorch: Option<RequestedVersion>,
}

impl Args {
    /// What the flags ask of a build, and the headings of its columns.
    fn filter(&self, matrix: &Matrix) -> anyhow::Result<(BuildFilter, Vec<&'static str>)> {
        // Flags beside a document override its facts.
        let is_machine = self.machine.machine.is_some();
        let overrides = if is_machine {
            Overrides::default()
        } else {
            self.machine.described().overrides(matrix)?
        };
        let Self { filter: FilterFlags { python, cuda_version, pytorch }, .. } = self;
        let filter = BuildFilter {
            gpus: overrides.gpus.iter().map(|gpu| gpu.capability).collect(),
            driver: overrides.driver,
            driver_cuda: overrides.cuda,
            glibc: overrides.glibc,
            macos: overrides.macos,
            python: *python,
            cuda_version: *cuda_version,
            pytorch: pytorch.as_ref().and_then(RequestedVersion::constraint),
        };
        let headings = [
            (!filter.gpus.is_empty(), "GPUs"),
            (filter.driver.is_some() || filter.driver_cuda.is_some(), "driver"),
            (filter.glibc.is_some(), "glibc"),
            (filter.macos.is_some(), "macOS"),
            (filter.python.is_some(), "Python"),
        ];
        let asked = headings.iter().filter(|(is_asked, _)| *is_asked).map(|(_, heading)| *heading);
        Ok((filter, asked.collect()))
    }
}

/// Prints the table. Without a filter, the build recommended for this machine is marked; `--platform` alone describes
/// no machine. A machine from a document is not a filter.
pub(super) fn run(args: &Args, global: &GlobalFlags, host: &dyn Host) -> anyhow::Result<Output> {
    let format = global.format(args.format, TableFormat::Json, TableFormat::Table)?;
    let Args { machine: flags, channel, .. } = args;
    let subdirs = flags.platform.map_or(Subdir::WITH_PYTORCH.to_vec(), |subdir| vec![subdir]);
    let channels = channel.channels(host)?;
    if args.diff {
        return run_diff(args, global, format, host, &channels, &subdirs);
    }
    if !channel.live && (channel.offline || !channel.channel.is_empty()) {
        let why = "`--channel` and `--offline` need `--live` or `--diff`, which read a channel";
        bail!(UsageError(why.to_owned()));
    }
    let live = read_matrix(host, channel, &channels, &subdirs)?;
    let matrix = live.as_ref().map_or(built_in::matrix(), |live| &live.matrix);
    let nowhere = Machine::default();
    let context = Context::new(&nowhere, matrix);
    for remark in live.iter().flat_map(|live| &live.diagnostics) {
        note(&format!("note: {} [{}]", remark.message(&context), remark.code()));
    }
    let (filter, asked) = args.filter(matrix)?;
    let is_here = flags.machine.is_some() || filter.is_empty() && !flags.is_platform_alone();
    let machine = is_here.then(|| machine(flags, host, matrix)).transpose()?;
    let advice = machine.as_ref().map(|machine| advise(machine, &Request::default(), matrix));
    let choice = advice.as_ref().and_then(|advice| advice.recommended.as_ref());
    let recommended =
        choice.map(|it| Recommended { build: it.build, cuda_version: it.cuda_version });
    let which = if args.all { TableRows::All } else { TableRows::Newest };
    let rows = rows(matrix, &subdirs, which, &filter, recommended);
    let age = Age { today: today(host), is_live: live.is_some() };
    let code = if rows.is_empty() { 3 } else { 0 };
    if rows.is_empty() {
        note(&nothing_matches(&filter.obstacles(matrix, &subdirs)));
    }
    let stdout = if rows.is_empty() && !matches!(format, TableFormat::Json | TableFormat::Csv) {
        String::new()
    } else {
        table(matrix, &rows, which, format, terminal_width(), &asked, age)
    };
    let stdout =
        if format == TableFormat::Json { global.answer(stdout, Shell::Posix)? } else { stdout };
    Ok(Output { stdout, code })
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
    if !matches!(format, TableFormat::Table | TableFormat::Json) {
        let why = "`--diff` only supports `--format table`, `--format json` and `--rows`";
        bail!(UsageError(why.to_owned()));
    }
    let matrix = built_in::matrix();
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
