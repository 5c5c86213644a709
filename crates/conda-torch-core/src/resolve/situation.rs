//! What a [`Machine`] comes to for the decision: conclusions and assumptions are drawn once, here.

use crate::conda::{Subdir, Version};
use crate::matrix::{DriverFamily, Matrix};
use crate::types::{
    ArmVariant, Build, ComputeCapability, CudaVersion, Detected, DriverVersion, Machine, Origin,
};

use crate::diagnostics::Diagnostic;
use crate::resolve::{
    gpus::gpus, remarks::is_without_cuda, request::Request, told::before_the_driver,
};

/// A machine in the terms of the rules.
#[derive(Debug, Clone)]
pub(super) struct Situation {
    /// The platform to install for: arm64 on an arm64 Mac, also where this program is translated.
    pub(super) subdir: Option<Subdir>,
    /// Whose driver numbers count.
    pub(super) family: DriverFamily,
    /// The NVIDIA driver.
    pub(super) driver: DriverState,
    /// Every NVIDIA GPU that is known in any way.
    pub(super) gpus: Vec<SituatedGpu>,
    /// The C library.
    pub(super) libc: Libc,
    /// The macOS version, on macOS.
    pub(super) macos: Detected<Version>,
    /// Which aarch64 builds are meant for it.
    pub(super) arm_variant: Option<ArmVariant>,
    /// What had to be assumed or concluded on the way.
    pub(super) remarks: Vec<Diagnostic>,
}

/// The NVIDIA driver, as far as CUDA builds care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DriverState {
    /// A driver that shows a GPU, or is said to.
    Usable {
        /// The newest CUDA that it supports.
        cuda: CudaVersion,
        /// Its version, or the oldest that it can be.
        driver: Option<DriverVersion>,
    },
    /// No driver.
    Missing,
    /// A driver that shows no GPU.
    NoGpu {
        /// The newest CUDA that it supports.
        cuda: CudaVersion,
        /// Its version, where it is known.
        driver: Option<DriverVersion>,
    },
    /// Could not be told.
    Unknown(String),
}

/// A GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SituatedGpu {
    pub(super) index: u32,
    pub(super) name: Option<String>,
    pub(super) capability: Option<ComputeCapability>,
}

/// The C library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Libc {
    /// glibc of this version.
    Glibc(Version),
    /// Another, which no build of conda-forge runs on.
    Other { musl: Option<Version> },
    /// Could not be told.
    Unknown(String),
    /// Not a Linux.
    NotLinux,
}

impl Situation {
    /// Draws the conclusions.
    pub(super) fn of(machine: &Machine, request: &Request, matrix: &Matrix) -> Self {
        let mut remarks = Vec::new();
        let subdir = platform(machine, &mut remarks);
        let wsl = machine.wsl.is_found();
        let family = subdir.map_or(DriverFamily::Linux, |subdir| DriverFamily::of(subdir, wsl));
        let gpus = gpus(machine, matrix);
        let arm_variant = arm_variant(machine, subdir, &gpus, matrix);
        let context = Context { machine, request, matrix, family, subdir, arm_variant };
        let driver = context.driver(&gpus, &mut remarks);
        Self {
            subdir,
            family,
            driver,
            gpus,
            libc: libc(machine, subdir, arm_variant, matrix),
            macos: machine.macos.clone(),
            arm_variant,
            remarks,
        }
    }

    /// The GPUs whose compute capability is known.
    pub(super) fn known_gpus(&self) -> impl Iterator<Item = (&SituatedGpu, ComputeCapability)> {
        self.gpus.iter().filter_map(|gpu| Some((gpu, gpu.capability?)))
    }

    /// Whether the macOS is known to be older than another.
    pub(super) fn is_before(&self, macos: Version) -> bool {
        self.macos.value().is_some_and(|found| *found < macos)
    }

    /// The newest CUDA of a usable driver.
    pub(super) fn cuda(&self) -> Option<CudaVersion> {
        match &self.driver {
            DriverState::Usable { cuda, .. } => Some(*cuda),
            DriverState::Missing | DriverState::NoGpu { .. } | DriverState::Unknown(_) => None,
        }
    }
}

