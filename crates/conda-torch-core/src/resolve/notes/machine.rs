//! What to know about the machine: what was assumed, what is unknown, what is left out.

use crate::conda::{Os, Version};
use crate::diagnostics::{AssumedFact, Diagnostic, MissingFact};
use crate::resolve::{
    Inputs,
    candidates::Candidate,
    facts::{Driver, Libc, is_by_flag, is_driver_named},
};
use crate::types::{ArmVariant, Build, ComputeCapability, Detected, KernelSupport, Origin, Vendor};

/// The platform without builds, and GPUs of other makers.
pub(super) fn platform(inputs: &Inputs<'_, '_>) -> Vec<Diagnostic> {
    let subdir = inputs.facts.subdir;
    let mut notes = Vec::new();
    if !inputs.matrix.builds.iter().any(|build| Some(build.subdir) == subdir) {
        notes.push(Diagnostic::PlatformWithoutBuilds { subdir });
    }
    let has = |vendor| inputs.machine.adapters.iter().any(|adapter| adapter.vendor == vendor);
    if !inputs.facts.has_nvidia() && subdir.is_some_and(|subdir| subdir.os() != Os::Macos) {
        notes.extend(has(Vendor::Amd).then_some(Diagnostic::AmdGpu));
        notes.extend(has(Vendor::Intel).then_some(Diagnostic::IntelGpu));
    }
    notes
}

/// The GPUs, if the chosen build uses CUDA.
pub(super) fn gpus(inputs: &Inputs<'_, '_>, best: &Candidate<'_>) -> Vec<Diagnostic> {
    let Inputs { machine, matrix, facts, .. } = inputs;
    let mut notes = Vec::new();
    if !best.build.is_cuda() {
        return notes;
    }
    if facts.known_capabilities().next().is_none() {
        let served = served_capabilities(inputs, best.build);
        notes.push(Diagnostic::GpuNotKnown { served });
    }
    // A container started without the GPU, or with the driver's `utility` part alone.
    let has_driver = machine.driver.is_found() && !is_driver_named(machine);
    if has_driver && machine.libcuda == Detected::Absent {
        notes.push(Diagnostic::LibcudaMissing);
    }
    for (gpu, kernels) in facts.gpus.iter().zip(&best.kernels) {
        let Some(capability) = gpu.capability else {
            notes.push(Diagnostic::CapabilityNotKnown { gpu: gpu.clone() });
            continue;
        };
        match kernels.support {
            Some(KernelSupport::Missing) => {
                notes.push(Diagnostic::GpuLeftOut { gpu: gpu.clone() });
            }
            Some(KernelSupport::Jit) => notes.push(Diagnostic::PtxJit { gpu: gpu.clone() }),
            Some(KernelSupport::SameMajor | KernelSupport::Native) | None => {}
        }
        if matrix.capability(capability).is_none() {
            notes.push(Diagnostic::CapabilityNotKnown { gpu: gpu.clone() });
        }
        // A driver of which only the CUDA is known may be of an older branch.
        if machine.driver.is_found()
            && let Driver::Present { version: Some(driver), .. } = facts.driver
            && let Some(last_branch) = matrix.last_branch(capability)
            // Windows counts R580 from 580 to 589.
            && driver.branch() >= last_branch + 10
        {
            notes.push(Diagnostic::DriverDroppedGpu { gpu: gpu.clone(), driver, last_branch });
        }
    }
    notes
}

/// The capabilities of this kind of machine for which a build has machine code.
fn served_capabilities(inputs: &Inputs<'_, '_>, build: &Build) -> Vec<ComputeCapability> {
    let is_tegra = inputs.facts.arm_variant == Some(ArmVariant::Tegra);
    let rows = inputs.matrix.capabilities.iter().filter(|row| row.soc == is_tegra);
    let served =
        rows.filter(|row| inputs.matrix.support(build, row.capability) > KernelSupport::Jit);
    served.map(|row| row.capability).collect()
}

/// The system under the chosen build.
pub(super) fn system(inputs: &Inputs<'_, '_>, best: &Build) -> Vec<Diagnostic> {
    let Inputs { machine, facts, .. } = inputs;
    let mut notes = Vec::new();
    match (&facts.libc, best.glibc) {
        (Libc::Unknown(why), Some(floor)) => {
            let needed = floor.declared.max(floor.libraries);
            notes.push(Diagnostic::GlibcUnknown { why: why.clone(), needed });
        }
        // Older than what today's CUDA libraries need, and so than what builds are tried on.
        (Libc::Glibc(found), _) if best.is_cuda() && Some(*found) < todays_glibc(inputs) => {
            notes.push(Diagnostic::GlibcNotTried { found: *found });
        }
        (Libc::Glibc(_) | Libc::Unknown(_) | Libc::Other { .. } | Libc::NotLinux, _) => {}
    }
    if let (Detected::Unknown { why }, Some(needed)) = (&facts.macos, best.macos) {
        notes.push(Diagnostic::MacosUnknown { why: why.to_string(), needed });
    }
    let is_described = machine.document.is_some() || is_by_flag(&machine.subdir);
    if machine.clients.is_empty() && machine.subdir.is_found() && !is_described {
        notes.push(Diagnostic::NoClient);
    }
    notes.extend(baseline(inputs));
    if let Some(model) = machine.jetson.value()
        && facts.arm_variant.is_some()
        && !best.is_cuda()
    {
        notes.push(Diagnostic::JetsonWithoutBuild { model: model.clone() });
    }
    notes
}

/// What the CUDA libraries of the newest toolkit need.
fn todays_glibc(inputs: &Inputs<'_, '_>) -> Option<Version> {
    let newest = inputs.matrix.cuda_versions.last()?;
    inputs.matrix.libraries_glibc(inputs.facts.subdir?, *newest)
}

/// What was assumed about a system that was not probed; for documents see `document`.
fn baseline(inputs: &Inputs<'_, '_>) -> Option<Diagnostic> {
    let assumed = |version: &Detected<Version>| {
        version.fact().filter(|fact| fact.origin == Origin::Baseline).map(|fact| fact.value)
    };
    let macos = assumed(&inputs.machine.macos);
    let glibc = assumed(&inputs.machine.glibc).map(|glibc| match inputs.facts.libc {
        // A Jetson's is newer.
        Libc::Glibc(glibc) => glibc,
        Libc::Other { .. } | Libc::Unknown(_) | Libc::NotLinux => glibc,
    });
    let is_assumed = (glibc.is_some() || macos.is_some()) && inputs.machine.document.is_none();
    is_assumed.then_some(Diagnostic::BaselineAssumed { glibc, macos })
}

/// The document's format, what it lacks and what is assumed instead.
pub(super) fn document(inputs: &Inputs<'_, '_>) -> Option<Diagnostic> {
    let format = inputs.machine.document.clone()?;
    let (mut missing, mut assumed) = (Vec::new(), Vec::new());
    document_system(inputs, &mut missing, &mut assumed);
    document_nvidia(inputs, &mut missing);
    Some(Diagnostic::DescribedElsewhere { format, missing, assumed })
}

fn document_system(
    inputs: &Inputs<'_, '_>,
    missing: &mut Vec<MissingFact>,
    assumed: &mut Vec<AssumedFact>,
) {
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

/// A document without a driver lacks nothing. The `info` of a client without `__cuda` does: a login node, a
/// container or a missing library looks the same.
fn document_nvidia(inputs: &Inputs<'_, '_>, missing: &mut Vec<MissingFact>) {
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
