//! The calls to the NVIDIA driver's libraries and their replies, raw.

use serde::{Deserialize, Serialize};

/// Which library files to try, in order: paths, or a bare name for the loader to find.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DriverRequest {
    /// NVML.
    pub nvml: Vec<String>,
    /// libcuda.
    pub libcuda: Vec<String>,
}

/// All calls in order, and how the process that made them ended. Replies before a crash or a timeout are
/// kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriverReport {
    /// Calls and replies in order.
    #[serde(default)]
    pub calls: Vec<DriverCall>,
    /// How the process ended.
    pub end: DriverEnd,
}

impl DriverReport {
    /// The process could not be started.
    pub fn not_started(why: impl Into<String>) -> Self {
        Self { calls: Vec::new(), end: DriverEnd::NotStarted(why.into()) }
    }
}

/// How the process that calls the driver ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriverEnd {
    /// All calls were made.
    Finished,
    /// It did not end within this many seconds.
    TimedOut(u64),
    /// It used too much memory.
    TooLarge,
    /// A call ended the process: the signal or exit status.
    Crashed(String),
    /// It could not be started: why.
    NotStarted(String),
}

/// A call that is about to be made (no reply yet), or its reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DriverCall {
    pub library: Library,
    pub query: Query,
    /// The device's index, if the call is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<u32>,
    /// The reply; `None` before the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
}

/// The calls in a process's output. Lines that a library printed and cut-off lines are skipped.
pub fn parse_driver_calls(stdout: &[u8]) -> Vec<DriverCall> {
    let lines = stdout.split(|byte| *byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// One of the driver's libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Library {
    Nvml,
    Libcuda,
}

impl Library {
    /// Its name in reports: `nvml`, `libcuda`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nvml => "nvml",
            Self::Libcuda => "libcuda",
        }
    }
}

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Query {
    /// Open the file and initialise it. The reply is the file.
    Init,
    /// The driver's version, a text.
    DriverVersion,
    /// The driver's CUDA version, as the driver API's integer.
    CudaVersion,
    /// The number of devices.
    DeviceCount,
    /// The handle of a device. It has a reply only if it fails.
    Device,
    /// The device's name.
    Name,
    /// The device's compute capability, as a text.
    ComputeCapability,
    /// The device's memory in bytes.
    Memory,
    /// Whether MIG is on: 1 or 0.
    Mig,
    /// PCI device in the upper and vendor in the lower 16 bits.
    PciId,
    /// The file that was opened, with its links followed.
    File,
    /// The names of a device's MIG slices, one a line.
    MigSlices,
    /// How a device is given to a virtual machine: `none`, `passthrough`, `vgpu`, `host-vgpu`.
    Virtualization,
}

impl Query {
    /// Its name in sentences.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "initialization",
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

/// A raw reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Reply {
    Text(String),
    Number(u64),
    /// The library file does not exist.
    NotThere,
    /// An error: the code's name with NVML (`DriverNotLoaded`), its number with libcuda (`100`),
    /// or the loader's message.
    Error(String),
}

impl Reply {
    /// A number. Negative ones are errors.
    pub fn number(number: i64) -> Self {
        u64::try_from(number)
            .map_or_else(|_| Self::Error("a negative number".to_owned()), Self::Number)
    }
}
