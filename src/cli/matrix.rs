//! `conda-torch matrix`.

use crate::matrix::Matrix;
use crate::model::Subdir;
use crate::render::table::{TableFormat, TableRows, table};

use super::Output;
use super::machine_flags::MachineFlags;
use super::width::terminal_width;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Show every build, not the newest for each CUDA alone
    #[arg(long)]
    all: bool,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    machine: MachineFlags,
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

#[expect(clippy::unnecessary_wraps, reason = "every subcommand may fail")]
pub(super) fn run(args: &Args) -> anyhow::Result<Output> {
    let format = match args.format {
        Format::Table => TableFormat::Human(terminal_width()),
        Format::Markdown => TableFormat::Markdown,
        Format::Json => TableFormat::Json,
        Format::Csv => TableFormat::Csv,
    };
    let with_pytorch = &Subdir::ALL[..5];
    let subdirs = args.machine.platform.map_or(with_pytorch.to_vec(), |subdir| vec![subdir]);
    let which = if args.all { TableRows::All } else { TableRows::Newest };
    let stdout = table(Matrix::embedded(), &subdirs, which, None, format);
    Ok(Output { stdout, code: 0 })
}
