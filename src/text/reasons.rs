//! Why a build was chosen: facts of one kind in one sentence.

use std::fmt::Display;

use conda_torch_core::answer::Answer;
use conda_torch_core::diagnostics::{Context, Diagnostic, describe_gpu};
use conda_torch_core::formats::title;
use conda_torch_core::resolve::{Choice, Reason};
use conda_torch_core::types::{CudaVersion, DriverVersion};

/// The reasons as sentences, each with its diagnostic, in the order of the first fact of each kind.
pub(super) fn reasons<'c>(
    choice: &'c Choice<'_>,
    answer: &Answer<'_>,
) -> Vec<(String, &'c Diagnostic)> {
    let context = answer.context();
    let mut reasons: Vec<(String, &Diagnostic)> = Vec::new();
    for reason in &choice.reasons {
        let kind = &reason.diagnostic;
        let of_kind = || choice.reasons.iter().filter(|other| other.diagnostic.is_same_kind(kind));
        let is_first = std::ptr::eq(reason, of_kind().next().unwrap_or(reason));
        let same = of_kind().count() > 1;
        let text = if matches!(kind, Diagnostic::NoKernels { .. }) {
            no_kernels(of_kind(), &context).filter(|_| is_first)
        } else if matches!(kind, Diagnostic::DriverTooOld { .. }) && same {
            driver_too_old(of_kind(), kind, &context).filter(|_| is_first)
        } else if matches!(kind, Diagnostic::NoDriver { .. }) && same {
            // The last one needs the least.
            let least = of_kind().next_back().unwrap_or(reason);
            is_first.then(|| least.diagnostic.message(&context))
        } else {
            let about = reason.build.filter(|_| omits_its_build(kind));
            let message = kind.message(&context);
            Some(match about {
                Some(build) => {
                    format!("not {}: {message}", title(build.pytorch, build.accelerator))
                }
                None => message,
            })
        };
        reasons.extend(text.map(|text| (text, kind)));
    }
    reasons
}

/// Whether its sentence does not name the build that it is about.
fn omits_its_build(diagnostic: &Diagnostic) -> bool {
    matches!(
        diagnostic,
        Diagnostic::GlibcTooOld { .. }
            | Diagnostic::MacosTooOld { .. }
            | Diagnostic::OtherArmVariant { .. }
            | Diagnostic::ReleaseCandidate
    )
}

/// All GPUs and toolkits without kernels: `the builds with CUDA 13.0 and 12.9 have none for 3.7`.
fn no_kernels<'a>(
    reasons: impl Iterator<Item = &'a Reason<'a>>,
    context: &Context<'_>,
) -> Option<String> {
    let mut capabilities = Vec::new();
    let mut toolkits = Vec::new();
    let mut first = None;
    for reason in reasons {
        if let Diagnostic::NoKernels { gpu, toolkit } = &reason.diagnostic {
            first.get_or_insert(gpu);
            gpu.capability.iter().for_each(|capability| add(&mut capabilities, *capability));
            add(&mut toolkits, *toolkit);
        }
    }
    let gpu = first?;
    let gpus = &context.machine.gpus;
    let shown = match capabilities.as_slice() {
        // The number of a GPU is useless if all are equal.
        [one] if gpus.iter().all(|gpu| gpu.compute_capability.value() == Some(one)) => {
            describe_gpu(gpu.name.as_deref(), Some(*one))
        }
        [_] => context.gpu(gpu),
        several => format!("compute capabilities {}", and(several)),
    };
    Some(format!("the builds with CUDA {} have no kernels for {shown}", and(&toolkits)))
}

/// All toolkits that the driver is too old for, by the driver that each needs.
fn driver_too_old<'a>(
    reasons: impl Iterator<Item = &'a Reason<'a>>,
    first: &Diagnostic,
    context: &Context<'_>,
) -> Option<String> {
    let Diagnostic::DriverTooOld { driver, cuda, .. } = first else { return None };
    let mut floors: Vec<(DriverVersion, Vec<CudaVersion>)> = Vec::new();
    for reason in reasons {
        if let Diagnostic::DriverTooOld { toolkit, needed, .. } = &reason.diagnostic {
            match floors.iter_mut().find(|(floor, _)| floor == needed) {
                Some((_, toolkits)) => add(toolkits, *toolkit),
                None => floors.push((*needed, vec![*toolkit])),
            }
        }
    }
    let needs: Vec<String> = floors
        .iter()
        .map(|(floor, toolkits)| {
            let verb = if toolkits.len() > 1 { "need" } else { "needs" };
            format!("CUDA {} {verb} {floor}", and(toolkits))
        })
        .collect();
    let driver = context.driver(*driver);
    Some(format!("{driver} supports CUDA {cuda} at most: {} or newer", needs.join(", ")))
}

fn add<T: PartialEq>(values: &mut Vec<T>, value: T) {
    if !values.contains(&value) {
        values.push(value);
    }
}

/// `13.0, 12.9 and 12.6`.
fn and<T: Display>(values: &[T]) -> String {
    match values {
        [] => String::new(),
        [one] => one.to_string(),
        [most @ .., last] => {
            let most: Vec<String> = most.iter().map(ToString::to_string).collect();
            format!("{} and {last}", most.join(", "))
        }
    }
}
