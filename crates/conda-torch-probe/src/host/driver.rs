//! What the NVIDIA driver's libraries were asked and what they said, raw.

use serde::{Deserialize, Serialize};

/// Which library files to try, in order: paths, or a bare name for the loader to find.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DriverRequest {
    /// NVML.
    pub nvml: Vec<String>,
    /// libcuda.
    pub libcuda: Vec<String>,
}

/// Everything that was said, in order, and how it ended. Lines that were said before a crash or a
/// timeout are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriverReport {
    /// Line by line.
    #[serde(default)]
    pub calls: Vec<DriverCall>,
    /// How it ended.
    pub end: DriverEnd,
}

/// How asking the driver ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriverEnd {
    /// All was asked.
    Finished,
    /// A call did not return within the deadline.
    TimedOut,
    /// A call brought the process down: the signal or exit status.
    Crashed(String),
    /// Nobody could be asked: why.
    NotStarted(String),
}

/// A call that is about to be made (no answer yet), or what it answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriverCall {
    /// Whose call.
    pub library: Library,
    /// Which.
    pub query: Query,
    /// The device's index, where the call is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<u32>,
    /// What it answered; nothing yet where it is about to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
}

/// The lines that the process which asks the driver wrote. What is no line of ours was printed by the
/// library, or cut off by the end.
#[must_use]
pub fn parse_driver_calls(stdout: &[u8]) -> Vec<DriverCall> {
    let lines = stdout.split(|byte| *byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// One of the driver's libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Library {
    /// The management library.
    Nvml,
    /// The compute library.
    Libcuda,
}

impl Library {
    /// The word for it: `nvml`, `libcuda`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nvml => "nvml",
            Self::Libcuda => "libcuda",
        }
    }
}

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Query {
    /// Open the file and initialise it. Answers with the file.
    Init,
    /// The driver's version, a text.
    DriverVersion,
    /// The driver's CUDA version, as the driver API's integer.
    CudaVersion,
    /// How many devices there are.
    DeviceCount,
    /// Get hold of a device, where that fails.
    Device,
    /// Its name.
    Name,
    /// Its compute capability, as a text.
    ComputeCapability,
    /// Its memory in bytes.
    Memory,
    /// Whether MIG is on: 1 or 0.
    Mig,
    /// PCI device in the upper and vendor in the lower 16 bits.
    PciId,
    /// The file that was opened, with its links followed.
    File,
    /// The names of a device's MIG slices, with line breaks between them.
    MigSlices,
    /// How a device is given to a virtual machine: `none`, `passthrough`, `vgpu`, `host-vgpu`.
    Virtualization,
}

impl Query {
    /// What is asked, for a sentence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "initialisation",
            Self::DriverVersion => "driver version",
            Self::CudaVersion => "CUDA version",
            Self::DeviceCount => "device count",
            Self::Device => "device",
            Self::Name => "name",
            Self::ComputeCapability => "compute capability",
            Self::Memory => "memory",
            Self::Mig => "MIG mode",
            Self::PciId => "PCI id",
            Self::File => "file",
            Self::MigSlices => "MIG slices",
            Self::Virtualization => "virtualization mode",
        }
    }
}

/// An answer as it came, without a judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// A text.
    Text(String),
    /// A number.
    Number(u64),
    /// The library file is not there.
    NotThere,
    /// An error: the code's name with NVML (`DriverNotLoaded`), its number with libcuda (`100`),
    /// or the loader's words.
    Error(String),
}
