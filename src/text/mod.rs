//! Text for terminals.

mod advise;
pub mod check;
pub mod explain;
pub mod fleet;
mod install;
mod machine;
mod matrix_diff;
mod migrate;
mod page;
pub mod table;
mod verify;

use std::ffi::OsStr;

use conda_torch_core::sentences::{grouped, summary};

pub use advise::{advice, warnings};
pub use install::{LeftEnvironment, failed, installed, plan, tested, untested};
pub use machine::machine;
pub use matrix_diff::matrix_diff;
pub use migrate::{migrate_config, migrated_files, migration, summary_of_folders};
pub use page::{Style, as_of};

/// A name of a file or an argument, with escapes for what is not UTF-8.
pub fn file_name(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().escape_ascii().map(char::from));
    }
    text
}
