//! An advice with what it is for: the input of every format and report.

use serde::Serialize;

use crate::clients::ClientTarget;
use crate::commands::{self, Step, StepKind, TargetEnvironment, shell::CannotQuote};
use crate::conda::{CONDA_FORGE, Channels, FaultKind, Subdir};
use crate::diagnostics::{Context, Diagnostic};
use crate::matrix::Matrix;
use crate::resolve::{self, Advice, Choice, Request, advise};
use crate::solve_check::{Correction, outcome::SolveCheck};
use crate::types::{ClientKind, Date, Machine, Shell};
use crate::virtual_packages::{client_note, client_override_notes, override_notes};

/// An advice with what it is for.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Answer<'a> {
    pub machine: &'a Machine,
    pub request: &'a Request,
    pub advice: &'a Advice<'a>,
    /// The builds that it was chosen from.
    pub matrix: &'a Matrix,
    pub client: ClientTarget<'a>,
    pub environment: TargetEnvironment,
    pub channels: &'a Channels,
    /// The channel that was read, if one was.
    pub live: Option<&'a LiveChannel>,
    /// The result of the verification, if one was asked for.
    pub proof: Option<&'a SolveCheck>,
    pub shell: Shell,
}

/// Why a format cannot express this answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Refused {
    #[error("nothing satisfies the request on this machine; see `--format human`")]
    NothingFits,
    #[error("`base` is a client's own environment; for a file, pass another name with `--name`")]
    FileForBase,
    #[error(
        "the NVIDIA driver did not answer, so the build to install is unknown; see `--format human`"
    )]
    Unknown,
    #[error("a Dockerfile needs a Linux platform, not {0}")]
    NotLinux(Subdir),
    #[error("a Dockerfile cannot use the folder `{0}` as a channel; pass a URL")]
    FolderInImage(String),
    #[error(transparent)]
    CannotQuote(#[from] CannotQuote),
}

impl<'a> Answer<'a> {
    /// An answer for the best client of the machine, a new environment, conda-forge and a POSIX shell.
    pub fn new(
        machine: &'a Machine,
        request: &'a Request,
        advice: &'a Advice<'a>,
        matrix: &'a Matrix,
    ) -> Self {
        Self {
            machine,
            request,
            advice,
            matrix,
            client: ClientTarget::of(machine, None),
            environment: TargetEnvironment::default(),
            channels: &CONDA_FORGE,
            live: None,
            proof: None,
            shell: Shell::Posix,
        }
    }

    /// The advice with what to know about the client, its variables and the channels. `live`: what to know about those
    /// that were read, if they were.
    pub fn advice<'m>(
        machine: &Machine,
        request: &Request,
        matrix: &'m Matrix,
        client: &ClientTarget<'_>,
        channels: &Channels,
        live: Option<&[Diagnostic]>,
    ) -> Advice<'m> {
        let advice = advise(machine, request, matrix);
        let accelerator = advice.recommended.as_ref().map(|choice| choice.build.accelerator);
        let of_client = client_note(machine, client, accelerator);
        let of_variables =
            override_notes(machine).into_iter().chain(client_override_notes(machine, client));
        let of_live = live.into_iter().flatten().cloned();
        let of_channels = Diagnostic::of_channels(channels, live.is_some());
        advice.with(of_variables.chain(of_client).chain(of_live).chain(of_channels))
    }

    /// What messages and hints need to know of the answer.
    pub fn context(&self) -> Context<'_> {
        self.advice.context(self.machine, self.matrix)
    }

    /// The commands that install and check a choice.
    pub fn plan(&self, choice: &Choice<'_>) -> Vec<Step> {
        commands::plan(self.machine, choice, &self.client, &self.environment, self.channels)
    }

    /// The installation with corrections; `None` without any, and for pixi, whose project is not one command.
    pub fn corrected(&self, choice: &Choice<'_>, corrections: &[Correction]) -> Option<Step> {
        if corrections.is_empty() || self.client.kind == ClientKind::Pixi {
            return None;
        }
        let mut answer = self.clone();
        if corrections.contains(&Correction::NewEnvironment) {
            answer.environment = TargetEnvironment::Unnamed;
        }
        let steps = answer.plan(choice);
        let install = steps.into_iter().find(|step| step.kind == StepKind::Install)?;
        Some(corrections.iter().fold(install, commands::corrected))
    }

    /// The command that selects the promised build, if the printed one does not and one was found.
    pub fn corrected_step(&self) -> Option<Step> {
        let proof = self.proof.filter(|proof| proof.corrected)?;
        self.corrected(self.choice().ok()?, &proof.verdict()?.corrections)
    }

    /// The exit code of the process: 4 if the proof contradicts the advice, 1 if it failed or the answer is unknown.
    pub fn exit_code(&self) -> u8 {
        match self.advice.status {
            resolve::Status::Unsatisfiable => 3,
            resolve::Status::Unknown => 1,
            resolve::Status::Ok | resolve::Status::Degraded => {
                self.proof.map_or(0, |proof| proof.status().exit_code())
            }
        }
    }

    /// The recommendation, for formats that cannot express "nothing".
    pub fn choice(&self) -> Result<&'a Choice<'a>, Refused> {
        let is_unknown = self.advice.status == resolve::Status::Unknown;
        let refused = if is_unknown { Refused::Unknown } else { Refused::NothingFits };
        self.advice.recommended.as_ref().ok_or(refused)
    }
}

/// A channel that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LiveChannel {
    /// The channel's name or address, without secrets.
    pub channel: String,
    /// Whether the answer is based on what was read; false if it is based on the built-in data.
    pub read: bool,
    /// The day of the data that the answer is based on.
    pub as_of: Date,
    /// How many seconds ago the channel was fetched into the cache; 0 if it was fetched now.
    pub age_s: u64,
    /// Why it could not be fetched now; null if it could.
    pub fault: Option<FaultKind>,
}
