//! Why a channel could not be read.

use serde::{Deserialize, Serialize};

/// Why a channel could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The kind.
    pub kind: FaultKind,
    /// The address or the file that it was about, without secrets.
    pub at: String,
    /// What the library or the system said, one line.
    pub detail: String,
}

/// The kinds of fault, as far as a person would act on them differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// No name could be looked up, or nobody could be reached.
    NoNetwork,
    /// A proxy is set and does not do its part.
    Proxy,
    /// Nobody vouches for the server's certificate.
    Certificate,
    /// Something answered in the server's place: a page to log in.
    CaptivePage,
    /// It was silent for too long.
    Slow,
    /// 401 or 403: it wants to know who asks, or refuses.
    Refused,
    /// 404: there is no such channel.
    NoChannel,
    /// 429: too many have asked.
    TooMany,
    /// 5xx, after trying again.
    Server,
    /// It moved to where it cannot be followed.
    Moved,
    /// Less came than was announced.
    CutShort,
    /// What came is not what it should be.
    Damaged,
    /// Offline, and the cache does not have it.
    NotCached,
    /// The disk is full.
    DiskFull,
    /// The cache's folder cannot be written or read.
    Cache,
    /// Anything else.
    Other,
}
