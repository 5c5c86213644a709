//! The rules, a function each: what excludes a build, and the changes that would allow it.

use crate::conda::Version;
use crate::diagnostics::Diagnostic;
use crate::types::{
    Accelerator, ArmVariant, Build, Companion, CompanionBuild, CudaPins, CudaVersion, Detected,
    DriverVersion, KernelSupport, KnownGpu,
};

use super::Inputs;
use super::advice::{GpuKernels, Unlock};
use super::candidates::{Blocker, Candidate};
use super::facts::{Driver, Libc};
use super::request::RequestedAccelerator;

/// The builds for the machine's platform, in the matrix' order.
pub(super) fn candidates<'m>(inputs: &Inputs<'_, 'm>) -> Vec<Candidate<'m>> {
    let builds = inputs.matrix.builds.iter();
    let here = builds.filter(|build| Some(build.subdir) == inputs.facts.subdir);
    here.map(|build| check(inputs, build)).collect()
}

/// Checks a build against every rule.
pub(super) fn check<'m>(inputs: &Inputs<'_, 'm>, build: &'m Build) -> Candidate<'m> {
    let selection = select(inputs, build);
    let kernels: Vec<Kernels> =
        inputs.facts.gpus.iter().filter_map(|gpu| kernels(inputs, build, gpu)).collect();
    let mut blockers = driver(inputs, build);
    add_unserved(&mut blockers, &kernels);
    blockers.extend(system(inputs, build));
    blockers.extend(request(inputs, build, selection.pin));
    blockers.extend(selection.missing);
    blockers.extend(glibc_of_pin(inputs, build, selection.pin));
    Candidate {
        build,
        blockers,
        kernels: kernels.into_iter().map(|gpu| gpu.kernels).collect(),
        pin: selection.pin,
        companions: selection.companions,
        pythons: selection.pythons,
    }
}

/// A GPU without kernels is a blocker only if no other GPU has them.
fn add_unserved(blockers: &mut Vec<Blocker>, kernels: &[Kernels]) {
    if kernels.iter().any(|gpu| gpu.kernels.support > Some(KernelSupport::Missing)) {
        return;
    }
    for blocker in kernels.iter().filter_map(|gpu| gpu.blocker.as_ref()) {
        if !blockers.iter().any(|other| other.diagnostic == blocker.diagnostic) {
            blockers.push(blocker.clone());
        }
    }
}

/// The driver must show a GPU and be new enough for the toolkit.
pub(super) fn driver(inputs: &Inputs<'_, '_>, build: &Build) -> Vec<Blocker> {
    let Some(toolkit) = build.accelerator.cuda() else { return Vec::new() };
    match &inputs.facts.driver {
        Driver::Usable { cuda, version } => {
            too_old(inputs, *cuda, *version, toolkit).into_iter().collect()
        }
        Driver::NoGpu { cuda, version } => {
            let mut blockers = vec![Blocker::machine(Diagnostic::NoGpu, vec![Unlock::Gpu])];
            blockers.extend(too_old(inputs, *cuda, *version, toolkit));
            blockers
        }
        Driver::Missing => vec![missing(inputs, toolkit)],
        Driver::Unknown(why) => {
            let unlock = needed_driver(inputs, toolkit).map(Unlock::Driver);
            let diagnostic = Diagnostic::DriverUnknown { why: why.clone() };
            vec![Blocker::machine(diagnostic, unlock.into_iter().collect())]
        }
    }
}

fn missing(inputs: &Inputs<'_, '_>, toolkit: CudaVersion) -> Blocker {
    let Some(needed) = needed_driver(inputs, toolkit) else { return unknown_toolkit(toolkit) };
    // Without an NVIDIA card, "buy one" is advice only for a request for CUDA.
    let unlocks = if inputs.facts.has_nvidia_card {
        vec![Unlock::Driver(needed)]
    } else if inputs.request.wants_cuda() {
        vec![Unlock::Gpu, Unlock::Driver(needed)]
    } else {
        Vec::new()
    };
    Blocker::machine(Diagnostic::NoDriver { needed }, unlocks)
}

