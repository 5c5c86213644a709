//! Build strings and dependencies of records.

use std::collections::HashMap;

use serde::Serialize;

use crate::conda::{Constraint, SpecParts, Version};
use crate::types::{ArmVariant, CudaPins, CudaVersion};

use super::Record;

/// A record that cannot be read, and is skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadRecord {
    /// The record's URL.
    pub url: String,
    /// Why.
    pub what: UnreadReason,
}

/// Why a record cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum UnreadReason {
    /// An unknown form of version.
    Version,
    /// A platform without PyTorch.
    Subdir,
    /// An unknown form of build string.
    BuildString,
    /// A CUDA build with an unknown form of its `cuda-version` dependency.
    CudaPins,
    /// A build without a Python.
    Python,
    /// A companion without a PyTorch.
    Pytorch,
    /// The channel lacks its `libtorch`, so it cannot be installed.
    Libtorch,
    /// An unknown aarch64 variant.
    ArmVariant,
}

/// The CUDA version at the beginning of a build string, `None` for the CPU, and the rest.
pub(super) fn toolkit(build: &str) -> Option<(Option<CudaVersion>, &str)> {
    if let Some(rest) = build.strip_prefix("cpu") {
        return Some((None, rest));
    }
    let rest = build.strip_prefix("cuda")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, rest) = rest.split_at(digits);
    Some((Some(CudaVersion::from_digits(digits)?), rest))
}

pub(super) fn spec<'r>(record: &'r Record, name: &str) -> Option<SpecParts<'r>> {
    specs(record, name).next()
}

pub(super) fn specs<'r>(record: &'r Record, name: &str) -> impl Iterator<Item = SpecParts<'r>> {
    let specs = record.depends.iter().filter_map(|spec| SpecParts::parse(spec));
    specs.filter(move |parts| parts.name == name)
}

pub(super) fn lower(spec: &SpecParts<'_>) -> Option<Version> {
    constraint(spec)?.lower()
}

fn constraint(spec: &SpecParts<'_>) -> Option<Constraint> {
    spec.version?.parse().ok()
}

/// The versions of `cuda-version` that a record accepts; in old records, of `cudatoolkit`.
pub(super) fn pins(record: &Record) -> Option<CudaPins> {
    let spec = spec(record, "cuda-version").or_else(|| spec(record, "cudatoolkit"))?;
    let pins = bounds(&constraint(&spec)?)?;
    // Another library may accept fewer: `cuda-cupti >=12.8.90,<12.8.91` is from CUDA 12.8 alone.
    let cupti = self::spec(record, "cuda-cupti").and_then(|spec| bounds(&constraint(&spec)?));
    Some(cupti.filter(|exact| exact.start == exact.end).map_or(pins, |exact| only(exact.start)))
}

/// From the first version of CUDA up to the first that is too new.
fn bounds(constraint: &Constraint) -> Option<CudaPins> {
    let cuda = |version: Version| CudaVersion::new(version.major(), version.minor());
    match (constraint.lower(), constraint.upper()) {
        (Some(from), Some(below)) => Some(cuda(from)..cuda(below)),
        (None, None) => constraint.anchor().map(cuda).map(only),
        (Some(_), None) | (None, Some(_)) => None,
    }
}

const fn only(cuda: CudaVersion) -> CudaPins {
    cuda..CudaVersion::new(cuda.major, cuda.minor + 1)
}

pub(super) fn arm_variant(record: &Record) -> Result<Option<ArmVariant>, UnreadReason> {
    let Some(spec) = spec(record, "arm-variant") else { return Ok(None) };
    match spec.build {
        Some("sbsa") => Ok(Some(ArmVariant::Sbsa)),
        Some("tegra") => Ok(Some(ArmVariant::Tegra)),
        Some(_) | None => Err(UnreadReason::ArmVariant),
    }
}

/// The records of `libtorch`, by platform and version and by build string.
pub(super) struct Libraries<'r> {
    builds: HashMap<(&'r str, &'r str), Vec<&'r Record>>,
    by_build: HashMap<(&'r str, &'r str, &'r str), &'r Record>,
}

/// The most records of one version that are compared with a glob over the build string.
const MOST_WITH_GLOB: usize = 1000;

impl<'r> Libraries<'r> {
    pub(super) fn of(records: &'r [Record]) -> Self {
        let (mut builds, mut by_build) = (HashMap::<_, Vec<_>>::new(), HashMap::new());
        for record in records.iter().filter(|record| record.name == "libtorch") {
            let (subdir, version) = (record.subdir.as_str(), record.version.as_str());
            builds.entry((subdir, version)).or_default().push(record);
            by_build.entry((subdir, version, record.build.as_str())).or_insert(record);
        }
        Self { builds, by_build }
    }

    /// The `libtorch` of a build, whose dependencies are the build's too: a package of its own since 2.1.0.
    /// `None` for older builds, and without records of `libtorch`.
    pub(super) fn find(&self, record: &Record) -> Result<Option<&'r Record>, UnreadReason> {
        let Some(needed) = spec(record, "libtorch").filter(|_| !self.builds.is_empty()) else {
            return Ok(None);
        };
        let version = needed.version.unwrap_or_default();
        let version = version.trim_start_matches('=').trim_end_matches(".*");
        let (subdir, build) = (record.subdir.as_str(), needed.build.unwrap_or("*"));
        let found = if build.contains('*') {
            let builds = self.builds.get(&(subdir, version)).into_iter().flatten();
            let mut builds = builds.take(MOST_WITH_GLOB);
            builds.find(|library| is_match(build, &library.build))
        } else {
            self.by_build.get(&(subdir, version, build))
        };
        found.map(|library| Some(*library)).ok_or(UnreadReason::Libtorch)
    }
}

/// Whether a build string matches a glob: `cuda129_mkl_h9562ed8_304`, `*_304`, `*`.
fn is_match(pattern: &str, build: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == build };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(build) = build.strip_prefix(start).and_then(|build| build.strip_suffix(end)) else {
        return false;
    };
    let mut left = Some(build);
    for part in middle.split('*') {
        left = left.and_then(|left| left.split_once(part)).map(|(_, behind)| behind);
    }
    left.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_build_strings_by_glob() {
        for (pattern, build, is_it) in [
            ("cuda131_mkl_h7_300", "cuda131_mkl_h7_300", true),
            ("cuda131_mkl_h7_300", "cuda131_mkl_h7_301", false),
            ("*_300", "cuda131_mkl_h7_300", true),
            ("cuda*_mkl*300", "cuda131_mkl_h7_300", true),
            ("cuda*_mkl*301", "cuda131_mkl_h7_300", false),
            ("cuda*300*_300", "cuda131_mkl_h7_300", false),
            ("a*b*b", "ab", false),
            ("*", "x", true),
            ("", "x", false),
        ] {
            assert_eq!(is_match(pattern, build), is_it, "{pattern} {build}");
        }
    }
}
