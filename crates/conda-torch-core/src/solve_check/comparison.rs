//! Compares a plan, package by package, with an advice.

use crate::conda::{ChannelName, Channels, MatchSpec, Version};
use crate::resolve::Choice;
use crate::types::{Accelerator, Blas, CudaVersion};

use super::dry_run::PlannedPackage;
use super::finding::{Correction, SolveFinding};

/// What an advice promises of a client's run.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// The build and the specs.
    pub choice: &'a Choice<'a>,
    /// Where all packages are to come from.
    pub channels: &'a Channels,
    /// Whether the environment is there already, with packages in it.
    pub is_existing: bool,
}

/// What would be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedPytorch {
    /// The record of `pytorch`.
    pub pytorch: PlannedPackage,
    /// What its build string says that it computes on; `None` where that is not understood.
    pub accelerator: Option<Accelerator>,
    /// Its linear algebra library, where the build string tells.
    pub blas: Option<Blas>,
}

/// What would be installed, in short; `None` without `pytorch`.
pub(super) fn of(planned: &[PlannedPackage]) -> Option<PlannedPytorch> {
    let pytorch = named(planned, "pytorch")?;
    let (accelerator, blas) = read_build_string(&pytorch.build);
    Some(PlannedPytorch { pytorch: pytorch.clone(), accelerator, blas })
}

/// What differs from the promise, gravest first.
pub(super) fn findings(
    expectation: &Expectation<'_>,
    plan: Option<&PlannedPytorch>,
    planned: &[PlannedPackage],
) -> Vec<SolveFinding> {
    let Some(plan) = plan else { return vec![SolveFinding::NoPytorch] };
    let mut findings = Vec::new();
    findings.extend(version(expectation, plan));
    findings.extend(accelerator(expectation, plan));
    if findings.is_empty() {
        findings.extend(blas(expectation, plan));
    }
    if findings.is_empty() {
        findings.extend(build_number(expectation, &plan.pytorch));
    }
    findings.extend(channels(expectation, planned));
    findings.extend(companions(expectation, planned));
    findings.extend(cuda_pin(expectation, planned));
    findings
}

/// What fixes it for certain: with the build string a solver has no other choice.
pub(super) fn corrections(
    expectation: &Expectation<'_>,
    findings: &[SolveFinding],
) -> Vec<Correction> {
    let mut corrections = Vec::new();
    let is_mixed = findings.iter().any(|finding| matches!(finding, SolveFinding::Channel { .. }));
    let build = expectation.choice.build;
    let prefix = build.build_prefix();
    let is_other_build = |finding: &SolveFinding| {
        matches!(
            finding,
            SolveFinding::CpuBuild { .. }
                | SolveFinding::Accelerator { .. }
                | SolveFinding::Blas { .. }
        )
    };
    let is_older = |finding: &SolveFinding| matches!(finding, SolveFinding::OlderBuild { .. });
    let glob = if findings.iter().any(is_other_build) {
        Some(format!("{prefix}*"))
    } else {
        let number = expectation.choice.build_number;
        findings.iter().any(is_older).then(|| format!("{prefix}*_{number}"))
    };
    let glob = glob.filter(|_| !is_mixed);
    let spec = glob.map(|glob| MatchSpec::build("pytorch", build.pytorch, glob));
    let is_new = |spec: &MatchSpec| !expectation.choice.specs.contains(spec);
    corrections.extend(spec.filter(is_new).map(Correction::Spec));
    corrections
}

fn named<'a>(planned: &'a [PlannedPackage], name: &str) -> Option<&'a PlannedPackage> {
    planned.iter().find(|package| package.name == name)
}

/// What a build string of conda-forge's `pytorch` says: `cuda129_mkl_py312_h…_302`. Builds for Metal
/// are called `cpu`.
fn read_build_string(build: &str) -> (Option<Accelerator>, Option<Blas>) {
    let mut words = build.split('_');
    let accelerator = match words.next().unwrap_or_default() {
        "cpu" => Some(Accelerator::Cpu),
        word => word.strip_prefix("cuda").and_then(CudaVersion::from_digits).map(Accelerator::Cuda),
    };
    let blas = match words.next() {
        Some("mkl") => Some(Blas::Mkl),
        Some("generic") => Some(Blas::Generic),
        Some(_) | None => None,
    };
    (accelerator, blas)
}

fn version(expectation: &Expectation<'_>, plan: &PlannedPytorch) -> Option<SolveFinding> {
    let (expected, got) = (expectation.choice.build.pytorch, &plan.pytorch.version);
    let is_same = got.parse::<Version>().is_ok_and(|got| got == expected);
    (!is_same).then(|| SolveFinding::Version { expected, got: got.clone() })
}

