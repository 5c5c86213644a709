//! The roles of packages.

use crate::conda::{ChannelKind, MatchSpec};
use crate::types::Companion;

/// What a package is to the migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PackageRole {
    /// `pytorch` or one of conda-forge's metapackages.
    Pytorch,
    /// torchvision or torchaudio.
    Companion(Companion),
    /// Selects CUDA: `pytorch-cuda`, `cudatoolkit`, `cuda-version`.
    CudaPin,
    /// Selects the CPU build.
    CpuOnly,
    /// Only in the old channel, and not needed with conda-forge's packages.
    NotNeeded,
    /// MAGMA under the old channel's name, which has the CUDA version.
    Magma,
    /// A package of the CUDA toolkit with CUDA's version.
    Toolkit,
    /// A library of the CUDA toolkit with its own version.
    ToolkitLibrary,
    Python,
    /// A library that PyTorch builds depend on: a pin may exclude them.
    Tied,
    /// A package for PyTorch that the matrix does not have.
    Extension,
    Other,
}

/// The role of a package.
pub(super) fn role(spec: &MatchSpec) -> PackageRole {
    let channel = spec.channel.as_deref().map(ChannelKind::of);
    if channel == Some(ChannelKind::Other) {
        return PackageRole::Other; // a private build
    }
    match spec.name.as_str() {
        "pytorch" | "pytorch-gpu" | "pytorch-cpu" => PackageRole::Pytorch,
        "torchvision" => PackageRole::Companion(Companion::Torchvision),
        "torchaudio" => PackageRole::Companion(Companion::Torchaudio),
        "pytorch-cuda" | "cudatoolkit" | "cuda-version" => PackageRole::CudaPin,
        "cpuonly" => PackageRole::CpuOnly,
        "pytorch-mutex" | "torchtriton" => PackageRole::NotNeeded,
        "python" => PackageRole::Python,
        "mkl" | "cudnn" | "nccl" | "intel-openmp" | "libtorch" => PackageRole::Tied,
        "torchtext"
        | "torchdata"
        | "torchserve"
        | "torch-model-archiver"
        | "torch-workflow-archiver"
        | "pytorch3d"
        | "captum"
        | "xformers" => PackageRole::Extension,
        name if name.starts_with("magma-cuda") => PackageRole::Magma,
        name if is_toolkit(name) => PackageRole::Toolkit,
        name if is_library(name) => PackageRole::ToolkitLibrary,
        _ => PackageRole::Other,
    }
}

/// Packages of the `nvidia` channel that conda-forge has with the same name and CUDA's version.
fn is_toolkit(name: &str) -> bool {
    let own = ["cuda-python", "cuda-bindings", "cuda-core", "cuda-pathfinder", "cuda-compat"];
    name == "cuda" || name.starts_with("cuda-") && !own.iter().any(|own| name.starts_with(own))
}

/// Libraries of the `nvidia` channel that conda-forge has with the same name.
fn is_library(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "libcublas",
        "libcufft",
        "libcufile",
        "libcurand",
        "libcusolver",
        "libcusparse",
        "libnpp",
        "libnvjitlink",
        "libnvjpeg",
        "libnvfatbin",
    ];
    NAMES.contains(&name.strip_suffix("-dev").unwrap_or(name))
}

/// Whether a spec is from the old channel, or only that has the package.
pub(super) fn is_old(spec: &MatchSpec) -> bool {
    let from_there = spec.channel.as_deref().map(ChannelKind::of) == Some(ChannelKind::Pytorch);
    from_there
        || matches!(
            spec.name.as_str(),
            "pytorch-cuda" | "cpuonly" | "pytorch-mutex" | "torchtriton"
        )
        || spec.name.starts_with("magma-cuda")
}

/// The device in a build string of the old channel.
pub(super) fn device_of(build: &str) -> Option<Device> {
    let lower = build.to_ascii_lowercase();
    if lower.contains("cpu") {
        Some(Device::Cpu)
    } else if lower.contains("cuda") || lower.contains("gpu") {
        Some(Device::Cuda)
    } else {
        None
    }
}

/// What a build runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Device {
    Cpu,
    Cuda,
}
