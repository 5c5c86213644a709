//! Builds that would be better than the recommended one, or nearest where there is none, if something
//! changed that a person can change.

use crate::diagnostics::Diagnostic;
use crate::resolve::{
    Survey,
    advice::{Alternative, Choice, Unlock},
    fit::{Candidate, Rules},
    request::RequestedAccelerator,
    unlocked::unlocked,
};

/// As many as a tired person reads.
const AT_MOST: usize = 4;

/// Finds them, best first, each with its place among the candidates.
pub(super) fn find<'m>(
    survey: &Survey<'_, 'm>,
    candidates: &[Candidate<'m>],
    best: Option<usize>,
) -> Vec<(usize, Alternative<'m>)> {
    let mut found: Vec<(usize, Vec<Unlock>)> = Vec::new();
    for (index, candidate) in candidates.iter().enumerate() {
        if candidate.fits() {
            continue;
        }
        let Some(unlocks) = unlocks(survey, candidate) else { continue };
        if !best.is_none_or(|best| survey.outranks(candidates, index, best)) {
            continue;
        }
        // One build a key, the best that it opens.
        match found.iter_mut().find(|(_, other)| *other == unlocks) {
            Some((other, _)) if survey.outranks(candidates, index, *other) => *other = index,
            Some(_) => {}
            None => found.push((index, unlocks)),
        }
    }
    // Whoever named a PyTorch and got it does not want another.
    let names_pytorch = |unlock: &Unlock| matches!(unlock, Unlock::Pytorch(_));
    found.retain(|(_, unlocks)| best.is_none() || !unlocks.iter().any(names_pytorch));
    // The nearest first where nothing fits: fewer changes, the closest PyTorch; else the better build.
    found.sort_by(|(a, by_a), (b, by_b)| {
        let distance = |index: usize| {
            let version = candidates[index].build.pytorch;
            survey.request.pytorch.map(|requested| requested.distance(version))
        };
        let nearer = by_a.len().cmp(&by_b.len()).then_with(|| distance(*a).cmp(&distance(*b)));
        let better = survey.ranking.compare(&candidates[*b], &candidates[*a]);
        if best.is_none() { nearer.then(better) } else { better.then(nearer) }
    });
    drop_harder_ways(candidates, &mut found);
    let alternative = |(index, unlocked_by): (usize, Vec<Unlock>)| {
        let candidate = &candidates[index];
        let choice = after(survey, candidate, &unlocked_by)?;
        Some((index, Alternative { choice, unlocked_by, findings: candidate.blockers.clone() }))
    };
    found.into_iter().filter_map(alternative).take(AT_MOST).collect()
}

/// What a build is installed with after the changes; `None` where it would still not fit.
fn after<'m>(
    survey: &Survey<'_, 'm>,
    candidate: &Candidate<'m>,
    changes: &[Unlock],
) -> Option<Choice<'m>> {
    let (situation, request) = unlocked(survey.situation, survey.request, survey.matrix, changes);
    let candidate = Rules::new(&situation, &request, survey.matrix).judge(candidate.build);
    candidate.fits().then(|| candidate.choice(&situation, &request, survey.matrix))
}

