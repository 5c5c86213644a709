//! What to know about the machine and the request beside the choice itself, and how good the answer is.

use crate::model::{Build, CudaVersion, Detected, KernelSupport, Vendor, Version};

use super::Survey;
use super::advice::{Alternative, Choice, Status};
use super::diagnostic::Diagnostic;
use super::fit::{Candidate, Rules};
use super::reasons;
use super::request::AcceleratorWish;
use super::situation::{DriverState, Libc};

impl<'m> Survey<'_, 'm> {
    /// The rules, to ask what a toolkit needs.
    pub(super) fn rules(&self) -> Rules<'_, 'm> {
        Rules::new(self.situation, self.request, self.matrix)
    }

    /// Whether CUDA is asked for by name.
    pub(super) fn wants_cuda(&self) -> bool {
        self.request.accelerator == AcceleratorWish::Cuda || self.request.cuda_version.is_some()
    }

    /// Whether an NVIDIA GPU is there, or a driver that should have one.
    fn has_nvidia(&self) -> bool {
        self.machine.has_nvidia_card() || self.situation.driver != DriverState::Missing
    }
}

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
        Some(best) => gpu_not_used(survey, candidates, best, alternatives, &mut remarks),
        None => nothing_fits(candidates, alternatives, &mut remarks),
    }
    platform(survey, &mut remarks);
    request(survey, candidates, best, &mut remarks);
    gpus(survey, best, &mut remarks);
    system(survey, best, &mut remarks);
    remarks.extend(survey.situation.remarks.iter().cloned());
    // Stable: within a severity the order above is the order of telling.
    remarks.sort_by_key(|remark| std::cmp::Reverse(remark.severity()));
    remarks
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
                | Diagnostic::GlibcUnknown { .. }
                | Diagnostic::MacosUnknown { .. }
                | Diagnostic::GpuLeftOut { .. }
        )
    });
    let gpu_unused = survey.has_nvidia() && !choice.build.is_cuda();
    if gpu_unused || missing_fact { Status::Degraded } else { Status::Ok }
}

