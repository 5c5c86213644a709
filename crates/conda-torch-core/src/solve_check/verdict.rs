//! Whether a dry run has the recommended build, and what may fix it.

use serde::Serialize;

use crate::conda::{ChannelName, Channels, MatchSpec, Version};
use crate::resolve::Choice;
use crate::types::{Accelerator, Blas, CudaVersion};

use super::dry_run::{DryRun, PlannedPackage};
use super::finding::SolveFinding;
use super::no_solution::{missing, reasons};

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
    /// Never `NoSpace` or `NotRun`: disks are looked at later.
    pub status: ProofStatus,
    /// The differences, or why there is no solution. A confirmed plan may have notes too.
    pub findings: Vec<SolveFinding>,
    /// What may fix it: all of them together.
    pub corrections: Vec<Correction>,
}

/// The result of a verification in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ProofStatus {
    /// A solver selects the promised build, and there is enough disk space for it.
    Verified,
    /// A solver selects something else.
    Differs,
    /// A solver finds no solution.
    Unsolvable,
    /// A solver selects the promised build, but the disk is too small for it.
    NoSpace,
    /// The client could not be run, or did not answer.
    Failed,
    /// No client or solver was available.
    NotRun,
}

impl ProofStatus {
    /// The exit code of the process.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Verified | Self::NotRun => 0,
            Self::Failed => 1,
            Self::Differs | Self::Unsolvable | Self::NoSpace => 4,
        }
    }
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
    let (status, findings) = match dry_run {
        DryRun::Planned(planned) => {
            let findings = differences(expectation, planned);
            let is_note =
                |finding: &SolveFinding| matches!(finding, SolveFinding::NewerBuild { .. });
            let is_confirmed = findings.iter().all(is_note);
            (if is_confirmed { ProofStatus::Verified } else { ProofStatus::Differs }, findings)
        }
        DryRun::Unsolvable(words) => (ProofStatus::Unsolvable, reasons(words, expectation.choice)),
        DryRun::NotFound(specs) if specs.is_empty() => {
            (ProofStatus::Unsolvable, vec![SolveFinding::Unexplained])
        }
        DryRun::NotFound(specs) => {
            (ProofStatus::Unsolvable, specs.iter().map(|spec| missing(spec)).collect())
        }
        DryRun::Network { kind, .. } => {
            (ProofStatus::Failed, vec![SolveFinding::Network { kind: *kind }])
        }
        DryRun::Failed(_) => (ProofStatus::Failed, vec![SolveFinding::Failed]),
        DryRun::Unreadable(_) => (ProofStatus::Failed, vec![SolveFinding::Unreadable]),
    };
    let corrections = corrections(expectation, status, &findings);
    SolveVerdict { status, findings, corrections }
}

fn corrections(
    expectation: &Expectation<'_>,
    status: ProofStatus,
    findings: &[SolveFinding],
) -> Vec<Correction> {
    let mut corrections = Vec::new();
    match status {
        ProofStatus::Verified
        | ProofStatus::Failed
        | ProofStatus::NoSpace
        | ProofStatus::NotRun => return corrections,
        ProofStatus::Differs => corrections.extend(spec_correction(expectation.choice, findings)),
        ProofStatus::Unsolvable => {
            let is_cuda = findings.iter().any(|it| it.virtual_package() == Some("__cuda"));
            let needed = expectation.choice.needs_cuda.filter(|_| is_cuda);
            corrections.extend(needed.map(Correction::OverrideCuda));
            let is_pinned = findings.iter().any(|it| matches!(it, SolveFinding::Pinned { .. }));
            corrections.extend(is_pinned.then_some(Correction::NoPin));
        }
    }
    if corrections.is_empty() && expectation.is_existing {
        corrections.push(Correction::NewEnvironment);
    }
    corrections
}

/// A spec with the build string, which leaves a solver no other build. Not for packages of a wrong channel.
fn spec_correction(choice: &Choice<'_>, findings: &[SolveFinding]) -> Option<Correction> {
    use SolveFinding::{Accelerator, Blas, Channel, CpuBuild, OlderBuild};
    let has = |is_it: fn(&SolveFinding) -> bool| findings.iter().any(is_it);
    if has(|finding| matches!(finding, Channel { .. })) {
        return None;
    }
    let prefix = choice.build.build_prefix();
    let glob = if has(|it| matches!(it, CpuBuild { .. } | Accelerator { .. } | Blas { .. })) {
        format!("{prefix}*")
    } else if has(|finding| matches!(finding, OlderBuild { .. })) {
        format!("{prefix}*_{}", choice.build.build_numbers.1)
    } else {
        return None;
    };
    let spec = MatchSpec::build("pytorch", choice.build.pytorch, glob);
    (!choice.specs.contains(&spec)).then_some(Correction::Spec(spec))
}

