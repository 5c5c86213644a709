//! Whether a dry run has the recommended build, and what may fix it.

use crate::conda::{ChannelName, Channels, MatchSpec, Version};
use crate::resolve::Choice;
use crate::types::{Accelerator, Blas, CudaVersion};

use super::dry_run::{DryRun, PlannedPackage};
use super::finding::SolveFinding;
use super::no_solution;

/// What an advice promises.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// The build and the specs.
    pub choice: &'a Choice<'a>,
    /// The channels of all packages.
    pub channels: &'a Channels,
    /// Whether the environment exists and has packages.
    pub is_existing: bool,
}

/// A dry run compared with the advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolveVerdict {
    /// The summary.
    pub status: Status,
    /// What would be installed; `None` without a solution.
    pub plan: Option<PlannedPytorch>,
    /// The differences, or why there is no solution. A confirmed plan may have notes too.
    pub findings: Vec<SolveFinding>,
    /// What may fix it: all of them together.
    pub corrections: Vec<Correction>,
    /// An excerpt of the client's output, without colours and secrets.
    pub words: Option<String>,
}

/// The summary of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The plan has the recommended build.
    Confirmed,
    /// The plan has something else.
    Differs,
    /// The client finds no solution.
    NoSolution,
    /// The client failed: no network, a crash, unknown output.
    Failed,
}

/// The PyTorch that would be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedPytorch {
    /// The package `pytorch`.
    pub pytorch: PlannedPackage,
    /// The accelerator in its build string; `None` if unknown.
    pub accelerator: Option<Accelerator>,
    /// The linear algebra library in its build string, if any.
    pub blas: Option<Blas>,
}

/// What may fix a verdict: certain only once it was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Correction {
    /// Set `CONDA_OVERRIDE_CUDA`.
    OverrideCuda(CudaVersion),
    /// Request this spec, instead of that of the same package if there is one.
    Spec(MatchSpec),
    /// Ignore the pins of the configuration.
    NoPin,
    /// Create a new environment instead of changing the existing one.
    NewEnvironment,
}

/// Compares a dry run with the advice.
pub fn verdict(expectation: &Expectation<'_>, dry_run: &DryRun) -> SolveVerdict {
    match dry_run {
        DryRun::Planned(planned) => of_plan(expectation, planned),
        DryRun::Unsolvable(words) => {
            no_solution(expectation, no_solution::reasons(words, expectation.choice), words)
        }
        DryRun::NotFound(specs) => {
            let mut missing: Vec<SolveFinding> =
                specs.iter().map(|spec| no_solution::missing(spec)).collect();
            if missing.is_empty() {
                missing.push(SolveFinding::Unexplained);
            }
            no_solution(expectation, missing, "")
        }
        DryRun::Network { words, kind } => failed(SolveFinding::Network { kind: *kind }, words),
        DryRun::Failed(words) => failed(SolveFinding::Failed, words),
        DryRun::Unreadable(words) => failed(SolveFinding::Unreadable, words),
    }
}

fn of_plan(expectation: &Expectation<'_>, planned: &[PlannedPackage]) -> SolveVerdict {
    let plan = planned_pytorch(planned);
    let findings = findings(expectation, plan.as_ref(), planned);
    let differs = findings.iter().any(SolveFinding::contradicts);
    let status = if differs { Status::Differs } else { Status::Confirmed };
    let mut corrections: Vec<_> = spec_correction(expectation, &findings).into_iter().collect();
    if differs && corrections.is_empty() && expectation.is_existing {
        corrections.push(Correction::NewEnvironment);
    }
    SolveVerdict { status, plan, findings, corrections, words: None }
}

fn no_solution(
    expectation: &Expectation<'_>,
    findings: Vec<SolveFinding>,
    words: &str,
) -> SolveVerdict {
    let is_cuda = findings.iter().any(|finding| finding.virtual_package() == Some("__cuda"));
    let needed = expectation.choice.needs_cuda.filter(|_| is_cuda);
    let mut corrections: Vec<_> = needed.map(Correction::OverrideCuda).into_iter().collect();
    if findings.iter().any(|finding| matches!(finding, SolveFinding::Pinned { .. })) {
        corrections.push(Correction::NoPin);
    }
    if corrections.is_empty() && expectation.is_existing {
        corrections.push(Correction::NewEnvironment);
    }
    SolveVerdict { status: Status::NoSolution, findings, corrections, ..failed_with(words) }
}

