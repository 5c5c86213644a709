//! Why the recommended build and not a newer or more obvious one.

use crate::types::{Accelerator, Build, KernelSupport};

use crate::diagnostics::Diagnostic;
use crate::resolve::{Survey, advice::Reason, fit::Candidate, rank::Ranking};

/// The reasons, most telling first.
pub(super) fn of<'m>(
    survey: &Survey<'_, 'm>,
    candidates: &[Candidate<'m>],
    best: usize,
) -> Vec<Reason<'m>> {
    let mut reasons = why_not_others(survey, candidates, best);
    reasons.extend(for_all_gpus(survey, candidates, best));
    reasons.extend(why_it_works(survey, &candidates[best]));
    reasons
}

/// What kept the newest PyTorch from being chosen, or a newer toolkit of it: each fact once, and of
/// drivers to have the least demanding.
fn why_not_others<'m>(
    survey: &Survey<'_, 'm>,
    candidates: &[Candidate<'m>],
    best: usize,
) -> Vec<Reason<'m>> {
    let releases =
        candidates.iter().map(|c| c.build.pytorch).filter(|version| !version.is_candidate());
    let newest = releases.max();
    let mut seen: Vec<Accelerator> = Vec::new();
    let mut reasons: Vec<Reason<'m>> = Vec::new();
    for candidate in candidates {
        let build = candidate.build;
        if Some(build.pytorch) != newest || candidate.fits() || without_gpu(survey, build) {
            continue;
        }
        let above = Ranking::looks_better(candidate, &candidates[best]);
        // A build for the other kind of machine or BLAS says nothing about this choice.
        let other = candidate.blockers.iter().any(|blocker| {
            matches!(blocker, Diagnostic::OtherArmVariant { .. } | Diagnostic::OtherBlas { .. })
        });
        if !above || other || seen.contains(&build.accelerator) {
            continue;
        }
        seen.push(build.accelerator);
        let telling = candidate.blockers.iter().filter(|blocker| !is_wish(blocker));
        for diagnostic in telling {
            let reason = Reason { build: Some(build), diagnostic: diagnostic.clone() };
            match reasons.iter_mut().find(|other| says_the_same(&other.diagnostic, diagnostic)) {
                // Toolkits come newest first, so the later asks less of a driver.
                Some(other) => *other = reason,
                None => reasons.push(reason),
            }
        }
    }
    reasons
}

/// What a newer toolkit of the same PyTorch would leave out, though it fits: some of the GPUs.
fn for_all_gpus<'m>(
    survey: &Survey<'_, 'm>,
    candidates: &[Candidate<'m>],
    best: usize,
) -> Vec<Reason<'m>> {
    let best = &candidates[best];
    let leaves_out = |c: &&Candidate<'_>| {
        c.fits()
            && c.build.pytorch == best.build.pytorch
            && c.served() < best.served()
            && Ranking::looks_better(c, best)
    };
    let Some(newer) = candidates.iter().find(leaves_out) else { return Vec::new() };
    let Some(toolkit) = newer.build.accelerator.cuda() else { return Vec::new() };
    let gpus = survey.situation.gpus.iter().zip(&newer.kernels);
    let left_out = gpus.filter(|(_, kernels)| kernels.support == Some(KernelSupport::Missing));
    left_out
        .filter_map(|(gpu, _)| {
            let (index, name, capability) = (gpu.index, gpu.name.clone(), gpu.capability?);
            let diagnostic = Diagnostic::NoKernels { gpu: index, name, capability, toolkit };
            Some(Reason { build: Some(newer.build), diagnostic })
        })
        .collect()
}

/// Whether one of two facts is enough: they are alike, or both ask for a driver.
fn says_the_same(a: &Diagnostic, b: &Diagnostic) -> bool {
    let about_driver =
        |d: &Diagnostic| matches!(d, Diagnostic::DriverTooOld { .. } | Diagnostic::NoDriver { .. });
    a == b || about_driver(a) && about_driver(b)
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
                facts.extend(floor.map(|floor| Diagnostic::MinorVersionCompatibility {
                    cuda,
                    toolkit,
                    floor,
                }));
            }
            if candidate.build.metapackage {
                facts.push(Diagnostic::FailsLoudly);
            }
        }
        Accelerator::Mps => facts.push(match survey.situation.macos.value() {
            Some(found) if *found < survey.matrix.metal_macos => Diagnostic::MetalNeedsNewerMacos {
                found: *found,
                needed: survey.matrix.metal_macos,
            },
            Some(_) | None => Diagnostic::MetalIncluded,
        }),
        Accelerator::Cpu => {}
    }
    facts.into_iter().map(|diagnostic| Reason { build: None, diagnostic }).collect()
}
