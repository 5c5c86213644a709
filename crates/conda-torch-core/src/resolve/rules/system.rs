//! The rules about the system: glibc, macOS, the kind of aarch64 machine.

use crate::diagnostics::Diagnostic;
use crate::resolve::{Inputs, advice::Unlock, candidates::Blocker, facts::Libc};
use crate::types::{ArmVariant, Build, CudaVersion, Detected};

/// Every rule about the system.
pub(in crate::resolve) fn system(
    inputs: &Inputs<'_, '_>,
    build: &Build,
) -> impl Iterator<Item = Blocker> {
    let rules = [glibc(inputs, build), macos(inputs, build), arm_variant(inputs, build)];
    rules.into_iter().flatten()
}

/// The build and its CUDA libraries need a glibc.
fn glibc(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let floor = build.glibc?;
    let needed = floor.declared.max(floor.libraries);
    match &inputs.facts.libc {
        Libc::Glibc(found) if *found < needed => {
            let declared = floor.declared;
            let diagnostic = Diagnostic::GlibcTooOld { found: *found, needed, declared };
            Some(Blocker::machine(diagnostic, vec![Unlock::Glibc(needed)]))
        }
        Libc::Other { musl } => {
            Some(Blocker::machine(Diagnostic::NoGlibc { musl: *musl }, Vec::new()))
        }
        Libc::Glibc(_) | Libc::Unknown(_) | Libc::NotLinux => None,
    }
}

/// `cuda-version` brings the libraries of its own toolkit, which can be newer than the build's and need a
/// newer glibc than those that the build was made with.
pub(super) fn glibc_of_pin(
    inputs: &Inputs<'_, '_>,
    build: &Build,
    pin: Option<CudaVersion>,
) -> Option<Blocker> {
    let (pin, own) = (pin?, build.glibc?);
    let Libc::Glibc(found) = inputs.facts.libc else { return None };
    // The rule above has reported it.
    if pin <= build.accelerator.cuda()? || found < own.declared.max(own.libraries) {
        return None;
    }
    let needed = inputs.matrix.libraries_glibc(build.subdir, pin)?;
    let diagnostic = Diagnostic::GlibcTooOld { found, needed, declared: own.declared };
    (found < needed).then(|| Blocker::machine(diagnostic, vec![Unlock::Glibc(needed)]))
}

/// The build needs a macOS.
fn macos(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let needed = build.macos?;
    match &inputs.facts.macos {
        Detected::Found(found) if found.value < needed => {
            let diagnostic = Diagnostic::MacosTooOld { found: found.value, needed };
            Some(Blocker::machine(diagnostic, vec![Unlock::Macos(needed)]))
        }
        Detected::Found(_) | Detected::Absent | Detected::Unknown { .. } => None,
    }
}

/// Builds for Tegra need Jetson's driver. The other way round the kernels decide: from CUDA 13 on,
/// Jetson runs the builds for servers (conda-forge/pytorch-cpu-feedstock#527).
fn arm_variant(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let (machine, variant) = (inputs.facts.arm_variant?, build.arm_variant?);
    let is_other = match variant {
        ArmVariant::Tegra => machine != ArmVariant::Tegra,
        ArmVariant::Sbsa => {
            machine == ArmVariant::Tegra
                && build.is_cuda()
                && inputs.facts.known_capabilities().next().is_none()
        }
    };
    is_other.then(|| Blocker::build(Diagnostic::OtherArmVariant { machine, build: variant }))
}
