//! mamba: up to 1.5 a front of conda without a `config`, from 2.0 micromamba under another name.

use crate::types::Machine;

use crate::clients::ClientTarget;
use crate::commands::{Step, conda, micromamba};

/// The settings that this machine lacks.
pub(super) fn configure(machine: &Machine, client: &ClientTarget<'_>) -> Vec<Step> {
    // No `config` line works on both, so there is none where the version is not known.
    if client.is_below(&[2]) {
        conda::configure(machine, client)
    } else if client.version.is_some() {
        micromamba::configure(machine, client)
    } else {
        Vec::new()
    }
}
