//! The documents that are printed as JSON.

pub mod advise;
pub mod check;
pub mod matrix;
pub mod matrix_diff;
pub mod migrate;
pub mod migrate_files;
pub mod schema;
pub mod verify;
pub mod virtual_packages;
