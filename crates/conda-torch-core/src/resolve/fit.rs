//! What speaks against a build: one small function a rule, all of them asked.

use std::cell::RefCell;

use crate::conda::Version;
use crate::matrix::Matrix;
use crate::types::{
    Accelerator, ArmVariant, Build, CompanionBuild, CudaVersion, Detected, DriverVersion,
    GlibcFloor, KernelSupport,
};

use crate::diagnostics::Diagnostic;
use crate::resolve::{
    advice::{Choice, GpuKernels},
    companions,
    request::{Request, RequestedAccelerator},
    situation::{DriverState, Libc, Situation},
    specs,
};

/// A build held against a situation and a request.
#[derive(Debug)]
pub(super) struct Candidate<'m> {
    pub(super) build: &'m Build,
    /// What keeps it from working or from being what was asked for. Empty: it fits.
    pub(super) blockers: Vec<Diagnostic>,
    /// Each known GPU on it.
    pub(super) kernels: Vec<GpuKernels>,
    /// What `cuda-version` is pinned to.
    pub(super) pin: Option<CudaVersion>,
    /// The companions that go with it, in the order asked.
    pub(super) companions: Vec<&'m CompanionBuild>,
    /// The Pythons for which all of it exists.
    pub(super) pythons: (Version, Version),
}

impl<'m> Candidate<'m> {
    pub(super) fn fits(&self) -> bool {
        self.blockers.is_empty()
    }

    /// It as something to install, without reasons yet.
    pub(super) fn choice(
        &self,
        situation: &Situation,
        request: &Request,
        matrix: &Matrix,
    ) -> Choice<'m> {
        Choice {
            build: self.build,
            computes_on: match self.build.accelerator {
                Accelerator::Mps if situation.is_before(matrix.metal_macos) => Accelerator::Cpu,
                own @ (Accelerator::Cpu | Accelerator::Mps | Accelerator::Cuda(_)) => own,
            },
            build_number: self.build.build_numbers.1,
            cuda_version: self.pin,
            companions: self.companions.clone(),
            pythons: self.pythons,
            kernels: self.kernels.clone(),
            specs: specs::specs(self, situation, request, matrix),
            needs_cuda: self.build.accelerator.cuda().map(|toolkit| {
                // What the driver says, where it is enough; else what the build asks of one.
                situation.cuda().filter(|cuda| cuda.major >= toolkit.major).unwrap_or(toolkit)
            }),
            reasons: Vec::new(),
        }
    }

    /// How many GPUs it has kernels for.
    pub(super) fn served(&self) -> usize {
        self.kernels.iter().filter(|gpu| gpu.support > Some(KernelSupport::Missing)).count()
    }
}

/// All rules with what they need.
pub(super) struct Rules<'a, 'm> {
    pub(super) situation: &'a Situation,
    pub(super) request: &'a Request,
    pub(super) matrix: &'m Matrix,
    /// Whether anything is asked for: most runs ask for nothing, and there are many builds.
    has_wishes: bool,
    /// The toolkits that were asked about, with what each needs: a dozen for a hundred builds.
    drivers: RefCell<Vec<(CudaVersion, Option<DriverVersion>)>>,
}

impl<'a, 'm> Rules<'a, 'm> {
    pub(super) fn new(situation: &'a Situation, request: &'a Request, matrix: &'m Matrix) -> Self {
        let has_wishes = *request != Request::default();
        let drivers = RefCell::new(Vec::with_capacity(16));
        Self { situation, request, matrix, has_wishes, drivers }
    }

