//! `conda-torch probe`.

use serde::Serialize;

use conda_torch_core::matrix::Matrix;
use conda_torch_core::report::virtual_packages::{SightText, virtual_packages};
use conda_torch_core::types::Machine;
use conda_torch_probe::host::Host;

use super::Output;
use super::machine_flags::{MachineFlags, machine};

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
    machine: MachineFlags,
}

pub(super) fn run(args: &Args, host: &dyn Host) -> anyhow::Result<Output> {
    let machine = machine(&args.machine, host, Matrix::embedded())?;
    let stdout = if args.json { json(&machine)? } else { crate::text::machine(&machine) };
    Ok(Output { stdout, code: 0 })
}

/// The document of `probe --json`.
#[derive(Serialize)]
struct Document<'m> {
    format_version: u32,
    tool: Tool,
    machine: &'m Machine,
    virtual_packages: Vec<SightText>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

fn json(machine: &Machine) -> anyhow::Result<String> {
    let tool = Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
    let virtual_packages = virtual_packages(machine, None);
    let document = Document { format_version: 1, tool, machine, virtual_packages };
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}
