//! Everything that a format may need to know.

use crate::conda::{Channels, Subdir};
use crate::matrix::Matrix;
use crate::resolve::{Advice, Choice, Request, Status};
use crate::solve_check::{Correction, proof::Proof};
use crate::types::{ClientKind, Machine, Shell};

use crate::clients::{self, ClientTarget, Environment, Step, StepKind, shell::CannotQuote};
use crate::render::{live::LiveText, proof::ProofState};

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
    pub environment: Environment,
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
        clients::plan(self.machine, choice, &self.client, &self.environment, self.channels)
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
            answer.environment = Environment::Unnamed;
        }
        let steps = answer.plan(choice);
        let install = steps.into_iter().find(|step| step.kind == StepKind::Install)?;
        Some(corrections.iter().fold(install, clients::corrected))
    }

    /// What the process ends with: 4 where the proof speaks against the advice, 1 where it failed.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.advice.status {
            Status::Unsatisfiable => 3,
            Status::Ok | Status::Degraded => {
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