fn accelerator(expectation: &Expectation<'_>, plan: &PlannedPytorch) -> Option<SolveFinding> {
    let expected = expectation.choice.build.accelerator;
    let Some(got) = plan.accelerator else {
        return Some(SolveFinding::UnknownBuild { build: plan.pytorch.build.clone() });
    };
    match (expected, got) {
        (Accelerator::Cpu | Accelerator::Mps, Accelerator::Cpu | Accelerator::Mps) => None,
        (Accelerator::Cuda(expected), Accelerator::Cpu | Accelerator::Mps) => {
            Some(SolveFinding::CpuBuild { expected })
        }
        (Accelerator::Cpu | Accelerator::Mps | Accelerator::Cuda(_), Accelerator::Cuda(_)) => {
            (expected != got).then_some(SolveFinding::Accelerator { expected, got })
        }
    }
}

fn blas(expectation: &Expectation<'_>, plan: &PlannedPytorch) -> Option<SolveFinding> {
    let build = expectation.choice.build;
    let (expected, got) = (build.blas, plan.blas?);
    (build.blas_in_build_string && expected != got).then_some(SolveFinding::Blas { expected, got })
}

/// conda-forge ends a build string with the build number.
fn build_number(expectation: &Expectation<'_>, pytorch: &PlannedPackage) -> Option<SolveFinding> {
    let expected = expectation.choice.build_number;
    let got: u64 = pytorch.build.rsplit('_').next()?.parse().ok()?;
    match got.cmp(&u64::from(expected)) {
        std::cmp::Ordering::Less => Some(SolveFinding::OlderBuild { expected, got }),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(SolveFinding::NewerBuild { known: expected, got }),
    }
}

/// One finding for each channel that was not promised, in the order in which they come.
fn channels(expectation: &Expectation<'_>, planned: &[PlannedPackage]) -> Vec<SolveFinding> {
    let mut others: Vec<(String, usize, bool)> = Vec::new();
    for package in planned {
        let got = ChannelName::of(&package.channel).name;
        let is_promised = |channel: &str| is_same_channel(channel, &got);
        if got.is_empty() || expectation.channels.iter().any(is_promised) {
            continue;
        }
        let is_pytorch = package.name == "pytorch";
        match others.iter_mut().find(|(name, ..)| *name == got) {
            Some((_, count, has_pytorch)) => {
                *count += 1;
                *has_pytorch |= is_pytorch;
            }
            None => others.push((got, 1, is_pytorch)),
        }
    }
    let names = expectation.channels.iter().map(|channel| ChannelName::of(channel).name);
    let expected = names.collect::<Vec<_>>().join(", ");
    let finding = |(got, packages, has_pytorch)| SolveFinding::Channel {
        expected: expected.clone(),
        got,
        packages,
        has_pytorch,
    };
    others.into_iter().map(finding).collect()
}

/// Whether a channel is the promised one: by its name on anaconda.org, or a mirror of that name, which
/// clients put in its place by their settings (`channel_alias`, `mirrored_channels`).
fn is_same_channel(promised: &str, got: &str) -> bool {
    // A folder may be told as an address.
    let bare = |name: &str| {
        let name = ChannelName::of(name).name;
        name.strip_prefix("file://").map_or(name.clone(), |folder| folder.replace("%20", " "))
    };
    let (promised, got) = (bare(promised), bare(got));
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    // conda names a channel of an address by its last part in some rows.
    let is_address = |name: &str| name.contains("://") || name.starts_with('/');
    promised == got || is_address(&got) != is_address(&promised) && last(&got) == last(&promised)
}

fn companions(expectation: &Expectation<'_>, planned: &[PlannedPackage]) -> Vec<SolveFinding> {
    let mut findings = Vec::new();
    for companion in &expectation.choice.companions {
        let (package, expected) = (companion.package, companion.version);
        let Some(got) = named(planned, package.as_str()) else {
            findings.push(SolveFinding::CompanionMissing { package });
            continue;
        };
        let covers = got.version.parse::<Version>().is_ok_and(|got| expected.covers(got));
        if !covers {
            let got = got.version.clone();
            findings.push(SolveFinding::CompanionVersion { package, expected, got });
        } else if companion.accelerator.cuda().is_some() && got.build.starts_with("cpu") {
            findings.push(SolveFinding::CompanionCpu { package });
        }
    }
    findings
}

fn cuda_pin(expectation: &Expectation<'_>, planned: &[PlannedPackage]) -> Option<SolveFinding> {
    let expected = expectation.choice.cuda_version?;
    let got = named(planned, "cuda-version").map(|package| package.version.clone());
    let is_same = got.as_deref().and_then(|got| got.parse::<CudaVersion>().ok()) == Some(expected);
    (!is_same).then_some(SolveFinding::CudaPin { expected, got })
}
