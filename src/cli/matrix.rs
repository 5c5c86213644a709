//! `conda-torch matrix`.

use super::Output;
use super::machine_flags::MachineFlags;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    machine: MachineFlags,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Output> {
    let _ = &args.machine;
    Ok(Output { stdout: String::new(), code: 0 })
}
