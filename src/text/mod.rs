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
