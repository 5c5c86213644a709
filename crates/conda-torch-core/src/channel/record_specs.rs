//! What a record's build string and dependencies say.

use serde::Serialize;

use crate::conda::{Constraint, SpecParts, Version};
use crate::types::{ArmVariant, CudaPins, CudaVersion};

use super::Record;

/// A record that the program cannot read; nothing is concluded from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadRecord {
    /// The record's address.
    pub url: String,
    /// Why it cannot be read.
    pub what: UnreadReason,
}

/// Why a record cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum UnreadReason {
    /// The version has an unknown form.
    Version,
    /// The platform never had PyTorch.
    Subdir,
    /// The build string has an unknown form.
    BuildString,
    /// A CUDA build whose requirement on `cuda-version` has an unknown form.
    CudaPins,
    /// No dependency on Python.
    Python,
    /// A companion without a dependency on PyTorch.
    Pytorch,
    /// The channel lacks the `libtorch` that it needs, so that it cannot be installed.
    Libtorch,
    /// An unknown aarch64 variant.
    ArmVariant,
}

/// The toolkit that a build string begins with, `None` for the processor, and what follows.
pub(super) fn toolkit(build: &str) -> Option<(Option<CudaVersion>, &str)> {
    if let Some(rest) = build.strip_prefix("cpu") {
        return Some((None, rest));
    }
    let rest = build.strip_prefix("cuda")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, rest) = rest.split_at(digits);
    Some((Some(CudaVersion::from_digits(digits)?), rest))
}

/// The dependency of a record on a package.
pub(super) fn spec<'r>(record: &'r Record, name: &str) -> Option<SpecParts<'r>> {
    specs(record, name).next()
}

/// All dependencies of a record on a package.
pub(super) fn specs<'r>(record: &'r Record, name: &str) -> impl Iterator<Item = SpecParts<'r>> {
    let specs = record.depends.iter().filter_map(|spec| SpecParts::parse(spec));
    specs.filter(move |parts| parts.name == name)
}

/// The lower bound of a dependency.
pub(super) fn lower(spec: &SpecParts<'_>) -> Option<Version> {
    constraint(spec)?.lower()
}

fn constraint(spec: &SpecParts<'_>) -> Option<Constraint> {
    spec.version?.parse().ok()
}

/// The versions of `cuda-version` that go with a record; before that package existed, of `cudatoolkit`.
pub(super) fn pins(record: &Record) -> Option<CudaPins> {
    let spec = spec(record, "cuda-version").or_else(|| spec(record, "cudatoolkit"))?;
    let (from, below) = bounds(&constraint(&spec)?)?;
    // Another library may leave fewer: `cuda-cupti >=12.8.90,<12.8.91` is of CUDA 12.8 alone.
    let cupti = self::spec(record, "cuda-cupti").and_then(|spec| bounds(&constraint(&spec)?));
    Some(match cupti.filter(|(from, below)| from == below) {
        Some((exact, _)) => only(exact),
        None => from..below,
    })
}

/// The first version of CUDA, and the first that is too new.
fn bounds(constraint: &Constraint) -> Option<(CudaVersion, CudaVersion)> {
    let cuda = |version: Version| CudaVersion::new(version.major(), version.minor());
    match (constraint.lower(), constraint.upper()) {
        (Some(from), Some(below)) => Some((cuda(from), cuda(below))),
        (None, None) => constraint.anchor().map(cuda).map(only).map(|pins| (pins.start, pins.end)),
        (Some(_), None) | (None, Some(_)) => None,
    }
}

/// One version of CUDA alone.
const fn only(cuda: CudaVersion) -> CudaPins {
    cuda..CudaVersion::new(cuda.major, cuda.minor + 1)
}

/// The aarch64 variant that a record is tied to.
pub(super) fn arm_variant(record: &Record) -> Result<Option<ArmVariant>, UnreadReason> {
    let Some(spec) = spec(record, "arm-variant") else { return Ok(None) };
    match spec.build {
        Some("sbsa") => Ok(Some(ArmVariant::Sbsa)),
        Some("tegra") => Ok(Some(ArmVariant::Tegra)),
        // The machines that it runs on are not known.
        Some(_) | None => Err(UnreadReason::ArmVariant),
    }
}
