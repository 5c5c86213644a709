//! What stands in a client's configuration file, line by line.

use serde::{Deserialize, Serialize};

/// A configuration file with the lines that matter for where packages come from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Condarc {
    /// Where it is.
    pub path: String,
    /// The lines, in order.
    pub lines: Vec<CondarcLine>,
    /// Whether there are comments in it, which a client that rewrites the file drops.
    pub has_comments: bool,
    /// Why it could not be read, where that is so.
    pub problem: Option<String>,
}

/// A value in a configuration file, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CondarcLine {
    /// The line, from 1.
    pub line: usize,
    /// The key: `channels`, `channel_alias`; with a dot where it is within one, `custom_channels.pytorch`.
    pub key: String,
    /// The value, as written.
    pub value: String,
    /// Whether it is an entry of a list.
    pub is_entry: bool,
}
