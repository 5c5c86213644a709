//! The installed build against the machine, by the rules of the advice.

use crate::conda::Subdir;
use crate::diagnostics::Diagnostic;
use crate::matrix::{DriverFamily, Matrix};
use crate::resolve::{GpuKernels, check_installed};
use crate::types::{Accelerator, Detected, InstalledPackage, Machine, Origin};

use super::{Checkup, Installed, requests};

const OVERRIDE: &str = "CONDA_OVERRIDE_CUDA";

/// The machine as PyTorch sees it: only clients read `CONDA_OVERRIDE_CUDA`.
pub(super) fn without_override(
    machine: &Machine,
    matrix: &Matrix,
) -> (Machine, Option<Diagnostic>) {
    let mut machine = machine.clone();
    let value = match machine.driver_cuda.fact() {
        Some(fact) if fact.origin == Origin::Env(OVERRIDE.into()) => fact.value,
        Some(_) | None => return (machine, None),
    };
    let subdir = machine.subdir.value().copied();
    let family = subdir
        .map_or(DriverFamily::Linux, |subdir| DriverFamily::of(subdir, machine.wsl.is_found()));
    let driver = machine.driver.value().and_then(|driver| matrix.cuda_of_driver(*driver, family));
    if driver.is_some() {
        machine.driver_cuda = Detected::unknown("only the driver's version is known");
    } else {
        machine.driver_cuda = Detected::Absent;
        machine.driver = Detected::Absent;
        if machine.gpus.is_empty() {
            machine.gpu_count = Detected::Absent;
        }
    }
    let (variable, differs) = (OVERRIDE, driver != Some(value));
    let value = value.to_string();
    (machine, differs.then_some(Diagnostic::OverrideLeftBehind { variable, value, driver }))
}

/// Whether the build runs, and how it supports each GPU.
pub(super) fn check(
    checkup: &Checkup<'_>,
    installed: &Installed<'_>,
) -> (Vec<Diagnostic>, Vec<GpuKernels>) {
    let Checkup { environment, machine, matrix, advice, .. } = checkup;
    let unknown_build = installed.package.clone().map(|package| {
        let InstalledPackage { version, build, channel, .. } = package;
        if build.split('_').any(|word| word == "repack") {
            Diagnostic::RepackedWheel { version, build, channel }
        } else {
            Diagnostic::BuildNotKnown { version, build, channel }
        }
    });
    let Some(build) = installed.build.as_deref() else {
        return (unknown_build.into_iter().collect(), Vec::new());
    };
    if !runs_packages_of(machine, build.subdir) {
        return (vec![Diagnostic::OtherPlatform { build: build.subdir }], Vec::new());
    }
    let mut findings = Vec::new();
    let is_arm64_mac =
        machine.subdir.value() == Some(&Subdir::OsxArm64) || machine.rosetta.value() == Some(&true);
    if build.subdir == Subdir::Osx64 && is_arm64_mac {
        findings.push(Diagnostic::EnvironmentTranslated);
    }
    let mut check = check_installed(machine, build, matrix);
    // A machine without a card needs no driver.
    if !machine.has_nvidia_card() {
        let count = check.problems.len();
        check.problems.retain(|problem| !matches!(problem, Diagnostic::NoDriver { .. }));
        let is_idle = build.is_cuda() && check.problems.len() < count;
        findings.extend(is_idle.then_some(Diagnostic::CudaBuildIdle));
    }
    findings.extend(check.problems);
    if build.is_cuda() {
        findings.extend(advice.diagnostics.iter().filter(|it| is_about_driver(it)).cloned());
        findings.extend(unknown_build.filter(|_| !installed.is_known));
    } else if installed.accelerator == Some(Accelerator::Cpu)
        && advice.recommended.as_ref().is_some_and(|choice| choice.build.is_cuda())
    {
        let requested_by = requests::cpu_request(environment);
        findings.push(Diagnostic::CpuBuild { requested_by });
    }
    (findings, check.kernels)
}

/// Whether a machine runs packages of a platform.
fn runs_packages_of(machine: &Machine, subdir: Subdir) -> bool {
    let Some(own) = machine.subdir.value() else { return true };
    // macOS and Windows translate.
    let translates = matches!(
        (*own, subdir),
        (Subdir::OsxArm64, Subdir::Osx64) | (Subdir::WinArm64, Subdir::Win64)
    );
    // This program itself may run under Rosetta.
    let is_translated = machine.rosetta.value() == Some(&true) && subdir == Subdir::OsxArm64;
    *own == subdir || translates || is_translated
}

/// Whether a diagnostic of the advice matters for every CUDA build.
fn is_about_driver(diagnostic: &Diagnostic) -> bool {
    matches!(
        diagnostic,
        Diagnostic::LibcudaMissing
            | Diagnostic::DriverDroppedGpu { .. }
            | Diagnostic::DriverAssumed { .. }
            | Diagnostic::DriverBranchAssumed { .. }
            | Diagnostic::BaselineAssumed { .. }
    )
}
