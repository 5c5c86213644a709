//! The vocabulary: machines, environments, builds and their versions, in conda's and NVIDIA's own words.
//! Plain values that decide nothing.

mod build;
mod client;
mod cuda_version;
mod detected;
mod driver_parts;
mod driver_version;
mod environment;
mod kernels;
mod machine;
mod node_facts;
mod source;

pub use build::{Accelerator, ArmVariant, Blas, Build, Companion, CompanionBuild, GlibcRange};
pub use client::{
    Client, ClientKind, ClientPart, Condarc, CondarcLine, ConfigFile, Setting, Shell,
    VirtualPackage,
};
pub use cuda_version::{CudaPins, CudaVersion};
pub use detected::{Detected, Fact, Origin};
pub use driver_parts::{DeviceAccess, DriverParts, LibcudaError, NvmlError, VisibleDevices};
pub use driver_version::DriverVersion;
pub use environment::{Environment, InstalledPackage, PipPackage};
pub use kernels::{ArchList, ComputeCapability, KernelSupport};
pub use machine::{
    Adapter, Contradiction, Gpu, KnownGpu, MOST_GPUS, Machine, Outcome, Processor, SourceReport,
    Vendor,
};
pub use node_facts::NodeFacts;
pub use source::{Commit, Date, Source};

use crate::conda::words;

words!(Blas { Generic = "generic", Mkl = "mkl" });
words!(ArmVariant { Sbsa = "sbsa", Tegra = "tegra" });
words!(Companion { Torchvision = "torchvision", Torchaudio = "torchaudio" });
words!(ClientKind { Conda = "conda", Mamba = "mamba", Micromamba = "micromamba", Pixi = "pixi" });
words!(Shell { Posix = "posix", Fish = "fish", Powershell = "powershell", Cmd = "cmd" });

crate::conda::serde_as_text!(
    Accelerator,
    ArchList,
    Commit,
    ComputeCapability,
    CudaVersion,
    Date,
    DriverVersion
);
