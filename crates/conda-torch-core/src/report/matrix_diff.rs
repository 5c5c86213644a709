//! `matrix --diff --format json`.

use serde::Serialize;

use crate::channel::{
    Difference, DifferenceKind, Differences, RowChange, SubdirOrigin, UnreadReason, UnreadRecord,
    age,
};
use crate::conda::{FaultKind, Subdir, Version};
use crate::matrix::Matrix;
use crate::types::{ArmVariant, Build, Companion, CompanionBuild, CudaPins, CudaVersion};

use super::{MatrixDate, write};

/// A channel compared with the embedded rows.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Compared<'a> {
    /// The channel's address or name, without secrets.
    pub channel: &'a str,
    /// Where its parts came from.
    pub origins: &'a [SubdirOrigin],
    pub differences: &'a Differences<'a>,
    pub gaps: &'a [UnreadRecord],
    pub matrix: &'a Matrix,
}

impl Compared<'_> {
    /// Whether nothing differs and every record could be parsed.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty() && self.gaps.is_empty()
    }
}

/// What `matrix --diff --format json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Content<'a> {
    /// The exit code of the process: 0 if nothing differs, else 4.
    exit_code: u8,
    /// The channel that was read.
    channel: ChannelReport<'a>,
    /// The rows that it was compared with.
    matrix: MatrixDate<'a>,
    /// Builds of PyTorch.
    pytorch: Vec<PytorchReport<'a>>,
    /// Builds of torchvision and torchaudio.
    companions: Vec<CompanionReport>,
    /// Versions of the package `cuda-version`.
    cuda_version: VersionsReport<'a>,
    /// Records that could not be parsed.
    not_understood: Vec<GapReport<'a>>,
}

/// Writes the comparison.
pub fn document(compared: &Compared<'_>) -> String {
    let Compared { channel, origins, differences, gaps, matrix } = *compared;
    write(Content {
        exit_code: if compared.is_same() { 0 } else { 4 },
        channel: ChannelReport {
            name: channel,
            age_s: age(origins),
            fault: origins.iter().find_map(|origin| Some(origin.fault.as_ref()?.kind)),
        },
        matrix: MatrixDate::of(matrix),
        pytorch: differences.builds.iter().map(pytorch).collect(),
        companions: differences.companions.iter().map(companion).collect(),
        cuda_version: VersionsReport {
            new: &differences.new_cuda_versions,
            gone: &differences.gone_cuda_versions,
        },
        not_understood: gaps
            .iter()
            .map(|it| GapReport { url: &it.url, why: gap(it.what), code: it.what })
            .collect(),
    })
}

/// A channel that was read.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ChannelReport<'a> {
    /// Its name or address, without secrets.
    name: &'a str,
    /// How many seconds ago it was fetched into the cache; 0 if it was fetched now.
    age_s: u64,
    /// Why it could not be fetched now, as `live.fault` of `advise --json`; null if it could.
    fault: Option<FaultKind>,
}

/// A build of PyTorch.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PytorchReport<'a> {
    /// new, rebuilt, changed, gone.
    what: DifferenceKind,
    /// The version.
    pytorch: Version,
    /// The platform.
    platform: Subdir,
    /// The beginning of the build string.
    build: String,
    /// sbsa or tegra, if it is tied to one.
    arm_variant: Option<ArmVariant>,
    /// The channel's build numbers; if it is gone, the first and the last of the row.
    build_numbers: &'a [u16],
    /// The parts of the row that changed.
    changed: &'a [RowChange],
}

fn pytorch<'a>(difference: &'a Difference<'_, Build>) -> PytorchReport<'a> {
    let build = difference.found;
    PytorchReport {
        what: difference.kind,
        pytorch: build.pytorch,
        platform: build.subdir,
        build: build.build_prefix(),
        arm_variant: build.arm_variant,
        build_numbers: &difference.build_numbers,
        changed: &difference.changed,
    }
}

/// A build of torchvision or torchaudio.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct CompanionReport {
    /// new, changed, gone.
    what: DifferenceKind,
    /// torchvision or torchaudio.
    package: Companion,
    /// Its version.
    version: Version,
    /// The platform.
    platform: Subdir,
    /// The beginning of the build string.
    build: String,
    /// sbsa or tegra, if it is tied to one.
    arm_variant: Option<ArmVariant>,
    /// The series of PyTorch that it is for.
    pytorch: Version,
    /// What changed, as sentences.
    changed: Vec<String>,
}

fn companion(difference: &Difference<'_, CompanionBuild>) -> CompanionReport {
    let row = difference.row;
    CompanionReport {
        what: difference.kind,
        package: row.package,
        version: row.version,
        platform: row.subdir,
        build: row.accelerator.build_prefix(),
        arm_variant: row.arm_variant,
        pytorch: row.pytorch,
        changed: companion_changes(row, difference.found),
    }
}

/// Versions that only one of the two has.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct VersionsReport<'a> {
    /// Only in the channel.
    new: &'a [CudaVersion],
    /// Only in the rows.
    gone: &'a [CudaVersion],
}

/// A record that could not be parsed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct GapReport<'a> {
    /// Its address.
    url: &'a str,
    /// A sentence.
    why: &'static str,
    /// The same as a stable code.
    code: UnreadReason,
}

/// What changed in a row, each in a few words.
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
pub fn pins(pins: &CudaPins) -> String {
    format!("`cuda-version` >={},<{}", pins.start, pins.end)
}

/// Why a record is not understood.
pub fn gap(what: UnreadReason) -> &'static str {
    match what {
        UnreadReason::Version => "unknown version format",
        UnreadReason::Subdir => "PyTorch was never built for this platform",
        UnreadReason::BuildString => "unknown build string format",
        UnreadReason::CudaPins => "a CUDA build without a known requirement on `cuda-version`",
        UnreadReason::Python => "no Python version found",
        UnreadReason::Pytorch => "no PyTorch version found",
        UnreadReason::Libtorch => "the `libtorch` that it needs is not in the channel",
        UnreadReason::ArmVariant => "unknown aarch64 variant",
    }
}
