//! A migration as text: for a person and as JSON; the environment's and the configuration's.

mod entries;
mod environment;
mod json;
mod page;
mod settings;
mod wire;

use crate::conda::CONDA_FORGE;
use crate::matrix::Matrix;
use crate::migrate::environment::{Migration, Settings};
use crate::types::{Date, Machine};

use crate::clients::{self, ClientTarget, Environment, MigrationSteps};
use crate::render::answer::{Answer, Style};

pub use environment::environment as human_migration;
pub use json::{
    environment as json_migration, error as json_migration_error, settings as json_settings,
};
pub use settings::settings as human_settings;

#[cfg(test)]
pub(super) use wire::Document;

/// The migration of an environment, with how it is to be written.
#[derive(Debug, Clone)]
pub struct MigrationAnswer<'a> {
    /// The machine that was looked at or described.
    pub machine: &'a Machine,
    /// What was planned.
    pub migration: &'a Migration<'a, 'a>,
    /// The day up to which the channel was read.
    pub as_of: Date,
    /// The client that the commands are for.
    pub client: ClientTarget<'a>,
    /// Where the packages go; unnamed: beside the old environment.
    pub environment: Environment,
    /// The names and folders of the environments that are there.
    pub taken: &'a [String],
    /// Whether the environment itself is to be changed.
    pub in_place: bool,
    /// How the commands ask for more: the flags that name the environment.
    pub same: String,
    /// What the configuration still adds of the old channels.
    pub settings: &'a Settings,
    /// How it is to look.
    pub style: Style,
}

/// The configuration, with how it is to be written.
#[derive(Debug, Clone)]
pub struct SettingsAnswer<'a> {
    /// The machine that was looked at.
    pub machine: &'a Machine,
    /// What was found.
    pub settings: &'a Settings,
    /// The day up to which the channel was read.
    pub as_of: Date,
    /// The client that the commands are for.
    pub client: ClientTarget<'a>,
    /// How it is to look.
    pub style: Style,
}

impl<'a> MigrationAnswer<'a> {
    /// The commands.
    #[must_use]
    pub fn steps(&self) -> MigrationSteps {
        let Self { machine, migration, client, environment, taken, .. } = self;
        clients::migration(machine, migration, client, environment, taken)
    }

    /// The advice in it as an answer of its own.
    fn answer(&self) -> Answer<'a> {
        Answer {
            machine: self.machine,
            request: &self.migration.settled.request,
            advice: &self.migration.settled.advice,
            matrix: Matrix::embedded(),
            client: self.client,
            environment: self.environment.clone(),
            channels: &CONDA_FORGE,
            live: None,
            proof: None,
            style: self.style,
        }
    }
}
