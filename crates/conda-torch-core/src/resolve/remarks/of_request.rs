//! What a request costs, or why it cannot be met.

use crate::conda::Version;
use crate::types::{Build, CudaVersion};

use crate::diagnostics::Diagnostic;
use crate::resolve::{Survey, fit::Candidate};

/// What the request costs, or why it cannot be met.
pub(super) fn request(
    survey: &Survey<'_, '_>,
    candidates: &[Candidate<'_>],
    best: Option<&Candidate<'_>>,
    remarks: &mut Vec<Diagnostic>,
) {
    let request = survey.request;
    no_cuda_here(survey, candidates, remarks);
    cuda_version_exists(survey, candidates, remarks);
    if let Some(requested) = request.pytorch
        && !candidates
            .iter()
            .map(|c| c.build.pytorch)
            .any(|version| requested.covers(version) && !version.is_candidate())
    {
        remarks.retain(|remark| !matches!(remark, Diagnostic::OtherPytorch { .. }));
        remarks.push(Diagnostic::NoSuchPytorch {
            requested,
            nearest: nearest_pytorch(survey, requested),
        });
    }
    for package in &request.companions {
        let exists = survey
            .matrix
            .companions
            .iter()
            .any(|c| c.package == *package && here_too(survey, c.subdir));
        if let Some(subdir) = survey.situation.subdir.filter(|_| !exists) {
            remarks.push(Diagnostic::CompanionNotOnPlatform { package: *package, subdir });
        }
    }
    let Some(best) = best else { return };
    let gives = best.build.pytorch;
    // The best that only this wish keeps away.
    let kept_away = |is_wish: &dyn Fn(&Diagnostic) -> bool| {
        let only = |c: &&Candidate<'_>| !c.fits() && c.blockers.iter().all(is_wish);
        candidates
            .iter()
            .filter(only)
            .max_by(|a, b| survey.ranking.compare(a, b))
            .filter(|c| c.build.pytorch > gives)
    };
    if let Some(requested) = request.cuda_version
        && let Some(newer) = kept_away(&|d| matches!(d, Diagnostic::OtherCudaVersion { .. }))
        && let Some(without) = newer.pin
    {
        let newest = newer.build.pytorch;
        remarks.push(Diagnostic::CudaVersionHoldsBack { requested, gives, newest, without });
    }
    if let Some(python) = request.python
        && let Some(newer) = kept_away(&|d| matches!(d, Diagnostic::PythonNotBuilt { .. }))
    {
        remarks.push(Diagnostic::PythonHoldsBack { python, gives, newest: newer.build.pytorch });
    }
    for package in &request.companions {
        let this = |d: &Diagnostic| matches!(d, Diagnostic::CompanionMissing { package: other } if other == package);
        if let Some(newer) = kept_away(&this) {
            let newest = newer.build.pytorch;
            remarks.push(Diagnostic::CompanionHoldsBack { package: *package, gives, newest });
        }
    }
}

fn here_too(survey: &Survey<'_, '_>, subdir: crate::conda::Subdir) -> bool {
    Some(subdir) == survey.situation.subdir
}

/// Where there is no CUDA at all, a GPU that was named and a toolkit that was asked for are in vain.
fn no_cuda_here(
    survey: &Survey<'_, '_>,
    candidates: &[Candidate<'_>],
    remarks: &mut Vec<Diagnostic>,
) {
    let Some(subdir) = survey.situation.subdir else { return };
    let in_vain = survey.wants_cuda() || survey.machine.has_nvidia_card();
    if in_vain && !candidates.is_empty() && !candidates.iter().any(|c| c.build.is_cuda()) {
        remarks.retain(|remark| !matches!(remark, Diagnostic::OtherAccelerator));
        remarks.push(Diagnostic::NoCudaOnPlatform { subdir });
    }
}

/// Whether the `cuda-version` that was asked for ever was, and was ever built for here.
fn cuda_version_exists(
    survey: &Survey<'_, '_>,
    candidates: &[Candidate<'_>],
    remarks: &mut Vec<Diagnostic>,
) {
    let Some(requested) = survey.request.cuda_version else { return };
    let Some(subdir) = survey.situation.subdir else { return };
    let known = survey.matrix.cuda_versions.contains(&requested);
    if known && candidates.iter().any(|c| c.build.cuda_pins.contains(&requested)) {
        return;
    }
    remarks.retain(|remark| !matches!(remark, Diagnostic::OtherCudaVersion { .. }));
    remarks.push(if !candidates.iter().any(|c| c.build.is_cuda()) {
        return;
    } else if known {
        Diagnostic::CudaVersionNotBuilt { requested, subdir }
    } else {
        Diagnostic::NoSuchCudaVersion { requested, nearest: nearest_cuda(survey, requested) }
    });
}

/// The next older and the next newer version of `cuda-version`.
fn nearest_cuda(survey: &Survey<'_, '_>, requested: CudaVersion) -> Vec<CudaVersion> {
    let all = &survey.matrix.cuda_versions;
    let below = all.iter().rev().find(|version| **version < requested);
    let above = all.iter().find(|version| **version > requested);
    below.into_iter().chain(above).copied().collect()
}

/// The next older and the next newer PyTorch on the platform.
fn nearest_pytorch(survey: &Survey<'_, '_>, requested: Version) -> Vec<Version> {
    let here = |build: &&Build| {
        Some(build.subdir) == survey.situation.subdir && !build.pytorch.is_candidate()
    };
    let versions = || survey.matrix.builds.iter().filter(here).map(|build| build.pytorch);
    let below = versions().filter(|version| *version < requested).max();
    let above = versions().filter(|version| *version > requested).min();
    below.into_iter().chain(above).collect()
}
