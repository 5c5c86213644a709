//! A diagnostic's name for installers and for `explain`, and how grave it is.

use crate::diagnostics::diagnostic::{Diagnostic, Severity};

impl Diagnostic {
    /// The stable name: never renamed, never reused. Its page is in `docs/diagnostics.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherPlatform { .. } => "other-platform",
            Self::NoDriver { .. } => "no-driver",
            Self::NoGpu => "no-gpu",
            Self::DriverUnknown { .. } => "driver-unknown",
            Self::DriverTooOld { .. } => "driver-too-old",
            Self::ToolkitNotKnown { .. } => "toolkit-not-known",
            Self::NoKernels { .. } => "no-kernels",
            Self::PtxNeedsNewerDriver { .. } => "ptx-needs-newer-driver",
            Self::ToolkitTooOldForGpu { .. } => "toolkit-too-old-for-gpu",
            Self::PtxJit { .. } => "ptx-jit",
            Self::GlibcTooOld { .. } => "glibc-too-old",
            Self::NoGlibc { .. } => "no-glibc",
            Self::GlibcUnknown { .. } => "glibc-unknown",
            Self::MacosTooOld { .. } => "macos-too-old",
            Self::MacosUnknown { .. } => "macos-unknown",
            Self::OtherArmVariant { .. } => "other-arm-variant",
            Self::OtherPytorch { .. } => "other-pytorch",
            Self::PythonNotBuilt { .. } => "python-not-built",
            Self::OtherCudaVersion { .. } => "other-cuda-version",
            Self::OtherAccelerator => "other-accelerator",
            Self::OtherBlas { .. } => "other-blas",
            Self::CompanionMissing { .. } => "companion-missing",
            Self::ReleaseCandidate => "release-candidate",
            Self::Outranked { .. } => "outranked",
            Self::LeavesGpuUnused => "leaves-gpu-unused",
            Self::GpuNotUsed { .. } => "gpu-not-used",
            Self::CardWithoutDriver { .. } => "card-without-driver",
            Self::GpuNotKnown { .. } => "gpu-not-known",
            Self::NoCudaOnPlatform { .. } => "no-cuda-on-platform",
            Self::CapabilityNotKnown { .. } => "capability-not-known",
            Self::GpuLeftOut { .. } => "gpu-left-out",
            Self::DriverDroppedGpu { .. } => "driver-dropped-gpu",
            Self::AmdGpu => "amd-gpu",
            Self::IntelGpu => "intel-gpu",
            Self::Rosetta => "rosetta",
            Self::JetsonWithoutBuild { .. } => "jetson-without-build",
            Self::PlatformWithoutBuilds { .. } => "platform-without-builds",
            Self::LibcudaMissing => "libcuda-missing",
            Self::GlibcNotTried { .. } => "glibc-not-tried",
            Self::DriverAssumed { .. } => "driver-assumed",
            Self::DriverBranchAssumed { .. } => "driver-branch-assumed",
            Self::BaselineAssumed { .. } => "baseline-assumed",
            Self::DescribedElsewhere { .. } => "described-elsewhere",
            Self::NoClient => "no-client",
            Self::Trouble(trouble) => trouble.code(),
            Self::Channel(remark) => remark.code(),
            Self::CudaVersionHoldsBack { .. } => "cuda-version-holds-back",
            Self::CudaVersionNotBuilt { .. } => "cuda-version-not-built",
            Self::NoSuchCudaVersion { .. } => "no-such-cuda-version",
            Self::NoSuchPytorch { .. } => "no-such-pytorch",
            Self::CompanionHoldsBack { .. } => "companion-holds-back",
            Self::CompanionNotOnPlatform { .. } => "companion-not-on-platform",
            Self::PythonHoldsBack { .. } => "python-holds-back",
            Self::ToolkitShadowsDriver { .. } => "toolkit-shadows-driver",
            Self::ToolkitFileBroken { .. } => "toolkit-file-broken",
            Self::ClientSeesNoCuda { .. } => "client-sees-no-cuda",
            Self::CudaOverridden { .. } => "cuda-overridden",
            Self::MinorVersionCompatibility { .. } => "minor-version-compatibility",
            Self::FailsLoudly => "fails-loudly",
            Self::MetalIncluded => "metal-included",
            Self::MetalNeedsNewerMacos { .. } => "metal-needs-newer-macos",
        }
    }

    /// How grave it is where it stands among the remarks of an advice.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Trouble(trouble) => trouble.severity(),
            Self::Channel(remark) => remark.severity(),
            Self::OtherPlatform { .. }
            | Self::NoDriver { .. }
            | Self::NoGpu
            | Self::DriverUnknown { .. }
            | Self::DriverTooOld { .. }
            | Self::ToolkitNotKnown { .. }
            | Self::NoKernels { .. }
            | Self::PtxNeedsNewerDriver { .. }
            | Self::ToolkitTooOldForGpu { .. }
            | Self::GlibcTooOld { .. }
            | Self::NoGlibc { .. }
            | Self::MacosTooOld { .. }
            | Self::OtherArmVariant { .. }
            | Self::OtherPytorch { .. }
            | Self::PythonNotBuilt { .. }
            | Self::OtherCudaVersion { .. }
            | Self::OtherAccelerator
            | Self::OtherBlas { .. }
            | Self::CompanionMissing { .. }
            | Self::ReleaseCandidate
            | Self::GpuNotUsed { .. }
            | Self::NoCudaOnPlatform { .. }
            | Self::PlatformWithoutBuilds { .. }
            | Self::CudaVersionNotBuilt { .. }
            | Self::NoSuchCudaVersion { .. }
            | Self::NoSuchPytorch { .. }
            | Self::CompanionNotOnPlatform { .. } => Severity::Error,
            Self::PtxJit { .. }
            | Self::GlibcUnknown { .. }
            | Self::MacosUnknown { .. }
            | Self::CardWithoutDriver { .. }
            | Self::GpuNotKnown { .. }
            | Self::CapabilityNotKnown { .. }
            | Self::GpuLeftOut { .. }
            | Self::DriverDroppedGpu { .. }
            | Self::AmdGpu
            | Self::Rosetta
            | Self::JetsonWithoutBuild { .. }
            | Self::LibcudaMissing
            | Self::GlibcNotTried { .. }
            | Self::ToolkitShadowsDriver { .. }
            | Self::ToolkitFileBroken { .. }
            | Self::ClientSeesNoCuda { .. }
            | Self::CudaOverridden { .. }
            | Self::CudaVersionHoldsBack { .. }
            | Self::CompanionHoldsBack { .. }
            | Self::PythonHoldsBack { .. } => Severity::Warning,
            Self::Outranked { .. }
            | Self::LeavesGpuUnused
            | Self::IntelGpu
            | Self::DriverAssumed { .. }
            | Self::DriverBranchAssumed { .. }
            | Self::BaselineAssumed { .. }
            | Self::DescribedElsewhere { .. }
            | Self::NoClient
            | Self::MinorVersionCompatibility { .. }
            | Self::FailsLoudly
            | Self::MetalNeedsNewerMacos { .. }
            | Self::MetalIncluded => Severity::Info,
        }
    }
}
