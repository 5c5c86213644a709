//! The machines that a file is migrated for: the one described, or all that ran the old pins.

use crate::conda::{Subdir, Version};
use crate::matrix::{DriverFamily, Matrix};
use crate::resolve::{Choice, Request, RequestedAccelerator, advise};
use crate::types::{Companion, CudaVersion, Detected, Machine, Origin};

use super::requested_specs::RequestedSpecs;

/// The machine and platform to migrate for.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The machine; `None` for a shared file.
    pub machine: Option<&'a Machine>,
    /// The platform, if the file names none.
    pub platform: Option<Subdir>,
}

/// The machine for one platform of a file, and what the file requests there.
pub(super) struct PlatformTarget<'m> {
    pub subdir: Subdir,
    pub requested: RequestedSpecs,
    pub machine: Machine,
    /// Whether the user described the machine; otherwise it follows from the old pins.
    pub is_described: bool,
    pub matrix: &'m Matrix,
}

impl<'m> PlatformTarget<'m> {
    /// The machine for a platform. Without a description, it has the oldest driver that runs the old
    /// builds, and an unknown GPU.
    pub(super) fn new(
        subdir: Subdir,
        requested: RequestedSpecs,
        target: Target<'_>,
        matrix: &'m Matrix,
    ) -> Self {
        let described = target
            .machine
            .filter(|machine| machine.subdir.value().is_none_or(|own| *own == subdir));
        let machine = match described {
            Some(machine) => machine.clone(),
            None => assumed(subdir, &requested, matrix),
        };
        Self { subdir, requested, machine, is_described: described.is_some(), matrix }
    }

    /// The same with the oldest driver for a newer CUDA; `None` for a described machine, or without a
    /// newer CUDA.
    pub(super) fn with_newer_driver(&self) -> Option<(Self, CudaVersion)> {
        let old = self.requested.cuda.filter(|_| !self.is_described)?;
        let newer = self.matrix.majors.iter().find(|row| row.major > old.major)?;
        let cuda = CudaVersion::new(newer.major, 0);
        let requested = RequestedSpecs { cuda: Some(cuda), ..self.requested.clone() };
        let any = Target { machine: None, platform: None };
        Some((Self::new(self.subdir, requested, any, self.matrix), cuda))
    }

    /// What to run on. A described machine without an NVIDIA GPU cannot run CUDA builds.
    pub(super) fn device(&self) -> RequestedAccelerator {
        let has_nvidia = self.machine.has_nvidia_card()
            || self.machine.driver.is_found()
            || self.machine.driver_cuda.is_found();
        // A shared file that does not choose leaves the choice to the solver.
        let is_impossible =
            self.requested.device == RequestedAccelerator::Cuda && self.is_described && !has_nvidia;
        if is_impossible { RequestedAccelerator::Auto } else { self.requested.device }
    }

    /// The build for a version of PyTorch and a pin of `cuda-version`, if given. A shared file
    /// with CUDA 12 keeps it if possible: newer GPUs need it.
    pub(super) fn choice(
        &self,
        pytorch: Option<Version>,
        pin: Option<CudaVersion>,
    ) -> Option<Choice<'m>> {
        let choice = self.advised(pytorch, pin)?;
        let old = self.requested.cuda.filter(|_| pin.is_none() && !self.is_described);
        let older = choice.cuda_version.zip(old).filter(|(own, old)| own.major < old.major);
        let Some((_, old)) = older else { return Some(choice) };
        let pins = self.matrix.cuda_versions.iter().filter(|pin| pin.major == old.major);
        let same_version = |other: &Choice<'m>| other.build.pytorch == choice.build.pytorch;
        let mut kept = pins.filter_map(|pin| self.advised(pytorch, Some(*pin)));
        Some(kept.find(same_version).unwrap_or(choice))
    }

    fn advised(&self, pytorch: Option<Version>, pin: Option<CudaVersion>) -> Option<Choice<'m>> {
        let mut companions: Vec<Companion> =
            self.requested.companions.iter().map(|(package, _)| *package).collect();
        companions.sort_unstable();
        companions.dedup();
        self.requested.pythons().into_iter().find_map(|python| {
            let request = Request {
                accelerator: self.device(),
                pytorch,
                python,
                cuda_version: pin,
                blas: None,
                companions: companions.clone(),
            };
            advise(&self.machine, &request, self.matrix).recommended
        })
    }

    /// The newest build for the device.
    pub(super) fn newest(&self) -> Option<Choice<'m>> {
        let request = Request { accelerator: self.device(), ..Request::default() };
        advise(&self.machine, &request, self.matrix).recommended
    }
}

/// A machine on which the old file works.
fn assumed(subdir: Subdir, requested: &RequestedSpecs, matrix: &Matrix) -> Machine {
    let mut machine = Machine::baseline(subdir);
    if requested.device != RequestedAccelerator::Cuda {
        return machine;
    }
    let family = DriverFamily::of(subdir, false);
    let cuda = requested.cuda.unwrap_or(CudaVersion::new(12, 1));
    let own = matrix.toolkit_driver(cuda, family);
    let driver = match (matrix.major_driver(cuda, family), own) {
        (Some(floor), Some(own)) if floor.is_at_least(own) => Some(floor),
        (floor, own) => own.or(floor),
    };
    let oldest = || matrix.toolkits.first().map(|row| family.pick(row.linux, row.windows));
    if let Some(driver) = driver.or_else(oldest) {
        machine.driver = Detected::found(driver, Origin::Baseline);
        machine.driver_cuda = Detected::unknown("the file is for any machine");
        machine.gpu_count = Detected::unknown("the file is for any machine");
    }
    machine
}
