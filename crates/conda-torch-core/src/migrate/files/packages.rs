//! The roles of packages.

use crate::conda::{ChannelKind, MatchSpec};
use crate::resolve::is_on_conda_forge;
use crate::types::Companion;

use super::super::old_packages::{
    Replacement, cuda_of_name, has_cuda_version, is_only_old, is_toolkit_library, replacement,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PackageRole {
    /// `pytorch` or one of conda-forge's metapackages.
    Pytorch,
    Companion(Companion),
    /// Selects CUDA: `pytorch-cuda`, `cudatoolkit`, `cuda-version`.
    CudaPin,
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
    /// One of the old channel that conda-forge has under another name.
    Renamed(&'static str),
    /// One of the old channel that conda-forge does not have.
    NotThere,
    /// A package for PyTorch that the matrix does not have.
    Extension,
    Other,
}

impl PackageRole {
    pub(super) fn selects_pytorch(self) -> bool {
        matches!(self, Self::Pytorch | Self::Companion(_) | Self::CudaPin)
    }

    /// Whether a migration can change it in an environment of the old channel.
    pub(super) fn is_edited(self) -> bool {
        match self {
            Self::Pytorch
            | Self::Companion(_)
            | Self::CudaPin
            | Self::CpuOnly
            | Self::NotNeeded
            | Self::Magma
            | Self::Toolkit
            | Self::ToolkitLibrary
            | Self::Renamed(_)
            | Self::NotThere => true,
            Self::Python | Self::Tied | Self::Extension | Self::Other => false,
        }
    }

    /// How much an environment loses without it, if it can exclude builds.
    pub(super) fn loss(self) -> Option<u8> {
        match self {
            Self::CpuOnly | Self::CudaPin => Some(0),
            Self::Companion(_) => Some(1),
            Self::Python => Some(2),
            Self::Pytorch => Some(3),
            Self::NotNeeded
            | Self::Magma
            | Self::Toolkit
            | Self::ToolkitLibrary
            | Self::Tied
            | Self::Renamed(_)
            | Self::NotThere
            | Self::Extension
            | Self::Other => None,
        }
    }
}

/// The role of a package. The packages of other channels are private builds.
pub(super) fn role(spec: &MatchSpec) -> PackageRole {
    if is_from(spec, ChannelKind::Other) {
        return PackageRole::Other;
    }
    match (spec.name.as_str(), replacement(&spec.name)) {
        ("python", _) => PackageRole::Python,
        ("cpuonly", _) => PackageRole::CpuOnly,
        ("mkl" | "cudnn" | "nccl" | "intel-openmp" | "libtorch" | "cudatoolkit-dev", _) => {
            PackageRole::Tied
        }
        (_, Some(Replacement::NotThere)) => PackageRole::NotThere,
        (name, Some(Replacement::Discontinued)) if !is_on_conda_forge(name) => {
            PackageRole::NotThere
        }
        ("ignite" | "faiss-gpu-cuvs" | "faiss-gpu-raft", Some(Replacement::Renamed(other))) => {
            PackageRole::Renamed(other)
        }
        ("torchdata" | "pytorch3d" | "captum" | "xformers", _)
        | (_, Some(Replacement::Discontinued)) => PackageRole::Extension,
        (_, Some(Replacement::Pytorch)) => PackageRole::Pytorch,
        (_, Some(Replacement::Companion(companion))) => PackageRole::Companion(*companion),
        (_, Some(Replacement::CudaVersion)) => PackageRole::CudaPin,
        (name, None) if cuda_of_name(name).is_some() => PackageRole::CudaPin,
        (name, Some(_)) if is_only_old(name) => PackageRole::NotNeeded,
        (name, None) if is_only_old(name) => PackageRole::Magma,
        (name, None) if has_cuda_version(name) => PackageRole::Toolkit,
        (name, None) if is_toolkit_library(name) => PackageRole::ToolkitLibrary,
        (_, _) => PackageRole::Other,
    }
}

/// Whether a spec is from the old channel, or only that has the package. A channel of others can have one of the same
/// name.
pub(super) fn is_old(spec: &MatchSpec) -> bool {
    is_from(spec, ChannelKind::Pytorch)
        || is_only_old(&spec.name) && !is_from(spec, ChannelKind::Other)
}

/// Whether a spec has a name of the old channel's, but is from a channel of others.
pub(super) fn is_of_others(spec: &MatchSpec) -> bool {
    (is_only_old(&spec.name) || spec.name == "cudatoolkit") && is_from(spec, ChannelKind::Other)
}

pub(super) fn is_from(spec: &MatchSpec, kind: ChannelKind) -> bool {
    spec.channel.as_deref().map(ChannelKind::of) == Some(kind)
}
