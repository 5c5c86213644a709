//! A build of PyTorch on conda-forge, and of the packages that go with it.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ArchList, CudaPins, CudaVersion, Source};
use crate::conda::{Os, ParseError, Subdir, Version};

/// What a build computes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Accelerator {
    /// The processor alone.
    Cpu,
    /// Apple's GPU through Metal: every osx-arm64 build can.
    Mps,
    /// An NVIDIA GPU, with the toolkit that the build was compiled with.
    Cuda(CudaVersion),
}

impl Accelerator {
    /// The toolkit of a CUDA build.
    pub const fn cuda(self) -> Option<CudaVersion> {
        match self {
            Self::Cuda(toolkit) => Some(toolkit),
            Self::Cpu | Self::Mps => None,
        }
    }

    /// The start of the build string: `cpu`, `cuda129`. MPS builds have `cpu`.
    pub fn build_prefix(self) -> String {
        match self {
            Self::Cpu | Self::Mps => "cpu".to_owned(),
            Self::Cuda(toolkit) => format!("cuda{}", toolkit.digits()),
        }
    }
}

impl fmt::Display for Accelerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.pad("cpu"),
            Self::Mps => f.pad("mps"),
            Self::Cuda(toolkit) => write!(f, "cuda {toolkit}"),
        }
    }
}

impl FromStr for Accelerator {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.strip_prefix("cuda ")) {
            ("cpu", _) => Ok(Self::Cpu),
            ("mps", _) => Ok(Self::Mps),
            (_, Some(toolkit)) => Ok(Self::Cuda(toolkit.parse()?)),
            (_, None) => {
                let expected =
                    "an accelerator; expected `cpu`, `mps` or a toolkit such as `cuda 12.9`";
                Err(ParseError::new(text, expected))
            }
        }
    }
}

/// The linear algebra library of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Hash)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Blas {
    /// Whatever provides `libblas`: OpenBLAS by default.
    Generic,
    /// Intel's MKL; the channel prefers it where it exists.
    Mkl,
}

/// The two kinds of aarch64 machine that conda-forge's package `arm-variant` tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ArmVariant {
    /// Servers, and from CUDA 13 on also Jetson.
    Sbsa,
    /// NVIDIA Jetson up to Orin, with its own driver.
    Tegra,
}

/// The glibc that a build needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GlibcRange {
    /// `__glibc` of the package.
    pub declared: Version,
    /// `__glibc` of its CUDA libraries, if that is newer.
    pub libraries: Version,
    /// The first glibc that refuses to load it, although its metadata allows that: from 2.41 on, `dlopen`
    /// fails for a library marked for an executable stack (conda-forge/pytorch-cpu-feedstock#350).
    pub below: Option<Version>,
}

/// Builds of one PyTorch version that no rule tells apart, from the first build number to the last.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Build {
    pub pytorch: Version,
    pub subdir: Subdir,
    pub accelerator: Accelerator,
    pub blas: Blas,
    /// The aarch64 variant that it needs; `None` elsewhere and for older builds.
    pub arm_variant: Option<ArmVariant>,
    /// First and last build number, as at the end of the build string.
    pub build_numbers: (u16, u16),
    /// Whether the build string names the BLAS: `cuda129_mkl_py312…`, not `cuda120_py312…`.
    pub blas_in_build_string: bool,
    /// Whether `pytorch-gpu` or `pytorch-cpu` of this version leads to this build reliably. Up to
    /// 2.4.1 some variants of the metapackages are missing (conda-forge/pytorch-cpu-feedstock#338).
    pub metapackage: bool,
    /// Whether the channel has it, but no solution with it.
    #[serde(default)]
    pub unsolvable: bool,
    /// The `cuda-version` pins that it accepts; empty for builds without CUDA.
    #[serde(default)]
    pub cuda_pins: CudaPins,
    /// The kernels in it; empty for builds without CUDA.
    #[serde(default)]
    pub kernels: ArchList,
    pub glibc: Option<GlibcRange>,
    pub macos: Option<Version>,
    /// The first and last Python that it was built for, each a series such as 3.10.
    pub pythons: (Version, Version),
    pub source: Source,
}

impl Build {
    /// The start of the build string, before Python's version or a hash: `cuda129_mkl`, `cpu_generic`, `cuda120`.
    pub fn build_prefix(&self) -> String {
        let mut prefix = self.accelerator.build_prefix();
        if self.blas_in_build_string {
            prefix.push('_');
            prefix.push_str(self.blas.as_str());
        }
        prefix
    }

    /// The package for its accelerator; `None` if only the build string of `pytorch` selects it.
    pub fn package(&self) -> Option<&'static str> {
        match self.accelerator {
            // macOS has no other builds, and "pytorch-cpu" would be misleading with Metal.
            Accelerator::Cpu | Accelerator::Mps if self.subdir.os() == Os::Macos => Some("pytorch"),
            Accelerator::Cpu | Accelerator::Mps => self.metapackage.then_some("pytorch-cpu"),
            Accelerator::Cuda(_) => self.metapackage.then_some("pytorch-gpu"),
        }
    }

    /// The pins of `cuda-version` with which it runs. On Windows the toolkit's own alone, although the metadata up
    /// to 2.12.1 accept later ones: the name of the CUPTI DLL has the version (conda-forge/pytorch-cpu-feedstock
    /// 5fa77f85).
    pub fn pins(&self) -> CudaPins {
        let CudaPins { start, end } = self.cuda_pins.clone();
        let is_exact = self.subdir.os() == Os::Windows && start < end;
        start..if is_exact { end.min(start.next_minor()) } else { end }
    }

    /// What distinguishes it from other builds but its build numbers, in the order of the matrix.
    pub fn variant(&self) -> impl Ord + Copy + use<> {
        let (pytorch, accelerator) = (Reverse(self.pytorch), Reverse(self.accelerator));
        (pytorch, self.subdir, accelerator, self.arm_variant, Reverse(self.blas))
    }

    /// Whether it computes on an NVIDIA GPU.
    pub const fn is_cuda(&self) -> bool {
        matches!(self.accelerator, Accelerator::Cuda(_))
    }
}

/// A package that goes with PyTorch and limits it to certain versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Hash)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Companion {
    /// torchvision.
    Torchvision,
    /// torchaudio.
    Torchaudio,
}

/// A build of a companion.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct CompanionBuild {
    pub package: Companion,
    pub version: Version,
    pub subdir: Subdir,
    /// The series of PyTorch that it was built for, such as 2.13.
    pub pytorch: Version,
    /// `Cpu` goes with builds of PyTorch without CUDA (MPS too), `Cuda` with those that have it.
    pub accelerator: Accelerator,
    /// With CUDA: whether it accepts only a PyTorch of the same toolkit (torchvision up to 0.21).
    #[serde(default)]
    pub same_toolkit: bool,
    pub arm_variant: Option<ArmVariant>,
    /// The `cuda-version` pins that it accepts; empty without CUDA.
    #[serde(default)]
    pub cuda_pins: CudaPins,
    pub pythons: (Version, Version),
    pub source: Source,
}

impl CompanionBuild {
    /// What distinguishes it from others, in the order of the matrix.
    pub fn variant(&self) -> impl Ord + Copy + use<> {
        let (version, accelerator) = (Reverse(self.version), Reverse(self.accelerator));
        (self.package, version, self.subdir, accelerator, self.arm_variant)
    }
}
