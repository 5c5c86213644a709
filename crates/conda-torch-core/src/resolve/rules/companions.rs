//! torchvision and torchaudio: which of their builds go with a build of PyTorch, and which pins of
//! `cuda-version` and Pythons all of them accept.

use crate::conda::Version;
use crate::diagnostics::Diagnostic;
use crate::resolve::{Inputs, advice::Unlock, candidates::Blocker};
use crate::types::{
    Accelerator, ArmVariant, Build, Companion, CompanionBuild, CudaPins, CudaVersion,
};

/// The companions of a build, and what they and the build accept together.
pub(super) struct Selection<'m> {
    pub(super) companions: Vec<&'m CompanionBuild>,
    pub(super) pin: Option<CudaVersion>,
    pub(super) pythons: (Version, Version),
    /// The requested companions that the build has none of.
    pub(super) missing: Vec<Blocker>,
}

/// Selects the newest fitting build of each requested companion.
pub(super) fn select<'m>(inputs: &Inputs<'_, 'm>, build: &Build) -> Selection<'m> {
    let (request, matrix) = (inputs.request, inputs.matrix);
    let exists = |pin: &CudaVersion| matrix.cuda_versions.contains(pin);
    let mut so_far = Accepted {
        pins: build.cuda_pins.clone(),
        pin: request.cuda_version.filter(|pin| build.cuda_pins.contains(pin) && exists(pin)),
        pythons: build.pythons,
        python: request.python,
    };
    let (mut companions, mut missing) = (Vec::new(), Vec::new());
    for &package in &request.companions {
        let fits = |other: &&CompanionBuild| so_far.fits(build, package, other);
        let Some(companion) = matrix.companions.iter().find(fits) else {
            let diagnostic = Diagnostic::CompanionMissing { package };
            missing.push(Blocker::request(diagnostic, Unlock::Without(package)));
            continue;
        };
        if build.is_cuda() {
            so_far.pins = overlap(&so_far.pins, &companion.cuda_pins);
        }
        so_far.pythons = common(so_far.pythons, companion.pythons);
        companions.push(companion);
    }
    // The lowest pin: nearest to what the build was tested with. Every row begins at a version that
    // `cuda-version` has (`tests/matrix`).
    let pin = build.is_cuda().then(|| so_far.pin.unwrap_or(so_far.pins.start));
    Selection { companions, pin, pythons: so_far.pythons, missing }
}

/// What the build and the companions so far accept.
struct Accepted {
    pins: CudaPins,
    /// The requested pin, if the build accepts it.
    pin: Option<CudaVersion>,
    pythons: (Version, Version),
    /// The requested Python.
    python: Option<Version>,
}

impl Accepted {
    fn fits(&self, build: &Build, package: Companion, companion: &CompanionBuild) -> bool {
        let (first, last) = common(self.pythons, companion.pythons);
        companion.package == package
            && companion.subdir == build.subdir
            && companion.pytorch == build.pytorch.series()
            && self.same_accelerator(build, companion)
            && same_arm_variant(build, companion)
            && first <= last
            && self.python.is_none_or(|python| (first..=last).contains(&python.series()))
    }

    fn same_accelerator(&self, build: &Build, companion: &CompanionBuild) -> bool {
        match (build.accelerator, companion.accelerator) {
            (Accelerator::Cpu | Accelerator::Mps, Accelerator::Cpu | Accelerator::Mps) => true,
            (Accelerator::Cuda(toolkit), Accelerator::Cuda(own)) => {
                let pins = overlap(&self.pins, &companion.cuda_pins);
                (toolkit == own || !companion.same_toolkit)
                    && pins.start < pins.end
                    && self.pin.is_none_or(|pin| pins.contains(&pin))
            }
            (Accelerator::Cpu | Accelerator::Mps, Accelerator::Cuda(_))
            | (Accelerator::Cuda(_), Accelerator::Cpu | Accelerator::Mps) => false,
        }
    }
}

/// Companions from before conda-forge told aarch64 machines apart are for servers.
fn same_arm_variant(build: &Build, companion: &CompanionBuild) -> bool {
    companion.arm_variant == build.arm_variant
        || companion.arm_variant.is_none() && build.arm_variant != Some(ArmVariant::Tegra)
}

fn overlap(a: &CudaPins, b: &CudaPins) -> CudaPins {
    a.start.max(b.start)..a.end.min(b.end)
}

fn common(a: (Version, Version), b: (Version, Version)) -> (Version, Version) {
    (a.0.max(b.0), a.1.min(b.1))
}
