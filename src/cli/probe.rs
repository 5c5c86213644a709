//! `conda-torch probe`.

use conda_torch_core::matrix::Matrix;
use conda_torch_core::report;
use conda_torch_core::types::Shell;
use conda_torch_probe::host::Host;

use super::Output;
use super::flags::{FormatFlags, GlobalFlags, MachineFlags, machine};

const EXAMPLES: &str = "\
Examples:
  conda-torch probe                           what was detected, and how
  conda-torch probe --json > gpu-node.json    for `--machine` elsewhere";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    format: FormatFlags,
    #[command(flatten)]
    pub(super) machine: MachineFlags,
}

pub(super) fn run(args: &Args, global: &GlobalFlags, host: &dyn Host) -> anyhow::Result<Output> {
    let is_json = args.format.is_json(global)?;
    let machine = machine(&args.machine, host, Matrix::embedded())?;
    let stdout = if is_json {
        global.answer(report::probe::document(&machine), Shell::Posix)?
    } else {
        crate::text::machine(&machine)
    };
    Ok(Output { stdout, code: 0 })
}
