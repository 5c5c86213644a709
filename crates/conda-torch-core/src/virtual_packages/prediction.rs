//! How one virtual package looks to a client.

use std::borrow::Cow;

use crate::types::{Origin, VirtualPackage};

/// One virtual package as a client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Prediction {
    /// This, from there.
    Present(VirtualPackage, Origin),
    /// Not there.
    Absent,
    /// The client ends with an error in place of an answer: why.
    Fails(Cow<'static, str>),
    /// Could not be told: why.
    Unknown(Cow<'static, str>),
}

/// A package with a version; all builds but those of `__archspec` are `0`.
pub(super) fn found(name: &str, version: &str, origin: Origin) -> Prediction {
    let version = if version.is_empty() { "0" } else { version };
    let build = "0".to_owned();
    Prediction::Present(
        VirtualPackage { name: name.to_owned(), version: version.to_owned(), build },
        origin,
    )
}

/// Not known, and why.
pub(super) fn unknown(why: impl Into<Cow<'static, str>>) -> Prediction {
    Prediction::Unknown(why.into())
}
