//! The files in `data/`, as `build.rs` and tests read them. A field that is not here is an error.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::rows::{
    Capability, JetPack, MajorDriver, OtherKernels, PciRange, ToolkitDriver, Withdrawn,
};
use crate::conda::Version;
use crate::types::{Build, CompanionBuild, ComputeCapability, CudaVersion, Date};

/// `builds.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Builds {
    pub(crate) as_of: Date,
    pub(crate) metal_macos: Version,
    pub(crate) build: Vec<Spanned<Build>>,
}

/// `companions.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Companions {
    pub(crate) companion: Vec<Spanned<CompanionBuild>>,
}

/// `drivers.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Drivers {
    pub(crate) toolkit: Vec<Spanned<ToolkitDriver>>,
    pub(crate) major: Vec<Spanned<MajorDriver>>,
}

/// `capabilities.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capabilities {
    pub(crate) capability: Vec<Spanned<Capability>>,
}

/// `gpus.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gpus {
    pub(crate) group: Vec<Spanned<GpuGroup>>,
}

/// The GPUs of one compute capability.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GpuGroup {
    pub(crate) capability: ComputeCapability,
    pub(crate) source: String,
    #[serde(rename = "date")]
    pub(crate) _date: Date,
    pub(crate) names: Vec<Cow<'static, str>>,
}

/// `pci.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pci {
    pub(crate) source: String,
    #[serde(rename = "date")]
    pub(crate) _date: Date,
    pub(crate) ranges: Vec<Spanned<PciRange>>,
}

/// `cuda_versions.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CudaVersions {
    pub(crate) source: String,
    #[serde(rename = "date")]
    pub(crate) _date: Date,
    pub(crate) versions: Vec<Spanned<CudaVersion>>,
}

/// `jetpack.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JetPacks {
    pub(crate) jetpack: Vec<Spanned<JetPack>>,
}

/// `elsewhere.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Elsewhere {
    pub(crate) kernels: Vec<Spanned<OtherKernels>>,
    pub(crate) withdrawn: Vec<Spanned<Withdrawn>>,
}

impl<'de> Deserialize<'de> for PciRange {
    /// `["1b00", "1b78", "GP102", "6.1"]`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (first, last, chip, capability) =
            <(String, String, Cow<'static, str>, ComputeCapability)>::deserialize(deserializer)?;
        let id = |text: &str| {
            let id = u16::from_str_radix(text, 16).ok().filter(|_| text.len() == 4);
            id.ok_or_else(|| {
                serde::de::Error::custom(format!(
                    "`{text}` is not a PCI device id; expected four hexadecimal digits"
                ))
            })
        };
        Ok(Self { first: id(&first)?, last: id(&last)?, chip, capability })
    }
}
