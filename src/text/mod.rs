//! Text for terminals.

mod advise;
pub mod check;
mod machine;
mod matrix_diff;
mod migrate;
mod page;
mod reasons;
mod summary;
pub mod table;
mod verify;

pub use advise::{advice, warnings};
pub use machine::machine;
pub use matrix_diff::matrix_diff;
pub use migrate::{migrate_config, migrated_files, migration};
pub use page::Style;
