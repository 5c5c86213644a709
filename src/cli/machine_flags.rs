//! The flags that describe a machine, shared by the subcommands that need one.

use crate::model::{ComputeCapability, CudaVersion, DriverVersion, Subdir, Version};

/// A machine by flags. With `--platform` nothing is probed; without it, flags override what is found.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Machine (default: this one, probed)")]
pub(super) struct MachineFlags {
    /// Advise for another machine of this conda platform: probe nothing
    #[arg(long, value_name = "SUBDIR")]
    pub platform: Option<Subdir>,
    /// The NVIDIA driver's version, or its branch [e.g. 580.65.06, 535]
    #[arg(long, value_name = "VERSION")]
    pub driver: Option<DriverVersion>,
    /// The newest CUDA that the driver supports, as `nvidia-smi` prints it [e.g. 12.4]
    #[arg(long, value_name = "VERSION")]
    pub cuda: Option<CudaVersion>,
    /// A GPU's compute capability; repeat for several GPUs [e.g. 8.6]
    #[arg(long, value_name = "X.Y")]
    pub compute_capability: Vec<ComputeCapability>,
    /// A GPU by name; repeat for several GPUs [e.g. "RTX 4090"]
    #[arg(long, value_name = "NAME")]
    pub gpu: Vec<String>,
    /// The version of glibc [e.g. 2.28]
    #[arg(long, value_name = "VERSION")]
    pub glibc: Option<Version>,
    /// The version of macOS [e.g. 14.5]
    #[arg(long, value_name = "VERSION")]
    pub macos: Option<Version>,
    /// A saved `probe --json`, `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "platform")]
    pub machine: Option<String>,
}
