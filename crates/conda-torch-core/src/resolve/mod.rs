//! The decision: which build this machine should install, and which specs make a solver end on it.
//! Pure, total and deterministic: the same machine, request and matrix give the same advice.
//!
//! 1. `situation`: what the machine comes to, with every conclusion and assumption drawn once.
//! 2. `fit`: every build against every rule; all that speaks against it is kept.
//! 3. `rank`: the best of those that fit.
//! 4. `specs`: what to tell a solver so that it ends there.
//! 5. `alternatives`: what would be better, and what unlocks it (`unlocked`: and then really fits).
//! 6. `reasons` and `remarks`: why, and what to know.

mod advice;
mod alternatives;
mod companions;
mod fit;
mod gpus;
mod installed;
mod kernels;
mod rank;
mod reasons;
mod remarks;
mod request;
mod situation;
mod specs;
mod told;
mod unlocked;

pub use advice::{Advice, Alternative, Choice, GpuKernels, Reason, Rejected, Status, Unlock};
pub use installed::{Running, running};
pub use request::{Request, RequestedAccelerator};

use crate::diagnostics::Diagnostic;
use crate::matrix::Matrix;
use crate::types::{Build, Machine};

use fit::{Candidate, Rules};
use rank::Ranking;
use situation::{DriverState, Situation};

/// Decides. Never fails: "nothing fits" is an answer, with the nearest that would.
#[must_use]
pub fn advise<'m>(machine: &Machine, request: &Request, matrix: &'m Matrix) -> Advice<'m> {
    let situation = Situation::of(machine, request, matrix);
    let rules = Rules::new(&situation, request, matrix);
    let here = |build: &&Build| Some(build.subdir) == situation.subdir;
    let mut candidates: Vec<Candidate<'m>> = Vec::with_capacity(matrix.builds.len());
    candidates.extend(matrix.builds.iter().filter(here).map(|build| rules.judge(build)));
    let mut elsewhere = Vec::with_capacity(matrix.builds.len() - candidates.len());
    elsewhere.extend(matrix.builds.iter().filter(|build| !here(build)));
    let ranking = Ranking { situation: &situation, matrix };
    let best = best(&candidates, &ranking);
    let survey = Survey { machine, request, matrix, situation: &situation, ranking: &ranking };

    let alternatives = alternatives::find(&survey, &candidates, best);
    let recommended = best.map(|index| Choice {
        reasons: reasons::of(&survey, &candidates, index),
        ..candidates[index].choice(&situation, request, matrix)
    });
    let diagnostics = remarks::collect(&survey, &candidates, best, &alternatives);
    let status = remarks::status(&survey, recommended.as_ref(), &diagnostics);
    let taken =
        |index: &usize| Some(*index) != best && alternatives.iter().all(|(at, _)| at != index);
    let mut rejected = Vec::with_capacity(candidates.len());
    for index in (0..candidates.len()).filter(taken) {
        rejected.push(reject(&mut candidates, index, best));
    }
    let alternatives = alternatives.into_iter().map(|(_, alternative)| alternative).collect();
    Advice { status, recommended, alternatives, rejected, elsewhere, diagnostics }
}

/// The best candidate that fits.
fn best(candidates: &[Candidate<'_>], ranking: &Ranking<'_>) -> Option<usize> {
    let fitting = candidates.iter().enumerate().filter(|(_, candidate)| candidate.fits());
    fitting.max_by(|(_, a), (_, b)| ranking.compare(a, b)).map(|(index, _)| index)
}

/// What the later steps look at together.
struct Survey<'a, 'm> {
    machine: &'a Machine,
    request: &'a Request,
    matrix: &'m Matrix,
    situation: &'a Situation,
    ranking: &'a Ranking<'a>,
}

impl<'m> Survey<'_, 'm> {
    /// The rules, to ask what a toolkit needs.
    fn rules(&self) -> Rules<'_, 'm> {
        Rules::new(self.situation, self.request, self.matrix)
    }

    /// Whether CUDA is asked for by name.
    fn wants_cuda(&self) -> bool {
        self.request.accelerator == RequestedAccelerator::Cuda
            || self.request.cuda_version.is_some()
    }

    /// Whether an NVIDIA GPU is there, or a driver that should have one.
    fn has_nvidia(&self) -> bool {
        self.machine.has_nvidia_card() || self.situation.driver != DriverState::Missing
    }

    fn outranks(&self, candidates: &[Candidate<'m>], index: usize, other: usize) -> bool {
        self.ranking.compare(&candidates[index], &candidates[other]).is_gt()
    }
}

/// A candidate as something not to install; one that fits says what it gives way to.
fn reject<'m>(candidates: &mut [Candidate<'m>], index: usize, best: Option<usize>) -> Rejected<'m> {
    let candidate = &candidates[index];
    let above = |best: usize| Ranking::looks_better(candidate, &candidates[best]);
    let ranks_above = !candidate.fits() && best.is_none_or(above);
    let mut findings = std::mem::take(&mut candidates[index].blockers);
    if findings.is_empty()
        && let Some(best) = best
    {
        let (build, best) = (candidates[index].build, candidates[best].build);
        let unused = best.is_cuda() && !build.is_cuda();
        let by = best.pytorch;
        findings.push(if unused {
            Diagnostic::LeavesGpuUnused
        } else {
            Diagnostic::Outranked { by }
        });
    }
    Rejected { build: candidates[index].build, findings, ranks_above }
}
