//! What to know about the machine and the request beside the choice itself, and how good the answer is.

mod of_devices;
mod of_document;
mod of_driver;
mod of_machine;
mod of_request;
mod why_not;

pub(super) use of_devices::is_without_cuda;

use crate::types::Build;

use crate::diagnostics::{ChannelRemark, Diagnostic};
use crate::resolve::{
    Survey,
    advice::{Alternative, Choice, Status},
    fit::Candidate,
};

/// Collects the remarks, gravest first.
pub(super) fn collect<'m>(
    survey: &Survey<'_, 'm>,
    candidates: &[Candidate<'m>],
    best: Option<usize>,
    alternatives: &[(usize, Alternative<'m>)],
) -> Vec<Diagnostic> {
    let best = best.map(|index| &candidates[index]);
    let mut remarks = Vec::new();
    match best {
        Some(best) => why_not::gpu_not_used(survey, candidates, best, alternatives, &mut remarks),
        None => why_not::nothing_fits(candidates, alternatives, &mut remarks),
    }
    of_devices::out_of_range(survey, candidates, best, &mut remarks);
    of_driver::driver(survey, &mut remarks);
    of_devices::devices(survey, &mut remarks);
    of_machine::platform(survey, &mut remarks);
    of_request::request(survey, candidates, best, &mut remarks);
    of_machine::gpus(survey, best, &mut remarks);
    of_machine::system(survey, best, &mut remarks);
    of_document::described(survey, &mut remarks);
    remarks.extend(best.and_then(|best| inferred(best.build)));
    remarks.extend(survey.situation.remarks.iter().cloned());
    // Stable: within a severity the order above is the order of telling.
    remarks.sort_by_key(|remark| std::cmp::Reverse(remark.severity()));
    remarks
}

/// That the kernels of a build were concluded.
fn inferred(build: &Build) -> Option<Diagnostic> {
    let toolkit = build.accelerator.cuda().filter(|_| build.source.is_inferred())?;
    let pytorch = build.pytorch;
    Some(Diagnostic::Channel(ChannelRemark::KernelsInferred { pytorch, toolkit }))
}

/// How good the answer is.
pub(super) fn status(
    survey: &Survey<'_, '_>,
    choice: Option<&Choice<'_>>,
    remarks: &[Diagnostic],
) -> Status {
    let Some(choice) = choice else { return Status::Unsatisfiable };
    let missing_fact = remarks.iter().any(|remark| {
        matches!(
            remark,
            Diagnostic::GpuNotKnown { .. }
                | Diagnostic::CapabilityNotKnown { capability: None, .. }
                | Diagnostic::LibcudaMissing
                | Diagnostic::DriverDroppedGpu { .. }
                | Diagnostic::GlibcUnknown { .. }
                | Diagnostic::MacosUnknown { .. }
                | Diagnostic::GpuLeftOut { .. }
        ) || matches!(remark, Diagnostic::Trouble(trouble) if trouble.keeps_the_gpu_away())
    });
    let gpu_unused = survey.has_nvidia() && !choice.build.is_cuda();
    if gpu_unused || missing_fact { Status::Degraded } else { Status::Ok }
}