fn platform(machine: &Machine, remarks: &mut Vec<Diagnostic>) -> Option<Subdir> {
    let subdir = machine.subdir.value().copied();
    if machine.rosetta.value() == Some(&true) && subdir == Some(Subdir::Osx64) {
        remarks.push(Diagnostic::Rosetta);
        return Some(Subdir::OsxArm64);
    }
    subdir
}

fn libc(
    machine: &Machine,
    subdir: Option<Subdir>,
    arm_variant: Option<ArmVariant>,
    matrix: &Matrix,
) -> Libc {
    if subdir.is_none_or(|subdir| subdir.os() != crate::conda::Os::Linux) {
        return Libc::NotLinux;
    }
    match &machine.glibc {
        // The system of a Jetson comes with its driver, and the builds for it were made for that system.
        Detected::Found(glibc)
            if glibc.origin == Origin::Baseline && arm_variant == Some(ArmVariant::Tegra) =>
        {
            let tegra = |build: &&Build| build.arm_variant == Some(ArmVariant::Tegra);
            let floors = matrix.builds.iter().filter(tegra).filter_map(|build| build.glibc);
            Libc::Glibc(floors.map(|floor| floor.declared).fold(glibc.value, Version::max))
        }
        Detected::Found(glibc) => Libc::Glibc(glibc.value),
        Detected::Absent => Libc::Other { musl: machine.musl.value().copied() },
        Detected::Unknown { why } => Libc::Unknown(why.to_string()),
    }
}

/// Tegra where the GPU is a Jetson's; a Jetson whose GPU is not known counts as one too.
fn arm_variant(
    machine: &Machine,
    subdir: Option<Subdir>,
    gpus: &[SituatedGpu],
    matrix: &Matrix,
) -> Option<ArmVariant> {
    if subdir != Some(Subdir::LinuxAarch64) {
        return None;
    }
    let mut known = gpus.iter().filter_map(|gpu| gpu.capability).peekable();
    let tegra = if known.peek().is_some() {
        known.any(|capability| matrix.is_soc(capability))
    } else {
        machine.jetson.is_found()
    };
    Some(if tegra { ArmVariant::Tegra } else { ArmVariant::Sbsa })
}

/// What the driver's state is concluded from.
struct Context<'a> {
    machine: &'a Machine,
    request: &'a Request,
    matrix: &'a Matrix,
    family: DriverFamily,
    subdir: Option<Subdir>,
    arm_variant: Option<ArmVariant>,
}

