//! The build against the machine, by the rules of the advice.

use crate::conda::Subdir;
use crate::diagnostics::Diagnostic;
use crate::matrix::{DriverFamily, Matrix};
use crate::resolve::{Advice, GpuKernels, check_installed};
use crate::types::{Accelerator, Detected, Machine, Origin, Vendor};

use super::installed::{Installed, Kind};

/// The variable that stands in for a driver.
const VARIABLE: &str = "CONDA_OVERRIDE_CUDA";

/// The machine as PyTorch will find it: what `CONDA_OVERRIDE_CUDA` says counts for a client alone.
pub(super) fn without_override(
    machine: &Machine,
    matrix: &Matrix,
    findings: &mut Vec<Diagnostic>,
) -> Machine {
    let mut machine = machine.clone();
    let said = match machine.driver_cuda.fact() {
        Some(fact) if fact.origin == Origin::Env(VARIABLE.into()) => fact.value,
        Some(_) | None => return machine,
    };
    let subdir = machine.subdir.value().copied();
    let family = subdir
        .map_or(DriverFamily::Linux, |subdir| DriverFamily::of(subdir, machine.wsl.is_found()));
    let driver = machine.driver.value().and_then(|driver| matrix.cuda_of_driver(*driver, family));
    if driver != Some(said) {
        let value = said.to_string();
        findings.push(Diagnostic::OverrideLeftBehind { variable: VARIABLE, value, driver });
    }
    if driver.is_some() {
        machine.driver_cuda = Detected::unknown("only the driver's version is known");
    } else {
        machine.driver_cuda = Detected::Absent;
        machine.driver = Detected::Absent;
        if machine.gpus.is_empty() {
            machine.gpu_count = Detected::Absent;
        }
    }
    machine
}

/// Whether the build runs. Returns how each GPU is reached.
pub(super) fn look(
    installed: &Installed<'_>,
    machine: &Machine,
    matrix: &Matrix,
    advice: &Advice<'_>,
    findings: &mut Vec<Diagnostic>,
) -> Vec<GpuKernels> {
    let Some(build) = installed.build.as_deref() else {
        not_known(installed, findings);
        return Vec::new();
    };
    if !is_for(build.subdir, machine) {
        findings.push(Diagnostic::OtherPlatform { build: build.subdir });
        return Vec::new();
    }
    let is_intel = build.subdir == Subdir::Osx64;
    let on_arm =
        machine.subdir.value() == Some(&Subdir::OsxArm64) || machine.rosetta.value() == Some(&true);
    if is_intel && on_arm {
        findings.push(Diagnostic::EnvironmentTranslated);
    }
    let check = check_installed(machine, build, matrix);
    let idle = no_card(machine);
    let told = |finding: &Diagnostic| !(idle && matches!(finding, Diagnostic::NoDriver { .. }));
    if build.is_cuda() && !check.problems.iter().all(told) {
        findings.push(Diagnostic::CudaBuildIdle);
    }
    findings.extend(check.problems.into_iter().filter(told));
    if build.is_cuda() {
        findings.extend(advice.diagnostics.iter().filter(|it| is_of_machine(it)).cloned());
        if !installed.is_known {
            not_known(installed, findings);
        }
    } else {
        unused(installed, advice, findings);
    }
    check.kernels
}

/// Whether packages of a platform run on a machine.
fn is_for(subdir: Subdir, machine: &Machine) -> bool {
    let Some(own) = machine.subdir.value() else { return true };
    // macOS translates, and so does Windows.
    let translates = matches!(
        (*own, subdir),
        (Subdir::OsxArm64, Subdir::Osx64) | (Subdir::WinArm64, Subdir::Win64)
    );
    // This program itself may be the one that is translated.
    let is_translated = machine.rosetta.value() == Some(&true) && subdir == Subdir::OsxArm64;
    *own == subdir || translates || is_translated
}

/// Whether there is no NVIDIA card in any sense, so that none is missed.
fn no_card(machine: &Machine) -> bool {
    machine.gpus.is_empty()
        && !machine.adapters.iter().any(|adapter| adapter.vendor == Vendor::Nvidia)
}

/// What the advice knows of a machine that matters for any build with CUDA.
fn is_of_machine(diagnostic: &Diagnostic) -> bool {
    matches!(
        diagnostic,
        Diagnostic::LibcudaMissing
            | Diagnostic::DriverDroppedGpu { .. }
            | Diagnostic::DriverAssumed { .. }
            | Diagnostic::DriverBranchAssumed { .. }
            | Diagnostic::BaselineAssumed { .. }
    )
}

fn not_known(installed: &Installed<'_>, findings: &mut Vec<Diagnostic>) {
    if let Kind::Conda(package) = &installed.kind {
        findings.push(Diagnostic::BuildNotKnown {
            version: package.version.clone(),
            build: package.build.clone(),
            channel: package.channel.clone(),
        });
    }
}

/// A build for the processor, where the advice would use a GPU.
fn unused(installed: &Installed<'_>, advice: &Advice<'_>, findings: &mut Vec<Diagnostic>) {
    let gpu = advice.recommended.as_ref().is_some_and(|choice| choice.build.is_cuda());
    if gpu && installed.accelerator == Some(Accelerator::Cpu) {
        findings.push(Diagnostic::CpuBuild { requested_by: None });
    }
}
