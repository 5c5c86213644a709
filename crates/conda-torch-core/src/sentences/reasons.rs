//! Why a build was chosen: facts of one kind in one sentence.

use std::fmt::Display;

use crate::answer::Answer;
use crate::conda::Version;
use crate::diagnostics::{Context, Diagnostic, describe_gpu, with_and};
use crate::formats::title;
use crate::resolve::Choice;
use crate::types::{CudaVersion, KnownGpu};

use super::grouped;

/// The reasons as sentences, each with its diagnostic, in the order of the first fact of each kind.
pub fn reasons<'c>(choice: &'c Choice<'_>, answer: &Answer<'_>) -> Vec<(String, &'c Diagnostic)> {
    let context = answer.context();
    let mut reasons: Vec<(String, &Diagnostic)> = Vec::new();
    for reason in &choice.reasons {
        let kind = &reason.diagnostic;
        let same =
            || choice.reasons.iter().map(|it| &it.diagnostic).filter(|it| it.is_same_kind(kind));
        let in_one_sentence = if matches!(kind, Diagnostic::NoKernels { .. }) {
            let own = choice.build.accelerator.cuda();
            let pytorch = reason.build.map(|build| build.pytorch);
            // The same toolkit as the chosen one is told from it by the version of PyTorch.
            let is_own = |it: &Diagnostic| matches!(it, Diagnostic::NoKernels { toolkit, .. } if Some(*toolkit) == own);
            no_kernels(same(), pytorch.filter(|_| same().any(is_own)), &context)
        } else if same().nth(1).is_none() {
            None
        } else if matches!(kind, Diagnostic::NoDriver { .. }) {
            // The last one needs the least.
            same().next_back().map(|least| least.message(&context))
        } else {
            driver_too_old(same(), kind, &context)
        };
        let about = reason.build.filter(|_| omits_its_build(kind));
        let text = match (in_one_sentence, about) {
            (Some(_), _) if reasons.iter().any(|(_, earlier)| earlier.is_same_kind(kind)) => {
                continue;
            }
            (Some(sentence), _) => sentence,
            (None, None) => kind.message(&context),
            (None, Some(build)) => {
                format!(
                    "not {}: {}",
                    title(build.pytorch, build.accelerator),
                    kind.message(&context)
                )
            }
        };
        reasons.push((text, kind));
    }
    reasons
}

/// Whether its sentence does not name the build that it is about.
fn omits_its_build(diagnostic: &Diagnostic) -> bool {
    matches!(
        diagnostic,
        Diagnostic::GlibcTooOld { .. }
            | Diagnostic::GlibcTooNew { .. }
            | Diagnostic::MetalNeedsNewerMacos { newest: None, .. }
            | Diagnostic::MacosTooOld { .. }
            | Diagnostic::OtherArmVariant { .. }
            | Diagnostic::ReleaseCandidate
            | Diagnostic::NotSolvable
    )
}

/// All GPUs and toolkits without kernels: `the builds with CUDA 13.0 and 12.9 have none for 3.7`.
fn no_kernels<'a>(
    diagnostics: impl Iterator<Item = &'a Diagnostic>,
    pytorch: Option<Version>,
    context: &Context<'_>,
) -> Option<String> {
    let facts = diagnostics.filter_map(|it| {
        let Diagnostic::NoKernels { gpu, toolkit } = it else { return None };
        Some((gpu, toolkit))
    });
    let (gpus, toolkits): (Vec<&KnownGpu>, Vec<&CudaVersion>) = facts.unzip();
    let capabilities = unique(gpus.iter().filter_map(|gpu| gpu.capability));
    let machine = &context.machine;
    let shown = match capabilities.as_slice() {
        // The number of a GPU is useless if all are equal.
        [one] if machine.gpus.iter().all(|gpu| gpu.compute_capability.value() == Some(one)) => {
            describe_gpu(gpus.first()?.name.as_deref(), Some(*one))
        }
        [_] => context.gpu(gpus.first()?),
        several => format!("compute capabilities {}", and(several)),
    };
    let of = pytorch.map_or_else(String::new, |pytorch| format!(" of PyTorch {pytorch}"));
    Some(format!("the builds{of} with CUDA {} have no kernels for {shown}", and(toolkits)))
}

/// All toolkits that the driver is too old for, by the driver that each needs.
fn driver_too_old<'a>(
    diagnostics: impl Iterator<Item = &'a Diagnostic>,
    first: &Diagnostic,
    context: &Context<'_>,
) -> Option<String> {
    let Diagnostic::DriverTooOld { driver, cuda, .. } = first else { return None };
    let toolkits = diagnostics.filter_map(|it| {
        let Diagnostic::DriverTooOld { toolkit, needed, .. } = it else { return None };
        Some((needed, toolkit))
    });
    let needs = grouped(unique(toolkits)).into_iter().map(|(floor, toolkits)| {
        let verb = if toolkits.len() > 1 { "need" } else { "needs" };
        format!("CUDA {} {verb} {floor}", and(toolkits))
    });
    let needs = needs.collect::<Vec<_>>().join(", ");
    Some(format!("{} supports CUDA {cuda} at most: {needs} or newer", context.driver(*driver)))
}

/// `13.0, 12.9 and 12.6`, each once.
fn and(values: impl IntoIterator<Item = impl Display>) -> String {
    with_and(&unique(values.into_iter().map(|value| value.to_string())))
}

/// Each value once, in the order of the first of each.
fn unique<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    grouped(values.into_iter().map(|value| (value, ()))).into_iter().map(|(key, _)| key).collect()
}
