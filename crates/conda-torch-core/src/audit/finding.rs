//! What can be said of an environment on a machine: one variant a fact.

#![expect(missing_docs, reason = "a field says what it is; the variant above it says of what")]

use crate::conda::Version;
use crate::diagnostics::Diagnostic;
use crate::types::{Companion, ComputeCapability, CudaVersion};

/// A fact about an environment. No sentences: those are made in `render`.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// What the advice would say against this build, or about this machine or request.
    Of(Diagnostic),

    // --- about the build
    /// No GPU is used, though this machine has one that builds with CUDA run on. `asked`: the spec that
    /// asked for it.
    CpuBuild { asked: Option<String> },
    /// The build has CUDA, and there is no NVIDIA card in this machine: it runs on the processor.
    CudaBuildIdle,
    /// The build is in no table: what kernels it has is not known.
    BuildNotKnown { version: String, build: String, channel: String },
    /// The channel that it is from gets no more builds.
    ChannelEnded { channel: String },
    /// A newer one runs on this machine.
    NewerPytorch { installed: Version, newest: Version },
    /// PyTorch is pip's alone: conda's clients know nothing of it.
    PipTorch { version: String },
    /// pip put its PyTorch on top of conda's.
    PipTorchOnTop { pip: String, conda: String },

    // --- about what lies around it
    /// Packages that PyTorch computes with are of channels that are not built for each other.
    MixedChannels { pytorch: String, others: Vec<(String, String)> },
    /// A cuDNN that was withdrawn, and the GPUs on which it crashes (none: those here are newer).
    CudnnWithdrawn { version: String, below: ComputeCapability, gpus: Vec<ComputeCapability> },
    /// torchvision or torchaudio is for another PyTorch.
    CompanionMismatch { package: Companion, version: String, made_for: Version, pytorch: Version },
    /// torchvision or torchaudio is from another channel than PyTorch.
    CompanionOtherChannel { package: Companion, channel: String, pytorch: String },
    /// One of PyTorch and the package has CUDA, the other has not.
    CompanionAccelerator { package: Companion, build: String, has_cuda: bool },

    // --- about the surroundings
    /// A variable says what a driver supports, in place of the driver.
    OverrideLeftBehind { variable: &'static str, says: String, driver: Option<CudaVersion> },
    /// The packages are for Intel Macs, and this is none.
    EnvironmentTranslated,
    /// A file of the environment cannot be read.
    EnvironmentDamaged { source: String, detail: String },
}

/// The error that a user sees, where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symptom {
    NoKernelImage,
    NotCompiledWithCuda,
    /// `found` as PyTorch prints it: 12040 for 12.4.
    DriverTooOld {
        found: u32,
    },
    NoNvidiaDriver,
    NoCudaGpus,
    UnsupportedPtx,
    GlibcNotFound {
        needed: Version,
    },
    Crash,
    NmsDoesNotExist,
    NmsWithoutCuda,
    UndefinedSymbol,
}

impl Finding {
    /// The error that a user sees because of it.
    #[must_use]
    pub fn symptom(&self) -> Option<Symptom> {
        use Diagnostic as D;
        let Self::Of(diagnostic) = self else { return self.own_symptom() };
        if let D::NoKernels { .. } | D::ToolkitTooOldForGpu { .. } = diagnostic {
            Some(Symptom::NoKernelImage)
        } else if let D::DriverTooOld { cuda, .. } = diagnostic {
            let found = u32::from(cuda.major) * 1000 + u32::from(cuda.minor) * 10;
            Some(Symptom::DriverTooOld { found })
        } else if let D::NoDriver { .. } = diagnostic {
            Some(Symptom::NoNvidiaDriver)
        } else if let D::NoGpu | D::LibcudaMissing = diagnostic {
            Some(Symptom::NoCudaGpus)
        } else if let D::PtxNeedsNewerDriver { .. } = diagnostic {
            Some(Symptom::UnsupportedPtx)
        } else if let D::GlibcTooOld { needed, .. } = diagnostic {
            Some(Symptom::GlibcNotFound { needed: *needed })
        } else {
            None
        }
    }

    fn own_symptom(&self) -> Option<Symptom> {
        match self {
            Self::CpuBuild { .. } => Some(Symptom::NotCompiledWithCuda),
            Self::CudnnWithdrawn { gpus, .. } if !gpus.is_empty() => Some(Symptom::Crash),
            Self::CompanionMismatch { package: Companion::Torchvision, .. } => {
                Some(Symptom::NmsDoesNotExist)
            }
            Self::CompanionMismatch { package: Companion::Torchaudio, .. } => {
                Some(Symptom::UndefinedSymbol)
            }
            Self::CompanionAccelerator {
                package: Companion::Torchvision, has_cuda: false, ..
            } => Some(Symptom::NmsWithoutCuda),
            Self::Of(_)
            | Self::CudaBuildIdle
            | Self::BuildNotKnown { .. }
            | Self::ChannelEnded { .. }
            | Self::NewerPytorch { .. }
            | Self::PipTorch { .. }
            | Self::PipTorchOnTop { .. }
            | Self::MixedChannels { .. }
            | Self::CudnnWithdrawn { .. }
            | Self::CompanionOtherChannel { .. }
            | Self::CompanionAccelerator { .. }
            | Self::OverrideLeftBehind { .. }
            | Self::EnvironmentTranslated
            | Self::EnvironmentDamaged { .. } => None,
        }
    }

    /// Whether other packages mend it.
    #[must_use]
    pub fn needs_packages(&self) -> bool {
        use crate::diagnostics::Severity;
        let by_driver = |diagnostic: &Diagnostic| {
            matches!(
                diagnostic,
                Diagnostic::NoDriver { .. }
                    | Diagnostic::NoGpu
                    | Diagnostic::LibcudaMissing
                    | Diagnostic::DriverUnknown { .. }
                    | Diagnostic::DriverDroppedGpu { .. }
            )
        };
        let elsewhere = match self {
            Self::Of(diagnostic) => by_driver(diagnostic),
            Self::OverrideLeftBehind { .. } | Self::EnvironmentDamaged { .. } => true,
            Self::CpuBuild { .. }
            | Self::CudaBuildIdle
            | Self::BuildNotKnown { .. }
            | Self::ChannelEnded { .. }
            | Self::NewerPytorch { .. }
            | Self::PipTorch { .. }
            | Self::PipTorchOnTop { .. }
            | Self::MixedChannels { .. }
            | Self::CudnnWithdrawn { .. }
            | Self::CompanionMismatch { .. }
            | Self::CompanionOtherChannel { .. }
            | Self::CompanionAccelerator { .. }
            | Self::EnvironmentTranslated => false,
        };
        self.severity() >= Severity::Warning && !elsewhere
    }
}
