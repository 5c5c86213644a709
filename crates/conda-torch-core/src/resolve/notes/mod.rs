//! What to know beside the choice: why this build, what is wrong or assumed, how good the answer is.

mod blocked;
mod driver_access;
mod machine;
mod reasons;
mod request;

pub(super) use reasons::reasons;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::mem::Discriminant;

use crate::diagnostics::{Diagnostic, Subject};
use crate::types::Build;

use super::Inputs;
use super::advice::{Alternative, Choice, Status};
use super::candidates::Candidate;
use super::rules::MOST_GPUS;

/// The diagnostics about the machine and the request, most severe first.
pub(super) fn diagnostics<'m>(
    inputs: &Inputs<'_, 'm>,
    candidates: &[Candidate<'m>],
    best: Option<&Candidate<'m>>,
    alternatives: &[Alternative<'m>],
) -> Vec<Diagnostic> {
    let mut notes = match best {
        Some(best) => blocked::unused_gpu(inputs, candidates, best, alternatives),
        None => blocked::nothing_fits(candidates, alternatives),
    };
    notes.extend(blocked::out_of_range(inputs, candidates, best));
    notes.extend(driver_access::driver(inputs));
    notes.extend(driver_access::devices(inputs.machine));
    notes.extend(driver_access::cuda_compat(inputs, alternatives));
    notes.extend(machine::platform(inputs));
    notes.extend(request::availability(inputs, candidates));
    if let Some(best) = best {
        notes.extend(request::limits(inputs, candidates, best));
        notes.extend(request::other_packages(inputs, best));
        notes.extend(machine::gpus(inputs, best));
        notes.extend(machine::system(inputs, best.build));
    }
    notes.extend(machine::contradictions(inputs));
    notes.extend(machine::document(inputs));
    notes.extend(best.and_then(|best| inferred_kernels(best.build)));
    notes.extend(inputs.facts.assumptions.iter().cloned());
    let mut notes = few_of_a_kind(notes.into_iter());
    // A request that no build meets covers what one build says about it.
    let is_covered = |note: &Diagnostic| {
        note.subject() == Subject::Request && notes.iter().any(|other| other.covers(note))
    };
    let covered: Vec<bool> = notes.iter().map(is_covered).collect();
    let mut covered = covered.into_iter();
    notes.retain(|_| covered.next() != Some(true));
    // Stable: diagnostics of one severity keep the order above.
    notes.sort_by_key(|note| Reverse(note.severity()));
    notes
}

/// At most [`MOST_GPUS`] diagnostics of a kind: a document may have any number of GPUs.
fn few_of_a_kind(diagnostics: impl Iterator<Item = Diagnostic>) -> Vec<Diagnostic> {
    let mut counts: HashMap<Discriminant<Diagnostic>, usize> = HashMap::new();
    let is_one_of_few = |diagnostic: &Diagnostic| {
        let count = counts.entry(std::mem::discriminant(diagnostic)).or_default();
        *count += 1;
        *count <= MOST_GPUS
    };
    diagnostics.filter(is_one_of_few).collect()
}

fn inferred_kernels(build: &Build) -> Option<Diagnostic> {
    let toolkit = build.accelerator.cuda().filter(|_| build.source.inferred)?;
    let pytorch = build.pytorch;
    Some(Diagnostic::KernelsInferred { pytorch, toolkit })
}

pub(super) fn status(
    inputs: &Inputs<'_, '_>,
    choice: Option<&Choice<'_>>,
    diagnostics: &[Diagnostic],
) -> Status {
    let Some(choice) = choice else {
        let is_unknown = |it: &Diagnostic| matches!(it, Diagnostic::DriverUnknown { .. });
        let is_unknown = inputs.machine.is_driver_silent() && diagnostics.iter().any(is_unknown);
        return if is_unknown { Status::Unknown } else { Status::Unsatisfiable };
    };
    let is_gpu_unused = inputs.facts.has_nvidia() && !choice.build.is_cuda();
    if is_gpu_unused || diagnostics.iter().any(Diagnostic::degrades) {
        Status::Degraded
    } else {
        Status::Ok
    }
}