impl Context<'_> {
    fn driver(&self, gpus: &[SituatedGpu], remarks: &mut Vec<Diagnostic>) -> DriverState {
        let machine = self.machine;
        if subdir_without_cuda(self.subdir) {
            return DriverState::Missing;
        }
        let driver = machine.driver.value().copied();
        if let Some(driver) = driver.filter(|driver| driver.is_branch()) {
            remarks.push(Diagnostic::DriverBranchAssumed { driver });
        }
        let no_gpu = machine.gpus.is_empty() && machine.gpu_count == Detected::Absent
            || !machine.gpus.is_empty() && machine.gpus.iter().all(is_without_cuda);
        if let Some(driver) = before_the_driver(machine) {
            // What a compatibility package adds goes with one environment and some GPUs.
            let cuda = self.cuda_of(driver);
            return if no_gpu {
                DriverState::NoGpu { cuda, driver: Some(driver) }
            } else {
                DriverState::Usable { cuda, driver: Some(driver) }
            };
        }
        let said = machine.driver.fact().is_some_and(|fact| matches!(fact.origin, Origin::Flag(_)));
        match (&machine.driver_cuda, driver) {
            (Detected::Found(_), _) | (Detected::Absent | Detected::Unknown { .. }, Some(_))
                if no_gpu =>
            {
                let by_driver = || driver.map(|driver| self.cuda_of(driver));
                let cuda = machine.driver_cuda.value().copied().or_else(by_driver);
                DriverState::NoGpu { cuda: cuda.unwrap_or(self.oldest_cuda()), driver }
            }
            (Detected::Found(cuda), driver) => DriverState::Usable {
                cuda: cuda.value,
                driver: driver.or_else(|| self.matrix.toolkit_driver(cuda.value, self.family)),
            },
            // A driver without CUDA: `CONDA_OVERRIDE_CUDA=` says so, or there is no libcuda.
            (Detected::Absent, Some(_)) if !said => DriverState::Missing,
            (Detected::Unknown { .. } | Detected::Absent, Some(driver)) => self.by_driver(driver),
            (Detected::Unknown { why }, None) if machine.driver != Detected::Absent => {
                let is_left_open = self.is_left_open(gpus);
                if is_left_open {
                    self.assumed(gpus, remarks)
                } else {
                    DriverState::Unknown(why.to_string())
                }
            }
            (Detected::Absent | Detected::Unknown { .. }, None) if self.may_assume(gpus) => {
                self.assumed(gpus, remarks)
            }
            (Detected::Absent | Detected::Unknown { .. }, None) => DriverState::Missing,
        }
    }

    fn by_driver(&self, driver: DriverVersion) -> DriverState {
        DriverState::Usable { cuda: self.cuda_of(driver), driver: Some(driver) }
    }

    /// Jetson's drivers are numbered by themselves below the branch: its 7th release has
    /// `580.00` with CUDA 13.0 (vllm-project/vllm#34470), as no other driver before 580.65.06 has.
    fn cuda_of(&self, driver: DriverVersion) -> CudaVersion {
        let is_tegra = self.arm_variant == Some(ArmVariant::Tegra);
        let driver = if is_tegra { DriverVersion::new(&[driver.branch()]) } else { driver };
        cuda_of(driver, self.matrix, self.family)
    }

    fn oldest_cuda(&self) -> CudaVersion {
        oldest_cuda(self.matrix)
    }

    /// Another machine that is said to have a GPU, or for which CUDA is asked, has a driver.
    fn may_assume(&self, gpus: &[SituatedGpu]) -> bool {
        let by_flag = |origin: &Origin| matches!(origin, Origin::Flag(_));
        let described = self.machine.subdir.fact().is_some_and(|subdir| by_flag(&subdir.origin));
        let named = self
            .machine
            .gpus
            .iter()
            .any(|gpu| gpu.compute_capability.fact().is_some_and(|fact| by_flag(&fact.origin)));
        named || described && (self.request.asks_for_cuda() || !gpus.is_empty())
    }

    /// A document that names a GPU and says nothing of a driver is about a machine that has one.
    fn is_left_open(&self, gpus: &[SituatedGpu]) -> bool {
        let has_gpu = !gpus.is_empty() || self.machine.jetson.is_found();
        self.machine.document.is_some() && (has_gpu || self.request.asks_for_cuda())
    }

    /// A current driver: of the newest toolkit that any build has and whose driver is known, or, for cards
    /// that newer drivers dropped, of the last branch for them.
    fn assumed(&self, gpus: &[SituatedGpu], remarks: &mut Vec<Diagnostic>) -> DriverState {
        let last_branch = gpus
            .iter()
            .filter_map(|gpu| self.matrix.capability(gpu.capability?)?.last_branch)
            .min()
            .map(|branch| DriverVersion::new(&[branch]));
        let newest = self
            .matrix
            .builds
            .iter()
            .filter_map(|build| {
                let toolkit = build.accelerator.cuda()?;
                Some((toolkit, self.matrix.toolkit_driver(toolkit, self.family)?))
            })
            .max_by_key(|(toolkit, _)| *toolkit)
            .map(|(_, driver)| driver);
        let Some(driver) = last_branch.or(newest) else { return DriverState::Missing };
        remarks.push(Diagnostic::DriverAssumed { driver });
        self.by_driver(driver)
    }
}

/// The newest CUDA of a driver; of one older than every row, the oldest.
pub(super) fn cuda_of(driver: DriverVersion, matrix: &Matrix, family: DriverFamily) -> CudaVersion {
    matrix.cuda_of_driver(driver, family).unwrap_or(oldest_cuda(matrix))
}

fn oldest_cuda(matrix: &Matrix) -> CudaVersion {
    matrix.toolkits.first().map_or(CudaVersion::new(8, 0), |row| row.cuda)
}

fn subdir_without_cuda(subdir: Option<Subdir>) -> bool {
    subdir.is_some_and(|subdir| subdir.os() == crate::conda::Os::Macos)
}
