//! The rows of `data/*.toml`. `build.rs` reads them and makes the program's tables of them: the program
//! itself parses nothing. `source` is the address of the page that a row was read on, `date` the day.

#![expect(missing_docs, reason = "what needs no words has none")]

use std::borrow::Cow;

use serde::Deserialize;

use crate::conda::Version;
use crate::types::{ArchList, ComputeCapability, CudaVersion, Date, DriverVersion};

/// The oldest drivers that support a toolkit in full, PTX too: its first release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolkitDriver {
    pub cuda: CudaVersion,
    pub linux: DriverVersion,
    /// The oldest Windows driver, also for WSL; a bare branch if NVIDIA names none.
    pub windows: DriverVersion,
    /// Whether it is inferred from what drivers report, and not read in NVIDIA's table.
    #[serde(default)]
    pub inferred: bool,
    pub source: Cow<'static, str>,
    pub date: Date,
}

/// The oldest drivers on which every toolkit of a major version runs its own machine code (PTX needs
/// more): NVIDIA's minor-version compatibility.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MajorDriver {
    /// 12 in 12.x.
    pub major: u16,
    pub linux: DriverVersion,
    pub windows: DriverVersion,
    pub source: Cow<'static, str>,
    pub date: Date,
}

/// A compute capability.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capability {
    pub capability: ComputeCapability,
    pub family: Cow<'static, str>,
    /// Well-known cards that have it: `RTX 3060–3090, A10, A40`.
    pub examples: Cow<'static, str>,
    /// The first toolkit whose libraries know it.
    pub first_toolkit: CudaVersion,
    /// The last driver branch for it; `None` while drivers support it.
    pub last_branch: Option<u32>,
    /// Whether it is a Tegra part (Jetson), whose machine code is not that of desktop parts.
    #[serde(default)]
    pub soc: bool,
    pub source: Cow<'static, str>,
    pub date: Date,
}

/// The oldest macOS on which PyTorch uses Apple's GPU, from a version of PyTorch on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetalFloor {
    pub pytorch: Version,
    pub macos: Version,
    pub source: Cow<'static, str>,
    pub date: Date,
}

/// A driver branch that the package `cuda-compat` works under.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForwardCompatibility {
    /// 535 in 535.54.03.
    pub branch: u32,
    /// The package's newest version for it, without the patch.
    pub cuda: CudaVersion,
    /// The driver that the package's libcuda is from.
    pub driver: DriverVersion,
    pub source: Cow<'static, str>,
    pub date: Date,
}

/// A GPU by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuName {
    /// As NVIDIA writes it, without `NVIDIA`: `GeForce GTX 1080 Ti`.
    pub name: Cow<'static, str>,
    pub capability: ComputeCapability,
}

/// A range of PCI device ids of one chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PciRange {
    pub first: u16,
    pub last: u16,
    /// The chip: `GP102`.
    pub chip: Cow<'static, str>,
    pub capability: ComputeCapability,
}

/// A release of NVIDIA's software for Jetson, which comes with a driver.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JetPack {
    /// 7 in `JetPack` 7.
    pub release: u16,
    pub driver: DriverVersion,
    pub source: Cow<'static, str>,
    pub date: Date,
}

/// The kernels in another channel's builds with a toolkit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherKernels {
    pub channel: Cow<'static, str>,
    pub toolkit: CudaVersion,
    pub kernels: ArchList,
    pub source: Cow<'static, str>,
    pub date: Date,
}

/// A package that conda-forge withdrew because it crashes on old GPUs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawn {
    /// Its name, with or without `lib` before it.
    pub package: Cow<'static, str>,
    pub version: Version,
    /// The CUDA that it is for: 12 in 12.x.
    pub cuda_major: u16,
    /// It crashes on GPUs of a lower compute capability.
    pub below: ComputeCapability,
    pub source: Cow<'static, str>,
    pub date: Date,
}
