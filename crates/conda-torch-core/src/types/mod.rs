//! The vocabulary: plain values in conda's and NVIDIA's own words. Uses nothing, decides nothing.

mod arch_list;
mod build;
mod channel_name;
mod channels;
mod client;
mod compute_capability;
mod cuda_version;
mod detected;
mod driver_version;
mod environment;
mod fault;
mod machine;
mod match_spec;
mod nvidia_traces;
mod settings;
mod short_text;
mod source;
mod subdir;
mod version;
mod virtual_package;

pub use arch_list::{ArchList, CapabilitySet, KernelSupport};
pub use build::{Accelerator, ArmVariant, Blas, Build, Companion, CompanionBuild, GlibcFloor};
pub use channel_name::{ChannelName, without_secrets};
pub use channels::{CONDA_FORGE, Channels, NoChannel, is_folder};
pub use client::{Client, ClientKind, ClientPart, ConfigFile, Setting, Shell};
pub use compute_capability::ComputeCapability;
pub use cuda_version::{CudaPins, CudaVersion};
pub use detected::{Detected, Fact, Origin};
pub use driver_version::DriverVersion;
pub use environment::{Environment, InstalledPackage, PipPackage};
pub use fault::{Fault, FaultKind};
pub use machine::{Adapter, Gpu, Machine, Outcome, Processor, SourceReport, Vendor};
pub use match_spec::MatchSpec;
pub use nvidia_traces::{DeviceAccess, NvidiaTraces, VisibleDevices};
pub use settings::{SettingsFile, SettingsLine};
pub use short_text::{ShortText, TextTooLong};
pub use source::{Commit, Date, ParseSourceError, Source};
pub use subdir::{Os, ParseSubdirError, Subdir};
pub use version::{ParseVersionError, Version};
pub use virtual_package::VirtualPackage;

/// Reads a value from the text that it prints.
fn from_text<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
    D: serde::Deserializer<'de>,
{
    let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}
