//! The rules, a function each: what excludes a build, and the changes that would allow it.

use crate::conda::Version;
use crate::diagnostics::Diagnostic;
use crate::types::{
    Accelerator, ArmVariant, Build, CompanionBuild, CudaPins, CudaVersion, Detected, DriverVersion,
    KernelSupport, KnownGpu,
};

use super::Inputs;
use super::advice::{GpuKernels, Unlock};
use super::candidates::{Blocker, Candidate};
use super::facts::{Driver, Libc};
use super::request::{Request, RequestedAccelerator};

/// The most GPUs that are named for one reason.
pub(super) const MOST_GPUS: usize = 64;

/// The builds for the machine's platform, in the matrix' order.
pub(super) fn candidates<'m>(inputs: &Inputs<'_, 'm>) -> Vec<Candidate<'m>> {
    let builds = inputs.matrix.builds.iter();
    let here = builds.filter(|build| Some(build.subdir) == inputs.facts.subdir);
    here.map(|build| check(inputs, build)).collect()
}

pub(super) fn check<'m>(inputs: &Inputs<'_, 'm>, build: &'m Build) -> Candidate<'m> {
    let (mut candidate, missing) = with_companions(inputs, build);
    let (supports, unserved): (Vec<GpuKernels>, Vec<Option<Blocker>>) =
        inputs.facts.gpus.iter().filter_map(|gpu| kernels(inputs, build, gpu)).unzip();
    candidate.kernels = supports;
    let mut blockers = driver(inputs, build);
    // A GPU without kernels is a blocker only if no other GPU has them.
    if candidate.served_gpus() == 0 {
        for blocker in unserved.into_iter().flatten().take(MOST_GPUS) {
            if !blockers.iter().any(|other| other.diagnostic == blocker.diagnostic) {
                blockers.push(blocker);
            }
        }
    }
    blockers.extend(system(inputs, build));
    blockers.extend(request(inputs, build, candidate.pin));
    blockers.extend(missing);
    blockers.extend(glibc_of_pin(inputs, build, candidate.pin));
    Candidate { blockers, ..candidate }
}

