//! The words between this program and `conda-torch-live`: one [`LiveRequest`] in, one [`LiveReply`] out, as JSON.
//!
//! Both are built from the same sources; a program of another day is told by [`PROTOCOL`].

use serde::{Deserialize, Serialize};

use crate::conda::Fault;

/// The number of this form of the words. It changes with them.
pub const PROTOCOL: u32 = 1;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveRequest {
    /// [`PROTOCOL`] of who asks.
    pub protocol: u32,
    /// Channels in the order of priority: a name (`conda-forge`), an address, or an absolute path.
    pub channels: Vec<String>,
    /// The platforms, without `noarch`, which is always read too: `linux-64`.
    pub subdirs: Vec<String>,
    /// The folder for what is kept from one run to the next; made where it is missing.
    pub cache: String,
    /// Whether nothing may be asked of a network: the cache alone, however old.
    pub offline: bool,
    /// For how many seconds a server may be silent before it counts as one that does not answer.
    pub patience: u32,
    /// What is wanted.
    pub question: LiveQuestion,
}

/// What is wanted of the channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LiveQuestion {
    /// Every record of these packages, and of no other.
    Records {
        /// Names of packages.
        names: Vec<String>,
    },
    /// A solution for the only subdir, as a client with strict channel priority would find it.
    Solve {
        /// Match specs as they are typed: `pytorch-gpu=2.13.0`.
        specs: Vec<String>,
        /// Virtual packages as `NAME=VERSION=BUILD`.
        virtual_packages: Vec<String>,
    },
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveReply {
    /// [`PROTOCOL`] of who answers.
    pub protocol: u32,
    /// Where each part of each channel came from, also of those that failed.
    pub origins: Vec<SubdirOrigin>,
    /// The answer.
    #[serde(rename = "told")]
    pub answer: LiveAnswer,
}

/// Why an answer is none.
#[derive(Debug, thiserror::Error)]
pub enum LiveReplyError {
    /// It is not in these words.
    #[error("what it says is not understood: {0}")]
    NotUnderstood(serde_json::Error),
    /// It is of a program of another day.
    #[error(
        "it is of another day than this program (protocol {0}): install both from the same sources"
    )]
    OtherProtocol(u32),
}

impl LiveReply {
    /// Reads an answer.
    ///
    /// # Errors
    /// Where it is none to a program of this day.
    pub fn read(text: &[u8]) -> Result<Self, LiveReplyError> {
        let reply: Self = serde_json::from_slice(text).map_err(LiveReplyError::NotUnderstood)?;
        if reply.protocol == PROTOCOL {
            Ok(reply)
        } else {
            Err(LiveReplyError::OtherProtocol(reply.protocol))
        }
    }
}

/// The answer itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveAnswer {
    /// Records, by name, then as the channel has them.
    Records(Records),
    /// What a solve came to.
    Solved(Solved),
    /// Nothing: the first fault that could not be got around.
    Failed(Fault),
}

/// The records that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Records {
    /// Each once, in a fixed order.
    pub records: Vec<Record>,
}

/// One package of a channel, as `repodata.json` has it. Secrets in addresses are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Record {
    /// `pytorch`.
    pub name: String,
    /// `2.13.0`.
    pub version: String,
    /// The build string: `cuda129_mkl_py312_h…_302`.
    pub build: String,
    /// The build number.
    pub build_number: u64,
    /// `linux-64`, or `noarch`.
    pub subdir: String,
    /// The channel's address, without the subdir and without a slash at the end.
    pub channel: String,
    /// The whole address of the package.
    pub url: String,
    /// What it needs, as match specs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends: Vec<String>,
    /// What it holds to versions without needing it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constrains: Vec<String>,
    /// What makes solvers prefer others to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub track_features: Vec<String>,
    /// When it was built, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
    /// The size of the download in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// What a solve came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Solved {
    /// A solution.
    Solution(Solution),
    /// There is none; the solver's own words, which name packages.
    Unsolvable {
        /// Its explanation, several lines.
        why: String,
    },
}

/// What would be installed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Solution {
    /// Every package, by name.
    pub records: Vec<Record>,
}

/// Where a part of a channel came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubdirOrigin {
    /// The channel's address, without secrets.
    pub channel: String,
    /// `linux-64`, `noarch`.
    pub subdir: String,
    /// In which form it was had; `None` where it was not.
    pub form: Option<RepodataForm>,
    /// For how many seconds it has lain in the cache since the server last vouched for it, one at least;
    /// 0 where it did in this run.
    pub age: u64,
    /// How many bytes came over the network for it in this run, without what a solve then reads of packages
    /// that were not named.
    pub fetched: u64,
    /// What went wrong, also where the cache then stood in.
    pub fault: Option<Fault>,
}

/// The age in seconds of the oldest part that was read; 0 where all was read anew.
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
    /// There is no such subdir in the channel, which is no fault.
    Missing,
}
