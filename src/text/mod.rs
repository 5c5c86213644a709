//! The text that a person reads on a terminal.

mod advise;
pub mod check;
mod machine;
mod matrix_diff;
mod migrate;
mod page;
mod proof;
mod reasons;
mod summary;
pub mod table;

pub use advise::{advice, warnings};
pub use machine::machine;
pub use matrix_diff::matrix_diff;
pub use migrate::{migrate_config, migrated_files, migration};
pub use page::Style;