fn failed(finding: SolveFinding, words: &str) -> SolveVerdict {
    SolveVerdict { findings: vec![finding], ..failed_with(words) }
}

fn failed_with(words: &str) -> SolveVerdict {
    SolveVerdict {
        status: Status::Failed,
        plan: None,
        findings: Vec::new(),
        corrections: Vec::new(),
        words: Some(words.to_owned()).filter(|words| !words.is_empty()),
    }
}

/// The PyTorch of a plan; `None` without `pytorch`.
fn planned_pytorch(planned: &[PlannedPackage]) -> Option<PlannedPytorch> {
    let pytorch = named(planned, "pytorch")?;
    let (accelerator, blas) = read_build_string(&pytorch.build);
    Some(PlannedPytorch { pytorch: pytorch.clone(), accelerator, blas })
}

/// The differences, the most important first.
fn findings(
    expectation: &Expectation<'_>,
    plan: Option<&PlannedPytorch>,
    planned: &[PlannedPackage],
) -> Vec<SolveFinding> {
    let Some(plan) = plan else { return vec![SolveFinding::NoPytorch] };
    let mut findings: Vec<SolveFinding> =
        version(expectation, plan).into_iter().chain(accelerator(expectation, plan)).collect();
    if findings.is_empty() {
        let other_build =
            blas(expectation, plan).or_else(|| build_number(expectation, &plan.pytorch));
        findings.extend(other_build);
    }
    findings.extend(channels(expectation, planned));
    findings.extend(companions(expectation, planned));
    findings.extend(cuda_pin(expectation, planned));
    findings
}

/// A spec with the build string, which leaves a solver no other build. Packages from a wrong channel
/// have other build strings.
fn spec_correction(expectation: &Expectation<'_>, findings: &[SolveFinding]) -> Option<Correction> {
    use SolveFinding::{Accelerator, Blas, Channel, CpuBuild, OlderBuild};
    let has = |is_it: fn(&SolveFinding) -> bool| findings.iter().any(is_it);
    if has(|finding| matches!(finding, Channel { .. })) {
        return None;
    }
    let build = expectation.choice.build;
    let prefix = build.build_prefix();
    let glob = if has(|it| matches!(it, CpuBuild { .. } | Accelerator { .. } | Blas { .. })) {
        format!("{prefix}*")
    } else if has(|finding| matches!(finding, OlderBuild { .. })) {
        format!("{prefix}*_{}", expectation.choice.build_number)
    } else {
        return None;
    };
    let spec = MatchSpec::build("pytorch", build.pytorch, glob);
    (!expectation.choice.specs.contains(&spec)).then_some(Correction::Spec(spec))
}

fn named<'a>(planned: &'a [PlannedPackage], name: &str) -> Option<&'a PlannedPackage> {
    planned.iter().find(|package| package.name == name)
}

/// Reads a build string of conda-forge's `pytorch`: `cuda129_mkl_py312_h…_302`. Those for Metal begin
/// with `cpu`.
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

/// One finding for each unexpected channel, in the order of the packages.
fn channels(expectation: &Expectation<'_>, planned: &[PlannedPackage]) -> Vec<SolveFinding> {
    let mut others: Vec<(String, usize, bool)> = Vec::new();
    for package in planned {
        let got = ChannelName::of(&package.channel).name;
        let is_expected = |channel: &str| is_same_channel(channel, &got);
        if got.is_empty() || expectation.channels.iter().any(is_expected) {
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

/// Whether a channel is the expected one: by its name on anaconda.org, or as a mirror of that name, which
/// clients use by their settings (`channel_alias`, `mirrored_channels`).
fn is_same_channel(expected: &str, got: &str) -> bool {
    // A folder may be printed as a URL.
    let bare = |name: &str| {
        let name = ChannelName::of(name).name;
        name.strip_prefix("file://").map_or(name.clone(), |folder| folder.replace("%20", " "))
    };
    let (expected, got) = (bare(expected), bare(got));
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    // conda prints only the last part of some URLs.
    let is_address = |name: &str| name.contains("://") || name.starts_with('/');
    expected == got || is_address(&got) != is_address(&expected) && last(&got) == last(&expected)
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
