//! What a client says that it would do.

/// A dry run, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DryRun {
    /// It would do this.
    Would(Vec<Planned>),
    /// There is no solution; in the client's own words, cleaned of colours and of secrets.
    Unsolvable(String),
    /// Packages that no channel has, by name or spec.
    NotFound(Vec<String>),
    /// It could not get at the channel; in its own words.
    Network(String),
    /// It failed for another reason; in its own words.
    Failed(String),
    /// What it printed is not what such a client prints.
    Unreadable(String),
}

/// A package that would be there at the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Planned {
    /// `pytorch`.
    pub name: String,
    /// `2.13.0`.
    pub version: String,
    /// The build string.
    pub build: String,
    /// The channel's name or address, without the subdir and secrets.
    pub channel: String,
    /// The size of its archive in bytes, where the client says it.
    pub size: Option<u64>,
    /// Whether it would be downloaded; `None` where the client does not say.
    pub to_download: Option<bool>,
}
