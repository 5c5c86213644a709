//! The files in `data/`, as `build.rs` and tests read them. A field that is not here is an error.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::rows::{
    Capability, ForwardCompatibility, JetPack, MajorDriver, MetalFloor, OtherKernels, PciRange,
    ToolkitDriver, Withdrawn,
};
use crate::types::{Build, CompanionBuild, ComputeCapability, CudaVersion, Date};

/// A table of a file, or of a row.
macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident { $($(#[$key:meta])* $field:ident: $type:ty),* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$key])* pub(crate) $field: $type),*
        }
    )*};
}

tables! {
    Builds { as_of: Date, build: Vec<Spanned<Build>> }
    Companions { companion: Vec<Spanned<CompanionBuild>> }
    Drivers { toolkit: Vec<Spanned<ToolkitDriver>>, major: Vec<Spanned<MajorDriver>> }
    Capabilities { capability: Vec<Spanned<Capability>> }
    Gpus { group: Vec<Spanned<GpuGroup>> }
    /// The GPUs of one compute capability.
    GpuGroup {
        capability: ComputeCapability,
        source: String,
        #[serde(rename = "date")] _date: Date,
        names: Vec<Cow<'static, str>>
    }
    Pci { source: String, #[serde(rename = "date")] _date: Date, ranges: Vec<Spanned<PciRange>> }
    CudaVersions {
        source: String,
        #[serde(rename = "date")] _date: Date,
        versions: Vec<Spanned<CudaVersion>>
    }
    JetPacks { jetpack: Vec<Spanned<JetPack>> }
    Metal { metal: Vec<Spanned<MetalFloor>> }
    Forward { branch: Vec<Spanned<ForwardCompatibility>>, data_center: DataCenter }
    /// The GPUs with forward compatibility.
    DataCenter {
        source: String,
        #[serde(rename = "date")] _date: Date,
        names: Vec<Spanned<Cow<'static, str>>>
    }
    Elsewhere { kernels: Vec<Spanned<OtherKernels>>, withdrawn: Vec<Spanned<Withdrawn>> }
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