/// Leaves out what is no better than another and asks for more, or asks for the same kind of update
/// and gives an older PyTorch: whoever updates a driver can update it as far.
fn drop_harder_ways(candidates: &[Candidate<'_>], found: &mut Vec<(usize, Vec<Unlock>)>) {
    let all = found.clone();
    let is_update =
        |unlock: &Unlock| matches!(unlock, Unlock::Driver(_) | Unlock::Glibc(_) | Unlock::Macos(_));
    let kinds = |unlocks: &[Unlock]| unlocks.iter().map(std::mem::discriminant).collect::<Vec<_>>();
    found.retain(|(index, unlocks)| {
        let build = candidates[*index].build;
        !all.iter().any(|(other, by)| {
            let rival = candidates[*other].build.pytorch;
            let asks_less = by.len() < unlocks.len() && by.iter().all(|by| unlocks.contains(by));
            let same_update = unlocks.iter().all(is_update) && kinds(by) == kinds(unlocks);
            other != index
                && (asks_less && rival >= build.pytorch || same_update && rival > build.pytorch)
        })
    });
}

/// What would have to change for a candidate to fit; `None` where something cannot.
///
/// Companions come last: whether one is missing can depend on the Python or the pin that changes first.
fn unlocks(survey: &Survey<'_, '_>, candidate: &Candidate<'_>) -> Option<Vec<Unlock>> {
    let is_companion = |d: &&Diagnostic| matches!(d, Diagnostic::CompanionMissing { .. });
    let mut unlocks: Vec<Unlock> = Vec::new();
    for blocker in candidate.blockers.iter().filter(|d| !is_companion(d)) {
        for unlock in unlock(survey, candidate, blocker)? {
            merge(&mut unlocks, unlock);
        }
    }
    if !candidate.blockers.iter().any(|d| is_companion(&d)) {
        return Some(unlocks);
    }
    let (situation, request) = unlocked(survey.situation, survey.request, survey.matrix, &unlocks);
    let then = Rules::new(&situation, &request, survey.matrix).judge(candidate.build);
    for blocker in then.blockers.iter().filter(is_companion) {
        unlocks.extend(unlock(survey, &then, blocker)?);
    }
    Some(unlocks)
}

/// Of two drivers to ask for, the newer serves both; anything else stands once.
fn merge(unlocks: &mut Vec<Unlock>, new: Unlock) {
    let is_driver = |unlock: &Unlock| matches!(unlock, Unlock::Driver(_));
    if let Unlock::Driver(new_driver) = new
        && let Some(Unlock::Driver(driver)) = unlocks.iter_mut().find(|unlock| is_driver(unlock))
    {
        if new_driver.is_at_least(*driver) {
            *driver = new_driver;
        }
        return;
    }
    if unlocks.contains(&new) {
        return;
    }
    unlocks.push(new);
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is not named here cannot be changed")]
fn unlock(
    survey: &Survey<'_, '_>,
    candidate: &Candidate<'_>,
    blocker: &Diagnostic,
) -> Option<Vec<Unlock>> {
    let build = candidate.build;
    Some(match blocker {
        // On a machine without any sign of an NVIDIA card, "buy one" is no advice.
        Diagnostic::NoDriver { needed } if survey.machine.has_nvidia_card() => {
            vec![Unlock::Driver(*needed)]
        }
        Diagnostic::NoDriver { needed } if survey.wants_cuda() => {
            vec![Unlock::Gpu, Unlock::Driver(*needed)]
        }
        Diagnostic::NoGpu => vec![Unlock::Gpu],
        Diagnostic::DriverUnknown { .. } => {
            vec![Unlock::Driver(survey.rules().needed_driver(build.accelerator.cuda()?)?)]
        }
        Diagnostic::DriverTooOld { needed, .. }
        | Diagnostic::PtxNeedsNewerDriver { needed, .. } => {
            vec![Unlock::Driver(*needed)]
        }
        Diagnostic::GlibcTooOld { needed, .. } => vec![Unlock::Glibc(*needed)],
        Diagnostic::MacosTooOld { needed, .. } => vec![Unlock::Macos(*needed)],
        Diagnostic::OtherPytorch { .. } => vec![Unlock::Pytorch(build.pytorch)],
        Diagnostic::PythonNotBuilt { requested, first, last } => {
            vec![Unlock::Python(if requested < first { *first } else { *last })]
        }
        Diagnostic::OtherCudaVersion { .. } => vec![Unlock::CudaVersion(candidate.pin)],
        Diagnostic::OtherAccelerator
            if survey.request.accelerator == RequestedAccelerator::Auto =>
        {
            vec![Unlock::CudaVersion(None)]
        }
        Diagnostic::OtherAccelerator => vec![Unlock::Accelerator(if build.is_cuda() {
            RequestedAccelerator::Cuda
        } else {
            RequestedAccelerator::Cpu
        })],
        Diagnostic::OtherBlas { .. } => vec![Unlock::Blas(build.blas)],
        Diagnostic::CompanionMissing { package } => vec![Unlock::Without(*package)],
        _ => return None,
    })
}
