//! Findings about a dry run, and corrections of the command.

use crate::conda::{FaultKind, MatchSpec, Version};
use crate::types::{Accelerator, Blas, Companion, CudaVersion};

/// One thing to know about a dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SolveFinding {
    /// There is no `pytorch` in it.
    NoPytorch,
    /// Another version of PyTorch.
    Version {
        /// What the advice says.
        expected: Version,
        /// What the client would install.
        got: String,
    },
    /// A build without CUDA in place of one with it.
    CpuBuild {
        /// The toolkit that was promised.
        expected: CudaVersion,
    },
    /// Another accelerator or another toolkit.
    Accelerator {
        /// What the advice says.
        expected: Accelerator,
        /// What the client would install.
        got: Accelerator,
    },
    /// A build string that this program does not understand.
    UnknownBuild {
        /// It.
        build: String,
    },
    /// Another linear algebra library.
    Blas {
        /// What the advice says.
        expected: Blas,
        /// What the client would install.
        got: Blas,
    },
    /// An older build of the promised one.
    OlderBuild {
        /// What the advice says.
        expected: u16,
        /// What the client would install.
        got: u64,
    },
    /// A newer build of the promised one than this program knows: no contradiction.
    NewerBuild {
        /// The newest that this program knows.
        known: u16,
        /// What the client would install.
        got: u64,
    },
    /// Packages from another channel than the promised one.
    Channel {
        /// The channel that was promised.
        expected: String,
        /// The channel.
        got: String,
        /// How many come from there.
        packages: usize,
        /// Whether `pytorch` does.
        has_pytorch: bool,
    },
    /// A companion is not in it.
    CompanionMissing {
        /// Which.
        package: Companion,
    },
    /// Another version of a companion.
    CompanionVersion {
        /// Which.
        package: Companion,
        /// What the advice says.
        expected: Version,
        /// What the client would install.
        got: String,
    },
    /// A companion without CUDA beside a PyTorch with it.
    CompanionCpu {
        /// Which.
        package: Companion,
    },
    /// Another `cuda-version` than the specs pin; `None` where it is not in it.
    CudaPin {
        /// What the specs say.
        expected: CudaVersion,
        /// What the client would install.
        got: Option<String>,
    },
    /// The client sees no such virtual package.
    VirtualMissing {
        /// `__cuda`.
        name: String,
    },
    /// The client sees a virtual package, and too old a one.
    VirtualTooLow {
        /// `__cuda`.
        name: String,
        /// What is needed, where it is told: `>=13`.
        needed: Option<String>,
        /// What it sees, where it says it.
        seen: Option<String>,
    },
    /// No channel has this.
    NotFound {
        /// A package or a spec.
        spec: String,
    },
    /// A pin holds a package back.
    Pinned {
        /// The pin, as the client writes it.
        spec: String,
    },
    /// These requests exclude each other.
    Conflict {
        /// Packages, as the client names them; never empty.
        packages: Vec<String>,
    },
    /// There is no solution, and the client's words do not tell why in a way that is understood.
    Unexplained,
    /// The client could not get at the channel.
    Network {
        /// What kept it; `Other` where that was not told.
        kind: FaultKind,
    },
    /// The client failed.
    Failed,
    /// The client's words are not understood.
    Unreadable,
}

impl SolveFinding {
    /// Whether it speaks against the advice. A newer build than the table knows, and a build string
    /// that nobody could have known, do not.
    pub const fn contradicts(&self) -> bool {
        !matches!(self, Self::NewerBuild { .. })
    }

    /// Its name in JSON.
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
        if let Self::VirtualMissing { name } | Self::VirtualTooLow { name, .. } = self {
            Some(name)
        } else {
            None
        }
    }
}

/// A change to a command that may fix it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Correction {
    /// Set `CONDA_OVERRIDE_CUDA`.
    OverrideCuda(CudaVersion),
    /// Pass this spec, instead of the one for the same package.
    Spec(MatchSpec),
    /// Ignore the pins in the settings.
    NoPin,
    /// Use a new environment instead of the existing one.
    NewEnvironment,
}
