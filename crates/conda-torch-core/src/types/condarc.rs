//! A client's configuration file, line by line.

use serde::{Deserialize, Serialize};

/// A configuration file with the lines that say where packages come from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Condarc {
    /// Its path.
    pub path: String,
    /// The lines, in order.
    pub lines: Vec<CondarcLine>,
    /// Whether it has comments, which clients drop when they rewrite the file.
    pub has_comments: bool,
    /// Why it could not be read.
    pub problem: Option<String>,
}

/// A value in a configuration file, and its place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CondarcLine {
    /// The line, from 1.
    pub line: usize,
    /// The key: `channels`, `channel_alias`; nested keys with a dot, `custom_channels.pytorch`.
    pub key: String,
    /// The value, as written.
    pub value: String,
    /// Whether it is an entry of a list.
    pub is_entry: bool,
}
