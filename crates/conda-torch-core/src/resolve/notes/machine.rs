//! What to know about the machine: what was assumed, what is unknown, what is left out.

use crate::conda::{Os, Version};
use crate::diagnostics::{AssumedFact, Diagnostic, MissingFact};
use crate::resolve::{
    Inputs,
    candidates::Candidate,
    facts::{Driver, Libc, is_by_flag, is_driver_named},
};
use crate::types::{ArmVariant, Build, Contradiction, Detected, KernelSupport, Origin, Vendor};

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
        // The capabilities of this kind of machine for which it has machine code.
        let is_tegra = facts.arm_variant == Some(ArmVariant::Tegra);
        let known = matrix.capabilities.iter().filter(|row| row.soc == is_tegra);
        let capabilities = known.map(|row| row.capability);
        let has_code = |gpu: &_| matrix.support(best.build, *gpu) > KernelSupport::Jit;
        notes.push(Diagnostic::GpuNotKnown { served: capabilities.filter(has_code).collect() });
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

/// The system under the chosen build.
pub(super) fn system(inputs: &Inputs<'_, '_>, best: &Build) -> Vec<Diagnostic> {
    let Inputs { machine, matrix, facts, .. } = inputs;
    let mut notes = Vec::new();
    let newest = matrix.cuda_versions.last().copied();
    let todays_glibc = newest.and_then(|newest| matrix.libraries_glibc(best.subdir, newest));
    match (&facts.libc, best.glibc) {
        (Libc::Unknown(why), Some(floor)) => {
            let needed = floor.declared.max(floor.libraries);
            notes.push(Diagnostic::GlibcUnknown { why: why.clone(), needed });
        }
        // Older than what the CUDA libraries of the newest toolkit need, and so than what builds are tried on.
        (Libc::Glibc(found), _) if best.is_cuda() && Some(*found) < todays_glibc => {
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

/// What was assumed about a system that was not probed; for documents see `document`.
fn baseline(inputs: &Inputs<'_, '_>) -> Option<Diagnostic> {
    let assumed = |version: &Detected<Version>| {
        version.fact().filter(|fact| fact.origin == Origin::Baseline).map(|fact| fact.value)
    };
    let macos = assumed(&inputs.machine.macos);
    // A Jetson's is newer.
    let libc = if let Libc::Glibc(glibc) = inputs.facts.libc { Some(glibc) } else { None };
    let glibc = assumed(&inputs.machine.glibc).map(|glibc| libc.unwrap_or(glibc));
    let fact = glibc.map(AssumedFact::Glibc).or(macos.map(AssumedFact::Macos));
    let fact = fact.filter(|_| inputs.machine.document.is_none())?;
    Some(Diagnostic::BaselineAssumed { fact })
}

/// The document's format, what it lacks and what is assumed instead.
///
/// A document without a driver lacks nothing. The `info` of a client without `__cuda` does: a login node, a
/// container or a missing library looks the same.
pub(super) fn document(inputs: &Inputs<'_, '_>) -> Option<Diagnostic> {
    let Inputs { machine, facts, .. } = inputs;
    let format = machine.document.clone()?;
    let assumed_subdir = machine.subdir.value().filter(|_| is_open(&machine.subdir));
    let (lacks_glibc, lacks_macos) = match facts.os() {
        Some(Os::Linux) => (is_open(&machine.glibc), false),
        Some(Os::Macos) => (false, is_open(&machine.macos)),
        Some(Os::Windows | Os::FreeBsd) | None => (false, false),
    };
    let may_have_nvidia = facts.os() != Some(Os::Macos);
    let may_have_gpus = may_have_nvidia && machine.gpu_count != Detected::Absent;
    let lacks_driver = may_have_nvidia
        && matches!(machine.driver, Detected::Unknown { .. })
        && !machine.driver_cuda.is_found();
    let lacks_capability = facts.gpus.iter().any(|gpu| gpu.capability.is_none());
    let missing = [
        (assumed_subdir.is_some(), MissingFact::Platform),
        (lacks_glibc, MissingFact::Glibc),
        (lacks_macos, MissingFact::Macos),
        (lacks_driver, MissingFact::Driver),
        (may_have_gpus && machine.gpus.is_empty(), MissingFact::Gpus),
        (
            may_have_gpus && !machine.gpus.is_empty() && lacks_capability,
            MissingFact::ComputeCapability,
        ),
    ];
    // A Jetson's glibc is newer than the baseline.
    let glibc = if let Libc::Glibc(glibc) = facts.libc { Some(glibc) } else { None };
    let macos = machine.macos.value().copied();
    let assumed = [
        assumed_subdir.copied().map(AssumedFact::Platform),
        glibc.filter(|_| lacks_glibc).map(AssumedFact::Glibc),
        macos.filter(|_| lacks_macos).map(AssumedFact::Macos),
    ];
    Some(Diagnostic::DescribedElsewhere {
        format,
        missing: missing.into_iter().filter_map(|(lacks, fact)| lacks.then_some(fact)).collect(),
        assumed: assumed.into_iter().flatten().collect(),
    })
}

/// Where the parts of the document differ.
pub(super) fn contradictions(inputs: &Inputs<'_, '_>) -> Vec<Diagnostic> {
    let differ =
        |it: &Contradiction| Diagnostic::DocumentsDiffer { contradiction: Box::new(it.clone()) };
    inputs.machine.contradictions.iter().map(differ).collect()
}

fn is_open<T>(detected: &Detected<T>) -> bool {
    match detected {
        Detected::Found(fact) => fact.origin == Origin::Baseline,
        Detected::Absent => false,
        Detected::Unknown { .. } => true,
    }
}
