//! What if something changed that a person can change: builds that would be better than the recommended
//! one, or nearest if none fits, and the changes that unlock them.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::diagnostics::Diagnostic;
use crate::types::{Detected, Origin};

use super::advice::{Alternative, Unlock};
use super::candidates::Candidate;
use super::facts::{Driver, Facts, Libc};
use super::rank::{Rank, newer_without_metal, rank};
use super::request::{Request, RequestedAccelerator};
use super::{Inputs, rules, specs};

/// How many alternatives an answer has at most.
const LIMIT: usize = 4;

/// A candidate that does not fit, and the changes that would unlock it.
struct WhatIf<'c, 'm> {
    candidate: &'c Candidate<'m>,
    changes: Vec<Unlock>,
    rank: Rank,
}

/// Finds the alternatives, best first; if nothing fits, nearest first.
pub(super) fn alternatives<'m>(
    inputs: &Inputs<'_, 'm>,
    candidates: &[Candidate<'m>],
    best_candidate: Option<&Candidate<'m>>,
) -> Vec<Alternative<'m>> {
    let best = best_candidate.map(|best| rank(inputs, best));
    let mut found: Vec<WhatIf<'_, 'm>> = Vec::new();
    let mut places: HashMap<Vec<Unlock>, usize> = HashMap::new();
    for candidate in candidates.iter().filter(|candidate| !candidate.fits()) {
        let Some(needed) = changes(inputs, candidate) else { continue };
        // A requested PyTorch that fits needs no alternative.
        let other_pytorch = |change: &Unlock| matches!(change, Unlock::Pytorch(_));
        if best.is_some() && needed.iter().any(other_pytorch) {
            continue;
        }
        let rank = rank(inputs, candidate);
        if best.as_ref().is_some_and(|best| rank <= *best) {
            continue;
        }
        let other_way = with_cuda_compat(inputs, &needed);
        for changes in std::iter::once(needed).chain(other_way) {
            // The best build for each set of changes.
            match places.get(&changes).map(|at| &mut found[*at]) {
                Some(other) if rank > other.rank => {
                    (other.candidate, other.rank) = (candidate, rank.clone());
                }
                Some(_) => {}
                None => {
                    places.insert(changes.clone(), found.len());
                    found.push(WhatIf { candidate, changes, rank: rank.clone() });
                }
            }
        }
    }
    // The newest build, if it does not use Metal here: with a newer macOS, or on the processor.
    if let Some(best) = best_candidate
        && let Some(candidate) = newer_without_metal(inputs, candidates, best)
        && let Some((_, needed)) = rules::lacks_metal(inputs, candidate.build)
        && inputs.request.accelerator != RequestedAccelerator::Cpu
    {
        let is_newer = candidate.build.pytorch > best.build.pytorch;
        let on_cpu = is_newer.then_some(Unlock::Accelerator(RequestedAccelerator::Cpu));
        for change in [Unlock::Macos(needed)].into_iter().chain(on_cpu) {
            found.push(WhatIf { candidate, changes: vec![change], rank: rank(inputs, candidate) });
        }
    }
    found.sort_by(|a, b| {
        let by_rank = Reverse(&a.rank).cmp(&Reverse(&b.rank));
        let effort = |what_if: &WhatIf<'_, '_>| {
            let version = what_if.candidate.build.pytorch;
            let distance =
                inputs.request.pytorch_anchor().map(|requested| requested.distance(version));
            (what_if.changes.len(), distance)
        };
        let by_effort = effort(a).cmp(&effort(b));
        if best.is_some() { by_rank.then(by_effort) } else { by_effort.then(by_rank) }
    });
    let kept = found.iter().filter(|what_if| !found.iter().any(|rival| is_easier(rival, what_if)));
    kept.filter_map(|what_if| alternative(inputs, what_if)).take(LIMIT).collect()
}

/// Whether the rival is no worse and needs less, or the same kind of update for a newer PyTorch.
fn is_easier(rival: &WhatIf<'_, '_>, what_if: &WhatIf<'_, '_>) -> bool {
    let is_update =
        |change: &Unlock| matches!(change, Unlock::Driver(_) | Unlock::Glibc(_) | Unlock::Macos(_));
    let kinds = |changes: &[Unlock]| changes.iter().map(std::mem::discriminant).collect::<Vec<_>>();
    let (fewer, more) = (&rival.changes, &what_if.changes);
    let needs_less = fewer.len() < more.len() && fewer.iter().all(|change| more.contains(change));
    let same_update = more.iter().all(is_update) && kinds(fewer) == kinds(more);
    let newer = rival.candidate.build.pytorch.cmp(&what_if.candidate.build.pytorch);
    needs_less && newer.is_ge() || same_update && newer.is_gt()
}

