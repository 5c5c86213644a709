//! The commands of conda, mamba, micromamba and pixi, and quoting for every shell. Each was run, or read in the
//! client's source; what versions do differently is a row of `clients.rs`.

mod after;
mod config;
mod dry_run;
mod environment;
mod install;
mod migration;
mod overrides;
mod pixi;
mod project;
mod repair;
pub mod shell;
mod step;

pub use after::{activation, removal};
pub use config::settings;
pub use dry_run::{DryRunCommand, dry_run, dry_run_of_file, lock};
pub use environment::{NoName, TargetEnvironment, as_folder};
pub use install::plan;
pub use migration::{MigrationSteps, migration};
pub use overrides::overrides;
pub use pixi::{SystemRequirements, system_requirements};
pub use project::{
    PROJECT_FILES, ProjectFile, ProjectKind, from_environment_file, in_pixi_project,
    into_existing_environment,
};
pub use repair::{clean_cache, install_spec};
pub(crate) use step::corrected;
pub use step::{Step, StepKind};
