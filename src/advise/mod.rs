//! The decision: which build this machine should install, and which specs make a solver end on it.
//! Pure, total and deterministic: the same machine, request and matrix give the same advice.
//!
//! 1. [`situation`]: what the machine comes to, with every conclusion and assumption drawn once.
//! 2. [`fit`]: every build against every rule; all that speaks against it is kept.
//! 3. [`rank`]: the best of those that fit.
//! 4. [`specs`]: what to tell a solver so that it ends there.
//! 5. [`alternatives`]: what would be better, and what unlocks it.
//! 6. [`reasons`] and [`remarks`]: why, and what to know.

mod advice;
mod alternatives;
mod code;
mod companions;
mod diagnostic;
mod fit;
mod rank;
mod reasons;
mod remarks;
mod request;
mod situation;
mod specs;

pub use advice::{Advice, Alternative, Choice, GpuKernels, Reason, Rejected, Status, Unlock};
pub use diagnostic::{Diagnostic, Severity};
pub use request::{AcceleratorWish, Request};

use crate::matrix::Matrix;
use crate::model::{Build, Machine};

use fit::{Candidate, Rules};
use rank::Ranking;
use situation::Situation;

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
    let recommended = best.map(|index| survey.choice(&candidates, index, Some(index)));
    let diagnostics = remarks::collect(&survey, &candidates, best, &alternatives);
    let status = remarks::status(&survey, recommended.as_ref(), &diagnostics);
    let taken =
        |index: &usize| Some(*index) != best && alternatives.iter().all(|(at, _)| at != index);
    let rejected = (0..candidates.len())
        .filter(taken)
        .map(|index| survey.reject(&mut candidates, index, best))
        .collect();
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
    /// A candidate as something to install.
    fn choice(
        &self,
        candidates: &[Candidate<'m>],
        index: usize,
        best: Option<usize>,
    ) -> Choice<'m> {
        let candidate = &candidates[index];
        Choice {
            build: candidate.build,
            build_number: candidate.build.build_numbers.1,
            cuda_version: candidate.pin,
            companions: candidate.companions.clone(),
            pythons: candidate.pythons,
            kernels: candidate.kernels.clone(),
            specs: specs::specs(candidate, self.situation, self.request, self.matrix),
            needs_cuda: candidate.build.accelerator.cuda().map(|toolkit| {
                // What the driver says, where it is enough; else what the build asks of one.
                self.situation.cuda().filter(|cuda| cuda.major >= toolkit.major).unwrap_or(toolkit)
            }),
            reasons: if best == Some(index) {
                reasons::of(self, candidates, index)
            } else {
                Vec::new()
            },
        }
    }

    /// A candidate as something not to install; one that fits says what it gives way to.
    fn reject(
        &self,
        candidates: &mut [Candidate<'m>],
        index: usize,
        best: Option<usize>,
    ) -> Rejected<'m> {
        let candidate = &candidates[index];
        let above = best.is_none_or(|best| Ranking::looks_better(candidate, &candidates[best]));
        let ranks_above = above && !candidate.fits();
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

    fn outranks(&self, candidates: &[Candidate<'m>], index: usize, other: usize) -> bool {
        self.ranking.compare(&candidates[index], &candidates[other]).is_gt()
    }
}
