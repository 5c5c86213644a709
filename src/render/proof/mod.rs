//! What came of putting an advice to the test: for a person and as JSON.

mod human;
mod json;
mod words;

use crate::advise::Choice;
use crate::verify::dry_run::DryRun;
use crate::verify::interim::differences;
use crate::verify::proof::{Outcome, Proof};

pub(super) use human::block;
pub(super) use json::{VerifyText, text};

/// How it stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProofState {
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
    pub(super) fn of(choice: &Choice<'_>, proof: &Proof) -> Self {
        match &proof.outcome {
            Outcome::NotRun(_) => Self::NotRun,
            Outcome::Answered(DryRun::Unsolvable(_) | DryRun::NotFound(_)) => Self::Unsolvable,
            Outcome::Broken(_)
            | Outcome::Answered(DryRun::Network(_) | DryRun::Failed(_) | DryRun::Unreadable(_)) => {
                Self::Failed
            }
            Outcome::Answered(DryRun::Would(planned)) => {
                if !differences(choice, planned).is_empty() {
                    Self::Differs
                } else if proof.shortages().is_empty() {
                    Self::Verified
                } else {
                    Self::NoSpace
                }
            }
        }
    }

    /// The word in JSON.
    pub(super) const fn as_str(self) -> &'static str {
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
    pub(super) const fn exit_code(self) -> u8 {
        match self {
            Self::Verified | Self::NotRun => 0,
            Self::Failed => 1,
            Self::Differs | Self::Unsolvable | Self::NoSpace => 4,
        }
    }
}
