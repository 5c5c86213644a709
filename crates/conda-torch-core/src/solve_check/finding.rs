//! How a dry run differs from the advice, and why one has no solution.

use crate::conda::{FaultKind, Version};
use crate::diagnostics::fault_text;
use crate::types::{Accelerator, Blas, Companion, CudaVersion};

/// A finding about a dry run, with its sentence; an empty one if the client's own output explains it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences say it")]
pub enum SolveFinding {
    #[error("no `pytorch`")]
    NoPytorch,
    #[error("PyTorch {got} instead of {expected}")]
    Version { expected: Version, got: String },
    #[error("PyTorch without CUDA instead of with CUDA {expected}")]
    CpuBuild { expected: CudaVersion },
    #[error("PyTorch {} instead of {}", with(*got), with(*expected))]
    Accelerator { expected: Accelerator, got: Accelerator },
    #[error("the unknown build `{build}`")]
    UnknownBuild { build: String },
    #[error("PyTorch with {got} instead of {expected}")]
    Blas { expected: Blas, got: Blas },
    #[error("build {got} instead of {expected}")]
    OlderBuild { expected: u16, got: u64 },
    /// No contradiction.
    #[error("build {got}, newer than the newest known build {known}")]
    NewerBuild { known: u16, got: u64 },
    #[error(
        "{packages} packages from {got} instead of {expected}, {} PyTorch",
        if *has_pytorch { "including" } else { "but not" }
    )]
    Channel { expected: String, got: String, packages: usize, has_pytorch: bool },
    #[error("no `{package}`")]
    CompanionMissing { package: Companion },
    #[error("{package} {got} instead of {expected}")]
    CompanionVersion { package: Companion, expected: Version, got: String },
    #[error("{package} without CUDA next to PyTorch with CUDA")]
    CompanionCpu { package: Companion },
    /// Another `cuda-version` than the specs pin; `None` if it is not in the plan.
    #[error(
        "{} instead of {expected}",
        got.as_ref().map_or("no cuda-version".to_owned(), |got| format!("cuda-version {got}"))
    )]
    CudaPin { expected: CudaVersion, got: Option<String> },
    #[error("`{name}` is not detected")]
    VirtualMissing { name: String },
    /// The bound (`>=13`) and the detected version, if printed.
    #[error(
        "`{name}` is {}{}",
        detected.as_deref().unwrap_or("too old"),
        needed.as_ref().map(|needed| format!(", but {needed} is needed")).unwrap_or_default()
    )]
    VirtualTooLow { name: String, needed: Option<String>, detected: Option<String> },
    /// The package or spec.
    #[error("the channel has no `{spec}`")]
    NotFound { spec: String },
    /// The pin as the client prints it.
    #[error("the pin `{spec}` conflicts")]
    Pinned { spec: String },
    /// Requested packages; never empty.
    #[error("{} conflict with each other", packages.join(", "))]
    Conflict { packages: Vec<String> },
    #[error("{}", fault_text(*kind).unwrap_or_default())]
    Network { kind: FaultKind },
    #[error("")]
    Unexplained,
    #[error("")]
    Failed,
    #[error("")]
    Unreadable,
}

impl SolveFinding {
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
            Self::Network { .. } => "network",
            Self::Unexplained => "unexplained",
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

fn with(accelerator: Accelerator) -> String {
    match accelerator {
        Accelerator::Cpu => "without CUDA".to_owned(),
        Accelerator::Mps => "for Metal".to_owned(),
        Accelerator::Cuda(toolkit) => format!("with CUDA {toolkit}"),
    }
}
