//! The support matrix: every build of PyTorch on conda-forge, and the tables about drivers and GPUs that
//! are needed to choose among them. Rows are in `data/*.toml`, each with its source.

#[cfg(test)] // and in `build.rs`
#[expect(dead_code, reason = "`build.rs` checks every file")]
mod check;
mod embedded;
#[cfg(test)] // and in `build.rs`
pub(crate) mod files;
mod filter;
mod gpu_names;
mod gpu_words;
mod overview;
mod rows;

use std::borrow::Cow;

pub use filter::{BuildFilter, FilterField};
pub(crate) use gpu_names::GpuKeys;
pub use gpu_names::{GpuNameError, NamedGpu};
pub use gpu_words::{GpuMaker, is_gpu_word};
pub use overview::{Limit, OverviewRow, Tier};
pub use rows::{
    Capability, ForwardCompatibility, GpuName, JetPack, MajorDriver, MetalFloor, OtherKernels,
    PciRange, ToolkitDriver, Withdrawn,
};

use crate::conda::{Os, Subdir, Version};
use crate::types::{
    Accelerator, ArmVariant, Build, CompanionBuild, ComputeCapability, CudaVersion, Date,
    DriverVersion, KernelSupport,
};

/// Everything that is known about what conda-forge has and what drivers and GPUs can run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Matrix {
    /// The channel by its name or address, without secrets: `conda-forge`.
    pub channel: Cow<'static, str>,
    /// The day up to which the channel was read.
    pub as_of: Date,
    /// Every build of PyTorch: newest version first, then by subdir, accelerator, BLAS.
    pub builds: Cow<'static, [Build]>,
    /// Every build of torchvision and torchaudio, newest first.
    pub companions: Cow<'static, [CompanionBuild]>,
    /// Every version of the package `cuda-version`, ascending.
    pub cuda_versions: Cow<'static, [CudaVersion]>,
    /// The driver that came with each toolkit, ascending.
    pub toolkits: Cow<'static, [ToolkitDriver]>,
    /// Minor-version compatibility: the oldest driver for every toolkit of a major version.
    pub majors: Cow<'static, [MajorDriver]>,
    pub capabilities: Cow<'static, [Capability]>,
    pub gpu_names: Cow<'static, [GpuName]>,
    /// Ranges of PCI device ids of NVIDIA chips, ascending.
    pub pci_devices: Cow<'static, [PciRange]>,
    pub jetpacks: Cow<'static, [JetPack]>,
    /// The oldest macOS for Apple's GPU, by PyTorch, ascending.
    pub metal: Cow<'static, [MetalFloor]>,
    /// The driver branches that the package `cuda-compat` works under, ascending.
    pub forward_compatibility: Cow<'static, [ForwardCompatibility]>,
    /// The names of the GPUs that it works on, as in `gpu_names`.
    pub data_center_gpus: Cow<'static, [Cow<'static, str>]>,
    /// The kernels in builds of other channels, for what is installed already.
    pub other_kernels: Cow<'static, [OtherKernels]>,
    /// Packages that conda-forge withdrew because they crash on old GPUs.
    pub withdrawn: Cow<'static, [Withdrawn]>,
}

/// Which driver versions count: Windows' numbers (also inside WSL) or Linux'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriverFamily {
    /// Linux drivers.
    Linux,
    /// Windows drivers, also as seen from inside WSL.
    Windows,
}

impl DriverFamily {
    /// The family for an operating system; inside WSL the driver is Windows' own.
    pub fn of(subdir: Subdir, wsl: bool) -> Self {
        if wsl || subdir.os() == Os::Windows { Self::Windows } else { Self::Linux }
    }

    /// The driver of this family.
    pub const fn pick(self, linux: DriverVersion, windows: DriverVersion) -> DriverVersion {
        match self {
            Self::Linux => linux,
            Self::Windows => windows,
        }
    }
}

