//! torchvision and torchaudio: which of their builds go with a build of PyTorch, and what they and
//! PyTorch together leave open for `cuda-version` and Python.

use crate::conda::Version;
use crate::types::{
    Accelerator, ArmVariant, Build, Companion, CompanionBuild, CudaPins, CudaVersion,
};

use crate::diagnostics::Diagnostic;
use crate::resolve::fit::{Candidate, Rules};

/// Adds the newest fitting build of each requested companion, and settles the pin and the Pythons.
pub(super) fn add<'m>(rules: &Rules<'_, 'm>, candidate: &mut Candidate<'m>) {
    let mut pins = candidate.build.cuda_pins.clone();
    let exists = |pin: &CudaVersion| rules.matrix.cuda_versions.contains(pin);
    let asked_pin = rules.request.cuda_version.filter(|pin| pins.contains(pin) && exists(pin));
    for package in &rules.request.companions {
        let wanted =
            Wanted { pins: &pins, pin: asked_pin, python: rules.request.python, candidate };
        let found =
            rules.matrix.companions.iter().find(|companion| wanted.fits(*package, companion));
        let Some(companion) = found else {
            candidate.blockers.push(Diagnostic::CompanionMissing { package: *package });
            continue;
        };
        if candidate.build.is_cuda() {
            pins = overlap(&pins, &companion.cuda_pins);
        }
        candidate.pythons = pythons(candidate.pythons, companion.pythons);
        candidate.companions.push(companion);
    }
    if candidate.build.is_cuda() {
        // The lowest: nearest to what the build was tested with. Every row begins at a version that
        // `cuda-version` has (tests/matrix).
        candidate.pin = asked_pin.or(Some(pins.start));
    }
}

/// What a companion has to go with.
struct Wanted<'a, 'm> {
    pins: &'a CudaPins,
    pin: Option<CudaVersion>,
    python: Option<Version>,
    candidate: &'a Candidate<'m>,
}

impl Wanted<'_, '_> {
    fn fits(&self, package: Companion, companion: &CompanionBuild) -> bool {
        let Build { subdir, pytorch, .. } = *self.candidate.build;
        let (first, last) = pythons(self.candidate.pythons, companion.pythons);
        companion.package == package
            && companion.subdir == subdir
            && companion.pytorch == pytorch.series()
            && self.same_accelerator(companion)
            && self.same_arm_variant(companion)
            && first <= last
            && self.python.is_none_or(|python| (first..=last).contains(&python.series()))
    }

    /// What was built before conda-forge told aarch64 machines apart goes with servers alone.
    fn same_arm_variant(&self, companion: &CompanionBuild) -> bool {
        let build = self.candidate.build.arm_variant;
        companion.arm_variant == build
            || companion.arm_variant.is_none() && build != Some(ArmVariant::Tegra)
    }

    fn same_accelerator(&self, companion: &CompanionBuild) -> bool {
        match (self.candidate.build.accelerator, companion.accelerator) {
            (Accelerator::Cpu | Accelerator::Mps, Accelerator::Cpu | Accelerator::Mps) => true,
            (Accelerator::Cuda(toolkit), Accelerator::Cuda(own)) => {
                let pins = overlap(self.pins, &companion.cuda_pins);
                (toolkit == own || !companion.same_toolkit)
                    && pins.start < pins.end
                    && self.pin.is_none_or(|pin| pins.contains(&pin))
            }
            (Accelerator::Cpu | Accelerator::Mps, Accelerator::Cuda(_))
            | (Accelerator::Cuda(_), Accelerator::Cpu | Accelerator::Mps) => false,
        }
    }
}

fn overlap(a: &CudaPins, b: &CudaPins) -> CudaPins {
    a.start.max(b.start)..a.end.min(b.end)
}

fn pythons(a: (Version, Version), b: (Version, Version)) -> (Version, Version) {
    (a.0.max(b.0), a.1.min(b.1))
}
