//! The protocol of `conda-torch-live`: one [`LiveRequest`] in, one [`LiveReply`] out, as JSON.

#![expect(missing_docs, reason = "what needs no words has none")]

use serde::{Deserialize, Serialize, Serializer};

use crate::conda::{Address, Fault};

/// The version of the protocol. It changes with each of its types.
pub const PROTOCOL: u32 = 2;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveRequest {
    /// [`PROTOCOL`] of this program.
    pub protocol: u32,
    /// Channels in the order of priority: a name (`conda-forge`), an address, or an absolute path. With secrets.
    #[serde(serialize_with = "with_secrets")]
    pub channels: Vec<Address>,
    /// Each of them as the reply names it: a token may be anywhere in an address if it was a variable.
    #[serde(default)]
    pub shown: Vec<String>,
    /// The platforms, such as `linux-64`; `noarch` is always read too.
    pub subdirs: Vec<String>,
    /// The folder of the cache, which may not exist yet.
    pub cache: String,
    /// Whether to read only the cache, whatever its age.
    pub offline: bool,
    /// The timeout of a silent server in seconds.
    pub patience: u32,
    /// The time for all downloads in seconds. What is missing then is read from the cache.
    pub deadline: u32,
    pub question: LiveQuestion,
}

fn with_secrets<S: Serializer>(channels: &[Address], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(channels.iter().map(Address::with_secrets))
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LiveQuestion {
    /// All records of these packages.
    Records { names: Vec<String> },
    /// A solution for the only subdir, with strict channel priority.
    Solve {
        specs: Vec<String>,
        /// Virtual packages as `NAME=VERSION=BUILD`.
        virtual_packages: Vec<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveReply {
    /// [`PROTOCOL`] of the other program.
    pub protocol: u32,
    /// The origin of each subdir of each channel, even if it failed.
    pub origins: Vec<SubdirOrigin>,
    #[serde(rename = "told")]
    pub answer: LiveAnswer,
}

#[derive(Debug, thiserror::Error)]
pub enum LiveReplyError {
    #[error("cannot read the reply of `conda-torch-live`: {0}")]
    NotUnderstood(serde_json::Error),
    #[error("`conda-torch-live` speaks protocol {0}; reinstall both programs")]
    OtherProtocol(u32),
}

impl LiveReply {
    pub fn read(text: &[u8]) -> Result<Self, LiveReplyError> {
        let reply: Self = serde_json::from_slice(text).map_err(LiveReplyError::NotUnderstood)?;
        if reply.protocol == PROTOCOL {
            Ok(reply)
        } else {
            Err(LiveReplyError::OtherProtocol(reply.protocol))
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveAnswer {
    Records(Records),
    Solved(Solved),
    Failed(Fault),
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Records {
    /// Each once, in a fixed order.
    pub records: Vec<Record>,
}

/// A package of a channel, as in `repodata.json`, without secrets in URLs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Record {
    pub name: String,
    pub version: String,
    /// The build string: `cuda129_mkl_py312_h…_302`.
    pub build: String,
    pub build_number: u64,
    /// `linux-64`, or `noarch`.
    pub subdir: String,
    /// The channel's URL, without the subdir and a slash at the end.
    pub channel: String,
    pub url: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends: Vec<String>,
    /// Constraints on packages that it does not need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constrains: Vec<String>,
    /// Features that make solvers prefer other packages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub track_features: Vec<String>,
    /// When it was built, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
    /// The size of the download in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Solved {
    Solution(Records),
    Unsolvable {
        /// The solver's explanation, several lines.
        why: String,
    },
}

/// The origin of a subdir of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubdirOrigin {
    pub channel: String,
    /// `linux-64`, `noarch`.
    pub subdir: String,
    /// The form that was read; `None` if it failed.
    pub form: Option<RepodataForm>,
    /// Seconds since the server last confirmed the cached records, at least 1; 0 if it did in this run.
    pub age: u64,
    /// The bytes downloaded in this run, without records that only a solve reads.
    pub fetched: u64,
    /// The fault, even if the cache was used instead.
    pub fault: Option<Fault>,
}

/// The age of the oldest records in seconds; 0 if all were downloaded or confirmed.
pub fn age(origins: &[SubdirOrigin]) -> u64 {
    origins.iter().map(|origin| origin.age).max().unwrap_or(0)
}

/// The forms in which a channel offers its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepodataForm {
    /// A file for each package (CEP 16).
    Sharded,
    /// One file, compressed or not.
    Whole,
    /// The channel does not have the subdir, which is no fault.
    Missing,
}
