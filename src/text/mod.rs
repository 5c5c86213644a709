//! What a person reads on a terminal.

mod advise;
pub mod check;
mod machine;
mod matrix_diff;
mod migrate;
mod migrate_config;
mod migrate_files;
mod page;
mod proof;
mod reasons;
mod summary;
pub mod table;
mod virtual_packages;
mod wrap;

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns for words; a word or a part of a command may be longer.
    pub width: usize,
    /// Whether to color; color carries no meaning.
    pub color: bool,
}

pub use advise::{human, warnings};
pub use machine::machine;
pub use matrix_diff::human as matrix_diff;
pub use migrate::environment as migration;
pub use migrate_config::settings as migrate_config;
pub use migrate_files::migrated;
