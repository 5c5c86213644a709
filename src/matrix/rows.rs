//! The rows of `data/*.toml` as `build.rs` wrote them: constants, nothing to parse or allocate.

use std::borrow::Cow;

use crate::model::{
    Accelerator, ArchList, ArmVariant, Blas, Build, Companion, CompanionBuild, ComputeCapability,
    CudaVersion, DriverVersion, GlibcFloor, Source, Subdir, Version,
};

use super::{Capability, GpuName, MajorDriver, Matrix, PciRange, ToolkitDriver};

include!(concat!(env!("OUT_DIR"), "/rows.rs"));

/// Everything that is in this program.
pub(super) static EMBEDDED: Matrix = Matrix {
    as_of: Cow::Borrowed(AS_OF),
    builds: Cow::Borrowed(BUILDS),
    companions: Cow::Borrowed(COMPANIONS),
    cuda_versions: Cow::Borrowed(CUDA_VERSIONS),
    toolkits: Cow::Borrowed(TOOLKITS),
    majors: Cow::Borrowed(MAJORS),
    capabilities: Cow::Borrowed(CAPABILITIES),
    gpu_names: Cow::Borrowed(GPU_NAMES),
    pci_devices: Cow::Borrowed(PCI_DEVICES),
};
