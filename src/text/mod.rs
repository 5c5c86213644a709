//! Text for terminals.

mod advise;
pub mod check;
pub mod explain;
mod install;
mod machine;
mod matrix_diff;
mod migrate;
mod page;
mod reasons;
mod summary;
pub mod table;
mod verify;

use std::ffi::OsStr;

pub use advise::{advice, warnings};
pub use install::{LeftEnvironment, failed, installed, plan, tested};
pub use machine::machine;
pub use matrix_diff::matrix_diff;
pub use migrate::{migrate_config, migrated_files, migration};
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

/// The values of each key, in the order of the first of each.
fn grouped<K: PartialEq, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Vec<(K, Vec<V>)> {
    let mut groups: Vec<(K, Vec<V>)> = Vec::new();
    for (key, value) in pairs {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    groups
}