impl Matrix {
    /// The rows in this program.
    pub fn embedded() -> &'static Self {
        &embedded::EMBEDDED
    }

    /// The rows up to a PyTorch, and their day: `2.13.0 2026-08-13`; `None` for any other text. For tests, whose
    /// expectations then outlive a release.
    pub fn up_to(&self, newest_and_day: &str) -> Option<Self> {
        let (newest, as_of) = newest_and_day.trim().split_once(' ')?;
        let (newest, as_of): (Version, Date) = (newest.parse().ok()?, as_of.parse().ok()?);
        let builds = self.builds.iter().filter(|build| build.pytorch <= newest).cloned();
        let companions = self.companions.iter().filter(|it| it.pytorch <= newest).cloned();
        let (builds, companions) = (builds.collect(), companions.collect());
        Some(Self { as_of, builds, companions, ..self.clone() })
    }

    /// The rows that the expectations of tests were written for.
    #[cfg(test)]
    pub(crate) fn of_tests() -> &'static Self {
        static MATRIX: std::sync::LazyLock<Matrix> = std::sync::LazyLock::new(|| {
            let up_to = include_str!("../../../../tests/up_to");
            Matrix::embedded().up_to(up_to).expect("a version and a day")
        });
        &MATRIX
    }

    /// What is known about a capability.
    pub fn capability(&self, capability: ComputeCapability) -> Option<&Capability> {
        let rows = &self.capabilities;
        let place = rows.binary_search_by_key(&capability, |row| row.capability).ok()?;
        rows.get(place)
    }

    /// Whether a capability is a Tegra part's. Unknown ones count as desktop parts.
    pub fn is_soc(&self, capability: ComputeCapability) -> bool {
        self.capability(capability).is_some_and(|row| row.soc)
    }

    /// How the kernels of a build reach a GPU.
    pub fn support(&self, build: &Build, gpu: ComputeCapability) -> KernelSupport {
        build.kernels.support(gpu, |capability| self.is_soc(capability))
    }

    /// The last driver branch for a GPU, if drivers have dropped it.
    pub fn last_branch(&self, gpu: ComputeCapability) -> Option<u32> {
        self.capability(gpu)?.last_branch
    }

    /// The oldest glibc for the CUDA libraries that a pin of `cuda-version` brings: what those of the
    /// newest toolkit up to the pin need, by the least demanding build with it.
    pub fn libraries_glibc(&self, subdir: Subdir, pin: CudaVersion) -> Option<Version> {
        let brought = |build: &&Build| {
            build.subdir == subdir
                && build.arm_variant != Some(ArmVariant::Tegra)
                && build
                    .accelerator
                    .cuda()
                    .is_some_and(|cuda| cuda.major == pin.major && cuda <= pin)
        };
        let builds = || self.builds.iter().filter(brought);
        let toolkit = builds().map(|build| build.accelerator).max()?;
        let with_it = builds().filter(|build| build.accelerator == toolkit);
        with_it.filter_map(|build| Some(build.glibc?.libraries)).min()
    }

    /// The oldest driver that supports a toolkit in full.
    pub fn toolkit_driver(&self, cuda: CudaVersion, family: DriverFamily) -> Option<DriverVersion> {
        let row = self.toolkits.iter().find(|row| row.cuda == cuda)?;
        Some(family.pick(row.linux, row.windows))
    }

    /// The oldest driver on which every toolkit of `cuda`'s major version runs.
    pub fn major_driver(&self, cuda: CudaVersion, family: DriverFamily) -> Option<DriverVersion> {
        let row = self.majors.iter().find(|row| row.major == cuda.major)?;
        Some(family.pick(row.linux, row.windows))
    }

    /// The oldest driver on which a toolkit's machine code runs: the one that came with it, or, where
    /// that is older, the floor of minor-version compatibility.
    pub fn oldest_driver(&self, cuda: CudaVersion, family: DriverFamily) -> Option<DriverVersion> {
        let own = self.toolkit_driver(cuda, family);
        match (self.major_driver(cuda, family), own) {
            (Some(floor), Some(own)) if floor.is_at_least(own) => Some(own),
            (floor, own) => floor.or(own),
        }
    }

    /// The oldest macOS on which a build uses Apple's GPU; `None` for builds that cannot.
    pub fn metal_macos(&self, build: &Build) -> Option<Version> {
        let mut rows = self.metal.iter().rev().filter(|_| build.accelerator == Accelerator::Mps);
        rows.find(|row| row.pytorch <= build.pytorch).map(|row| row.macos)
    }

    /// The package `cuda-compat` for a driver, on data center GPUs.
    pub fn cuda_compat(&self, driver: DriverVersion) -> Option<&ForwardCompatibility> {
        self.forward_compatibility.iter().find(|row| row.branch == driver.branch())
    }

    /// The first `JetPack` whose driver is new enough, or the newest.
    pub fn jetpack(&self, needed: DriverVersion) -> Option<&JetPack> {
        let first = self.jetpacks.iter().find(|row| row.driver.is_at_least(needed));
        first.or(self.jetpacks.last())
    }

    /// The newest CUDA that a driver supports, by the toolkits that it is new enough for.
    pub fn cuda_of_driver(
        &self,
        driver: DriverVersion,
        family: DriverFamily,
    ) -> Option<CudaVersion> {
        let is_enough =
            |row: &&ToolkitDriver| driver.is_at_least(family.pick(row.linux, row.windows));
        self.toolkits.iter().rev().find(is_enough).map(|row| row.cuda)
    }
}
