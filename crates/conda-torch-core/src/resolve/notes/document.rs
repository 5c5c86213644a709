//! What to know about a machine that was read from another program's document.

use crate::conda::Os;
use crate::diagnostics::{AssumedFact, Diagnostic, MissingFact};
use crate::resolve::{Inputs, facts::Libc};
use crate::types::{Detected, Origin};

/// The document's format, what it does not say and what was assumed instead.
pub(super) fn document(inputs: &Inputs<'_, '_>) -> Option<Diagnostic> {
    let format = inputs.machine.document.clone()?;
    let (mut missing, mut assumed) = (Vec::new(), Vec::new());
    system(inputs, &mut missing, &mut assumed);
    nvidia(inputs, &mut missing);
    Some(Diagnostic::DescribedElsewhere { format, missing, assumed })
}

fn system(inputs: &Inputs<'_, '_>, missing: &mut Vec<MissingFact>, assumed: &mut Vec<AssumedFact>) {
    let machine = inputs.machine;
    if machine.subdir.is_found() && is_open(&machine.subdir) {
        missing.push(MissingFact::Platform);
        assumed.extend(machine.subdir.value().map(|subdir| AssumedFact::Platform(*subdir)));
    }
    match inputs.facts.os() {
        Some(Os::Linux) if is_open(&machine.glibc) => {
            missing.push(MissingFact::Glibc);
            // A Jetson's is newer than the baseline.
            if let Libc::Glibc(glibc) = inputs.facts.libc {
                assumed.push(AssumedFact::Glibc(glibc));
            }
        }
        Some(Os::Macos) if is_open(&machine.macos) => {
            missing.push(MissingFact::Macos);
            assumed.extend(machine.macos.value().map(|macos| AssumedFact::Macos(*macos)));
        }
        Some(Os::Linux | Os::Macos | Os::Windows | Os::FreeBsd) | None => {}
    }
}

/// A document that says that there is no driver lacks nothing. A client without `__cuda` does not say so:
/// a login node, a container or a missing library looks the same.
fn nvidia(inputs: &Inputs<'_, '_>, missing: &mut Vec<MissingFact>) {
    let machine = inputs.machine;
    if inputs.facts.os() == Some(Os::Macos) {
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
    } else if inputs.facts.gpus.iter().any(|gpu| gpu.capability.is_none()) {
        missing.push(MissingFact::ComputeCapability);
    }
}

/// Whether the document leaves a fact open.
fn is_open<T>(detected: &Detected<T>) -> bool {
    match detected {
        Detected::Found(fact) => fact.origin == Origin::Baseline,
        Detected::Absent => false,
        Detected::Unknown { .. } => true,
    }
}
