//! The vocabulary: machines, environments, builds and their versions, in conda's and NVIDIA's own words.
//! Plain values that decide nothing. Uses nothing, decides nothing.

mod arch_list;
mod build;
mod client;
mod compute_capability;
mod condarc;
mod cuda_version;
mod detected;
mod driver_parts;
mod driver_version;
mod environment;
mod machine;
mod source;
mod virtual_package;

pub use arch_list::{ArchList, KernelSupport, ParseArchListError};
pub use build::{
    Accelerator, ArmVariant, Blas, Build, Companion, CompanionBuild, GlibcFloor,
    ParseAcceleratorError,
};
pub use client::{Client, ClientKind, ClientPart, ConfigFile, Setting, Shell};
pub use compute_capability::ComputeCapability;
pub use condarc::{Condarc, CondarcLine};
pub use cuda_version::{CudaPins, CudaVersion};
pub use detected::{Detected, Fact, Origin};
pub use driver_parts::{DeviceAccess, DriverParts, LibcudaError, NvmlError, VisibleDevices};
pub use driver_version::DriverVersion;
pub use environment::{Environment, InstalledPackage, PipPackage};
pub use machine::{Adapter, Gpu, Machine, Outcome, Processor, SourceReport, Vendor};
pub use source::{Commit, Date, ParseSourceError, Source};
pub use virtual_package::VirtualPackage;

/// Gives every variant of an enum its word: `as_str` and `Display`.
macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $type {
            /// Its word in commands, files and messages.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words!(Blas { Generic = "generic", Mkl = "mkl" });
words!(ArmVariant { Sbsa = "sbsa", Tegra = "tegra" });
words!(Companion { Torchvision = "torchvision", Torchaudio = "torchaudio" });
words!(ClientKind { Conda = "conda", Mamba = "mamba", Micromamba = "micromamba", Pixi = "pixi" });
words!(DeviceAccess { Open = "open", Denied = "denied" });

/// (De)serializes types as the text that they print and parse.
macro_rules! serde_as_text {
    ($($type:ty),+) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::conda::from_text(deserializer)
            }
        }
    )+};
}

serde_as_text!(Accelerator, ArchList, Commit, ComputeCapability, CudaVersion, Date, DriverVersion);
