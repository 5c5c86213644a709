//! How a dry run differs from the advice, and why one has no solution.

use crate::conda::{FaultKind, Version};
use crate::types::{Accelerator, Blas, Companion, CudaVersion};

/// A finding about a dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the fields say it all")]
pub enum SolveFinding {
    /// `pytorch` is not in the plan.
    NoPytorch,
    /// Another version of PyTorch.
    Version { expected: Version, got: String },
    /// A CPU build instead of a CUDA build.
    CpuBuild { expected: CudaVersion },
    /// Another accelerator or another CUDA version.
    Accelerator { expected: Accelerator, got: Accelerator },
    /// An unknown build string.
    UnknownBuild { build: String },
    /// Another linear algebra library.
    Blas { expected: Blas, got: Blas },
    /// A lower build number.
    OlderBuild { expected: u16, got: u64 },
    /// A higher build number than the matrix has: no contradiction.
    NewerBuild { known: u16, got: u64 },
    /// Packages from another channel, and whether `pytorch` is one of them.
    Channel { expected: String, got: String, packages: usize, has_pytorch: bool },
    /// A companion is not in the plan.
    CompanionMissing { package: Companion },
    /// Another version of a companion.
    CompanionVersion { package: Companion, expected: Version, got: String },
    /// A companion without CUDA beside a PyTorch with CUDA.
    CompanionCpu { package: Companion },
    /// Another `cuda-version` than the specs pin; `None` if it is not in the plan.
    CudaPin { expected: CudaVersion, got: Option<String> },
    /// The client does not detect this virtual package: `__cuda`.
    VirtualMissing { name: String },
    /// The detected virtual package is too old; the bound (`>=13`) and the version, if printed.
    VirtualTooLow { name: String, needed: Option<String>, detected: Option<String> },
    /// No channel has this package or spec.
    NotFound { spec: String },
    /// A pin excludes the build; the pin as the client prints it.
    Pinned { spec: String },
    /// These requested packages exclude each other; never empty.
    Conflict { packages: Vec<String> },
    /// There is no solution, and the client's output does not explain it.
    Unexplained,
    /// The client could not read the channel.
    Network { kind: FaultKind },
    /// The client failed.
    Failed,
    /// The client's output is in an unknown format.
    Unreadable,
}

impl SolveFinding {
    /// Whether it contradicts the advice.
    pub const fn contradicts(&self) -> bool {
        !matches!(self, Self::NewerBuild { .. })
    }

    /// The code in JSON.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoPytorch => "no-pytorch",
            Self::Version { .. } => "other-version",
            Self::CpuBuild { .. } => "cpu-build",
            Self::Accelerator { .. } => "other-accelerator",
            Self::UnknownBuild { .. } => "unknown-build",
            Self::Blas { .. } => "other-blas",
            Self::OlderBuild { .. } => "older-build",
            Self::NewerBuild { .. } => "newer-build",
            Self::Channel { .. } => "other-channel",
            Self::CompanionMissing { .. } => "companion-missing",
            Self::CompanionVersion { .. } => "companion-version",
            Self::CompanionCpu { .. } => "companion-cpu",
            Self::CudaPin { .. } => "cuda-version-pin",
            Self::VirtualMissing { .. } => "virtual-package-missing",
            Self::VirtualTooLow { .. } => "virtual-package-too-low",
            Self::NotFound { .. } => "package-not-found",
            Self::Pinned { .. } => "pinned",
            Self::Conflict { .. } => "conflict",
            Self::Unexplained => "unexplained",
            Self::Network { .. } => "network",
            Self::Failed => "client-failed",
            Self::Unreadable => "unreadable",
        }
    }

    /// The virtual package that it is about.
    pub fn virtual_package(&self) -> Option<&str> {
        let (Self::VirtualMissing { name } | Self::VirtualTooLow { name, .. }) = self else {
            return None;
        };
        Some(name)
    }
}