/// The driver must show a GPU and be new enough for the toolkit.
pub(super) fn driver(inputs: &Inputs<'_, '_>, build: &Build) -> Vec<Blocker> {
    let Some(toolkit) = build.accelerator.cuda() else { return Vec::new() };
    match &inputs.facts.driver {
        Driver::Present { cuda, version, shows_gpu } => {
            let no_gpu = || Blocker::machine(Diagnostic::NoGpu, vec![Unlock::Gpu]);
            let too_old = too_old(inputs, *cuda, *version, toolkit);
            (!shows_gpu).then(no_gpu).into_iter().chain(too_old).collect()
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

/// How a build's kernels reach a GPU, and if they do not, why; `None` for builds without CUDA.
pub(super) fn kernels(
    inputs: &Inputs<'_, '_>,
    build: &Build,
    gpu: &KnownGpu,
) -> Option<(GpuKernels, Option<Blocker>)> {
    let toolkit = build.accelerator.cuda()?;
    let (support, blocker) = match support(inputs, build, toolkit, gpu) {
        Ok(support) => (support, None),
        Err(blocker) => (Some(KernelSupport::Missing), Some(blocker)),
    };
    Some((GpuKernels { gpu: gpu.index, capability: gpu.capability, support }, blocker))
}

/// `None` if the GPU's compute capability is unknown.
fn support(
    inputs: &Inputs<'_, '_>,
    build: &Build,
    toolkit: CudaVersion,
    known: &KnownGpu,
) -> Result<Option<KernelSupport>, Blocker> {
    let Some(capability) = known.capability else { return Ok(None) };
    let gpu = || known.clone();
    match inputs.matrix.support(build, capability) {
        KernelSupport::Missing => {
            Err(Blocker::machine(Diagnostic::NoKernels { gpu: gpu(), toolkit }, Vec::new()))
        }
        KernelSupport::Jit => {
            // The libraries of a toolkit (cuBLAS, cuDNN) do not support later GPUs.
            let first = inputs.matrix.capability(capability).map(|row| row.first_toolkit);
            if let Some(first) = first.filter(|first| *first > toolkit) {
                let diagnostic = Diagnostic::ToolkitTooOldForGpu { gpu: gpu(), toolkit, first };
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
            let diagnostic = Diagnostic::PtxNeedsNewerDriver { gpu: gpu(), cuda, toolkit, needed };
            Err(Blocker::machine(diagnostic, vec![Unlock::Driver(needed)]))
        }
        support @ (KernelSupport::SameMajor | KernelSupport::Native) => Ok(Some(support)),
    }
}

pub(super) fn system(inputs: &Inputs<'_, '_>, build: &Build) -> impl Iterator<Item = Blocker> {
    let rules = [glibc(inputs, build), macos(inputs, build), arm_variant(inputs, build)];
    rules.into_iter().flatten()
}

/// The build and its CUDA libraries need a glibc, and some builds do not load with the newest ones.
fn glibc(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let floor = build.glibc?;
    let needed = floor.declared.max(floor.libraries);
    match &inputs.facts.libc {
        Libc::Glibc(found) if *found < needed => {
            let declared = floor.declared;
            let diagnostic = Diagnostic::GlibcTooOld { found: *found, needed, declared };
            Some(Blocker::machine(diagnostic, vec![Unlock::Glibc(needed)]))
        }
        Libc::Glibc(found) => {
            let below = floor.below.filter(|below| found >= below)?;
            Some(Blocker::machine(Diagnostic::GlibcTooNew { found: *found, below }, Vec::new()))
        }
        Libc::Other { musl } => {
            Some(Blocker::machine(Diagnostic::NoGlibc { musl: *musl }, Vec::new()))
        }
        Libc::Unknown(_) | Libc::NotLinux => None,
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

/// What a build computes on here: the processor, if macOS is too old for Metal or the request says so.
pub(super) fn computes_on(inputs: &Inputs<'_, '_>, build: &Build) -> Accelerator {
    let is_mps = build.accelerator == Accelerator::Mps;
    let wants_cpu = inputs.request.accelerator == RequestedAccelerator::Cpu;
    if is_mps && (wants_cpu || lacks_metal(inputs, build).is_some()) {
        Accelerator::Cpu
    } else {
        build.accelerator
    }
}

/// The macOS of the machine and the one that a build needs for Metal, if that is newer.
pub(super) fn lacks_metal(inputs: &Inputs<'_, '_>, build: &Build) -> Option<(Version, Version)> {
    let (found, needed) = (inputs.facts.macos.value().copied()?, inputs.matrix.metal_macos(build)?);
    (found < needed).then_some((found, needed))
}

fn macos(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let needed = build.macos?;
    let found = inputs.facts.macos.value().copied().filter(|found| *found < needed)?;
    let diagnostic = Diagnostic::MacosTooOld { found, needed };
    // An update is worth it for Metal.
    let update = inputs.matrix.metal_macos(build).map_or(needed, |metal| metal.max(needed));
    Some(Blocker::machine(diagnostic, vec![Unlock::Macos(update)]))
}

/// Builds for Tegra need Jetson's driver. The other way round the kernels decide: from CUDA 13 on,
/// Jetson runs the builds for servers (conda-forge/pytorch-cpu-feedstock#527).
fn arm_variant(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let (machine, variant) = (inputs.facts.arm_variant?, build.arm_variant?);
    let knows_gpu = inputs.facts.known_capabilities().next().is_some();
    let is_other =
        machine != variant && (variant == ArmVariant::Tegra || build.is_cuda() && !knows_gpu);
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
        solvable(build),
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

/// A channel can have a build that its own packages exclude.
fn solvable(build: &Build) -> Option<Blocker> {
    build.unsolvable.then(|| Blocker::build(Diagnostic::NotSolvable))
}

fn pytorch(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    if inputs.request.admits_pytorch(build.pytorch) {
        return None;
    }
    let requested = inputs.request.pytorch_text().unwrap_or_default();
    let diagnostic = Diagnostic::OtherPytorch { requested };
    Some(Blocker::request(diagnostic, Unlock::Pytorch(build.pytorch)))
}

fn python(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let (first, last) = build.pythons;
    if inputs.request.admits_pythons(build.pythons) {
        return None;
    }
    let requested = inputs.request.python_text().unwrap_or_default();
    let is_older = inputs.request.python_anchor().is_some_and(|python| python < first);
    let nearest = if is_older { first } else { last };
    let diagnostic = Diagnostic::PythonNotBuilt { requested, first, last };
    Some(Blocker::request(diagnostic, Unlock::Python(nearest)))
}

fn accelerator(inputs: &Inputs<'_, '_>, build: &Build) -> Option<Blocker> {
    let Request { accelerator, cuda_version, .. } = inputs.request;
    // A driver that is too slow is not a missing one.
    if let (RequestedAccelerator::Auto, Driver::Unknown(why)) = (accelerator, &inputs.facts.driver)
        && !build.is_cuda()
        && inputs.machine.is_driver_silent()
        && inputs.machine.gpu_count != Detected::Absent
    {
        let unlock = Unlock::Accelerator(RequestedAccelerator::Cpu);
        let diagnostic = Diagnostic::DriverUnknown { why: why.clone() };
        return Some(Blocker::machine(diagnostic, vec![unlock]));
    }
    if let (RequestedAccelerator::Mps, Some((found, needed))) =
        (accelerator, lacks_metal(inputs, build))
    {
        let diagnostic = Diagnostic::MetalNeedsNewerMacos { found, needed, newest: None };
        return Some(Blocker::machine(diagnostic, vec![Unlock::Macos(needed)]));
    }
    let other = match build.accelerator {
        Accelerator::Cuda(_) => RequestedAccelerator::Cuda,
        Accelerator::Mps => RequestedAccelerator::Mps,
        Accelerator::Cpu => RequestedAccelerator::Cpu,
    };
    let unlock = match (accelerator, build.is_cuda()) {
        (RequestedAccelerator::Rocm | RequestedAccelerator::Xpu, _) => Unlock::Accelerator(other),
        (RequestedAccelerator::Mps, _) if other != RequestedAccelerator::Mps => {
            Unlock::Accelerator(other)
        }
        (RequestedAccelerator::Cpu, true) => Unlock::Accelerator(RequestedAccelerator::Cuda),
        (RequestedAccelerator::Cuda, false) => Unlock::Accelerator(RequestedAccelerator::Cpu),
        // `cuda-version` requests CUDA.
        (RequestedAccelerator::Auto, false) if cuda_version.is_some() => Unlock::CudaVersion(None),
        _ => return None,
    };
    Some(Blocker::request(Diagnostic::OtherAccelerator, unlock))
}

fn cuda_version(
    inputs: &Inputs<'_, '_>,
    build: &Build,
    pin: Option<CudaVersion>,
) -> Option<Blocker> {
    let requested = inputs.request.cuda_version.filter(|_| build.is_cuda())?;
    let pins = build.pins();
    if pins.contains(&requested) && inputs.matrix.cuda_versions.binary_search(&requested).is_ok() {
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

/// A build with the newest fitting build of each requested companion, and the companions that do not exist.
fn with_companions<'m>(inputs: &Inputs<'_, 'm>, build: &'m Build) -> (Candidate<'m>, Vec<Blocker>) {
    let (request, matrix) = (inputs.request, inputs.matrix);
    let is_possible = |pin: &CudaVersion| {
        build.pins().contains(pin) && matrix.cuda_versions.binary_search(pin).is_ok()
    };
    let requested = request.cuda_version.filter(is_possible);
    // What the build and the companions so far accept.
    let (mut pins, mut pythons) = (build.pins(), build.pythons);
    let (mut companions, mut missing) = (Vec::new(), Vec::new());
    for &package in &request.companions {
        let fitting = matrix.companions.iter().find_map(|companion| {
            if companion.package != package || !goes_with(companion, build) {
                return None;
            }
            let pins = overlap(&pins, &companion.cuda_pins);
            let common_pythons = common(pythons, companion.pythons);
            let has_pin = !build.is_cuda()
                || !pins.is_empty() && requested.is_none_or(|pin| pins.contains(&pin));
            let fits = has_pin && request.admits_pythons(common_pythons);
            fits.then_some((companion, pins, common_pythons))
        });
        if let Some((companion, common_pins, common_pythons)) = fitting {
            companions.push(companion);
            (pins, pythons) = (common_pins, common_pythons);
        } else {
            let diagnostic = Diagnostic::CompanionMissing { package };
            missing.push(Blocker::request(diagnostic, Unlock::Without(package)));
        }
    }
    // The lowest pin: nearest to what the build was tested with. Every row begins at a version that
    // `cuda-version` has (`tests/matrix`).
    let pin = build.is_cuda().then(|| requested.unwrap_or(pins.start));
    let (blockers, kernels) = (Vec::new(), Vec::new());
    (Candidate { build, blockers, kernels, pin, companions, pythons }, missing)
}

/// Whether a companion is for the PyTorch of a build. Those from before `arm-variant` existed are for servers.
fn goes_with(companion: &CompanionBuild, build: &Build) -> bool {
    let (toolkit, own) = (build.accelerator.cuda(), companion.accelerator.cuda());
    companion.subdir == build.subdir
        && companion.pytorch == build.pytorch.series()
        && toolkit.is_some() == own.is_some()
        && (toolkit == own || !companion.same_toolkit)
        && (companion.arm_variant == build.arm_variant
            || companion.arm_variant.is_none() && build.arm_variant != Some(ArmVariant::Tegra))
}

fn overlap(a: &CudaPins, b: &CudaPins) -> CudaPins {
    a.start.max(b.start)..a.end.min(b.end)
}

fn common(a: (Version, Version), b: (Version, Version)) -> (Version, Version) {
    (a.0.max(b.0), a.1.min(b.1))
}
