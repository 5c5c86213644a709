//! The support matrix: every build of PyTorch on conda-forge, and the tables about drivers and GPUs
//! that are needed to choose among them. Rows live in `data/*.toml`, each with its source.

#[cfg(test)] // and, like `report` and `row`, in build.rs, which makes the rows of the data
#[expect(dead_code, reason = "build.rs checks every file")]
mod check;
mod complete;
mod names;
mod overview;
#[cfg(test)]
mod report;
#[cfg(test)]
#[expect(dead_code, reason = "build.rs reads every field")]
pub(crate) mod row;
mod rows;

use std::borrow::Cow;

pub use overview::{Limit, OverviewRow, Tier};

use crate::conda::{Os, Subdir, Version};
use crate::types::{
    ArchList, ArmVariant, Build, CompanionBuild, ComputeCapability, CudaVersion, Date,
    DriverVersion, KernelSupport, ShortText,
};

/// Everything that is known about what conda-forge has and what drivers and GPUs can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// The channel by its name or address, without secrets: `conda-forge`.
    pub channel: Cow<'static, str>,
    /// The day up to which the channel was read.
    pub as_of: Date,
    /// The oldest macOS on which Apple's GPU is reached through Metal.
    pub metal_macos: Version,
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
    /// Every known compute capability, ascending.
    pub capabilities: Cow<'static, [Capability]>,
    /// GPUs by name.
    pub gpu_names: Cow<'static, [GpuName]>,
    /// Ranges of PCI device ids of NVIDIA chips, ascending.
    pub pci_devices: Cow<'static, [PciRange]>,
    /// The kernels in builds of other channels, for what is installed already.
    pub other_kernels: Cow<'static, [OtherKernels]>,
    /// Packages that conda-forge withdrew because they crash on old GPUs.
    pub withdrawn: Cow<'static, [Withdrawn]>,
}

/// The oldest drivers that come with or support a toolkit in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolkitDriver {
    /// The toolkit.
    pub cuda: CudaVersion,
    /// The oldest Linux driver.
    pub linux: DriverVersion,
    /// The oldest Windows driver, also for WSL; a bare branch where NVIDIA names none.
    pub windows: DriverVersion,
}

/// The oldest drivers on which every toolkit of a major version runs (its own machine code only,
/// no translation of PTX): NVIDIA's minor-version compatibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MajorDriver {
    /// 12 in 12.x.
    pub major: u16,
    /// The oldest Linux driver.
    pub linux: DriverVersion,
    /// The oldest Windows driver, also for WSL.
    pub windows: DriverVersion,
}

/// A compute capability and who has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capability {
    /// Such as 8.6.
    pub capability: ComputeCapability,
    /// `Ampere`.
    pub family: ShortText<15>,
    /// Well-known cards that have it: `RTX 3060–3090, A10, A40`.
    pub examples: ShortText<63>,
    /// The first toolkit whose libraries know it.
    pub first_toolkit: CudaVersion,
    /// The last driver branch for it; `None` while drivers support it.
    pub last_branch: Option<u32>,
    /// Whether it is a Tegra part (Jetson), whose machine code is not that of desktop parts.
    pub soc: bool,
}

/// A GPU by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpuName {
    /// As NVIDIA writes it, without `NVIDIA`: `GeForce GTX 1080 Ti`.
    pub name: ShortText<31>,
    /// What it can execute.
    pub capability: ComputeCapability,
}

/// A range of PCI device ids that belong to chips of one compute capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PciRange {
    /// The first device id.
    pub first: u16,
    /// The last device id.
    pub last: u16,
    /// The chip: `GP102`.
    pub chip: ShortText<7>,
    /// What it can execute.
    pub capability: ComputeCapability,
}

/// The kernels in the builds of a channel other than conda-forge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherKernels {
    /// The channel's name: `pytorch`.
    pub channel: ShortText<15>,
    /// The toolkit that the builds were made with.
    pub toolkit: CudaVersion,
    /// What is in them.
    pub kernels: ArchList,
}