/// How a plan differs, the most important first.
fn differences(expectation: &Expectation<'_>, planned: &[PlannedPackage]) -> Vec<SolveFinding> {
    let Some(pytorch) = named(planned, "pytorch") else { return vec![SolveFinding::NoPytorch] };
    let mut findings = of_pytorch(expectation.choice, pytorch);
    findings.extend(of_channels(expectation.channels, planned));
    findings.extend(of_companions(expectation.choice, planned));
    if let Some(expected) = expectation.choice.cuda_version {
        let got = named(planned, "cuda-version").map(|package| package.version.clone());
        if got.as_deref().and_then(|got| got.parse().ok()) != Some(expected) {
            findings.push(SolveFinding::CudaPin { expected, got });
        }
    }
    findings
}

fn named<'a>(planned: &'a [PlannedPackage], name: &str) -> Option<&'a PlannedPackage> {
    planned.iter().find(|package| package.name == name)
}

/// By version and build string, `cuda129_mkl_py312_h…_302`, up to 1.12 `cuda112py310h…_201`; those for Metal begin with
/// `cpu`. Other parts of the build matter only if version and accelerator are right.
fn of_pytorch(choice: &Choice<'_>, package: &PlannedPackage) -> Vec<SolveFinding> {
    let build = choice.build;
    let mut findings = Vec::new();
    if package.version.parse() != Ok(build.pytorch) {
        let (expected, got) = (build.pytorch, package.version.clone());
        findings.push(SolveFinding::Version { expected, got });
    }
    let mut words = package.build.split('_');
    let cuda = match words.next().unwrap_or_default() {
        "cpu" => Some(None),
        word => word.strip_prefix("cuda").and_then(toolkit).map(Some),
    };
    findings.extend(match (build.accelerator.cuda(), cuda) {
        (_, None) => Some(SolveFinding::UnknownBuild { build: package.build.clone() }),
        (expected, Some(cuda)) if expected == cuda => None,
        (Some(expected), Some(None)) => Some(SolveFinding::CpuBuild { expected }),
        (_, Some(cuda)) => cuda.map(|cuda| SolveFinding::Accelerator {
            expected: build.accelerator,
            got: Accelerator::Cuda(cuda),
        }),
    });
    if !findings.is_empty() {
        return findings;
    }
    let blas = words.next().filter(|_| build.blas_in_build_string);
    let blas = [Blas::Mkl, Blas::Generic].into_iter().find(|it| Some(it.as_str()) == blas);
    let other_blas = blas.filter(|blas| *blas != build.blas);
    let number = package.build.rsplit('_').next().and_then(|number| number.parse::<u64>().ok());
    let known = choice.build.build_numbers.1;
    findings.extend(match (other_blas, number) {
        (Some(got), _) => Some(SolveFinding::Blas { expected: build.blas, got }),
        (None, Some(got)) if got < known.into() => {
            Some(SolveFinding::OlderBuild { expected: known, got })
        }
        (None, Some(got)) if got > known.into() => Some(SolveFinding::NewerBuild { known, got }),
        (None, _) => None,
    });
    findings
}

/// The toolkit at the start of a build string, after `cuda`.
fn toolkit(text: &str) -> Option<CudaVersion> {
    let (digits, rest) =
        text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let is_end = rest.is_empty() || rest.starts_with("py");
    CudaVersion::from_digits(digits).filter(|_| is_end)
}

/// One finding for each unexpected channel, in the order of the packages.
fn of_channels(channels: &Channels, planned: &[PlannedPackage]) -> Vec<SolveFinding> {
    let names: Vec<String> = channels.iter().map(|channel| ChannelName::of(channel).name).collect();
    let expected = names.join(", ");
    let mut findings: Vec<SolveFinding> = Vec::new();
    for package in planned {
        let name = ChannelName::of(&package.channel).name;
        if name.is_empty() || channels.iter().any(|channel| is_same_channel(channel, &name)) {
            continue;
        }
        let is_pytorch = package.name == "pytorch";
        let known = findings.iter_mut().find_map(|finding| {
            let SolveFinding::Channel { got, packages, has_pytorch, .. } = finding else {
                return None;
            };
            (*got == name).then_some((packages, has_pytorch))
        });
        if let Some((packages, has_pytorch)) = known {
            *packages += 1;
            *has_pytorch |= is_pytorch;
        } else {
            let (expected, got, has_pytorch) = (expected.clone(), name, is_pytorch);
            findings.push(SolveFinding::Channel { expected, got, packages: 1, has_pytorch });
        }
    }
    findings
}

fn of_companions(choice: &Choice<'_>, planned: &[PlannedPackage]) -> Vec<SolveFinding> {
    let mut findings = Vec::new();
    for companion in &choice.companions {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_string_names_its_toolkit() {
        for (text, expected) in [
            ("129", Some((12, 9))),
            ("110py310h9163bb4", Some((11, 0))),
            ("102py37h98b7ee3", Some((10, 2))),
            ("129x", None),
            ("", None),
            ("py310", None),
        ] {
            let expected = expected.map(|(major, minor)| CudaVersion::new(major, minor));
            assert_eq!(toolkit(text), expected, "{text}");
        }
    }
}