fn too_old(
    inputs: &Inputs<'_, '_>,
    cuda: CudaVersion,
    driver: Option<DriverVersion>,
    toolkit: CudaVersion,
) -> Option<Blocker> {
    if supports(inputs, cuda, driver, toolkit) {
        return None;
    }
    let Some(needed) = needed_driver(inputs, toolkit) else {
        return Some(unknown_toolkit(toolkit));
    };
    let diagnostic = Diagnostic::DriverTooOld { driver, cuda, toolkit, needed };
    Some(Blocker::machine(diagnostic, vec![Unlock::Driver(needed)]))
}

fn unknown_toolkit(toolkit: CudaVersion) -> Blocker {
    Blocker::machine(Diagnostic::ToolkitNotKnown { toolkit }, Vec::new())
}

/// Whether a driver runs machine code of a toolkit: it supports the toolkit's CUDA, or a CUDA of the same
/// major version and is past the floor of minor-version compatibility.
///
/// <https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html>
fn supports(
    inputs: &Inputs<'_, '_>,
    cuda: CudaVersion,
    driver: Option<DriverVersion>,
    toolkit: CudaVersion,
) -> bool {
    let floor = inputs.matrix.major_driver(toolkit, inputs.facts.driver_family);
    let past = |floor| driver.is_some_and(|driver| driver.is_at_least(floor));
    cuda >= toolkit || cuda.major == toolkit.major && floor.is_some_and(past)
}

/// The oldest driver on which a toolkit's machine code runs; `None` for a toolkit without a row.
pub(super) fn needed_driver(
    inputs: &Inputs<'_, '_>,
    toolkit: CudaVersion,
) -> Option<DriverVersion> {
    inputs.matrix.oldest_driver(toolkit, inputs.facts.driver_family)
}

/// How a build's kernels reach a GPU, and if they do not, why.
pub(super) struct Kernels {
    pub(super) kernels: GpuKernels,
    pub(super) blocker: Option<Blocker>,
}

/// Checks one GPU; `None` for builds without CUDA.
pub(super) fn kernels(inputs: &Inputs<'_, '_>, build: &Build, gpu: &KnownGpu) -> Option<Kernels> {
    let toolkit = build.accelerator.cuda()?;
    let (support, blocker) = match support(inputs, build, toolkit, gpu) {
        Ok(support) => (support, None),
        Err(blocker) => (Some(KernelSupport::Missing), Some(blocker)),
    };
    let kernels = GpuKernels { gpu: gpu.index, capability: gpu.capability, support };
    Some(Kernels { kernels, blocker })
}

/// `None` if the GPU's compute capability is unknown.
fn support(
    inputs: &Inputs<'_, '_>,
    build: &Build,
    toolkit: CudaVersion,
    known: &KnownGpu,
) -> Result<Option<KernelSupport>, Blocker> {
    let Some(capability) = known.capability else { return Ok(None) };
    let gpu = known.clone();
    match inputs.matrix.support(build, capability) {
        KernelSupport::Missing => {
            Err(Blocker::machine(Diagnostic::NoKernels { gpu, toolkit }, Vec::new()))
        }
        KernelSupport::Jit => {
            // The libraries of a toolkit (cuBLAS, cuDNN) do not support later GPUs.
            let first = inputs.matrix.capability(capability).map(|row| row.first_toolkit);
            if let Some(first) = first.filter(|first| *first > toolkit) {
                let diagnostic = Diagnostic::ToolkitTooOldForGpu { gpu, toolkit, first };
                return Err(Blocker::machine(diagnostic, Vec::new()));
            }
            // Minor-version compatibility does not cover the compilation of PTX.
            let Some(cuda) = inputs.facts.cuda().filter(|cuda| *cuda < toolkit) else {
                return Ok(Some(KernelSupport::Jit));
            };
            let family = inputs.facts.driver_family;
            let Some(needed) = inputs.matrix.toolkit_driver(toolkit, family) else {
                return Err(unknown_toolkit(toolkit));
            };
            let diagnostic = Diagnostic::PtxNeedsNewerDriver { gpu, cuda, toolkit, needed };
            Err(Blocker::machine(diagnostic, vec![Unlock::Driver(needed)]))
        }
        support @ (KernelSupport::SameMajor | KernelSupport::Native) => Ok(Some(support)),
    }
}

