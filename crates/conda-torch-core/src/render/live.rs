//! The key `live`.

use serde::Serialize;

use crate::conda::FaultKind;
use crate::types::Date;

/// What was read of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LiveText {
    /// The channel's name or address, without secrets.
    pub channel: String,
    /// Whether the answer is of what was read; false where it is of the rows in the program.
    pub read: bool,
    /// The day of what the answer is of.
    #[cfg_attr(test, schemars(with = "String"))]
    pub as_of: Date,
    /// For how many seconds it has been in the cache; 0 where it was read anew.
    pub age_s: u64,
    /// What kept it from being read anew: `no_network`, proxy, certificate, `captive_page`, slow, refused,
    /// `no_channel`, `too_many`, server, moved, `cut_short`, damaged, `not_cached`, `disk_full`, cache,
    /// other; null where nothing did.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub fault: Option<FaultKind>,
}
