//! Conda's own grammar: channels, platforms, versions, match specs. Uses no other module.

mod channel;
mod channels;
mod constraint;
mod fault;
mod match_spec;
mod subdir;
mod version;

pub use channel::{ChannelKind, ChannelName, is_folder, sibling, without_secrets};
pub use channels::{CONDA_FORGE, Channels, NoChannel};
pub use constraint::{Constraint, ParseConstraintError};
pub use fault::{Fault, FaultKind};
pub use match_spec::{MatchSpec, SpecParts};
pub use subdir::{Os, ParseSubdirError, Subdir};
pub use version::{ParseVersionError, Version};

pub(crate) use version::{parse_pair, parse_parts, serde_as_text, words};
