//! Why a channel could not be read.

use serde::{Deserialize, Serialize};

/// Why a channel could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The kind.
    pub kind: FaultKind,
    /// The address or the file that it was about, without secrets.
    pub at: String,
    /// The message of the library or the system, one line.
    pub detail: String,
}

/// The kinds of fault that need different actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Name lookup or connection failed.
    NoNetwork,
    /// The proxy refuses the connection.
    Proxy,
    /// The server's certificate is not trusted.
    Certificate,
    /// A login page instead of channel data.
    CaptivePage,
    /// No answer in time.
    Slow,
    /// 401 or 403.
    Refused,
    /// 404.
    NoChannel,
    /// 429.
    TooMany,
    /// 5xx, after trying again.
    Server,
    /// A redirect to another scheme than `http` and `https`, such as `file`.
    Moved,
    /// Too many redirects.
    RedirectLoop,
    /// More data than a channel can have.
    TooLarge,
    /// The download ended early.
    CutShort,
    /// The data cannot be parsed or has the wrong checksum.
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
