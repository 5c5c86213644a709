//! Turns an advice into text: for a person, as JSON, as commands, as files. Chooses nothing.
//!
//! [`Answer`] holds all that a format may need; every format is one function from it to text.
//! `clients` knows what each client and each version of it accepts, `shell` how to quote it, and
//! `messages` and `hints` what every [`Diagnostic`](crate::diagnostics::Diagnostic) says.

mod answer;
pub mod checkup;
mod commands;
pub mod difference;
mod dockerfile;
mod environment_yml;
mod human;
mod json;
mod live;
mod machine;
mod migrated;
mod migration;
mod pixi_toml;
mod proof;
mod reasons;
mod schema;
mod sight;
pub(crate) mod summary;
pub mod table;
mod wire;
mod wrap;

pub use answer::{Answer, Refused, Style};
pub use commands::commands;
pub use dockerfile::dockerfile;
pub use environment_yml::environment_yml;
pub use human::{human, warnings};
pub use json::{error as json_error, json};
pub use live::LiveText;
pub use machine::machine;
pub use migrated::{Migrated, diff, migrated, migrated_json};
pub use migration::{
    MigrationAnswer, SettingsAnswer, human_migration, human_settings, json_migration,
    json_migration_error, json_settings,
};
pub use pixi_toml::pixi_toml;
pub use schema::{
    ADVISE_SCHEMA, CHECK_SCHEMA, DIFF_SCHEMA, MATRIX_SCHEMA, MIGRATE_FILES_SCHEMA, MIGRATE_SCHEMA,
    PROBE_SCHEMA,
};
pub use sight::{SeenText, SightText, UnseenText, virtual_packages};
