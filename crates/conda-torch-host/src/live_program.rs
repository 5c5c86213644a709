//! `conda-torch-live`, the program that reads channels and solves: found, and asked one thing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Watch, Watched, watch};
use conda_torch_probe::host::{Failure, Host};

/// Where the program is: what `CONDA_TORCH_LIVE` names (nothing: there is none), else beside the running
/// program.
#[must_use]
pub fn live_program(host: &dyn Host) -> Option<PathBuf> {
    if let Some(named) = host.env("CONDA_TORCH_LIVE") {
        return (!named.is_empty()).then(|| Path::new(named.as_ref()).to_owned());
    }
    let own = std::env::current_exe().ok()?;
    let beside = own.parent()?.join(format!("conda-torch-live{}", std::env::consts::EXE_SUFFIX));
    beside.is_file().then_some(beside)
}

/// Asks it: one document in, one out.
///
/// # Errors
/// Where it could not be started.
pub fn ask_live(
    program: &Path,
    ask: &str,
    deadline: Duration,
    tick: &mut dyn FnMut(Duration),
) -> Result<Watched, Failure> {
    let program = program.to_str().ok_or_else(|| Failure::Other("not Unicode".to_owned()))?;
    watch(&Watch { program, arguments: &[], env: &[], stdin: ask, deadline }, tick)
}
