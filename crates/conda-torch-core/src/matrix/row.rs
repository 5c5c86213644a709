//! The form of a row in `data/*.toml`: what a person writes. Used by `build.rs`, which makes the
//! program's tables of it, and by tests; the program itself parses nothing.
//!
//! A field that is not here is an error, and so is a missing one, unless it is an `Option`. Those
//! with an underscore are for people: only their form is looked at.

use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::conda::{Subdir, Version};
use crate::types::{
    Accelerator, ArchList, ArmVariant, Blas, CapabilitySet, Commit, Companion, ComputeCapability,
    CudaVersion, Date, DriverVersion, ShortText,
};

/// `builds.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuildsFile {
    pub(crate) as_of: Date,
    pub(crate) metal_macos: Version,
    pub(crate) build: Vec<Spanned<BuildRow>>,
}

/// A build of PyTorch.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuildRow {
    pub(crate) pytorch: Version,
    pub(crate) subdir: Subdir,
    #[serde(deserialize_with = "accelerator")]
    pub(crate) accelerator: Accelerator,
    pub(crate) blas: Blas,
    pub(crate) arm_variant: Option<ArmVariant>,
    pub(crate) build_numbers: [u16; 2],
    pub(crate) blas_in_build_string: bool,
    pub(crate) metapackage: bool,
    pub(crate) cuda_pins: Option<[CudaVersion; 2]>,
    pub(crate) kernels: Option<Kernels>,
    pub(crate) glibc: Option<GlibcRow>,
    pub(crate) macos: Option<Version>,
    pub(crate) pythons: [Version; 2],
    pub(crate) source: SourceRow,
}

/// `{ declared = "2.17", libraries = "2.28" }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GlibcRow {
    pub(crate) declared: Version,
    pub(crate) libraries: Version,
}

/// `{ commit = "…", date = "2026-08-10" }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceRow {
    pub(crate) commit: Commit,
    pub(crate) date: Date,
}

/// `companions.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompanionsFile {
    pub(crate) companion: Vec<Spanned<CompanionRow>>,
}

/// A build of torchvision or torchaudio.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompanionRow {
    pub(crate) package: Companion,
    pub(crate) version: Version,
    pub(crate) subdir: Subdir,
    pub(crate) pytorch: Version,
    #[serde(deserialize_with = "accelerator")]
    pub(crate) accelerator: Accelerator,
    pub(crate) same_toolkit: Option<bool>,
    pub(crate) arm_variant: Option<ArmVariant>,
    pub(crate) cuda_pins: Option<[CudaVersion; 2]>,
    pub(crate) pythons: [Version; 2],
    pub(crate) source: SourceRow,
}

/// `drivers.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DriversFile {
    pub(crate) toolkit: Vec<Spanned<ToolkitRow>>,
    pub(crate) major: Vec<Spanned<MajorRow>>,
}

/// The oldest drivers for one toolkit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolkitRow {
    pub(crate) cuda: CudaVersion,
    pub(crate) linux: DriverVersion,
    pub(crate) windows: DriverVersion,
    /// Whether it was concluded from what drivers say, and not read in NVIDIA's table. For people.
    #[serde(default, rename = "inferred")]
    pub(crate) _inferred: bool,
    pub(crate) source: String,
    #[serde(rename = "date")]
    pub(crate) _date: Date,
}

/// The oldest drivers for all toolkits of a major version.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MajorRow {
    pub(crate) major: u16,
    pub(crate) linux: DriverVersion,
    pub(crate) windows: DriverVersion,
    pub(crate) source: String,
    #[serde(rename = "date")]
    pub(crate) _date: Date,
}

/// `capabilities.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapabilitiesFile {
    pub(crate) capability: Vec<Spanned<CapabilityRow>>,
}

/// A compute capability.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapabilityRow {
    pub(crate) capability: ComputeCapability,
    pub(crate) family: ShortText<15>,
    pub(crate) examples: ShortText<63>,
    pub(crate) first_toolkit: CudaVersion,
    pub(crate) last_branch: Option<u32>,
    #[serde(default)]
    pub(crate) soc: bool,
    pub(crate) source: String,
    #[serde(rename = "date")]
    pub(crate) _date: Date,
}

