//! What can be said for or against a build, a machine or a request: one variant a fact.

#![expect(missing_docs, reason = "a field says what it is; the variant above it says of what")]

use serde::Serialize;

use crate::conda::{Subdir, Version};
use crate::types::{
    ArmVariant, Blas, ClientKind, Companion, ComputeCapability, CudaVersion, DriverVersion, Origin,
};

use crate::diagnostics::{channel_remark::ChannelRemark, driver_access::Trouble};

/// A fact that matters for the decision. No sentences: those are made in `render`.
#[derive(Debug, Clone, PartialEq)]
pub enum Diagnostic {
    // --- against a build, because of the machine
    /// The build is for another platform.
    OtherPlatform { build: Subdir },
    /// No NVIDIA driver, so no CUDA.
    NoDriver { needed: DriverVersion },
    /// A driver, but it shows no GPU.
    NoGpu,
    /// Whether there is a driver could not be told.
    DriverUnknown { why: String },
    /// The driver supports only older CUDA.
    DriverTooOld {
        driver: Option<DriverVersion>,
        cuda: CudaVersion,
        toolkit: CudaVersion,
        needed: DriverVersion,
    },
    /// The toolkit is newer than the rows: which driver it needs is not known, and this one does not say
    /// that it supports it.
    ToolkitNotKnown { toolkit: CudaVersion },
    /// The build has no kernels for this GPU: "no kernel image is available".
    NoKernels {
        gpu: u32,
        name: Option<String>,
        capability: ComputeCapability,
        toolkit: CudaVersion,
    },
    /// The build reaches this GPU only through PTX, and the driver is too old to translate it.
    PtxNeedsNewerDriver {
        gpu: u32,
        name: Option<String>,
        capability: ComputeCapability,
        cuda: CudaVersion,
        toolkit: CudaVersion,
        needed: DriverVersion,
    },
    /// The CUDA libraries of this toolkit are older than the GPU.
    ToolkitTooOldForGpu {
        gpu: u32,
        name: Option<String>,
        capability: ComputeCapability,
        toolkit: CudaVersion,
        first: CudaVersion,
    },
    /// The build runs on this GPU by translating PTX at the first run.
    PtxJit { gpu: u32, name: Option<String>, capability: ComputeCapability },
    /// The system's glibc is older than what the build or its CUDA libraries need.
    GlibcTooOld { found: Version, needed: Version, declared: Version },
    /// The system has no glibc (musl).
    NoGlibc { musl: Option<Version> },
    /// The glibc version could not be told.
    GlibcUnknown { why: String, needed: Version },
    /// The system's macOS is older than what the build needs.
    MacosTooOld { found: Version, needed: Version },
    /// The macOS version could not be told.
    MacosUnknown { why: String, needed: Version },
    /// The build is for the other kind of aarch64 machine.
    OtherArmVariant { machine: ArmVariant, build: ArmVariant },
    // --- against a build, because of the request
    /// Not the version of PyTorch that was asked for.
    OtherPytorch { requested: Version },
    /// Not built for the Python that was asked for.
    PythonNotBuilt { requested: Version, first: Version, last: Version },
    /// Does not accept the `cuda-version` that was asked for.
    OtherCudaVersion {
        requested: CudaVersion,
        accepts_from: CudaVersion,
        accepts_below: CudaVersion,
    },
    /// A build without CUDA where CUDA was asked for, or the other way round.
    OtherAccelerator,
    /// Not the linear algebra library that was asked for.
    OtherBlas { requested: Blas },
    /// A package that was asked for does not exist for this build.
    CompanionMissing { package: Companion },
    /// A release candidate, which conda-forge keeps on a label of its own.
    ReleaseCandidate,
    /// Fits, but a better build does too.
    Outranked { by: Version },
    /// Fits, but leaves the GPU unused.
    LeavesGpuUnused,