/// A package that was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawn {
    /// Its name, with or without `lib` before it.
    pub package: ShortText<15>,
    /// Its version.
    pub version: Version,
    /// The CUDA that it is for: 12 in 12.x.
    pub cuda_major: u16,
    /// It crashes on GPUs of a lower compute capability.
    pub below: ComputeCapability,
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
    #[must_use]
    pub fn of(subdir: Subdir, wsl: bool) -> Self {
        if wsl || subdir.os() == Os::Windows { Self::Windows } else { Self::Linux }
    }
}

impl Matrix {
    /// The rows in this program.
    #[must_use]
    pub fn embedded() -> &'static Self {
        &rows::EMBEDDED
    }

    /// What is known about a capability.
    #[must_use]
    pub fn capability(&self, capability: ComputeCapability) -> Option<&Capability> {
        let rows = &self.capabilities;
        let place = rows.binary_search_by_key(&capability, |row| row.capability).ok()?;
        rows.get(place)
    }

    /// Whether a capability is a Tegra part's. Unknown ones are taken for desktop parts.
    #[must_use]
    pub fn is_soc(&self, capability: ComputeCapability) -> bool {
        self.capability(capability).is_some_and(|row| row.soc)
    }

    /// How the kernels of a build reach a GPU.
    #[must_use]
    pub fn support(&self, build: &Build, gpu: ComputeCapability) -> KernelSupport {
        build.kernels.support(gpu, |capability| self.is_soc(capability))
    }

    /// The last driver branch for a GPU, if drivers have dropped it.
    #[must_use]
    pub fn last_branch(&self, gpu: ComputeCapability) -> Option<u32> {
        self.capability(gpu)?.last_branch
    }

    /// The oldest glibc for the CUDA libraries that a pin of `cuda-version` brings: what those of the
    /// newest toolkit up to the pin ask for, as the least demanding build with it shows.
    #[must_use]
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
    #[must_use]
    pub fn toolkit_driver(&self, cuda: CudaVersion, family: DriverFamily) -> Option<DriverVersion> {
        self.toolkits.iter().find(|row| row.cuda == cuda).map(|row| row.driver(family))
    }

    /// The oldest driver on which every toolkit of `cuda`'s major version runs.
    #[must_use]
    pub fn major_driver(&self, cuda: CudaVersion, family: DriverFamily) -> Option<DriverVersion> {
        self.majors.iter().find(|row| row.major == cuda.major).map(|row| row.driver(family))
    }

    /// The oldest driver on which a toolkit's machine code runs: the one that came with it, or, where
    /// that is older, the floor of minor-version compatibility.
    #[must_use]
    pub fn oldest_driver(&self, cuda: CudaVersion, family: DriverFamily) -> Option<DriverVersion> {
        let own = self.toolkit_driver(cuda, family);
        match (self.major_driver(cuda, family), own) {
            (Some(floor), Some(own)) if floor.is_at_least(own) => Some(own),
            (floor, own) => floor.or(own),
        }
    }

    /// The newest CUDA that a driver supports, by the toolkits that it is new enough for.
    #[must_use]
    pub fn cuda_of_driver(
        &self,
        driver: DriverVersion,
        family: DriverFamily,
    ) -> Option<CudaVersion> {
        self.toolkits
            .iter()
            .rev()
            .find(|row| driver.is_at_least(row.driver(family)))
            .map(|row| row.cuda)
    }
}

impl ToolkitDriver {
    /// The oldest driver of a family.
    #[must_use]
    pub fn driver(&self, family: DriverFamily) -> DriverVersion {
        match family {
            DriverFamily::Linux => self.linux,
            DriverFamily::Windows => self.windows,
        }
    }
}

impl MajorDriver {
    /// The oldest driver of a family.
    #[must_use]
    pub fn driver(&self, family: DriverFamily) -> DriverVersion {
        match family {
            DriverFamily::Linux => self.linux,
            DriverFamily::Windows => self.windows,
        }
    }
}
