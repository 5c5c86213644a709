//! The rows that are built into the program: what `build.rs` made of `data/*.toml`.

use std::borrow::Cow;

use crate::conda::{Subdir, Version};
use crate::types::{
    Accelerator, ArchList, ArmVariant, Blas, Build, Commit, Companion, CompanionBuild,
    ComputeCapability, CudaVersion, Date, DriverVersion, GlibcRange, Source,
};

use super::Matrix;
use super::rows::{
    Capability, ForwardCompatibility, GpuName, JetPack, MajorDriver, MetalFloor, OtherKernels,
    PciRange, ToolkitDriver, Withdrawn,
};

include!(concat!(env!("OUT_DIR"), "/rows.rs"));
