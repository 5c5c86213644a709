//! What came out of looking at environments: for a person, as a table, as JSON.

mod human;
mod json;
pub(in crate::render) mod wire;
mod words;

pub use human::{page, table};
pub use json::{document, error};

use crate::audit::Checkup;
use crate::conda::CONDA_FORGE;
use crate::types::Environment;

use crate::clients::{self, ClientTarget, Step};
use crate::render::answer::Style;

/// An environment with what came out.
#[derive(Debug, Clone)]
pub struct Checked<'m> {
    /// The environment.
    pub environment: Environment,
    /// What came out.
    pub checkup: Checkup<'m>,
}

/// How to tell it.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    /// The client that commands are for.
    pub client: ClientTarget<'a>,
    /// How it is to look.
    pub style: Style,
}

impl Checked<'_> {
    /// The commands that mend it: a new environment with what this machine should have. Empty where
    /// packages mend nothing.
    fn mend(&self, client: &ClientTarget<'_>) -> Vec<Step> {
        if !self.checkup.needs_packages() {
            return Vec::new();
        }
        let Some(choice) = &self.checkup.advice.recommended else { return Vec::new() };
        let place = clients::Environment::Unnamed;
        let steps = clients::plan(&self.checkup.machine, choice, client, &place, &CONDA_FORGE);
        let is_of_mend = |step: &Step| step.kind != crate::clients::StepKind::Configure;
        steps.into_iter().filter(is_of_mend).collect()
    }
}
