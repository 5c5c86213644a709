//! Everything that a format may need to know.

use serde::Serialize;

use crate::clients::ClientTarget;
use crate::commands::{self, Step, StepKind, TargetEnvironment, shell::CannotQuote};
use crate::conda::{Channels, FaultKind, Subdir};
use crate::matrix::Matrix;
use crate::resolve::{self, Advice, Choice, Request};
use crate::solve_check::{
    self, Correction,
    proof::{Outcome, Proof},
};
use crate::types::{ClientKind, Date, Machine, Shell};

/// An advice with what it was for and how it is to be written.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    /// The machine that was looked at or described.
    pub machine: &'a Machine,
    /// What was asked for.
    pub request: &'a Request,
    /// What was decided.
    pub advice: &'a Advice<'a>,
    /// The builds that it was chosen from.
    pub matrix: &'a Matrix,
    /// The client that the commands are for.
    pub client: ClientTarget<'a>,
    /// Where the packages go.
    pub environment: TargetEnvironment,
    /// Where the packages come from.
    pub channels: &'a Channels,
    /// What was read of a channel, where that was asked for.
    pub live: Option<&'a LiveText>,
    /// What came of putting it to the test, where that was asked for.
    pub proof: Option<&'a Proof>,
    /// How it is to look.
    pub style: Style,
}

/// How an answer is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns for words; a word or a part of a command may be longer.
    pub width: usize,
    /// Whether to colour; colour never carries meaning.
    pub color: bool,
    /// The shell that commands are for.
    pub shell: Shell,
    /// In JSON: every build that was turned down, not only those that look better.
    pub all: bool,
}

/// Why a format cannot hold this answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is nothing to write into a file or a command.
    #[error("nothing satisfies the request on this machine; see `--format human`")]
    NothingFits,
    /// Containers run Linux.
    #[error("a Dockerfile needs a Linux platform, not {0}")]
    NotLinux(Subdir),
    /// An image is built apart from the machine's folders.
    #[error(
        "a Dockerfile cannot take packages from the folder `{0}`: give the channel by an address"
    )]
    FolderInImage(String),
    /// A name that a shell would take apart.
    #[error(transparent)]
    CannotQuote(#[from] CannotQuote),
}

impl<'a> Answer<'a> {
    /// The commands that install and check a choice.
    #[must_use]
    pub fn plan(&self, choice: &Choice<'_>) -> Vec<Step> {
        commands::plan(self.machine, choice, &self.client, &self.environment, self.channels)
    }

    /// The installation as it is once more, with what may mend it; `None` where nothing may, and for
    /// pixi, whose project is not one command.
    #[must_use]
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

    /// The command that does end on the promised build, where the printed one does not and one was found.
    #[must_use]
    pub fn corrected_step(&self) -> Option<Step> {
        let proof = self.proof.filter(|proof| proof.corrected)?;
        let Outcome::Answered(_, verdict) = &proof.outcome else { return None };
        self.corrected(self.choice().ok()?, &verdict.corrections)
    }

    /// What the process ends with: 4 where the proof speaks against the advice, 1 where it failed.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.advice.status {
            resolve::Status::Unsatisfiable => 3,
            resolve::Status::Ok | resolve::Status::Degraded => {
                self.proof.map_or(0, |proof| ProofState::of(proof).exit_code())
            }
        }
    }

    /// What is recommended, for formats that have no words for "nothing".
    ///
    /// # Errors
    /// Where nothing is.
    pub fn choice(&self) -> Result<&'a Choice<'a>, Refused> {
        self.advice.recommended.as_ref().ok_or(Refused::NothingFits)
    }
}

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

/// How it stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofState {
    /// A solver ends on the promised build, and there is room for it.
    Verified,
    /// It ends on something else.
    Differs,
    /// It finds no solution.
    Unsolvable,
    /// It ends on the promised build, for which there is no room.
    NoSpace,
    /// It could not be asked, or did not answer.
    Failed,
    /// Nobody was there to be asked.
    NotRun,
}

impl ProofState {
    /// The state of a proof.
    #[must_use]
    pub fn of(proof: &Proof) -> Self {
        match &proof.outcome {
            Outcome::NotRun(_) => Self::NotRun,
            Outcome::Broken(_) => Self::Failed,
            Outcome::Answered(_, verdict) => match verdict.status {
                solve_check::Status::Failed => Self::Failed,
                solve_check::Status::NoSolution => Self::Unsolvable,
                solve_check::Status::Differs => Self::Differs,
                solve_check::Status::Confirmed if proof.shortages().is_empty() => Self::Verified,
                solve_check::Status::Confirmed => Self::NoSpace,
            },
        }
    }

    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Differs => "differs",
            Self::Unsolvable => "unsolvable",
            Self::NoSpace => "no_space",
            Self::Failed => "failed",
            Self::NotRun => "not_run",
        }
    }

    /// What the process ends with.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Verified | Self::NotRun => 0,
            Self::Failed => 1,
            Self::Differs | Self::Unsolvable | Self::NoSpace => 4,
        }
    }
}
