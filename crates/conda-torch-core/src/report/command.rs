//! A command that the program prints.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::commands::{Step, StepKind, shell};
use crate::conda::Version;
use crate::types::{ClientKind, Shell};

/// A command.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Command {
    /// What the command is for.
    step: StepKind,
    /// conda, mamba, micromamba, pixi.
    client: ClientKind,
    /// The client's version; null if unknown.
    client_version: Option<Version>,
    /// Whether the answer works without it.
    optional: bool,
    /// The program and its arguments.
    argv: Vec<String>,
    /// Environment variables to set for it.
    env: BTreeMap<&'static str, String>,
    /// For bash, zsh and other POSIX shells; null if the shell cannot express it.
    posix: Option<String>,
    /// For fish.
    fish: Option<String>,
    /// For `PowerShell`; null if the shell cannot express it.
    powershell: Option<String>,
    /// For cmd.exe; null if the shell cannot express it.
    cmd: Option<String>,
    /// What to know before running it.
    note: Option<String>,
    /// The file to redirect its output to; null if the output is for a person to read.
    stdout: Option<String>,
}

impl From<&Step> for Command {
    fn from(step: &Step) -> Self {
        let line = |shell| shell::line(step, shell).ok();
        Self {
            step: step.kind,
            client: step.client,
            client_version: step.client_version,
            optional: step.optional,
            argv: step.argv.clone(),
            env: step.env.iter().cloned().collect(),
            posix: line(Shell::Posix),
            fish: line(Shell::Fish),
            powershell: line(Shell::Powershell),
            cmd: line(Shell::Cmd),
            note: step.note.clone(),
            stdout: step.stdout.clone(),
        }
    }
}
