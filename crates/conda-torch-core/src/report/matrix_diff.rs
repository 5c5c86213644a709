//! A comparison as one JSON document. Fields are added, never renamed.

use serde::Serialize;

use crate::channel::{
    Change, CompanionDifference, Difference, Differences, Found, Gap, GapKind, Origin, age,
};
use crate::conda::FaultKind;
use crate::matrix::Matrix;
use crate::types::{Build, CompanionBuild, CudaPins, CudaVersion};

use super::advise::{MatrixDate, Tool};

/// The one document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "conda-torch matrix --diff --format json"))]
pub(crate) struct Document<'a> {
    /// 1.
    format_version: u32,
    /// What wrote it.
    tool: Tool,
    /// What the process ends with: 0 where nothing differs, else 4.
    exit_code: u8,
    /// What was read.
    channel: ChannelText<'a>,
    /// The rows that it was held against.
    matrix: MatrixDate<'a>,
    /// Builds of PyTorch.
    pytorch: Vec<PytorchText>,
    /// Builds of torchvision and torchaudio.
    companions: Vec<CompanionText>,
    /// Versions of the package `cuda-version`.
    cuda_version: VersionsText<'a>,
    /// Records of which nothing is concluded.
    not_understood: Vec<GapText<'a>>,
}

/// A channel that was read.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ChannelText<'a> {
    /// Its name or address, without secrets.
    name: &'a str,
    /// For how many seconds it has been in the cache; 0 where it was read anew.
    age_s: u64,
    /// What kept it from being read anew, as `live.fault` of `advise --json`; null where nothing did.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    fault: Option<FaultKind>,
}

/// A build of PyTorch.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PytorchText {
    /// new, rebuilt, changed, gone.
    what: &'static str,
    /// The version.
    pytorch: String,
    /// The platform.
    platform: String,
    /// How the build string begins.
    build: String,
    /// sbsa or tegra, where it is tied to one.
    arm_variant: Option<String>,
    /// Those of the channel; the first and the last of the row where it is gone.
    build_numbers: Vec<u16>,
    /// In what a row differs: `cuda_pins`, glibc, macos, pythons.
    changed: Vec<&'static str>,
}

/// A build of torchvision or torchaudio.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct CompanionText {
    /// new, changed, gone.
    what: &'static str,
    /// torchvision or torchaudio.
    package: String,
    /// Its version.
    version: String,
    /// The platform.
    platform: String,
    /// How the build string begins.
    build: String,
    /// sbsa or tegra, where it is tied to one.
    arm_variant: Option<String>,
    /// The series of PyTorch that it is for.
    pytorch: String,
    /// In what a row differs, as sentences.
    changed: Vec<String>,
}

/// Versions that one has and the other has not.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct VersionsText<'a> {
    /// In the channel alone.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    new: &'a [CudaVersion],
    /// In the rows alone.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    gone: &'a [CudaVersion],
}

/// A record that is not understood.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct GapText<'a> {
    /// Its address.
    url: &'a str,
    /// A sentence.
    why: &'static str,
    /// The same as a word.
    code: &'static str,
}

/// The document.
#[must_use]
pub fn json(compared: &Compared<'_>) -> String {
    let differences = compared.differences;
    let origins = compared.origins;
    let document = Document {
        format_version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        exit_code: if compared.is_same() { 0 } else { 4 },
        channel: ChannelText {
            name: compared.channel,
            age_s: age(origins),
            fault: origins.iter().find_map(|origin| Some(origin.fault.as_ref()?.kind)),
        },
        matrix: MatrixDate { channel: &compared.matrix.channel, as_of: compared.matrix.as_of },
        pytorch: differences.builds.iter().map(pytorch).collect(),
        companions: differences.companions.iter().map(companion).collect(),
        cuda_version: VersionsText {
            new: &differences.new_cuda_versions,
            gone: &differences.gone_cuda_versions,
        },
        not_understood: compared
            .gaps
            .iter()
            .map(|it| GapText { url: &it.url, why: gap(it.what), code: code(it.what) })
            .collect(),
    };
    write(&document)
}

fn write(document: &Document<'_>) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("plain values are JSON");
    text.push('\n');
    text
}

fn pytorch(difference: &Difference<'_>) -> PytorchText {
    match difference {
        Difference::New(found) => of_found("new", found, Vec::new()),
        Difference::Rebuilt { found, .. } => of_found("rebuilt", found, Vec::new()),
        Difference::Changed { found, what, .. } => {
            let what = what.iter().map(|change| match change {
                Change::CudaPins => "cuda_pins",
                Change::Glibc => "glibc",
                Change::Macos => "macos",
                Change::Pythons => "pythons",
            });
            of_found("changed", found, what.collect())
        }
        Difference::Gone(row) => of_row(row),
    }
}