    // --- about the machine
    /// There is an NVIDIA card that the answer does not use: because the request says so, or for the
    /// reasons that follow.
    GpuNotUsed { asked: bool },
    /// An NVIDIA card on the bus, but no driver for it.
    CardWithoutDriver {
        pci_id: String,
        capability: Option<ComputeCapability>,
        kernel_driver: Option<String>,
        needed: DriverVersion,
    },
    /// The GPU is not known: the build that serves the most cards was chosen.
    GpuNotKnown { served: Vec<ComputeCapability> },
    /// conda-forge has no CUDA builds for this platform at all.
    NoCudaOnPlatform { subdir: Subdir },
    /// A GPU whose compute capability is not in any table.
    CapabilityNotKnown { gpu: u32, name: Option<String>, capability: Option<ComputeCapability> },
    /// One GPU of several that the chosen build does not serve.
    GpuLeftOut { gpu: u32, name: Option<String>, capability: ComputeCapability },
    /// Drivers of this branch no longer support the GPU.
    DriverDroppedGpu {
        gpu: u32,
        name: Option<String>,
        capability: ComputeCapability,
        driver: DriverVersion,
        last_branch: u32,
    },
    /// An AMD GPU: conda-forge has no build for `ROCm`.
    AmdGpu,
    /// An Intel GPU: conda-forge has no XPU build.
    IntelGpu,
    /// The program runs translated on an arm64 Mac.
    Rosetta,
    /// A Jetson for which no build has kernels.
    JetsonWithoutBuild { model: String },
    /// conda-forge has no PyTorch for this platform.
    PlatformWithoutBuilds { subdir: Option<Subdir> },
    /// The kernel has an NVIDIA driver, but libcuda is missing here or shows no device.
    LibcudaMissing,
    /// The CUDA libraries of the build were not tried with a glibc this old.
    GlibcNotTried { found: Version },
    /// A driver was assumed because none was named.
    DriverAssumed { driver: DriverVersion },
    /// Only the driver's branch is known: taken as a current release of it.
    DriverBranchAssumed { driver: DriverVersion },
    /// What was assumed about a machine that was not probed.
    BaselineAssumed { glibc: Option<Version>, macos: Option<Version> },
    /// The machine was read from a document of another program: what that left open, and what was
    /// assumed for it.
    DescribedElsewhere { format: String, missing: Vec<MissingFact>, assumed: Vec<AssumedFact> },
    /// No client was found.
    NoClient,

    /// What is wrong with the NVIDIA driver or keeps a program from its GPUs.
    Trouble(Trouble),

    // --- about the request
    /// The `cuda-version` that was asked for gives up a newer PyTorch.
    CudaVersionHoldsBack {
        requested: CudaVersion,
        gives: Version,
        newest: Version,
        without: CudaVersion,
    },
    /// No build for this platform takes the `cuda-version` that was asked for.
    CudaVersionNotBuilt { requested: CudaVersion, subdir: Subdir },
    /// `cuda-version` never had this version.
    NoSuchCudaVersion { requested: CudaVersion, nearest: Vec<CudaVersion> },
    /// This version of PyTorch was never on conda-forge.
    NoSuchPytorch { requested: Version, nearest: Vec<Version> },
    /// A package that was asked for holds PyTorch back.
    CompanionHoldsBack { package: Companion, gives: Version, newest: Version },
    /// A package that was asked for does not exist on this platform.
    CompanionNotOnPlatform { package: Companion, subdir: Subdir },
    /// The Python that was asked for holds PyTorch back.
    PythonHoldsBack { python: Version, gives: Version, newest: Version },

    // --- about the client that the commands are for; found in `foresee`
    /// The client takes a toolkit's file for the driver's word.
    ToolkitShadowsDriver {
        client: ClientKind,
        path: String,
        toolkit: CudaVersion,
        driver: Option<CudaVersion>,
    },
    /// The client ends with an error on a toolkit's file.
    ToolkitFileBroken { client: ClientKind, path: String, why: String },
    /// The client sees no CUDA where there is a driver with a GPU.
    ClientSeesNoCuda { client: ClientKind, why: Blind },
    /// Somebody has told the clients of another CUDA than the driver's.
    CudaOverridden { name: String, origin: Origin, value: String, driver: CudaVersion },

    /// The rows were read in a channel, or were to be.
    Channel(ChannelRemark),

    // --- why the chosen build works
    /// The driver says an older CUDA than the toolkit's, and runs it all the same.
    MinorVersionCompatibility { cuda: CudaVersion, toolkit: CudaVersion, floor: DriverVersion },
    /// `pytorch-gpu` fails where no GPU is seen, instead of silently giving the CPU build.
    FailsLoudly,
    /// Apple's GPU is used through Metal.
    MetalIncluded,
    /// Metal needs a newer macOS: the build computes on the processor here.
    MetalNeedsNewerMacos { found: Version, needed: Version },
}

/// A fact that matters for the decision and that a document did not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingFact {
    /// Conda's platform.
    Platform,
    /// The version of glibc.
    Glibc,
    /// The version of macOS.
    Macos,
    /// The NVIDIA driver's version, and the CUDA that it supports.
    Driver,
    /// Which NVIDIA GPUs there are.
    Gpus,
    /// What a GPU can execute.
    ComputeCapability,
}

/// What was assumed in place of a fact that was missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssumedFact {
    /// Conda's platform.
    Platform(Subdir),
    /// The version of glibc.
    Glibc(Version),
    /// The version of macOS.
    Macos(Version),
}

/// Why a client sees no CUDA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blind {
    /// It asks libcuda, which is not there or shows no device.
    NoLibcuda,
    /// It asks libcuda, and looks for it elsewhere.
    LibcudaElsewhere,
    /// It asks libcuda, which `CUDA_VISIBLE_DEVICES` keeps from seeing a device.
    Hidden,
    /// It asks `nvidia-smi`, which is not on `PATH`.
    NoNvidiaSmi { is_wsl: bool },
    /// It asks `nvidia-smi`, which does not say it.
    NvidiaSmiSilent,
    /// Its own `info` does not list it.
    Said,
}

/// How grave a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something is given up or assumed.
    Warning,
    /// It keeps a build from working.
    Error,
}
