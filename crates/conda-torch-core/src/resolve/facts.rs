//! The machine in the terms of the rules: every conclusion and assumption is drawn here, once.

use crate::conda::{Os, Subdir, Version};
use crate::diagnostics::Diagnostic;
use crate::matrix::{DriverFamily, GpuKeys, Matrix};
use crate::types::{
    ArmVariant, ComputeCapability, CudaVersion, Detected, DriverVersion, Gpu, KnownGpu, MOST_GPUS,
    Machine, Origin, Vendor,
};

use super::request::Request;

/// What the rules need to know about a machine.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// The platform to install for: arm64 on an arm64 Mac, even if this program runs under Rosetta.
    pub(super) subdir: Option<Subdir>,
    pub(super) driver_family: DriverFamily,
    pub(super) driver: Driver,
    /// Whether an NVIDIA card is there, shown by the driver or only on the bus.
    pub(super) has_nvidia_card: bool,
    pub(super) gpus: Vec<KnownGpu>,
    pub(super) libc: Libc,
    pub(super) macos: Detected<Version>,
    /// Which aarch64 builds are meant for it.
    pub(super) arm_variant: Option<ArmVariant>,
    /// The package `cuda-compat` for the driver, if all GPUs are those that it works on.
    pub(super) cuda_compat: Option<CudaCompat>,
    /// Whether it is in the environment: `driver` is the package's.
    pub(super) has_cuda_compat: bool,
    /// What was assumed or concluded on the way.
    pub(super) assumptions: Vec<Diagnostic>,
}

/// The package `cuda-compat`, with a newer libcuda than the driver's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CudaCompat {
    /// Its version.
    pub(super) cuda: CudaVersion,
    /// The driver that its libcuda is from.
    pub(super) driver: DriverVersion,
}

