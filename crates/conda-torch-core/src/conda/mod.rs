//! Conda's own grammar: channels, platforms, versions, match specs. Uses no other module.

mod channel;
mod channels;
mod fault;
mod match_spec;
mod subdir;
mod version;

pub use channel::{ChannelKind, ChannelName, sibling, without_secrets};
pub use channels::{CONDA_FORGE, Channels, NoChannel, is_folder};
pub use fault::{Fault, FaultKind};
pub use match_spec::MatchSpec;
pub use subdir::{Os, ParseSubdirError, Subdir};
pub use version::{ParseVersionError, Version};

pub(crate) use version::parse_parts;

/// Reads a value from the text that it prints.
pub(crate) fn from_text<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
    D: serde::Deserializer<'de>,
{
    let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}
