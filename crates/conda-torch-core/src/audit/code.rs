//! A finding's name for installers and for `explain`, and how grave it is.

use crate::diagnostics::{Diagnostic, Severity};

use super::finding::Finding;

impl Finding {
    /// The stable name: never renamed, never reused. Its page is in `docs/diagnostics.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Of(diagnostic) => diagnostic.code(),
            Self::CpuBuild { .. } => "cpu-build",
            Self::CudaBuildIdle => "cuda-build-idle",
            Self::BuildNotKnown { .. } => "build-not-known",
            Self::ChannelEnded { .. } => "channel-ended",
            Self::NewerPytorch { .. } => "newer-pytorch",
            Self::PipTorch { .. } => "pip-torch",
            Self::PipTorchOnTop { .. } => "pip-torch-on-top",
            Self::MixedChannels { .. } => "mixed-channels",
            Self::CudnnWithdrawn { .. } => "cudnn-withdrawn",
            Self::CompanionMismatch { .. } => "companion-mismatch",
            Self::CompanionOtherChannel { .. } => "companion-other-channel",
            Self::CompanionAccelerator { .. } => "companion-accelerator",
            Self::OverrideLeftBehind { .. } => "override-left-behind",
            Self::EnvironmentTranslated => "environment-translated",
            Self::EnvironmentDamaged { .. } => "environment-damaged",
        }
    }

    /// How grave it is. From a warning on there is something to mend.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            // It runs: the translation is kept.
            Self::Of(Diagnostic::PtxJit { .. }) => Severity::Info,
            // The build runs; what it runs on is not what it could be.
            Self::Of(Diagnostic::NoGpu | Diagnostic::DriverUnknown { .. })
            | Self::CpuBuild { .. }
            | Self::PipTorchOnTop { .. }
            | Self::MixedChannels { .. }
            | Self::CompanionOtherChannel { .. }
            | Self::CompanionAccelerator { .. }
            | Self::OverrideLeftBehind { .. }
            | Self::EnvironmentTranslated
            | Self::EnvironmentDamaged { .. } => Severity::Warning,
            Self::Of(diagnostic) => diagnostic.severity(),
            Self::CudnnWithdrawn { gpus, .. } if !gpus.is_empty() => Severity::Error,
            Self::CompanionMismatch { .. } => Severity::Error,
            Self::CudaBuildIdle
            | Self::BuildNotKnown { .. }
            | Self::ChannelEnded { .. }
            | Self::NewerPytorch { .. }
            | Self::PipTorch { .. }
            | Self::CudnnWithdrawn { .. } => Severity::Info,
        }
    }
}
