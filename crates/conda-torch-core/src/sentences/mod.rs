//! What an answer says to a person, as sentences without a layout: for a terminal, a page or another program's window.

mod reasons;
pub mod summary;

use std::borrow::Cow;

use crate::answer::Answer;
use crate::diagnostics::{Context, Diagnostic};
use crate::formats::{headline, title};
use crate::resolve::{Alternative, Choice, Request, RequestedAccelerator, Status};
use crate::types::{Detected, Machine};

pub use reasons::reasons;

/// The GPUs and the driver, then the system, as far as they are known and matter.
pub fn machine(answer: &Answer<'_>) -> [Vec<String>; 2] {
    let diagnostics = &answer.advice.diagnostics;
    // An assumed GPU is in the diagnostics.
    let is_assumed = |it: &Diagnostic| matches!(it, Diagnostic::DriverAssumed { .. });
    let is_contradicted = |it: &Diagnostic| matches!(it, Diagnostic::CudaOfOtherDriver { .. });
    let mut machine: Cow<'_, Machine> = Cow::Borrowed(answer.machine);
    if diagnostics.iter().any(is_contradicted) {
        machine.to_mut().driver_cuda = Detected::unknown("contradicts the driver");
    }
    let is_shown = !machine.gpus.is_empty() || !diagnostics.iter().any(is_assumed);
    let graphics = if is_shown { summary::graphics(&machine) } else { Vec::new() };
    [graphics, summary::system(&machine)]
}

/// The answer in a line: what to install, or that there is nothing.
pub fn heading(answer: &Answer<'_>) -> String {
    let channel = &answer.matrix.channel;
    match &answer.advice.recommended {
        Some(choice) => headline(choice),
        None if answer.advice.status == Status::Unknown => {
            "Cannot tell which PyTorch runs on this machine".to_owned()
        }
        None if *answer.request == Request::default() => {
            format!("No PyTorch on {channel} runs on this machine")
        }
        None => format!("Nothing on {channel} satisfies this request on this machine"),
    }
}

/// If nothing fits: the first alternative that only another request needs, and its heading.
pub fn closest<'a>(answer: &Answer<'a>) -> Option<(&'a Alternative<'a>, String)> {
    let changes_request_only =
        |it: &&Alternative<'_>| it.unlocked_by.iter().all(summary::changes_request);
    let advice = answer.advice;
    let is_nothing = advice.recommended.is_none() && advice.status != Status::Unknown;
    let closest = advice.alternatives.iter().find(changes_request_only).filter(|_| is_nothing)?;
    let changes = changes(closest, &answer.context());
    Some((closest, format!("Closest match, with {changes}: {}", headline(&closest.choice))))
}

/// The reasons of a choice that the diagnostics do not give already, each with its diagnostic.
pub fn why<'c>(answer: &Answer<'_>, choice: &'c Choice<'_>) -> Vec<(String, &'c Diagnostic)> {
    let diagnostics = &answer.advice.diagnostics;
    let says_more = |it: &Diagnostic, reason: &Diagnostic| {
        it.is_same_kind(reason)
            || it.covers(reason)
            || matches!(
                (it, reason),
                (Diagnostic::CardWithoutDriver { .. }, Diagnostic::NoDriver { .. })
            )
    };
    let mut reasons = reasons(choice, answer);
    reasons.retain(|(_, reason)| !diagnostics.iter().any(|it| says_more(it, reason)));
    reasons
}

/// A diagnostic of an answer, and what of it is new to a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Note<'a> {
    /// The diagnostic.
    pub diagnostic: &'a Diagnostic,
    /// Its sentence; `None` if another diagnostic says it.
    pub message: Option<String>,
    /// What to do; `None` if nothing, or if another diagnostic says it.
    pub hint: Option<String>,
}

/// The diagnostics of an answer with their hints, in their order.
pub fn notes<'a>(answer: &Answer<'a>) -> Vec<Note<'a>> {
    let diagnostics = &answer.advice.diagnostics;
    let context = answer.context();
    let note = |diagnostic: &'a Diagnostic| {
        let is_superseded = diagnostic.is_covered(diagnostics);
        Note {
            diagnostic,
            message: (!is_redundant(diagnostic, answer)).then(|| diagnostic.message(&context)),
            hint: diagnostic.hint(&context).filter(|_| !is_superseded),
        }
    };
    diagnostics.iter().map(note).collect()
}

/// Whether another diagnostic includes this one, such as a companion that the whole platform lacks, or it is
/// irrelevant, such as a missing driver without a GPU.
fn is_redundant(diagnostic: &Diagnostic, answer: &Answer<'_>) -> bool {
    let Answer { machine, request, advice, .. } = answer;
    let asks_for_cuda =
        request.accelerator == RequestedAccelerator::Cuda || request.cuda_version.is_some();
    let is_covered = |other: &Diagnostic| match (diagnostic, other) {
        (Diagnostic::NoDriver { .. }, Diagnostic::CardWithoutDriver { .. }) => true,
        (
            Diagnostic::CompanionMissing { package },
            Diagnostic::CompanionNotOnPlatform { package: other, .. },
        ) => package == other,
        _ => false,
    };
    let is_irrelevant = !machine.has_nvidia_card() && !asks_for_cuda;
    diagnostic.is_covered(&advice.diagnostics)
        || matches!(diagnostic, Diagnostic::NoDriver { .. }) && is_irrelevant
        || advice.diagnostics.iter().any(is_covered)
}

/// `2.13.0 with CUDA 13.0 — needs NVIDIA driver ≥ 580.65.06`.
pub fn needs(alternative: &Alternative<'_>, context: &Context<'_>) -> String {
    let Choice { build, computes_on, .. } = &alternative.choice;
    format!("{} — needs {}", title(build.pytorch, *computes_on), changes(alternative, context))
}

/// Everything that must change: `NVIDIA driver ≥ 580.65.06 and glibc ≥ 2.28`.
fn changes(alternative: &Alternative<'_>, context: &Context<'_>) -> String {
    match alternative.unlocked_by.as_slice() {
        [] => "nothing else".to_owned(),
        changes => {
            let changes: Vec<_> = changes.iter().map(|it| summary::unlock(it, context)).collect();
            changes.join(" and ")
        }
    }
}

/// The values of each key, in the order of the first of each.
pub fn grouped<K: PartialEq, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Vec<(K, Vec<V>)> {
    let mut groups: Vec<(K, Vec<V>)> = Vec::new();
    for (key, value) in pairs {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    groups
}
