//! Conda's own grammar: channels, platforms, versions, match specs. Uses no other module.

mod address;
mod channel;
mod channels;
mod constraint;
mod fault;
mod match_spec;
mod parse;
mod subdir;
mod version;

pub use address::{Address, is_folder, masked, without_secrets};
pub use channel::{ChannelKind, ChannelName, sibling};
pub use channels::{CONDA_FORGE, Channels, NoChannel};
pub use constraint::Constraint;
pub use fault::{Fault, FaultKind};
pub use match_spec::{MatchSpec, SpecParts};
pub use parse::ParseError;
pub use subdir::{Os, Subdir};
pub use version::Version;

pub(crate) use parse::{parse_numbers, serde_as_text, words};
