//! Why a request can never be met, and what it costs.

use crate::diagnostics::Diagnostic;
use crate::resolve::{
    Inputs,
    advice::Unlock,
    candidates::{Blocker, Candidate},
    rank::rank,
};

/// What was requested and exists for no build of the platform.
pub(super) fn availability(
    inputs: &Inputs<'_, '_>,
    candidates: &[Candidate<'_>],
) -> Vec<Diagnostic> {
    let request = inputs.request;
    let mut notes = Vec::new();
    let has_cuda = candidates.iter().any(|c| c.build.is_cuda());
    if let Some(subdir) = inputs.facts.subdir {
        if (request.wants_cuda() || inputs.facts.has_nvidia_card)
            && !candidates.is_empty()
            && !has_cuda
        {
            notes.push(Diagnostic::NoCudaOnPlatform { subdir });
        }
        if let Some(requested) = request.cuda_version.filter(|_| has_cuda) {
            if !inputs.matrix.cuda_versions.contains(&requested) {
                let nearest = nearest(inputs.matrix.cuda_versions.iter().copied(), requested);
                notes.push(Diagnostic::NoSuchCudaVersion { requested, nearest });
            } else if !candidates.iter().any(|c| c.build.pins().contains(&requested)) {
                notes.push(Diagnostic::CudaVersionNotBuilt { requested, subdir });
            }
        }
    }
    if let Some(requested) = request.pytorch {
        let releases = candidates.iter().map(|c| c.build.pytorch).filter(|v| !v.is_candidate());
        if !releases.clone().any(|version| requested.covers(version)) {
            let nearest = nearest(releases, requested);
            notes.push(Diagnostic::NoSuchPytorch { requested, nearest });
        }
    }
    if let Some(subdir) = inputs.facts.subdir {
        let companions = &inputs.matrix.companions;
        for &package in &request.companions {
            if !companions.iter().any(|c| c.package == package && c.subdir == subdir) {
                notes.push(Diagnostic::CompanionNotOnPlatform { package, subdir });
            }
        }
    }
    notes
}

/// The next older and the next newer version.
fn nearest<T: Ord + Copy>(versions: impl Iterator<Item = T> + Clone, requested: T) -> Vec<T> {
    let older = versions.clone().filter(|version| *version < requested).max();
    let newer = versions.filter(|version| *version > requested).min();
    older.into_iter().chain(newer).collect()
}

/// The parts of a request that limit PyTorch to an older version.
pub(super) fn limits(
    inputs: &Inputs<'_, '_>,
    candidates: &[Candidate<'_>],
    best: &Candidate<'_>,
) -> Vec<Diagnostic> {
    let gives = best.build.pytorch;
    // The best of the builds that only one part of the request excludes.
    let excluded = |by: &dyn Fn(&Unlock) -> bool| {
        let is_by = |b: &Blocker| !b.unlocks.is_empty() && b.unlocks.iter().all(by);
        let excluded = candidates.iter().filter(|c| !c.fits() && c.blockers.iter().all(is_by));
        let newer = excluded.max_by_key(|c| rank(inputs, c))?;
        (newer.build.pytorch > gives).then_some(newer)
    };
    let request = inputs.request;
    let mut notes = Vec::new();
    if let Some(requested) = request.cuda_version
        && let Some(newer) = excluded(&|unlock| matches!(unlock, Unlock::CudaVersion(Some(_))))
        && let Some(without) = newer.pin
    {
        let newest = newer.build.pytorch;
        notes.push(Diagnostic::CudaVersionHoldsBack { requested, gives, newest, without });
    }
    if let (Some(requested), Some(toolkit)) = (request.cuda_version, best.build.accelerator.cuda())
        && best.pin == Some(requested)
        && requested != toolkit
    {
        notes.push(Diagnostic::CudaVersionInRange { requested, toolkit });
    }
    if let Some(python) = request.python
        && let Some(newer) = excluded(&|unlock| matches!(unlock, Unlock::Python(_)))
    {
        let (newest, first) = (newer.build.pytorch, newer.build.pythons.0);
        notes.push(Diagnostic::PythonHoldsBack { python, gives, newest, first });
    }
    for &package in &request.companions {
        if let Some(newer) = excluded(&|unlock| *unlock == Unlock::Without(package)) {
            let newest = newer.build.pytorch;
            notes.push(Diagnostic::CompanionHoldsBack { package, gives, newest });
        }
    }
    notes
}