    /// Asks every rule about a build for this platform.
    pub(super) fn judge(&self, build: &'m Build) -> Candidate<'m> {
        let mut candidate = Candidate {
            build,
            blockers: Vec::new(),
            kernels: Vec::new(),
            pin: None,
            companions: Vec::new(),
            pythons: build.pythons,
        };
        let blockers = &mut candidate.blockers;
        self.driver(build, blockers);
        self.gpus(build, blockers, &mut candidate.kernels);
        push(blockers, self.glibc(build));
        push(blockers, self.macos(build));
        push(blockers, self.arm_variant(build));
        push(blockers, self.release(build));
        if self.has_wishes {
            push(blockers, self.pytorch(build));
            push(blockers, self.python(build));
            push(blockers, self.accelerator(build));
            push(blockers, self.cuda_version(build));
            push(blockers, self.blas(build));
        }
        companions::add(self, &mut candidate);
        let of_pin = self.glibc_of_pin(&candidate);
        push(&mut candidate.blockers, of_pin);
        candidate
    }

    /// The oldest driver on which a toolkit's machine code runs: minor-version compatibility, or
    /// the toolkit's own driver where a major version has none. `None` for a toolkit that is in no row.
    pub(super) fn needed_driver(&self, toolkit: CudaVersion) -> Option<DriverVersion> {
        let mut known = self.drivers.borrow_mut();
        if let Some((_, needed)) = known.iter().find(|(other, _)| *other == toolkit) {
            return *needed;
        }
        let needed = self.matrix.oldest_driver(toolkit, self.situation.family);
        known.push((toolkit, needed));
        needed
    }

    fn driver(&self, build: &Build, blockers: &mut Vec<Diagnostic>) {
        let Some(toolkit) = build.accelerator.cuda() else { return };
        match &self.situation.driver {
            DriverState::Usable { cuda, driver } => {
                push(blockers, self.driver_too_old(*cuda, *driver, toolkit));
            }
            DriverState::NoGpu { cuda, driver } => {
                blockers.push(Diagnostic::NoGpu);
                push(blockers, self.driver_too_old(*cuda, *driver, toolkit));
            }
            DriverState::Missing => blockers.push(match self.needed_driver(toolkit) {
                Some(needed) => Diagnostic::NoDriver { needed },
                None => Diagnostic::ToolkitNotKnown { toolkit },
            }),
            DriverState::Unknown(why) => {
                blockers.push(Diagnostic::DriverUnknown { why: why.clone() });
            }
        }
    }

    fn driver_too_old(
        &self,
        cuda: CudaVersion,
        driver: Option<DriverVersion>,
        toolkit: CudaVersion,
    ) -> Option<Diagnostic> {
        let runs = self.driver_runs(cuda, driver, toolkit);
        (!runs).then(|| match self.needed_driver(toolkit) {
            Some(needed) => Diagnostic::DriverTooOld { driver, cuda, toolkit, needed },
            None => Diagnostic::ToolkitNotKnown { toolkit },
        })
    }

    /// Whether a driver runs machine code of a toolkit: it is as new as the toolkit, or of the same
    /// major version and past the floor of minor-version compatibility.
    ///
    /// <https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html>
    fn driver_runs(
        &self,
        cuda: CudaVersion,
        driver: Option<DriverVersion>,
        toolkit: CudaVersion,
    ) -> bool {
        let floor = self.matrix.major_driver(toolkit, self.situation.family);
        let past = |floor| driver.is_some_and(|driver| driver.is_at_least(floor));
        cuda >= toolkit || cuda.major == toolkit.major && floor.is_some_and(past)
    }

    fn glibc(&self, build: &Build) -> Option<Diagnostic> {
        let GlibcFloor { declared, libraries } = build.glibc?;
        let needed = declared.max(libraries);
        match &self.situation.libc {
            Libc::Glibc(found) if *found < needed => {
                Some(Diagnostic::GlibcTooOld { found: *found, needed, declared })
            }
            Libc::Other { musl } => Some(Diagnostic::NoGlibc { musl: *musl }),
            Libc::Glibc(_) | Libc::Unknown(_) | Libc::NotLinux => None,
        }
    }

    /// `cuda-version` brings the libraries of its own toolkit, which can be newer than the build's and
    /// ask for a newer glibc than those that the build was made with.
    fn glibc_of_pin(&self, candidate: &Candidate<'_>) -> Option<Diagnostic> {
        let (pin, toolkit) = (candidate.pin?, candidate.build.accelerator.cuda()?);
        let (Libc::Glibc(found), true) = (&self.situation.libc, pin > toolkit) else { return None };
        let own = candidate.build.glibc?;
        let needed = self.matrix.libraries_glibc(candidate.build.subdir, pin)?;
        let told = *found < own.declared.max(own.libraries);
        let too_old = *found < needed && !told;
        too_old.then_some(Diagnostic::GlibcTooOld { found: *found, needed, declared: own.declared })
    }

    fn macos(&self, build: &Build) -> Option<Diagnostic> {
        let needed = build.macos?;
        match &self.situation.macos {
            Detected::Found(found) if found.value < needed => {
                Some(Diagnostic::MacosTooOld { found: found.value, needed })
            }
            Detected::Found(_) | Detected::Absent | Detected::Unknown { .. } => None,
        }
    }

    /// Builds for Tegra are tied to Jetson's driver. The other way round the kernels decide: from
    /// CUDA 13 on, Jetson runs the builds for servers (conda-forge/pytorch-cpu-feedstock#527).
    fn arm_variant(&self, build: &Build) -> Option<Diagnostic> {
        let machine = self.situation.arm_variant?;
        match build.arm_variant {
            Some(ArmVariant::Tegra) if machine != ArmVariant::Tegra => {
                Some(Diagnostic::OtherArmVariant { machine, build: ArmVariant::Tegra })
            }
            Some(ArmVariant::Sbsa)
                if machine == ArmVariant::Tegra
                    && self.situation.known_gpus().next().is_none()
                    && build.is_cuda() =>
            {
                Some(Diagnostic::OtherArmVariant { machine, build: ArmVariant::Sbsa })
            }
            Some(_) | None => None,
        }
    }

    #[expect(clippy::unused_self, reason = "rules have one shape")]
    fn release(&self, build: &Build) -> Option<Diagnostic> {
        build.pytorch.is_candidate().then_some(Diagnostic::ReleaseCandidate)
    }

    fn pytorch(&self, build: &Build) -> Option<Diagnostic> {
        let requested = self.request.pytorch?;
        (!requested.covers(build.pytorch)).then_some(Diagnostic::OtherPytorch { requested })
    }

    fn python(&self, build: &Build) -> Option<Diagnostic> {
        let requested = self.request.python?;
        let (first, last) = build.pythons;
        let exists = (first..=last).contains(&requested.series());
        (!exists).then_some(Diagnostic::PythonNotBuilt { requested, first, last })
    }

    fn accelerator(&self, build: &Build) -> Option<Diagnostic> {
        let other = match self.request.accelerator {
            RequestedAccelerator::Cpu => build.is_cuda(),
            RequestedAccelerator::Cuda => !build.is_cuda(),
            // A toolkit that is asked for is one for a GPU.
            RequestedAccelerator::Auto => !build.is_cuda() && self.request.cuda_version.is_some(),
        };
        other.then_some(Diagnostic::OtherAccelerator)
    }

    fn cuda_version(&self, build: &Build) -> Option<Diagnostic> {
        let requested = self.request.cuda_version?;
        let exists = self.matrix.cuda_versions.contains(&requested);
        let other = build.is_cuda() && !(exists && build.cuda_pins.contains(&requested));
        other.then_some(Diagnostic::OtherCudaVersion {
            requested,
            accepts_from: build.cuda_pins.start,
            accepts_below: build.cuda_pins.end,
        })
    }

    fn blas(&self, build: &Build) -> Option<Diagnostic> {
        let requested = self.request.blas?;
        (build.blas != requested).then_some(Diagnostic::OtherBlas { requested })
    }
}

/// `extend` with an option, without the bookkeeping of a general iterator: this is the inner loop.
#[inline]
fn push(blockers: &mut Vec<Diagnostic>, blocker: Option<Diagnostic>) {
    if let Some(blocker) = blocker {
        blockers.push(blocker);
    }
}
