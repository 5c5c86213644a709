//! `conda-torch probe`.

use anyhow::bail;

use crate::built_in;
use conda_torch_core::fleet::is_host_name;
use conda_torch_core::report::{self, ErrorCode};
use conda_torch_core::types::Shell;
use conda_torch_probe::host::Host;

use super::flags::{FormatFlags, GlobalFlags, MachineFlags, machine};
use super::{Failure, Output};

const EXAMPLES: &str = "\
Examples:
  conda-torch probe                           what was detected, and how
  conda-torch probe --json > gpu-node.json    for `--machine` elsewhere
  srun conda-torch probe --json --node        one line a node, for `fleet`";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Print one line of JSON with the name of the node, for `fleet` [default name: Slurm's, else the host's]
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    node: Option<String>,
    #[command(flatten)]
    format: FormatFlags,
    #[command(flatten)]
    pub(super) machine: MachineFlags,
}

pub(super) fn run(args: &Args, global: &GlobalFlags, host: &dyn Host) -> anyhow::Result<Output> {
    let is_json = args.format.is_json(global)?;
    let name = args.node.as_deref().map(|name| node_name(name, host)).transpose()?;
    let machine = machine(&args.machine, host, built_in::matrix())?;
    let stdout = match name {
        Some(name) => global.answer(report::probe::node_line(&name, &machine), Shell::Posix)?,
        None if is_json => global.answer(report::probe::document(&machine), Shell::Posix)?,
        None => crate::text::machine(&machine),
    };
    Ok(Output { stdout, code: 0 })
}

/// The name of the flag; without one that by which Slurm knows the node, else the host's name.
fn node_name(flag: &str, host: &dyn Host) -> anyhow::Result<String> {
    let by_system = || {
        let slurm = host.env("SLURMD_NODENAME").filter(|name| is_host_name(name));
        slurm.or_else(conda_torch_host::host_name)
    };
    let name = if flag.is_empty() { by_system() } else { Some(flag.to_owned()) };
    match name.map(|name| name.trim().to_owned()) {
        Some(name) if is_host_name(&name) => Ok(name),
        Some(name) => bail!(Failure::new(
            ErrorCode::InvalidValue,
            format!("`{name}` is not the name of a node\nhint: pass another with `--node=NAME`")
        )),
        None => bail!(Failure::new(
            ErrorCode::InvalidValue,
            "the host has no name\nhint: pass one with `--node=NAME`"
        )),
    }
}