fn of_found(what: &'static str, found: &Found, changed: Vec<&'static str>) -> PytorchText {
    let key = &found.key;
    let prefix = key.accelerator.build_prefix();
    PytorchText {
        what,
        pytorch: key.pytorch.to_string(),
        platform: key.subdir.to_string(),
        build: if found.blas_in_build_string { format!("{prefix}_{}", key.blas) } else { prefix },
        arm_variant: key.arm_variant.map(|variant| variant.to_string()),
        build_numbers: found.build_numbers.clone(),
        changed,
    }
}

fn of_row(row: &Build) -> PytorchText {
    let (first, last) = row.build_numbers;
    PytorchText {
        what: "gone",
        pytorch: row.pytorch.to_string(),
        platform: row.subdir.to_string(),
        build: row.build_prefix(),
        arm_variant: row.arm_variant.map(|variant| variant.to_string()),
        build_numbers: if first == last { vec![first] } else { vec![first, last] },
        changed: Vec::new(),
    }
}

fn companion(difference: &CompanionDifference<'_>) -> CompanionText {
    match difference {
        CompanionDifference::New(found) => of_companion("new", found, Vec::new()),
        CompanionDifference::Changed { row, found } => {
            of_companion("changed", found, companion_changes(row, found))
        }
        CompanionDifference::Gone(row) => of_companion("gone", row, Vec::new()),
    }
}

fn of_companion(what: &'static str, row: &CompanionBuild, changed: Vec<String>) -> CompanionText {
    CompanionText {
        what,
        package: row.package.to_string(),
        version: row.version.to_string(),
        platform: row.subdir.to_string(),
        build: row.accelerator.build_prefix(),
        arm_variant: row.arm_variant.map(|variant| variant.to_string()),
        pytorch: row.pytorch.to_string(),
        changed,
    }
}

const fn code(what: GapKind) -> &'static str {
    match what {
        GapKind::Version => "version",
        GapKind::Subdir => "subdir",
        GapKind::BuildString => "build-string",
        GapKind::CudaPins => "cuda-pins",
        GapKind::Python => "python",
        GapKind::Pytorch => "pytorch",
        GapKind::Libtorch => "libtorch",
        GapKind::ArmVariant => "arm-variant",
    }
}

/// A comparison.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// The channel's address or name, without secrets.
    pub channel: &'a str,
    /// Where its parts came from.
    pub origins: &'a [Origin],
    /// In what it differs.
    pub differences: &'a Differences<'a>,
    /// What is not understood in it.
    pub gaps: &'a [Gap],
    /// The rows.
    pub matrix: &'a Matrix,
}

impl Compared<'_> {
    /// Whether nothing differs and all is understood.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.differences.is_empty() && self.gaps.is_empty()
    }
}

/// In what a row differs, each in a few words.
pub fn companion_changes(row: &CompanionBuild, found: &CompanionBuild) -> Vec<String> {
    let mut what = Vec::new();
    if row.pytorch != found.pytorch {
        what.push(format!("for PyTorch {}, not {}", found.pytorch, row.pytorch));
    }
    if row.cuda_pins != found.cuda_pins {
        what.push(format!("{}, not {}", pins(&found.cuda_pins), pins(&row.cuda_pins)));
    }
    if row.same_toolkit != found.same_toolkit {
        let tied = |tied| if tied { "tied to its toolkit" } else { "with any toolkit" };
        what.push(format!("{}, not {}", tied(found.same_toolkit), tied(row.same_toolkit)));
    }
    if row.pythons != found.pythons {
        let (is, was) = (found.pythons, row.pythons);
        what.push(format!("Python {}–{}, not {}–{}", is.0, is.1, was.0, was.1));
    }
    what
}

/// The pins of `cuda-version` that a build allows.
#[must_use]
pub fn pins(pins: &CudaPins) -> String {
    format!("`cuda-version` >={},<{}", pins.start, pins.end)
}

/// Why a record is not understood.
#[must_use]
pub fn gap(what: GapKind) -> &'static str {
    match what {
        GapKind::Version => "its version is in no known form",
        GapKind::Subdir => "PyTorch was never built for that platform",
        GapKind::BuildString => "its build string is in no known form",
        GapKind::CudaPins => "it is for CUDA, and asks for no `cuda-version` in a known form",
        GapKind::Python => "it does not say which Python it is for",
        GapKind::Pytorch => "it does not say which PyTorch it is for",
        GapKind::Libtorch => "the channel has not the `libtorch` that it asks for",
        GapKind::ArmVariant => "it is tied to a kind of aarch64 machine that is not known",
    }
}