/// `gpus.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GpusFile {
    pub(crate) group: Vec<Spanned<GpuGroupRow>>,
}

/// The GPUs of one compute capability.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GpuGroupRow {
    pub(crate) capability: ComputeCapability,
    pub(crate) source: String,
    #[serde(rename = "date")]
    pub(crate) _date: Date,
    pub(crate) names: Vec<ShortText<31>>,
}

/// `pci.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PciFile {
    pub(crate) source: String,
    #[serde(rename = "date")]
    pub(crate) _date: Date,
    pub(crate) ranges: Vec<Spanned<PciRow>>,
}

/// `["1b00", "1b78", "GP102", "6.1"]`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PciRow(
    pub(crate) DeviceId,
    pub(crate) DeviceId,
    pub(crate) ShortText<7>,
    pub(crate) ComputeCapability,
);

/// `cuda_versions.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CudaVersionsFile {
    pub(crate) source: String,
    #[serde(rename = "date")]
    pub(crate) _date: Date,
    pub(crate) versions: Vec<Spanned<CudaVersion>>,
}

/// `elsewhere.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ElsewhereFile {
    pub(crate) kernels: Vec<Spanned<OtherKernelsRow>>,
    pub(crate) withdrawn: Vec<Spanned<WithdrawnRow>>,
}

/// The kernels in another channel's builds with a toolkit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OtherKernelsRow {
    pub(crate) channel: ShortText<15>,
    pub(crate) toolkit: CudaVersion,
    pub(crate) kernels: Kernels,
    pub(crate) source: String,
    #[serde(rename = "date")]
    pub(crate) _date: Date,
}

/// A package that was withdrawn because it crashes on old GPUs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawnRow {
    pub(crate) package: ShortText<15>,
    pub(crate) version: Version,
    pub(crate) cuda_major: u16,
    pub(crate) below: ComputeCapability,
    pub(crate) source: String,
    #[serde(rename = "date")]
    pub(crate) _date: Date,
}

/// A PCI device id, four hexadecimal digits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeviceId(pub(crate) u16);

impl<'de> Deserialize<'de> for DeviceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Some(&text)
            .filter(|text| text.len() == 4)
            .and_then(|text| u16::from_str_radix(text, 16).ok())
            .map(Self)
            .ok_or_else(|| {
                serde::de::Error::custom(format!(
                    "`{text}` is not a PCI device id; expected four hexadecimal digits"
                ))
            })
    }
}

/// `TORCH_CUDA_ARCH_LIST` as the recipe writes it: `8.0 9.0 12.0+PTX`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kernels(pub(crate) ArchList);

impl<'de> Deserialize<'de> for Kernels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (mut sass, mut ptx) = (Vec::new(), Vec::new());
        for word in text.split_whitespace() {
            let (number, has_ptx) = match word.strip_suffix("+PTX") {
                Some(number) => (number, true),
                None => (word, false),
            };
            let capability: ComputeCapability = number.parse().map_err(serde::de::Error::custom)?;
            sass.push(capability);
            if has_ptx {
                ptx.push(capability);
            }
        }
        let arches =
            || Some(ArchList { sass: CapabilitySet::new(&sass)?, ptx: CapabilitySet::new(&ptx)? });
        arches().map(Self).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is not a list of kernels; expected at most 15 capabilities, ascending, \
                 and at most 3 with `+PTX`"
            ))
        })
    }
}

/// `cpu`, `mps` or `cuda 12.9`.
fn accelerator<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Accelerator, D::Error> {
    let text = String::deserialize(deserializer)?;
    match (text.as_str(), text.strip_prefix("cuda ")) {
        ("cpu", _) => Ok(Accelerator::Cpu),
        ("mps", _) => Ok(Accelerator::Mps),
        (_, Some(toolkit)) => {
            toolkit.parse().map(Accelerator::Cuda).map_err(serde::de::Error::custom)
        }
        (_, None) => Err(serde::de::Error::custom(format!(
            "`{text}` is not an accelerator; expected `cpu`, `mps` or a toolkit such as `cuda 12.9`"
        ))),
    }
}