/// Why nothing can be had: what speaks against the nearest, or against the newest builds here.
fn nothing_fits(
    candidates: &[Candidate<'_>],
    alternatives: &[(usize, Alternative<'_>)],
    remarks: &mut Vec<Diagnostic>,
) {
    // What the machine lacks; where it lacks nothing, what of the request the nearest does not meet.
    let findings = alternatives.iter().flat_map(|(_, alternative)| &alternative.findings);
    add_new(remarks, findings.filter(|finding| !reasons::is_wish(finding)).cloned());
    if let Some((_, nearest)) = alternatives.first().filter(|_| remarks.is_empty()) {
        add_new(remarks, nearest.findings.iter().cloned());
    }
    if !alternatives.is_empty() {
        return;
    }
    let releases = || candidates.iter().filter(|c| !c.build.pytorch.is_candidate());
    let newest = releases().map(|c| c.build.pytorch).max();
    for candidate in releases().filter(|c| Some(c.build.pytorch) == newest) {
        add_new(remarks, candidate.blockers.iter().cloned());
    }
}

/// Adds facts of a kind that is not there yet, leaving out what only tells builds apart.
fn add_new(facts: &mut Vec<Diagnostic>, more: impl IntoIterator<Item = Diagnostic>) {
    for fact in more {
        let seen = facts
            .iter()
            .any(|other| std::mem::discriminant(other) == std::mem::discriminant(&fact));
        if !seen
            && !matches!(fact, Diagnostic::OtherArmVariant { .. } | Diagnostic::OtherBlas { .. })
        {
            facts.push(fact);
        }
    }
}

/// An NVIDIA GPU that the answer does not use is the first thing to say, with why.
fn gpu_not_used(
    survey: &Survey<'_, '_>,
    candidates: &[Candidate<'_>],
    best: &Candidate<'_>,
    alternatives: &[(usize, Alternative<'_>)],
    remarks: &mut Vec<Diagnostic>,
) {
    if !survey.has_nvidia() || best.build.is_cuda() {
        return;
    }
    let asked = survey.request.accelerator == AcceleratorWish::Cpu;
    remarks.push(Diagnostic::GpuNotUsed { asked });
    if asked {
        return;
    }
    // Of the newest PyTorch that a change would unlock, the build that asks least.
    let newest = alternatives.first().map(|(_, alternative)| alternative.choice.build.pytorch);
    let nearest = alternatives.iter().rfind(|(_, a)| Some(a.choice.build.pytorch) == newest);
    let Some((_, nearest)) = nearest else {
        remarks.extend(why_no_cuda(candidates));
        return;
    };
    for finding in &nearest.findings {
        let cards = survey.machine.adapters.iter().filter(|card| card.vendor == Vendor::Nvidia);
        match finding {
            Diagnostic::NoDriver { needed } if cards.clone().next().is_some() => {
                remarks.extend(cards.map(|card| Diagnostic::CardWithoutDriver {
                    pci_id: card.pci_id.clone(),
                    capability: survey.matrix.by_pci_id(&card.pci_id).map(|row| row.capability),
                    kernel_driver: card.kernel_driver.clone(),
                    needed: *needed,
                }));
            }
            other => remarks.push(other.clone()),
        }
    }
}

/// What speaks against every CUDA build of the newest version here, each fact once.
fn why_no_cuda(candidates: &[Candidate<'_>]) -> Vec<Diagnostic> {
    let releases =
        || candidates.iter().filter(|c| c.build.is_cuda() && !c.build.pytorch.is_candidate());
    let newest = releases().map(|c| c.build.pytorch).max();
    let mut facts: Vec<Diagnostic> = Vec::new();
    for candidate in releases().filter(|c| Some(c.build.pytorch) == newest) {
        add_new(&mut facts, candidate.blockers.iter().cloned());
    }
    facts
}

fn platform(survey: &Survey<'_, '_>, remarks: &mut Vec<Diagnostic>) {
    let subdir = survey.situation.subdir;
    if !survey.matrix.builds.iter().any(|build| Some(build.subdir) == subdir) {
        remarks.push(Diagnostic::PlatformWithoutBuilds { subdir });
    }
    let has = |vendor| survey.machine.adapters.iter().any(|adapter| adapter.vendor == vendor);
    if !survey.has_nvidia() && subdir.is_some_and(|subdir| subdir.os() != crate::model::Os::Macos) {
        if has(Vendor::Amd) {
            remarks.push(Diagnostic::AmdGpu);
        }
        if has(Vendor::Intel) {
            remarks.push(Diagnostic::IntelGpu);
        }
    }
}

/// What the request costs, or why it cannot be met.
fn request(
    survey: &Survey<'_, '_>,
    candidates: &[Candidate<'_>],
    best: Option<&Candidate<'_>>,
    remarks: &mut Vec<Diagnostic>,
) {
    let request = survey.request;
    cuda_version_exists(survey, candidates, remarks);
    if let Some(requested) = request.pytorch
        && !survey
            .matrix
            .builds
            .iter()
            .any(|build| requested.covers(build.pytorch) && !build.pytorch.is_candidate())
    {
        remarks.push(Diagnostic::NoSuchPytorch {
            requested,
            nearest: nearest_pytorch(survey, requested),
        });
    }
    for package in &request.companions {
        let exists = survey
            .matrix
            .companions
            .iter()
            .any(|c| c.package == *package && here_too(survey, c.subdir));
        if let Some(subdir) = survey.situation.subdir.filter(|_| !exists) {
            remarks.push(Diagnostic::CompanionNotOnPlatform { package: *package, subdir });
        }
    }
    let Some(best) = best else { return };
    let gives = best.build.pytorch;
    // The best that only this wish keeps away.
    let kept_away = |is_wish: &dyn Fn(&Diagnostic) -> bool| {
        let only = |c: &&Candidate<'_>| !c.fits() && c.blockers.iter().all(is_wish);
        candidates
            .iter()
            .filter(only)
            .max_by(|a, b| survey.ranking.compare(a, b))
            .filter(|c| c.build.pytorch > gives)
    };
    if let Some(requested) = request.cuda_version
        && let Some(newer) = kept_away(&|d| matches!(d, Diagnostic::OtherCudaVersion { .. }))
        && let Some(without) = newer.pin
    {
        let newest = newer.build.pytorch;
        remarks.push(Diagnostic::CudaVersionHoldsBack { requested, gives, newest, without });
    }
    if let Some(python) = request.python
        && let Some(newer) = kept_away(&|d| matches!(d, Diagnostic::PythonNotBuilt { .. }))
    {
        remarks.push(Diagnostic::PythonHoldsBack { python, gives, newest: newer.build.pytorch });
    }
    for package in &request.companions {
        let this = |d: &Diagnostic| matches!(d, Diagnostic::CompanionMissing { package: other } if other == package);
        if let Some(newer) = kept_away(&this) {
            let newest = newer.build.pytorch;
            remarks.push(Diagnostic::CompanionHoldsBack { package: *package, gives, newest });
        }
    }
}

fn here_too(survey: &Survey<'_, '_>, subdir: crate::model::Subdir) -> bool {
    Some(subdir) == survey.situation.subdir
}

/// Whether the `cuda-version` that was asked for ever was, and was ever built for here.
fn cuda_version_exists(
    survey: &Survey<'_, '_>,
    candidates: &[Candidate<'_>],
    remarks: &mut Vec<Diagnostic>,
) {
    let Some(requested) = survey.request.cuda_version else { return };
    let Some(subdir) = survey.situation.subdir else { return };
    let known = survey.matrix.cuda_versions.contains(&requested);
    if known && candidates.iter().any(|c| c.build.cuda_pins.contains(&requested)) {
        return;
    }
    remarks.retain(|remark| !matches!(remark, Diagnostic::OtherCudaVersion { .. }));
    remarks.push(if known {
        Diagnostic::CudaVersionNotBuilt { requested, subdir }
    } else {
        Diagnostic::NoSuchCudaVersion { requested, nearest: nearest_cuda(survey, requested) }
    });
}

/// The next older and the next newer version of `cuda-version`.
fn nearest_cuda(survey: &Survey<'_, '_>, requested: CudaVersion) -> Vec<CudaVersion> {
    let all = &survey.matrix.cuda_versions;
    let below = all.iter().rev().find(|version| **version < requested);
    let above = all.iter().find(|version| **version > requested);
    below.into_iter().chain(above).copied().collect()
}

/// The next older and the next newer PyTorch on the platform.
fn nearest_pytorch(survey: &Survey<'_, '_>, requested: Version) -> Vec<Version> {
    let here = |build: &&Build| {
        Some(build.subdir) == survey.situation.subdir && !build.pytorch.is_candidate()
    };
    let versions = || survey.matrix.builds.iter().filter(here).map(|build| build.pytorch);
    let below = versions().filter(|version| *version < requested).max();
    let above = versions().filter(|version| *version > requested).min();
    below.into_iter().chain(above).collect()
}

fn gpus(survey: &Survey<'_, '_>, best: Option<&Candidate<'_>>, remarks: &mut Vec<Diagnostic>) {
    let Some(best) = best.filter(|best| best.build.is_cuda()) else { return };
    if survey.situation.known_gpus().next().is_none() {
        let served = |row: &&crate::matrix::Capability| {
            let kernels = &best.build.kernels;
            !row.soc
                && kernels.support(row.capability, |c| survey.matrix.is_soc(c)) > KernelSupport::Jit
        };
        let served =
            survey.matrix.capabilities.iter().filter(served).map(|row| row.capability).collect();
        remarks.push(Diagnostic::GpuNotKnown { served });
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

fn system(survey: &Survey<'_, '_>, best: Option<&Candidate<'_>>, remarks: &mut Vec<Diagnostic>) {
    let Some(best) = best.map(|best| best.build) else { return };
    match (&survey.situation.libc, best.glibc) {
        (Libc::Unknown(why), Some(floor)) => {
            let needed = floor.declared.max(floor.libraries);
            remarks.push(Diagnostic::GlibcUnknown { why: why.clone(), needed });
        }
        // What was measured was measured on 2.28 and later.
        (Libc::Glibc(found), _) if best.is_cuda() && *found < Version::new(&[2, 28]) => {
            remarks.push(Diagnostic::GlibcNotTried { found: *found });
        }
        (Libc::Glibc(_) | Libc::Unknown(_) | Libc::Other { .. } | Libc::NotLinux, _) => {}
    }
    if let (Detected::Unknown { why }, Some(needed)) = (&survey.situation.macos, best.macos) {
        remarks.push(Diagnostic::MacosUnknown { why: why.to_string(), needed });
    }
    if survey.machine.clients.is_empty()
        && survey.machine.subdir.fact().is_some_and(|subdir| !by_flag(&subdir.origin))
    {
        remarks.push(Diagnostic::NoClient);
    }
    baseline(survey, remarks);
    if survey.situation.arm_variant.is_some() && !best.is_cuda() {
        if let Some(model) = survey.machine.jetson.value() {
            remarks.push(Diagnostic::JetsonWithoutBuild { model: model.clone() });
        }
    }
}

fn by_flag(origin: &crate::model::Origin) -> bool {
    matches!(origin, crate::model::Origin::Flag(_))
}

/// What was assumed of the system of a machine that nobody looked at.
fn baseline(survey: &Survey<'_, '_>, remarks: &mut Vec<Diagnostic>) {
    let assumed = |version: &Detected<Version>| {
        version
            .fact()
            .filter(|fact| fact.origin == crate::model::Origin::Baseline)
            .map(|fact| fact.value)
    };
    let (glibc, macos) = (assumed(&survey.machine.glibc), assumed(&survey.machine.macos));
    if glibc.is_some() || macos.is_some() {
        remarks.push(Diagnostic::BaselineAssumed { glibc, macos });
    }
}
