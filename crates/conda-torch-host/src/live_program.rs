//! `conda-torch-live`, the program that reads channels and solves.

use std::path::{Path, PathBuf};
use std::time::Duration;

use conda_torch_probe::host::{Failure, Host};

use crate::{Command, CommandOutput, run_command};

/// The path of the program: what `CONDA_TORCH_LIVE` names, or else beside the running program. An empty
/// `CONDA_TORCH_LIVE` disables it.
#[must_use]
pub fn live_program(host: &dyn Host) -> Option<PathBuf> {
    if let Some(path) = host.env("CONDA_TORCH_LIVE") {
        return (!path.is_empty()).then(|| path.into());
    }
    let own = std::env::current_exe().ok()?;
    let beside = own.parent()?.join(format!("conda-torch-live{}", std::env::consts::EXE_SUFFIX));
    beside.is_file().then_some(beside)
}

/// Runs the program on a request. Its reply is in stdout.
///
/// # Errors
/// If it cannot be started.
pub fn ask_live(
    program: &Path,
    request: &str,
    deadline: Duration,
    tick: &mut dyn FnMut(Duration),
) -> Result<CommandOutput, Failure> {
    let program = program.to_str().ok_or_else(|| Failure::Other("not Unicode".to_owned()))?;
    run_command(&Command { program, arguments: &[], env: &[], stdin: request, deadline }, tick)
}
