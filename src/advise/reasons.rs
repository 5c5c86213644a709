//! Why the recommended build and not a newer or more obvious one.

use crate::model::{Accelerator, Build};

use super::Survey;
use super::advice::Reason;
use super::diagnostic::Diagnostic;
use super::fit::Candidate;
use super::rank::Ranking;

/// The reasons, most telling first.
pub(super) fn of<'m>(
    survey: &Survey<'_, 'm>,
    candidates: &[Candidate<'m>],
    best: usize,
) -> Vec<Reason<'m>> {
    let mut reasons = why_not_others(survey, candidates, best);
    reasons.extend(why_it_works(survey, &candidates[best]));
    reasons
}

/// What kept the newest PyTorch, and newer toolkits of the same PyTorch, from being chosen: once for
/// each toolkit, and each fact once.
fn why_not_others<'m>(
    survey: &Survey<'_, 'm>,
    candidates: &[Candidate<'m>],
    best: usize,
) -> Vec<Reason<'m>> {
    let chosen = candidates[best].build;
    let releases =
        candidates.iter().map(|c| c.build.pytorch).filter(|version| !version.is_candidate());
    let newest = releases.max();
    let mut seen: Vec<Accelerator> = Vec::new();
    let mut reasons: Vec<Reason<'m>> = Vec::new();
    for candidate in candidates {
        let build = candidate.build;
        let obvious = Some(build.pytorch) == newest || build.pytorch == chosen.pytorch;
        let above = !candidate.fits() && Ranking::looks_better(candidate, &candidates[best]);
        // A build for the other kind of machine or BLAS says nothing about this choice.
        let other = candidate.blockers.iter().any(|blocker| {
            matches!(blocker, Diagnostic::OtherArmVariant { .. } | Diagnostic::OtherBlas { .. })
        });
        if !obvious
            || !above
            || other
            || seen.contains(&build.accelerator)
            || without_gpu(survey, build)
        {
            continue;
        }
        seen.push(build.accelerator);
        let telling = candidate.blockers.iter().filter(|blocker| !is_wish(blocker));
        for diagnostic in telling {
            if !reasons.iter().any(|reason| reason.diagnostic == *diagnostic) {
                reasons.push(Reason { build: Some(build), diagnostic: diagnostic.clone() });
            }
        }
    }
    reasons
}

/// On a machine without any NVIDIA card nobody asks why CUDA was not chosen.
fn without_gpu(survey: &Survey<'_, '_>, build: &Build) -> bool {
    build.is_cuda() && !survey.machine.has_nvidia_card() && survey.situation.cuda().is_none()
}

/// Facts about the request: the user knows what was asked, and remarks say what it costs.
pub(super) fn is_wish(blocker: &Diagnostic) -> bool {
    matches!(
        blocker,
        Diagnostic::OtherPytorch { .. }
            | Diagnostic::PythonNotBuilt { .. }
            | Diagnostic::OtherCudaVersion { .. }
            | Diagnostic::OtherAccelerator
            | Diagnostic::OtherBlas { .. }
            | Diagnostic::CompanionMissing { .. }
    )
}

fn why_it_works<'m>(survey: &Survey<'_, 'm>, candidate: &Candidate<'m>) -> Vec<Reason<'m>> {
    let mut facts = Vec::new();
    match candidate.build.accelerator {
        Accelerator::Cuda(toolkit) => {
            if let Some(cuda) = survey.situation.cuda().filter(|cuda| *cuda < toolkit) {
                let floor = survey.rules().needed_driver(toolkit);
                facts.push(Diagnostic::MinorVersionCompatibility { cuda, toolkit, floor });
            }
            if candidate.build.metapackage {
                facts.push(Diagnostic::FailsLoudly);
            }
        }
        Accelerator::Mps => facts.push(Diagnostic::MetalIncluded),
        Accelerator::Cpu => {}
    }
    facts.into_iter().map(|diagnostic| Reason { build: None, diagnostic }).collect()
}
