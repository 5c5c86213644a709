//! What to know about the machine: what was assumed, what is missing, what is left out.

use crate::conda::{Os, Version};
use crate::matrix::Capability;
use crate::types::{ArmVariant, Detected, KernelSupport, Origin, Vendor};

use crate::diagnostics::Diagnostic;
use crate::resolve::{
    Survey,
    fit::Candidate,
    situation::{DriverState, Libc},
    told::is_told,
};

pub(super) fn platform(survey: &Survey<'_, '_>, remarks: &mut Vec<Diagnostic>) {
    let subdir = survey.situation.subdir;
    if !survey.matrix.builds.iter().any(|build| Some(build.subdir) == subdir) {
        remarks.push(Diagnostic::PlatformWithoutBuilds { subdir });
    }
    let has = |vendor| survey.machine.adapters.iter().any(|adapter| adapter.vendor == vendor);
    if !survey.has_nvidia() && subdir.is_some_and(|subdir| subdir.os() != Os::Macos) {
        if has(Vendor::Amd) {
            remarks.push(Diagnostic::AmdGpu);
        }
        if has(Vendor::Intel) {
            remarks.push(Diagnostic::IntelGpu);
        }
    }
}

pub(super) fn gpus(
    survey: &Survey<'_, '_>,
    best: Option<&Candidate<'_>>,
    remarks: &mut Vec<Diagnostic>,
) {
    let Some(best) = best.filter(|best| best.build.is_cuda()) else { return };
    if survey.situation.known_gpus().next().is_none() {
        let is_tegra = survey.situation.arm_variant == Some(ArmVariant::Tegra);
        let served = |row: &&Capability| {
            let kernels = &best.build.kernels;
            row.soc == is_tegra
                && kernels.support(row.capability, |c| survey.matrix.is_soc(c)) > KernelSupport::Jit
        };
        let served =
            survey.matrix.capabilities.iter().filter(served).map(|row| row.capability).collect();
        remarks.push(Diagnostic::GpuNotKnown { served });
    }
    if out_of_reach(survey) {
        remarks.push(Diagnostic::LibcudaMissing);
    }
    for (gpu, kernels) in survey.situation.gpus.iter().zip(&best.kernels) {
        let (index, name) = (gpu.index, gpu.name.clone());
        let Some(capability) = gpu.capability else {
            remarks.push(Diagnostic::CapabilityNotKnown { gpu: index, name, capability: None });
            continue;
        };
        match kernels.support {
            Some(KernelSupport::Missing) => {
                remarks.push(Diagnostic::GpuLeftOut { gpu: index, name: name.clone(), capability });
            }
            Some(KernelSupport::Jit) => {
                remarks.push(Diagnostic::PtxJit { gpu: index, name: name.clone(), capability });
            }
            Some(KernelSupport::SameMajor | KernelSupport::Native) | None => {}
        }
        let known = survey.matrix.capability(capability);
        if known.is_none() {
            let (name, capability) = (name.clone(), Some(capability));
            remarks.push(Diagnostic::CapabilityNotKnown { gpu: index, name, capability });
        }
        if let DriverState::Usable { driver: Some(driver), .. } = &survey.situation.driver
            && let Some(last_branch) = known.and_then(|known| known.last_branch)
            // Windows counts R580 from 580 to 589.
            && driver.branch() >= last_branch + 10
            // A driver that only its CUDA is known of, or that shows the card itself, is no contradiction.
            && survey.machine.driver.is_found()
        {
            remarks.push(Diagnostic::DriverDroppedGpu {
                gpu: index,
                name,
                capability,
                driver: *driver,
                last_branch,
            });
        }
    }
}

pub(super) fn system(
    survey: &Survey<'_, '_>,
    best: Option<&Candidate<'_>>,
    remarks: &mut Vec<Diagnostic>,
) {
    let Some(best) = best.map(|best| best.build) else { return };
    match (&survey.situation.libc, best.glibc) {
        (Libc::Unknown(why), Some(floor)) => {
            let needed = floor.declared.max(floor.libraries);
            remarks.push(Diagnostic::GlibcUnknown { why: why.clone(), needed });
        }
        // Older than what today's CUDA libraries ask for, and so than what anybody tries builds on.
        (Libc::Glibc(found), _) if best.is_cuda() && Some(*found) < todays_glibc(survey) => {
            remarks.push(Diagnostic::GlibcNotTried { found: *found });
        }
        (Libc::Glibc(_) | Libc::Unknown(_) | Libc::Other { .. } | Libc::NotLinux, _) => {}
    }
    if let (Detected::Unknown { why }, Some(needed)) = (&survey.situation.macos, best.macos) {
        remarks.push(Diagnostic::MacosUnknown { why: why.to_string(), needed });
    }
    if survey.machine.clients.is_empty()
        && survey.machine.document.is_none()
        && survey.machine.subdir.fact().is_some_and(|subdir| !by_flag(&subdir.origin))
    {
        remarks.push(Diagnostic::NoClient);
    }
    baseline(survey, remarks);
    if survey.situation.arm_variant.is_some()
        && !best.is_cuda()
        && let Some(model) = survey.machine.jetson.value()
    {
        remarks.push(Diagnostic::JetsonWithoutBuild { model: model.clone() });
    }
}

/// What the CUDA libraries of the newest toolkit ask of glibc.
fn todays_glibc(survey: &Survey<'_, '_>) -> Option<Version> {
    let newest = survey.matrix.cuda_versions.last()?;
    survey.matrix.libraries_glibc(survey.situation.subdir?, *newest)
}

/// Whether the driver that was found cannot be used from here: a container started without the GPU, or
/// with the `utility` part of the driver alone. A driver that somebody named is not here at all; a
/// document that has one, and no libcuda beside it, says what is so there.
fn out_of_reach(survey: &Survey<'_, '_>) -> bool {
    let machine = survey.machine;
    machine.libcuda == Detected::Absent && machine.driver.is_found() && !is_told(machine)
}

fn by_flag(origin: &Origin) -> bool {
    matches!(origin, Origin::Flag(_))
}

/// What was assumed of the system of a machine that nobody looked at.
fn baseline(survey: &Survey<'_, '_>, remarks: &mut Vec<Diagnostic>) {
    let assumed = |version: &Detected<Version>| {
        version.fact().filter(|fact| fact.origin == Origin::Baseline).map(|fact| fact.value)
    };
    let macos = assumed(&survey.machine.macos);
    // What the situation made of it: a Jetson's is newer.
    let glibc = assumed(&survey.machine.glibc).map(|glibc| match survey.situation.libc {
        Libc::Glibc(taken) => taken,
        Libc::Other { .. } | Libc::Unknown(_) | Libc::NotLinux => glibc,
    });
    // Of a document `of_document` tells more.
    let is_read = survey.machine.document.is_some();
    if (glibc.is_some() || macos.is_some()) && !is_read {
        remarks.push(Diagnostic::BaselineAssumed { glibc, macos });
    }
}
