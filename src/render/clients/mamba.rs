//! mamba: up to 1.5 a front of conda without a `config`, from 2.0 micromamba under another name.

use crate::advise::Choice;
use crate::model::Machine;

use super::super::step::Step;
use super::{ClientTarget, Environment, conda, install, micromamba};

/// mamba's commands.
pub(super) fn plan(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
    environment: &Environment,
) -> Vec<Step> {
    // No `config` line works on both, so there is none where the version is not known.
    let mut steps = if client.is_below(&[2]) {
        conda::configure(machine, client)
    } else if client.version.is_some() {
        micromamba::configure(machine, client)
    } else {
        Vec::new()
    };
    steps.extend(install(machine, choice, client, environment));
    steps
}
