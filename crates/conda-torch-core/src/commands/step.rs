//! One command to run.

use serde::Serialize;

use crate::conda::Version;
use crate::types::ClientKind;

/// One command, as the words that the program gets; shells see it through [`shell`](super::shell).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is for.
    pub kind: StepKind,
    /// The client that it runs.
    pub client: ClientKind,
    /// That client's version, where it is known.
    pub client_version: Option<Version>,
    /// Whether the answer works without it.
    pub optional: bool,
    /// TargetEnvironment variables to set for it.
    pub env: Vec<(&'static str, String)>,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// What to know before running it: one sentence.
    pub note: Option<String>,
    /// The file that what it prints goes into.
    pub stdout: Option<String>,
}

/// What a command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum StepKind {
    /// Change the client's settings for later installations.
    Configure,
    /// Write down what is there, as a way back.
    Backup,
    /// Make what the installation goes into.
    Prepare,
    /// Take packages out.
    Remove,
    /// Install.
    Install,
    /// Install what pip had.
    Pip,
    /// Run a kernel and see.
    Check,
}

impl StepKind {
    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Backup => "backup",
            Self::Prepare => "prepare",
            Self::Remove => "remove",
            Self::Install => "install",
            Self::Pip => "pip",
            Self::Check => "check",
        }
    }
}
