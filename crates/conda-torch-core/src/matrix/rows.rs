//! The rows of `data/*.toml` as `build.rs` wrote them: constants, nothing to parse or allocate.

use std::borrow::Cow;

use crate::conda::{Subdir, Version};
use crate::types::{
    Accelerator, ArchList, ArmVariant, Blas, Build, CapabilitySet, Commit, Companion,
    CompanionBuild, ComputeCapability, CudaVersion, Date, DriverVersion, GlibcFloor, ShortText,
    Source,
};

use super::{
    Capability, GpuName, MajorDriver, Matrix, OtherKernels, PciRange, ToolkitDriver, Withdrawn,
};

// Both are for constants, which the compiler makes: what does not fit fails the build.
const fn set<const N: usize>(ascending: &[ComputeCapability]) -> CapabilitySet<N> {
    CapabilitySet::new(ascending).expect("`row` takes no list that does not fit")
}

const fn text<const N: usize>(text: &str) -> ShortText<N> {
    ShortText::new(text).expect("`row` takes no text that does not fit")
}

include!(concat!(env!("OUT_DIR"), "/rows.rs"));

/// Everything that is in this program.
pub(super) static EMBEDDED: Matrix = Matrix {
    channel: Cow::Borrowed("conda-forge"),
    as_of: AS_OF,
    metal_macos: METAL_MACOS,
    builds: Cow::Borrowed(BUILDS),
    companions: Cow::Borrowed(COMPANIONS),
    cuda_versions: Cow::Borrowed(CUDA_VERSIONS),
    toolkits: Cow::Borrowed(TOOLKITS),
    majors: Cow::Borrowed(MAJORS),
    capabilities: Cow::Borrowed(CAPABILITIES),
    gpu_names: Cow::Borrowed(GPU_NAMES),
    pci_devices: Cow::Borrowed(PCI_DEVICES),
    other_kernels: Cow::Borrowed(OTHER_KERNELS),
    withdrawn: Cow::Borrowed(WITHDRAWN),
};
