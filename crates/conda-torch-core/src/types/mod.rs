//! The vocabulary: plain values in conda's and NVIDIA's own words. Uses nothing, decides nothing.

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
mod short_text;
mod source;
mod virtual_package;

pub use arch_list::{ArchList, CapabilitySet, KernelSupport};
pub use build::{Accelerator, ArmVariant, Blas, Build, Companion, CompanionBuild, GlibcFloor};
pub use client::{Client, ClientKind, ClientPart, ConfigFile, Setting, Shell};
pub use compute_capability::ComputeCapability;
pub use condarc::{Condarc, CondarcLine};
pub use cuda_version::{CudaPins, CudaVersion};
pub use detected::{Detected, Fact, Origin};
pub use driver_parts::{DeviceAccess, DriverParts, LibcudaError, NvmlError, VisibleDevices};
pub use driver_version::DriverVersion;
pub use environment::{Environment, InstalledPackage, PipPackage};
pub use machine::{Adapter, Gpu, Machine, Outcome, Processor, SourceReport, Vendor};
pub use short_text::{ShortText, TextTooLong};
pub use source::{Commit, Date, ParseSourceError, Source};
pub use virtual_package::VirtualPackage;