/// The alternative as it would be installed after the changes; `None` if it would still not fit.
fn alternative<'m>(inputs: &Inputs<'_, 'm>, what_if: &WhatIf<'_, 'm>) -> Option<Alternative<'m>> {
    let build = what_if.candidate.build;
    let mut blockers: Vec<Diagnostic> = what_if.candidate.diagnostics().collect();
    let metal = rules::lacks_metal(inputs, build).filter(|_| blockers.is_empty());
    blockers.extend(metal.map(|(found, needed)| Diagnostic::MetalNeedsNewerMacos {
        found,
        needed,
        newest: None,
    }));
    let (facts, request) = after(inputs, &what_if.changes);
    let inputs = Inputs { facts: &facts, request: &request, ..*inputs };
    let candidate = rules::check(&inputs, build);
    candidate.fits().then(|| Alternative {
        choice: specs::choice(&inputs, &candidate),
        unlocked_by: what_if.changes.clone(),
        blockers,
    })
}

/// What would have to change for a candidate to fit; `None` if something cannot.
///
/// Companions come last: whether one is missing can depend on the Python or the pin that changes first.
fn changes(inputs: &Inputs<'_, '_>, candidate: &Candidate<'_>) -> Option<Vec<Unlock>> {
    let is_companion = |unlocks: &[Unlock]| matches!(unlocks, [Unlock::Without(_)]);
    let mut changes: Vec<Unlock> = Vec::new();
    for blocker in &candidate.blockers {
        if blocker.unlocks.is_empty() {
            return None;
        }
        for unlock in blocker.unlocks.iter().filter(|_| !is_companion(&blocker.unlocks)) {
            add(&mut changes, unlock);
        }
    }
    if candidate.blockers.iter().any(|blocker| is_companion(&blocker.unlocks)) {
        let (facts, request) = after(inputs, &changes);
        let inputs = Inputs { facts: &facts, request: &request, ..*inputs };
        let after_them = rules::check(&inputs, candidate.build);
        let missing = after_them.blockers.into_iter().filter(|b| is_companion(&b.unlocks));
        changes.extend(missing.flat_map(|blocker| blocker.unlocks));
    }
    Some(changes)
}

/// The same with the package `cuda-compat` instead of a newer driver, where NVIDIA supports that and it is enough.
fn with_cuda_compat(inputs: &Inputs<'_, '_>, changes: &[Unlock]) -> Option<Vec<Unlock>> {
    let compat = inputs.facts.cuda_compat?;
    let mut changes = changes.to_vec();
    let is_driver = |change: &&mut Unlock| matches!(change, Unlock::Driver(_));
    let driver = changes.iter_mut().find(is_driver)?;
    let is_enough = matches!(driver, Unlock::Driver(needed) if compat.driver.is_at_least(*needed));
    *driver = Unlock::CudaCompat(compat.cuda);
    is_enough.then_some(changes)
}

/// Of two drivers the newer serves both; anything else is added once.
fn add(changes: &mut Vec<Unlock>, unlock: &Unlock) {
    for change in changes.iter_mut() {
        if let (Unlock::Driver(needed), Unlock::Driver(other)) = (&mut *change, unlock) {
            if other.is_at_least(*needed) {
                *needed = *other;
            }
            return;
        }
    }
    if !changes.contains(unlock) {
        changes.push(unlock.clone());
    }
}

/// The machine's facts and the request after the changes.
fn after(inputs: &Inputs<'_, '_>, changes: &[Unlock]) -> (Facts, Request) {
    let (mut facts, mut request) = (inputs.facts.clone(), inputs.request.clone());
    for change in changes {
        match change {
            Unlock::Gpu => {
                if let Driver::Present { shows_gpu, .. } = &mut facts.driver {
                    *shows_gpu = true;
                }
            }
            Unlock::Driver(driver) => facts.driver = facts.usable(*driver, inputs.matrix),
            Unlock::CudaCompat(cuda) => {
                if let Some(compat) = facts.cuda_compat.filter(|compat| compat.cuda == *cuda) {
                    facts.driver = facts.usable(compat.driver, inputs.matrix);
                    facts.has_cuda_compat = true;
                }
            }
            Unlock::Glibc(version) => facts.libc = Libc::Glibc(*version),
            Unlock::Macos(version) => facts.macos = Detected::found(*version, Origin::Baseline),
            Unlock::Accelerator(accelerator) => request.accelerator = *accelerator,
            Unlock::CudaVersion(version) => request.cuda_version = *version,
            Unlock::Pytorch(version) => {
                request.pytorch = Some(*version);
                request.pytorch_range = None;
            }
            Unlock::Python(version) => {
                request.python = Some(*version);
                request.python_range = None;
            }
            Unlock::Blas(blas) => request.blas = Some(*blas),
            Unlock::Without(package) => request.companions.retain(|other| other != package),
        }
    }
    (facts, request)
}
