//! What to know about a machine that was read from a document of another program.

use crate::conda::{Os, Version};
use crate::types::{Detected, Origin};

use crate::diagnostics::{AssumedFact, Diagnostic, MissingFact};
use crate::resolve::{Survey, situation::Libc};

/// Names the document's form, what it left open and what was assumed for it.
pub(super) fn described(survey: &Survey<'_, '_>, remarks: &mut Vec<Diagnostic>) {
    let Some(format) = &survey.machine.document else { return };
    let (mut missing, mut assumed) = (Vec::new(), Vec::new());
    system(survey, &mut missing, &mut assumed);
    nvidia(survey, &mut missing);
    remarks.push(Diagnostic::DescribedElsewhere { format: format.clone(), missing, assumed });
}

fn system(survey: &Survey<'_, '_>, missing: &mut Vec<MissingFact>, assumed: &mut Vec<AssumedFact>) {
    let machine = survey.machine;
    if let Detected::Found(subdir) = &machine.subdir
        && !is_said(&subdir.origin)
    {
        missing.push(MissingFact::Platform);
        assumed.push(AssumedFact::Platform(subdir.value));
    }
    match survey.situation.subdir.map(crate::conda::Subdir::os) {
        Some(Os::Linux) if open(&machine.glibc) => {
            missing.push(MissingFact::Glibc);
            // What the situation made of it: a Jetson's is newer.
            if let Libc::Glibc(glibc) = survey.situation.libc {
                assumed.push(AssumedFact::Glibc(glibc));
            }
        }
        Some(Os::Macos) if open(&machine.macos) => {
            missing.push(MissingFact::Macos);
            assumed.extend(machine.macos.value().map(|macos| AssumedFact::Macos(*macos)));
        }
        Some(Os::Linux | Os::Macos | Os::Windows | Os::FreeBsd) | None => {}
    }
}

/// A document that says that there is no driver lacks nothing. That a client sees no GPU does not
/// say so: a login node, a container or a missing library would look the same.
fn nvidia(survey: &Survey<'_, '_>, missing: &mut Vec<MissingFact>) {
    let machine = survey.machine;
    let is_mac = survey.situation.subdir.is_some_and(|subdir| subdir.os() == Os::Macos);
    if is_mac {
        return;
    }
    if matches!(machine.driver, Detected::Unknown { .. }) && !machine.driver_cuda.is_found() {
        missing.push(MissingFact::Driver);
    }
    if machine.gpu_count == Detected::Absent {
        return;
    }
    if machine.gpus.is_empty() {
        missing.push(MissingFact::Gpus);
    } else if survey.situation.gpus.iter().any(|gpu| gpu.capability.is_none()) {
        missing.push(MissingFact::ComputeCapability);
    }
}

/// Whether nobody said it.
fn open(version: &Detected<Version>) -> bool {
    match version {
        Detected::Found(fact) => !is_said(&fact.origin),
        Detected::Absent => false,
        Detected::Unknown { .. } => true,
    }
}

fn is_said(origin: &Origin) -> bool {
    *origin != Origin::Baseline
}
