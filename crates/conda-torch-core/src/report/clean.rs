//! `clean --json`.

use serde::Serialize;

use super::write;

/// What `clean --json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Content<'a> {
    /// The folder of the cache; null if nothing is kept on this machine.
    folder: Option<&'a str>,
    /// Whether the folder was there and is removed.
    removed: bool,
}

/// Writes what became of the cache.
pub fn clean(folder: Option<&str>, removed: bool) -> String {
    write(Content { folder, removed })
}
