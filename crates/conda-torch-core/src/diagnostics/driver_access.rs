//! What is wrong with a machine's NVIDIA driver, or keeps a program from its GPUs: one variant a story,
//! each drawn from facts of the machine alone.

#![expect(missing_docs, reason = "a field says what it is; the variant above it says of what")]

use crate::types::{ComputeCapability, DriverVersion};

use crate::diagnostics::diagnostic::Severity;

/// A trouble that tells more than that the driver does not answer or shows no GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The driver's libraries and the loaded kernel module are of different versions.
    DriverMismatch { module: Option<DriverVersion>, library: Option<DriverVersion> },
    /// libcuda is not of the loaded driver: a forward-compatibility package stands before it.
    ForwardCompatibility {
        libcuda: Option<DriverVersion>,
        driver: Option<DriverVersion>,
        file: Option<String>,
        works: bool,
    },
    /// This user may not open the driver's devices.
    NoPermission { group: Option<String> },
    /// The module is there and not loaded, and the firmware loads signed code alone.
    SecureBoot,
    /// The driver's libraries are there, and no module for the running kernel.
    ModuleNotBuilt { kernel: Option<String> },
    /// The module is there and not loaded.
    ModuleNotLoaded,
    /// The free driver holds the card.
    Nouveau { pci_id: String, capability: Option<ComputeCapability> },
    /// The machine has GPUs, and this program was given none: a job or a control group.
    GpuNotAllocated { installed: Option<u32>, in_job: bool },
    /// A container that was started without the GPU.
    ContainerWithoutGpu,
    /// A container that was given the driver without its compute part.
    ContainerWithoutCompute,
    /// MIG is on, and no slice was made or given.
    MigWithoutInstance { made: bool },
    /// The GPU is split by MIG.
    Mig { slices: Vec<String> },
    /// The GPU is a virtual machine's part of one.
    Vgpu { name: Option<String> },
    /// Its profile does not compute.
    VgpuWithoutCuda { name: Option<String> },
    /// `CUDA_VISIBLE_DEVICES` hides GPUs from PyTorch. `hidden` is empty where their numbers are not sure.
    GpuHidden { hidden: Vec<u32>, visible: u32, of: u32, in_job: bool },
    /// WSL 1 has no GPU.
    WslOne,
    /// A Linux driver stands before the one that Windows brings to WSL.
    WslDriverShadowed { file: String },
    /// WSL's programs of the driver are not on PATH.
    WslPath,
    /// No build ever had kernels for so old a GPU.
    GpuTooOld { gpu: u32, name: Option<String>, capability: ComputeCapability },
    /// No build has kernels yet for so new a GPU.
    GpuTooNew { gpu: u32, name: Option<String>, capability: ComputeCapability },
}

impl Trouble {
    /// The stable name; see [`Diagnostic::code`](super::Diagnostic::code).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::DriverMismatch { .. } => "driver-mismatch",
            Self::ForwardCompatibility { .. } => "forward-compatibility",
            Self::NoPermission { .. } => "no-permission",
            Self::SecureBoot => "secure-boot",
            Self::ModuleNotBuilt { .. } => "module-not-built",
            Self::ModuleNotLoaded => "module-not-loaded",
            Self::Nouveau { .. } => "nouveau",
            Self::GpuNotAllocated { .. } => "gpu-not-allocated",
            Self::ContainerWithoutGpu => "container-without-gpu",
            Self::ContainerWithoutCompute => "container-without-compute",
            Self::MigWithoutInstance { .. } => "mig-without-instance",
            Self::Mig { .. } => "mig",
            Self::Vgpu { .. } => "vgpu",
            Self::VgpuWithoutCuda { .. } => "vgpu-without-cuda",
            Self::GpuHidden { .. } => "gpu-hidden",
            Self::WslOne => "wsl-1",
            Self::WslDriverShadowed { .. } => "wsl-driver-shadowed",
            Self::WslPath => "wsl-path",
            Self::GpuTooOld { .. } => "gpu-too-old",
            Self::GpuTooNew { .. } => "gpu-too-new",
        }
    }

    /// How grave it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::ForwardCompatibility { works: true, .. }
            | Self::GpuHidden { in_job: true, visible: 1.., .. }
            | Self::Mig { .. }
            | Self::Vgpu { .. }
            | Self::WslOne
            | Self::WslPath => Severity::Info,
            Self::GpuTooOld { .. } | Self::GpuTooNew { .. } => Severity::Error,
            Self::DriverMismatch { .. }
            | Self::ForwardCompatibility { .. }
            | Self::NoPermission { .. }
            | Self::SecureBoot
            | Self::ModuleNotBuilt { .. }
            | Self::ModuleNotLoaded
            | Self::Nouveau { .. }
            | Self::GpuNotAllocated { .. }
            | Self::ContainerWithoutGpu
            | Self::ContainerWithoutCompute
            | Self::MigWithoutInstance { .. }
            | Self::VgpuWithoutCuda { .. }
            | Self::GpuHidden { .. }
            | Self::WslDriverShadowed { .. } => Severity::Warning,
        }
    }

    /// Whether PyTorch finds no GPU until it is mended, whatever is installed.
    #[must_use]
    pub(crate) fn keeps_the_gpu_away(&self) -> bool {
        match self {
            Self::ForwardCompatibility { works, .. } => !works,
            Self::GpuHidden { visible, .. } => *visible == 0,
            Self::DriverMismatch { .. }
            | Self::NoPermission { .. }
            | Self::SecureBoot
            | Self::ModuleNotBuilt { .. }
            | Self::ModuleNotLoaded
            | Self::Nouveau { .. }
            | Self::GpuNotAllocated { .. }
            | Self::ContainerWithoutGpu
            | Self::ContainerWithoutCompute
            | Self::MigWithoutInstance { .. }
            | Self::VgpuWithoutCuda { .. }
            | Self::WslDriverShadowed { .. }
            | Self::GpuTooOld { .. }
            | Self::GpuTooNew { .. } => true,
            Self::Mig { .. } | Self::Vgpu { .. } | Self::WslOne | Self::WslPath => false,
        }
    }

    /// The codes that say less of the same: a person need not read those beside this one.
    #[must_use]
    pub fn says_more_than(&self) -> &'static [&'static str] {
        match self {
            Self::DriverMismatch { .. } | Self::NoPermission { .. } => {
                &["driver-unknown", "libcuda-missing"]
            }
            Self::SecureBoot | Self::ModuleNotBuilt { .. } | Self::ModuleNotLoaded => {
                &["driver-unknown", "libcuda-missing", "card-without-driver", "no-driver"]
            }
            Self::Nouveau { .. } => {
                &["card-without-driver", "driver-unknown", "libcuda-missing", "no-driver"]
            }
            Self::ForwardCompatibility { .. }
            | Self::ContainerWithoutGpu
            | Self::ContainerWithoutCompute
            | Self::WslDriverShadowed { .. } => &["libcuda-missing"],
            Self::MigWithoutInstance { .. } => &["libcuda-missing", "no-gpu"],
            Self::GpuNotAllocated { .. } | Self::VgpuWithoutCuda { .. } => {
                &["no-gpu", "libcuda-missing"]
            }
            Self::GpuTooOld { .. } => &["no-kernels", "driver-too-old", "ptx-needs-newer-driver"],
            Self::GpuTooNew { .. } => {
                &["no-kernels", "toolkit-too-old-for-gpu", "capability-not-known"]
            }
            Self::Mig { .. }
            | Self::Vgpu { .. }
            | Self::GpuHidden { .. }
            | Self::WslOne
            | Self::WslPath => &[],
        }
    }
}
