//! Why a request can never be met, and what it costs.

use crate::conda::{Constraint, MatchSpec, Subdir, Version};
use crate::diagnostics::Diagnostic;
use crate::resolve::{
    Inputs,
    advice::Unlock,
    candidates::{Blocker, Candidate},
    other_packages::{Tie, on_conda_forge, tie},
    rank::rank,
    request::RequestedAccelerator,
};
use crate::types::CudaVersion;

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
    if !candidates.is_empty() {
        notes.extend(other_accelerator(inputs));
    }
    if let Some(requested) = request.pytorch_text() {
        let releases = candidates.iter().map(|c| c.build.pytorch).filter(|v| !v.is_candidate());
        if !releases.clone().any(|version| request.admits_pytorch(version)) {
            let anchor = request.pytorch_anchor();
            let nearest = anchor.map_or_else(Vec::new, |anchor| nearest(releases, anchor));
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

/// That no build is for the requested accelerator.
fn other_accelerator(inputs: &Inputs<'_, '_>) -> Option<Diagnostic> {
    let subdir = inputs.facts.subdir?;
    match inputs.request.accelerator {
        RequestedAccelerator::Rocm => Some(Diagnostic::NoRocmBuilds),
        RequestedAccelerator::Xpu => Some(Diagnostic::NoXpuBuilds),
        RequestedAccelerator::Mps if subdir != Subdir::OsxArm64 => {
            Some(Diagnostic::NoMetalOnPlatform { subdir })
        }
        RequestedAccelerator::Auto
        | RequestedAccelerator::Cpu
        | RequestedAccelerator::Cuda
        | RequestedAccelerator::Gpu
        | RequestedAccelerator::Mps => None,
    }
}

/// The next older and the next newer version.
fn nearest<T: Ord + Copy>(versions: impl Iterator<Item = T> + Clone, requested: T) -> Vec<T> {
    let older = versions.clone().filter(|version| *version < requested).max();
    let newer = versions.filter(|version| *version > requested).min();
    older.into_iter().chain(newer).collect()
}

/// What is known of the other packages beside the chosen build.
pub(super) fn other_packages(inputs: &Inputs<'_, '_>, best: &Candidate<'_>) -> Vec<Diagnostic> {
    let pytorch = best.build.pytorch;
    let mut notes = Vec::new();
    let (mut compiled, mut with_cuda, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for spec in &inputs.request.others {
        let package = spec.to_string();
        let name = on_conda_forge(spec).map(|spec| spec.name);
        if let Some(name) = name.clone().filter(|name| *name != spec.name) {
            notes.push(Diagnostic::NamedOnCondaForge { package: spec.name.clone(), name });
        }
        match name.as_deref().map_or_else(|| tie(&spec.name), tie) {
            Some(Tie::Pytorch) => compiled.push(package),
            Some(Tie::Cuda) => with_cuda.push(package),
            Some(Tie::Toolkit) => {
                let constraint = spec.constraint();
                let is_other = |pin: &CudaVersion| {
                    let series = Version::new(&[pin.major, pin.minor]);
                    constraint.is_some_and(|constraint| !constraint.admits_series(series))
                };
                let other = best.pin.filter(is_other);
                notes.extend(other.map(|cuda| Diagnostic::OtherToolkitPackage { package, cuda }));
            }
            Some(Tie::NotThere | Tie::Elsewhere(None)) => {
                notes.push(Diagnostic::NotOnCondaForge { package });
            }
            Some(Tie::OldChannel) => notes.push(Diagnostic::OldSelector { package }),
            Some(Tie::Python | Tie::Renamed(_) | Tie::Elsewhere(Some(_))) => {}
            None if is_numpy_too_new(spec, pytorch) => {
                notes.push(Diagnostic::NumpyRequestedTooNew { package, pytorch });
            }
            None => unknown.push(package),
        }
    }
    let some = |packages: &Vec<String>| !packages.is_empty();
    if some(&compiled) {
        notes.push(Diagnostic::CompiledAgainstPytorch { packages: compiled, pytorch });
    }
    if some(&with_cuda) {
        notes.push(Diagnostic::BringsCudaLibraries { packages: with_cuda, cuda: best.pin });
    }
    if some(&unknown) {
        notes.push(Diagnostic::PackagesNotLookedAt { packages: unknown });
    }
    notes
}

/// Whether a spec excludes numpy 1, for which PyTorch before 2.3 is compiled.
/// Source: <https://github.com/pytorch/pytorch/issues/107302>
fn is_numpy_too_new(spec: &MatchSpec, pytorch: Version) -> bool {
    let excludes = |constraint: Constraint| !constraint.admits(Version::new(&[1, 26, 4]));
    let is_new = |constraint: &Constraint| constraint.anchor().is_some_and(|it| it.major() >= 2);
    spec.name == "numpy"
        && pytorch < Version::new(&[2, 3])
        && spec.constraint().filter(is_new).is_some_and(excludes)
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
    if let Some(python) = request.python_text()
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
