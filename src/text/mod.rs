//! The text that a person reads on a terminal.

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

pub use advise::{advice, warnings};
pub use machine::machine;
pub use matrix_diff::matrix_diff;
pub use migrate::migration;
pub use migrate_config::migrate_config;
pub use migrate_files::migrated_files;
pub use page::Style;
