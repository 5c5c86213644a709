//! One command to run.

use serde::Serialize;

use crate::clients::ClientTarget;
use crate::conda::Version;
use crate::types::ClientKind;

/// One command, as the words that the program gets; [`shell`](super::shell) writes it for a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The purpose.
    pub kind: StepKind,
    /// The client that it runs.
    pub client: ClientKind,
    /// That client's version, if known.
    pub client_version: Option<Version>,
    /// Whether the answer works without it.
    pub optional: bool,
    /// Environment variables to set for it.
    pub env: Vec<(&'static str, String)>,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// What to know before running it: one sentence.
    pub note: Option<String>,
    /// The file for its output.
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

impl Step {
    /// Runs conda, which mamba 1 has beside it.
    pub(super) fn run_by_conda(&mut self) {
        "conda".clone_into(&mut self.argv[0]);
    }
}

impl ClientTarget<'_> {
    /// A command of this client.
    pub(super) fn step<'s>(
        &self,
        kind: StepKind,
        arguments: impl IntoIterator<Item = &'s str>,
    ) -> Step {
        Step {
            kind,
            client: self.kind,
            client_version: self.version,
            // Without these two the installation is the same.
            optional: matches!(kind, StepKind::Configure | StepKind::Check),
            env: Vec::new(),
            argv: std::iter::once(self.kind.as_str()).chain(arguments).map(str::to_owned).collect(),
            note: None,
            stdout: None,
        }
    }
}