/// Every rule about the system.
pub(super) fn system(inputs: &Inputs<'_, '_>, build: &Build) -> impl Iterator<Item = Blocker> {
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
fn glibc_of_pin(
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

/// Every rule about the request; `pin` is the `cuda-version` that the build gets.
fn request(
    inputs: &Inputs<'_, '_>,
    build: &Build,
    pin: Option<CudaVersion>,
) -> impl Iterator<Item = Blocker> {
    let rules = [
        release(build),
        pytorch(inputs, build),
        python(inputs, build),
        accelerator(inputs, build),
        cuda_version(inputs, build, pin),
        blas(inputs, build),
    ];
    rules.into_iter().flatten()
}

/// Release candidates are on a label of their own.
fn release(build: &Build) -> Option<Blocker> {
    build.pytorch.is_candidate().then(|| Blocker::build(Diagnostic::ReleaseCandidate))
}

fn pytorch(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let requested = inputs.request.pytorch.filter(|requested| !requested.covers(build.pytorch))?;
    let diagnostic = Diagnostic::OtherPytorch { requested };
    Some(Blocker::request(diagnostic, Unlock::Pytorch(build.pytorch)))
}

fn python(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let (first, last) = build.pythons;
    let requested = inputs.request.python?;
    if (first..=last).contains(&requested.series()) {
        return None;
    }
    let nearest = if requested < first { first } else { last };
    let diagnostic = Diagnostic::PythonNotBuilt { requested, first, last };
    Some(Blocker::request(diagnostic, Unlock::Python(nearest)))
}

fn accelerator(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let unlock = match (inputs.request.accelerator, build.is_cuda()) {
        (RequestedAccelerator::Cpu, true) => Unlock::Accelerator(RequestedAccelerator::Cuda),
        (RequestedAccelerator::Cuda, false) => Unlock::Accelerator(RequestedAccelerator::Cpu),
        // `cuda-version` requests CUDA.
        (RequestedAccelerator::Auto, false) if inputs.request.cuda_version.is_some() => {
            Unlock::CudaVersion(None)
        }
        (
            RequestedAccelerator::Auto | RequestedAccelerator::Cpu | RequestedAccelerator::Cuda,
            _,
        ) => return None,
    };
    Some(Blocker::request(Diagnostic::OtherAccelerator, unlock))
}

fn cuda_version(
    inputs: &Inputs<'_, '_>,
    build: &Build,
    pin: Option<CudaVersion>,
) -> Option<Blocker> {
    let requested = inputs.request.cuda_version.filter(|_| build.is_cuda())?;
    let pins = &build.cuda_pins;
    if pins.contains(&requested) && inputs.matrix.cuda_versions.contains(&requested) {
        return None;
    }
    let diagnostic = Diagnostic::OtherCudaVersion {
        requested,
        accepts_from: pins.start,
        accepts_below: pins.end,
    };
    Some(Blocker::request(diagnostic, Unlock::CudaVersion(pin)))
}

fn blas(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let requested = inputs.request.blas.filter(|requested| *requested != build.blas)?;
    Some(Blocker::request(Diagnostic::OtherBlas { requested }, Unlock::Blas(build.blas)))
}

/// The companions of a build, and what they and the build accept together.
struct Selection<'m> {
    companions: Vec<&'m CompanionBuild>,
    pin: Option<CudaVersion>,
    pythons: (Version, Version),
    /// The requested companions that do not exist for the build.
    missing: Vec<Blocker>,
}

/// Selects the newest fitting build of each requested companion.
fn select<'m>(inputs: &Inputs<'_, 'm>, build: &Build) -> Selection<'m> {
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

/// Companions from before `arm-variant` existed are for servers.
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
