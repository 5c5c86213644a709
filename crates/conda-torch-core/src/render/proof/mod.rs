//! What came of putting an advice to the test: for a person and as JSON.

mod findings;
mod human;
mod json;
mod words;

use crate::solve_check::{
    Status,
    proof::{Outcome, Proof},
};

use crate::clients::Step;
use crate::render::answer::Answer;

pub(super) use human::block;
pub(super) use json::{VerifyText, text};

/// The command that does end on the promised build, where the printed one does not and one was found.
fn corrected(answer: &Answer<'_>) -> Option<Step> {
    let proof = answer.proof.filter(|proof| proof.corrected)?;
    let Outcome::Answered(_, verdict) = &proof.outcome else { return None };
    answer.corrected(answer.choice().ok()?, &verdict.corrections)
}

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
    pub(super) fn of(proof: &Proof) -> Self {
        match &proof.outcome {
            Outcome::NotRun(_) => Self::NotRun,
            Outcome::Broken(_) => Self::Failed,
            Outcome::Answered(_, verdict) => match verdict.status {
                Status::Failed => Self::Failed,
                Status::NoSolution => Self::Unsolvable,
                Status::Differs => Self::Differs,
                Status::Confirmed if proof.shortages().is_empty() => Self::Verified,
                Status::Confirmed => Self::NoSpace,
            },
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
