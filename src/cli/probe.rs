//! `conda-torch probe`.

use conda_torch_core::matrix::Matrix;
use conda_torch_core::report;
use conda_torch_probe::host::Host;

use super::Output;
use super::flags::{MachineFlags, machine};

const EXAMPLES: &str = "\
Examples:
  conda-torch probe                           what was detected, and how
  conda-torch probe --json > gpu-node.json    for `--machine` elsewhere";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Print JSON that `--machine` can read
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(super) machine: MachineFlags,
}

pub(super) fn run(args: &Args, host: &dyn Host) -> anyhow::Result<Output> {
    let machine = machine(&args.machine, host, Matrix::embedded())?;
    let stdout =
        if args.json { report::probe::document(&machine) } else { crate::text::machine(&machine) };
    Ok(Output { stdout, code: 0 })
}
