//! Why the recommended build and not a newer or more obvious one.

use crate::diagnostics::Diagnostic;
use crate::resolve::{
    Inputs,
    advice::Reason,
    candidates::{Blocker, Candidate, Cause},
    rank, rules,
};
use crate::types::{Accelerator, KernelSupport, KnownGpu};

/// The reasons, most important first.
pub(in crate::resolve) fn reasons<'m>(
    inputs: &Inputs<'_, 'm>,
    candidates: &[Candidate<'m>],
    best: &Candidate<'m>,
) -> Vec<Reason<'m>> {
    let mut reasons = why_not_newer(inputs, candidates, best);
    reasons.extend(too_old_for_glibc(inputs, candidates, best));
    if let Some(newer) = rank::newer_without_metal(inputs, candidates, best)
        && let Some((found, needed)) = rules::lacks_metal(inputs, newer.build)
        && newer.build.pytorch > best.build.pytorch
    {
        let diagnostic = Diagnostic::MetalNeedsNewerMacos { found, needed, newest: None };
        reasons.push(Reason { build: Some(newer.build), diagnostic });
    }
    reasons.extend(for_all_gpus(inputs, candidates, best));
    let facts = why_it_works(inputs, candidates, best).into_iter();
    reasons.extend(facts.map(|diagnostic| Reason { build: None, diagnostic }));
    reasons
}

/// What excludes the newest PyTorch, or a newer toolkit of it: each fact once, of several drivers the oldest.
fn why_not_newer<'m>(
    inputs: &Inputs<'_, 'm>,
    candidates: &[Candidate<'m>],
    best: &Candidate<'m>,
) -> Vec<Reason<'m>> {
    let releases = candidates.iter().map(|c| c.build.pytorch).filter(|v| !v.is_candidate());
    let newest = releases.max();
    // Without an NVIDIA card, a CPU build needs no reason.
    let expects_cuda = inputs.facts.has_nvidia_card || inputs.facts.cuda().is_some();
    let mut explained: Vec<Accelerator> = Vec::new();
    let mut found: Vec<(&Candidate<'m>, &Blocker)> = Vec::new();
    for candidate in candidates.iter().filter(|candidate| !candidate.fits()) {
        let build = candidate.build;
        // A build for another kind of machine, or another than requested, is no reason for this choice.
        let is_other_variant = candidate.blockers.iter().any(|blocker| {
            blocker.cause == Cause::Build
                || matches!(
                    blocker.diagnostic,
                    Diagnostic::OtherBlas { .. } | Diagnostic::OtherPytorch { .. }
                )
        });
        // Another machine's build with the chosen toolkit says nothing about the chosen one.
        let is_other_variant = is_other_variant
            || build.arm_variant != best.build.arm_variant
                && build.accelerator == best.build.accelerator;
        if Some(build.pytorch) != newest
            || build.is_cuda() && !expects_cuda
            || !rank::looks_better(build, best.build)
            || is_other_variant
            || explained.contains(&build.accelerator)
        {
            continue;
        }
        explained.push(build.accelerator);
        for blocker in candidate.blockers.iter().filter(|b| b.cause == Cause::Machine) {
            let is_alike = |other: &Blocker| {
                other.diagnostic == blocker.diagnostic
                    || other.is_about_driver() && blocker.is_about_driver()
            };
            match found.iter_mut().find(|(_, other)| is_alike(other)) {
                // Toolkits come newest first, so the later one needs an older driver.
                Some(other) => *other = (candidate, blocker),
                None => found.push((candidate, blocker)),
            }
        }
    }
    let reason = |(candidate, blocker): (&Candidate<'m>, &Blocker)| Reason {
        build: Some(candidate.build),
        diagnostic: blocker.diagnostic.clone(),
    };
    found.into_iter().map(reason).collect()
}

/// The build that would be chosen if glibc were older: the reasons above are about the newest PyTorch.
fn too_old_for_glibc<'m>(
    inputs: &Inputs<'_, 'm>,
    candidates: &[Candidate<'m>],
    best: &Candidate<'m>,
) -> Option<Reason<'m>> {
    let is_glibc = |b: &Blocker| matches!(b.diagnostic, Diagnostic::GlibcTooNew { .. });
    let excluded = candidates.iter().filter(|c| !c.fits() && c.blockers.iter().all(is_glibc));
    let better = excluded.max_by_key(|c| rank::rank(inputs, c))?;
    (rank::rank(inputs, better) > rank::rank(inputs, best)).then(|| Reason {
        build: Some(better.build),
        diagnostic: better.blockers[0].diagnostic.clone(),
    })
}

/// The GPUs that a newer toolkit of the same PyTorch would leave out, though it fits.
fn for_all_gpus<'m>(
    inputs: &Inputs<'_, 'm>,
    candidates: &[Candidate<'m>],
    best: &Candidate<'m>,
) -> Vec<Reason<'m>> {
    let leaves_out = |c: &&Candidate<'_>| {
        c.fits()
            && c.build.pytorch == best.build.pytorch
            && c.served_gpus() < best.served_gpus()
            && rank::looks_better(c.build, best.build)
    };
    let Some(newer) = candidates.iter().find(leaves_out) else { return Vec::new() };
    let Some(toolkit) = newer.build.accelerator.cuda() else { return Vec::new() };
    let gpus = inputs.facts.gpus.iter().zip(&newer.kernels);
    let left_out = gpus.filter(|(_, kernels)| kernels.support == Some(KernelSupport::Missing));
    let reason = |(gpu, _): (&KnownGpu, _)| Reason {
        build: Some(newer.build),
        diagnostic: Diagnostic::NoKernels { gpu: gpu.clone(), toolkit },
    };
    left_out.take(rules::MOST_GPUS).map(reason).collect()
}

fn why_it_works<'m>(
    inputs: &Inputs<'_, 'm>,
    candidates: &[Candidate<'m>],
    best: &Candidate<'m>,
) -> Vec<Diagnostic> {
    match best.build.accelerator {
        Accelerator::Cuda(toolkit) => {
            let older = inputs.facts.cuda().filter(|cuda| *cuda < toolkit);
            let floor = rules::needed_driver(inputs, toolkit);
            let compatibility = older.zip(floor).map(|(cuda, floor)| {
                Diagnostic::MinorVersionCompatibility { cuda, toolkit, floor }
            });
            let fails_loudly = best.build.metapackage.then_some(Diagnostic::FailsLoudly);
            compatibility.into_iter().chain(fails_loudly).collect()
        }
        Accelerator::Mps if rules::computes_on(inputs, best.build) == Accelerator::Mps => {
            vec![Diagnostic::MetalIncluded]
        }
        Accelerator::Mps | Accelerator::Cpu => {
            let is_request = |b: &Blocker| matches!(b.diagnostic, Diagnostic::OtherPytorch { .. });
            let with_metal = candidates.iter().filter(|c| {
                rules::computes_on(inputs, c.build) == Accelerator::Mps
                    && c.blockers.iter().all(is_request)
            });
            let newest = with_metal.map(|c| c.build.pytorch).max();
            let metal = rules::lacks_metal(inputs, best.build);
            let metal = metal.map(|(found, needed)| Diagnostic::MetalNeedsNewerMacos {
                found,
                needed,
                newest,
            });
            metal.into_iter().collect()
        }
    }
}