/// The NVIDIA driver, as far as CUDA builds care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Driver {
    Present {
        /// The newest CUDA that it supports.
        cuda: CudaVersion,
        /// Its version, or the oldest that it can be.
        version: Option<DriverVersion>,
        /// Whether it shows a GPU, or a flag or document names one.
        shows_gpu: bool,
    },
    Missing,
    Unknown(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Libc {
    Glibc(Version),
    /// Another, which no build of conda-forge supports.
    Other {
        musl: Option<Version>,
    },
    Unknown(String),
    NotLinux,
}

impl Facts {
    pub(super) fn new(machine: &Machine, request: &Request, matrix: &Matrix) -> Self {
        let mut assumptions = Vec::new();
        let subdir = subdir(machine, &mut assumptions);
        let wsl = machine.wsl.is_found();
        let gpus = gpus(machine, matrix);
        let mut facts = Self {
            subdir,
            driver_family: subdir
                .map_or(DriverFamily::Linux, |subdir| DriverFamily::of(subdir, wsl)),
            driver: Driver::Missing,
            has_nvidia_card: machine.has_nvidia_card(),
            arm_variant: arm_variant(machine, subdir, &gpus, matrix),
            gpus,
            libc: Libc::NotLinux,
            macos: machine.macos.clone(),
            cuda_compat: None,
            has_cuda_compat: false,
            assumptions,
        };
        facts.libc = facts.libc(machine);
        facts.driver = facts.driver(machine, request, matrix);
        facts.cuda_compat = facts.cuda_compat(machine, matrix);
        facts
    }

    /// Linux' drivers alone have it, with data center GPUs; Jetson's GPUs are none.
    fn cuda_compat(&self, machine: &Machine, matrix: &Matrix) -> Option<CudaCompat> {
        let Driver::Present { version: Some(driver), shows_gpu: true, .. } = self.driver else {
            return None;
        };
        let can = self.driver_family == DriverFamily::Linux
            && machine.driver.is_found()
            && matrix.has_data_center_gpus(machine);
        let row = matrix.cuda_compat(driver).filter(|_| can)?;
        Some(CudaCompat { cuda: row.cuda, driver: row.driver })
    }

    pub(super) fn os(&self) -> Option<Os> {
        self.subdir.map(Subdir::os)
    }

    pub(super) fn known_capabilities(
        &self,
    ) -> impl Iterator<Item = (&KnownGpu, ComputeCapability)> {
        self.gpus.iter().filter_map(|gpu| Some((gpu, gpu.capability?)))
    }

    /// Whether an NVIDIA GPU is there, or a driver that should have one.
    pub(super) fn has_nvidia(&self) -> bool {
        self.has_nvidia_card || self.driver != Driver::Missing
    }

    /// The newest CUDA of a usable driver.
    pub(super) fn cuda(&self) -> Option<CudaVersion> {
        match self.driver {
            Driver::Present { cuda, shows_gpu: true, .. } => Some(cuda),
            Driver::Missing | Driver::Present { .. } | Driver::Unknown(_) => None,
        }
    }

    /// The newest CUDA that a driver supports on this machine; the oldest known for older drivers.
    ///
    /// Jetson's drivers have numbers of their own below the branch: `JetPack` 7 has `580.00` with
    /// CUDA 13.0 (vllm-project/vllm#34470), which other drivers have from 580.65.06 on.
    pub(super) fn cuda_of(&self, driver: DriverVersion, matrix: &Matrix) -> CudaVersion {
        let is_tegra = self.arm_variant == Some(ArmVariant::Tegra);
        let driver = if is_tegra { DriverVersion::new(&[driver.branch()]) } else { driver };
        let oldest = || matrix.toolkits.first().map_or(CudaVersion::new(8, 0), |row| row.cuda);
        matrix.cuda_of_driver(driver, self.driver_family).unwrap_or_else(oldest)
    }

    fn libc(&self, machine: &Machine) -> Libc {
        if self.os() != Some(Os::Linux) {
            return Libc::NotLinux;
        }
        match &machine.glibc {
            Detected::Found(glibc) => Libc::Glibc(glibc.value),
            Detected::Absent => Libc::Other { musl: machine.musl.value().copied() },
            Detected::Unknown { why } => Libc::Unknown(why.to_string()),
        }
    }

    fn driver(&mut self, machine: &Machine, request: &Request, matrix: &Matrix) -> Driver {
        if self.os() == Some(Os::Macos) {
            return Driver::Missing;
        }
        if let Some(driver) = machine.driver.value().copied().filter(|driver| driver.is_branch()) {
            self.assumptions.push(Diagnostic::DriverBranchAssumed { driver });
        }
        // A forward-compatibility package is part of one environment and serves some GPUs: the driver
        // itself decides.
        let (cuda, version) = match driver_behind_newer_libcuda(machine) {
            Some(driver) => (Some(self.cuda_of(driver, matrix)), Some(driver)),
            None => (machine.driver_cuda.value().copied(), machine.driver.value().copied()),
        };
        let cuda = self.contradicted(machine, matrix).or(cuda);
        let cuda_or_by_version =
            || cuda.or_else(|| version.map(|driver| self.cuda_of(driver, matrix)));
        let shows_none = if machine.gpus.is_empty() {
            machine.gpu_count == Detected::Absent
        } else {
            machine.gpus.iter().all(is_graphics_only_vgpu)
        };
        if shows_none && let Some(cuda) = cuda_or_by_version() {
            return Driver::Present { cuda, version, shows_gpu: false };
        }
        match (&machine.driver_cuda, cuda, version) {
            (_, Some(cuda), version) => {
                let own = || matrix.toolkit_driver(cuda, self.driver_family);
                Driver::Present { cuda, version: version.or_else(own), shows_gpu: true }
            }
            // A driver without CUDA: `CONDA_OVERRIDE_CUDA=` is set, or libcuda is missing.
            (Detected::Absent, None, Some(_)) if !is_by_flag(&machine.driver) => Driver::Missing,
            (_, None, Some(driver)) => self.usable(driver, matrix),
            (Detected::Unknown { why }, None, None) if machine.driver != Detected::Absent => {
                // A document with a GPU and without a driver: assume one.
                let has_gpu = !self.gpus.is_empty() || machine.jetson.is_found();
                if machine.document.is_some() && (has_gpu || request.wants_cuda()) {
                    self.current_driver(matrix)
                } else {
                    Driver::Unknown(why.to_string())
                }
            }
            (Detected::Found(_) | Detected::Absent | Detected::Unknown { .. }, None, None) => {
                // A GPU by flag, or a request for CUDA, implies a driver.
                let has_gpu_flag =
                    machine.gpus.iter().any(|gpu| is_by_flag(&gpu.compute_capability));
                let needs_driver = request.wants_cuda() || !self.gpus.is_empty();
                if has_gpu_flag || is_by_flag(&machine.subdir) && needs_driver {
                    self.current_driver(matrix)
                } else {
                    Driver::Missing
                }
            }
        }
    }

    /// The CUDA of a driver by flag if another flag gives another CUDA: the driver decides.
    fn contradicted(&mut self, machine: &Machine, matrix: &Matrix) -> Option<CudaVersion> {
        let (driver, cuda) = (*machine.driver.value()?, *machine.driver_cuda.value()?);
        let are_flags = is_by_flag(&machine.driver) && is_by_flag(&machine.driver_cuda);
        // A Jetson's drivers have numbers of their own.
        if !are_flags || self.arm_variant == Some(ArmVariant::Tegra) {
            return None;
        }
        let supports = self.cuda_of(driver, matrix);
        // A driver that is newer than the rows may support a newer CUDA.
        let is_newest = matrix.toolkits.last().is_some_and(|row| row.cuda == supports);
        if cuda == supports || is_newest && cuda > supports {
            return None;
        }
        self.assumptions.push(Diagnostic::CudaOfOtherDriver { driver, supports, cuda });
        Some(supports)
    }

    /// A driver that shows a GPU.
    pub(super) fn usable(&self, driver: DriverVersion, matrix: &Matrix) -> Driver {
        let cuda = self.cuda_of(driver, matrix);
        Driver::Present { cuda, version: Some(driver), shows_gpu: true }
    }

    /// Assumes a current driver: the one of the newest toolkit of any build, or, for cards that newer
    /// drivers dropped, the last branch for them.
    fn current_driver(&mut self, matrix: &Matrix) -> Driver {
        let last_branch = self.gpus.iter().filter_map(|gpu| matrix.last_branch(gpu.capability?));
        let toolkits = matrix.builds.iter().filter_map(|build| build.accelerator.cuda());
        let newest = toolkits
            .filter_map(|toolkit| {
                Some((toolkit, matrix.toolkit_driver(toolkit, self.driver_family)?))
            })
            .max_by_key(|(toolkit, _)| *toolkit);
        let last_branch = last_branch.min().map(|branch| DriverVersion::new(&[branch]));
        let Some(driver) = last_branch.or(newest.map(|(_, driver)| driver)) else {
            return Driver::Missing;
        };
        self.assumptions.push(Diagnostic::DriverAssumed { driver });
        self.usable(driver, matrix)
    }
}

fn subdir(machine: &Machine, assumptions: &mut Vec<Diagnostic>) -> Option<Subdir> {
    let subdir = machine.subdir.value().copied();
    if machine.rosetta.value() == Some(&true) && subdir == Some(Subdir::Osx64) {
        assumptions.push(Diagnostic::Rosetta);
        return Some(Subdir::OsxArm64);
    }
    subdir
}

/// The driver's GPUs; if it shows none, the cards on the bus, by their PCI ids, or a Jetson's, by its model.
fn gpus(machine: &Machine, matrix: &Matrix) -> Vec<KnownGpu> {
    let driver_shows_none =
        machine.gpu_count == Detected::Absent && machine.driver != Detected::Absent;
    if !machine.gpus.is_empty() || driver_shows_none {
        let keys = GpuKeys::new(matrix);
        let known = |gpu: &Gpu| KnownGpu {
            index: gpu.index,
            name: gpu.name.value().cloned(),
            capability: (gpu.compute_capability.value().copied())
                .or_else(|| Some(keys.capability_of_gpu(gpu)?.0)),
        };
        return machine.gpus.iter().take(MOST_GPUS).map(known).collect();
    }
    let cards = machine.adapters.iter().filter(|adapter| adapter.vendor == Vendor::Nvidia);
    let by_id = cards.map(|card| matrix.by_pci_id(&card.pci_id).map(|row| row.capability));
    let mut capabilities: Vec<Option<ComputeCapability>> = by_id.collect();
    if capabilities.is_empty() {
        let jetson = machine.jetson.value().and_then(|model| matrix.jetson_of_model(model));
        capabilities.extend(jetson.map(Some));
    }
    let gpu = |(index, capability)| KnownGpu { index, name: None, capability };
    (0..).zip(capabilities).map(gpu).collect()
}

/// Tegra if a GPU is a Jetson's, or if the machine is a Jetson with an unknown GPU.
fn arm_variant(
    machine: &Machine,
    subdir: Option<Subdir>,
    gpus: &[KnownGpu],
    matrix: &Matrix,
) -> Option<ArmVariant> {
    if subdir != Some(Subdir::LinuxAarch64) {
        return None;
    }
    let known: Vec<_> = gpus.iter().filter_map(|gpu| gpu.capability).collect();
    let is_tegra = known.iter().any(|capability| matrix.is_soc(*capability))
        || known.is_empty() && machine.jetson.is_found();
    Some(if is_tegra { ArmVariant::Tegra } else { ArmVariant::Sbsa })
}

pub(super) fn is_by_flag<T>(detected: &Detected<T>) -> bool {
    matches!(detected.origin(), Some(Origin::Flag(_)))
}

/// Whether the driver is given, by a flag or a variable, so that nothing detected here applies to it.
pub(super) fn is_driver_named(machine: &Machine) -> bool {
    let is_named = |origin: Option<&Origin>| {
        matches!(origin, Some(Origin::Flag(_) | Origin::Env(_) | Origin::Baseline))
    };
    is_named(machine.driver.origin()) || is_named(machine.driver_cuda.origin())
}

/// The kernel's driver, if a newer libcuda comes first: NVML and conda then report the CUDA of that
/// libcuda. <https://docs.nvidia.com/deploy/cuda-compatibility/forward-compatibility.html>
fn driver_behind_newer_libcuda(machine: &Machine) -> Option<DriverVersion> {
    let parts = &machine.nvidia;
    let (driver, libcuda) = (*parts.kernel_module.value()?, *parts.libcuda_library.value()?);
    let is_newer = libcuda != driver && libcuda.is_at_least(driver);
    (is_newer && !is_driver_named(machine) && !machine.wsl.is_found()).then_some(driver)
}

/// Whether a GPU is a vGPU with a profile for desktops or applications, without CUDA.
pub(super) fn is_graphics_only_vgpu(gpu: &Gpu) -> bool {
    gpu.is_vgpu() && matches!(gpu.vgpu_profile(), Some('A' | 'B'))
}
