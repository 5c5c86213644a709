//! What stands in a record's build string and in what it needs.

use crate::conda::Version;
use crate::types::{ArmVariant, CudaPins, CudaVersion};

use super::{Record, UnreadReason};

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

/// What a record asks of a package, after its name.
pub(super) fn spec<'r>(record: &'r Record, name: &str) -> Option<&'r str> {
    record.depends.iter().find_map(|spec| match spec.split_once(' ') {
        Some((its, rest)) => (its == name).then(|| rest.trim()),
        None => (spec == name).then_some(""),
    })
}

/// The version after `>=`.
pub(super) fn lower(spec: &str) -> Option<Version> {
    let (_, rest) = spec.split_once(">=")?;
    rest.split([',', ' ', '|']).next()?.parse().ok()
}

/// The pins of `cuda-version` that go with a record; before that package, of `cudatoolkit`.
pub(super) fn pins(record: &Record) -> Option<CudaPins> {
    Some(narrowed(asked(record)?, record))
}

fn asked(record: &Record) -> Option<CudaPins> {
    let spec = spec(record, "cuda-version").or_else(|| spec(record, "cudatoolkit"))?;
    if let Some((_, rest)) = spec.split_once(">=") {
        let (from, below) = rest.split_once(",<")?;
        let below = below.split(['a', ' ', '|']).next()?.trim_end_matches('.');
        return Some(cuda(from)?..cuda(below)?);
    }
    let exact = cuda(spec.split(['|', ' ', '*']).next()?.trim_end_matches('.'))?;
    Some(exact..CudaVersion::new(exact.major, exact.minor + 1))
}

/// The pins that another library leaves: `cuda-cupti >=12.8.90,<12.8.91` is of CUDA 12.8 alone.
fn narrowed(pins: CudaPins, record: &Record) -> CudaPins {
    let exact = spec(record, "cuda-cupti").and_then(|spec| {
        let (from, below) = spec.split_once(">=")?.1.split_once(",<")?;
        let (from, below) = (cuda(from)?, cuda(below.split('a').next()?.trim_end_matches('.'))?);
        (from == below).then_some(from)
    });
    exact.map_or(pins, |cuda| cuda..CudaVersion::new(cuda.major, cuda.minor + 1))
}

/// A CUDA version whose minor number may be left out: `<13`.
fn cuda(text: &str) -> Option<CudaVersion> {
    let text = text.trim();
    text.parse().ok().or_else(|| Some(CudaVersion::new(text.parse().ok()?, 0)))
}

/// The aarch64 variant that a record is tied to.
pub(super) fn arm_variant(record: &Record) -> Result<Option<ArmVariant>, UnreadReason> {
    let Some(spec) = spec(record, "arm-variant") else { return Ok(None) };
    match spec.rsplit(' ').next() {
        Some("sbsa") => Ok(Some(ArmVariant::Sbsa)),
        Some("tegra") => Ok(Some(ArmVariant::Tegra)),
        // On which machines it runs is not known then.
        Some(_) | None => Err(UnreadReason::ArmVariant),
    }
}
