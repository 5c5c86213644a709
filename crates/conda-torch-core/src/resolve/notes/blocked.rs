//! Why nothing fits, or why a GPU is unused: the first thing to know.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::diagnostics::Diagnostic;
use crate::resolve::{
    Inputs,
    advice::Alternative,
    candidates::{Blocker, Candidate, Cause},
    facts::Driver,
    request::RequestedAccelerator,
};
use crate::types::{Build, ComputeCapability, KernelSupport, Vendor};

/// Why nothing fits: what the machine lacks, or which part of the request the nearest build does not meet.
pub(super) fn nothing_fits(
    candidates: &[Candidate<'_>],
    alternatives: &[Alternative<'_>],
) -> Vec<Diagnostic> {
    if let Some(nearest) = nearest(candidates.iter()) {
        return distinct(nearest);
    }
    if let Some(alternative) = alternatives.first() {
        return first_of_kind(alternative.blockers.iter().cloned());
    }
    let releases = || candidates.iter().filter(|c| !c.build.pytorch.is_candidate());
    let newest = releases().map(|c| c.build.pytorch).max();
    let newest = releases().filter(|c| Some(c.build.pytorch) == newest);
    first_of_kind(newest.flat_map(distinct))
}

/// Of the builds that satisfy the request and that only the machine excludes: one of the newest PyTorch
/// with the fewest blockers; of several the one with the oldest driver, or if the driver is not the
/// problem, the newest toolkit.
fn nearest<'c, 'm: 'c>(
    candidates: impl Iterator<Item = &'c Candidate<'m>>,
) -> Option<&'c Candidate<'m>> {
    let excluded_by_machine = |c: &&Candidate<'_>| {
        !c.fits() && c.blockers.iter().all(|blocker| blocker.cause == Cause::Machine)
    };
    candidates.filter(excluded_by_machine).max_by(|a, b| {
        let key = |c: &Candidate<'_>| (c.build.pytorch, Reverse(c.blockers.len()));
        let needs_driver = |c: &Candidate<'_>| c.blockers.iter().any(Blocker::is_about_driver);
        let toolkits = a.build.accelerator.cuda().cmp(&b.build.accelerator.cuda());
        let by_toolkit =
            if needs_driver(a) && needs_driver(b) { toolkits.reverse() } else { toolkits };
        key(a).cmp(&key(b)).then(by_toolkit)
    })
}

/// What is against a candidate, without what only tells variants of a build apart.
fn distinct(candidate: &Candidate<'_>) -> Vec<Diagnostic> {
    let blockers = candidate.blockers.iter().filter(|blocker| blocker.cause != Cause::Build);
    first_of_kind(blockers.map(|blocker| blocker.diagnostic.clone()))
}

fn first_of_kind(diagnostics: impl Iterator<Item = Diagnostic>) -> Vec<Diagnostic> {
    let mut kinds = HashSet::new();
    diagnostics.filter(|diagnostic| kinds.insert(std::mem::discriminant(diagnostic))).collect()
}

/// That an NVIDIA GPU is unused, and why.
pub(super) fn unused_gpu(
    inputs: &Inputs<'_, '_>,
    candidates: &[Candidate<'_>],
    best: &Candidate<'_>,
    alternatives: &[Alternative<'_>],
) -> Vec<Diagnostic> {
    if !inputs.facts.has_nvidia() || best.build.is_cuda() {
        return Vec::new();
    }
    let requested = inputs.request.accelerator == RequestedAccelerator::Cpu;
    let facts = inputs.facts;
    let certain = facts.has_nvidia_card || !matches!(facts.driver, Driver::Unknown(_));
    if requested && !certain {
        return Vec::new();
    }
    let mut notes = vec![Diagnostic::GpuNotUsed { requested, certain }];
    if requested {
        return notes;
    }
    let with_cuda = || candidates.iter().filter(|c| c.build.is_cuda());
    let blockers: Vec<Diagnostic> = match (nearest(with_cuda()), alternatives.first()) {
        (Some(nearest), _) => nearest.diagnostics().collect(),
        (None, Some(alternative)) => alternative.blockers.clone(),
        (None, None) => with_cuda().next().into_iter().flat_map(Candidate::diagnostics).collect(),
    };
    for blocker in blockers {
        let cards = inputs.machine.adapters.iter().filter(|card| card.vendor == Vendor::Nvidia);
        let mut cards = cards.peekable();
        if let Diagnostic::NoDriver { needed } = blocker
            && cards.peek().is_some()
        {
            notes.extend(cards.map(|card| Diagnostic::CardWithoutDriver {
                pci_id: card.pci_id.clone(),
                capability: inputs.matrix.by_pci_id(&card.pci_id).map(|row| row.capability),
                kernel_driver: card.kernel_driver.clone(),
                needed,
            }));
        } else {
            notes.push(blocker);
        }
    }
    notes
}

/// GPUs that no build on the platform serves, whatever the driver: older or newer than all of them. If
/// the driver excludes another GPU, that is the thing to know instead.
pub(super) fn out_of_range(
    inputs: &Inputs<'_, '_>,
    candidates: &[Candidate<'_>],
    best: Option<&Candidate<'_>>,
) -> Vec<Diagnostic> {
    let with_cuda: Vec<&Build> =
        candidates.iter().map(|c| c.build).filter(|build| build.is_cuda()).collect();
    let gpus = &inputs.facts.gpus;
    if gpus.is_empty() || with_cuda.is_empty() || best.is_some_and(|best| best.build.is_cuda()) {
        return Vec::new();
    }
    let has_machine_code = |capability: ComputeCapability| {
        let mut support = with_cuda.iter().map(|build| inputs.matrix.support(build, capability));
        support.any(|support| support > KernelSupport::Jit)
    };
    let known = inputs.matrix.capabilities.iter().map(|row| row.capability);
    let served: Vec<_> = known.filter(|capability| has_machine_code(*capability)).collect();
    let (Some(oldest), Some(newest)) = (served.first(), served.last()) else { return Vec::new() };
    let unserved =
        inputs.facts.known_capabilities().filter(|(_, capability)| !has_machine_code(*capability));
    let out: Vec<Diagnostic> = unserved
        .filter_map(|(gpu, capability)| match capability {
            older if older < *oldest => Some(Diagnostic::GpuTooOld { gpu: gpu.clone() }),
            newer if newer > *newest => Some(Diagnostic::GpuTooNew { gpu: gpu.clone() }),
            _ => None,
        })
        .collect();
    if out.len() == gpus.len() { out } else { Vec::new() }
}
