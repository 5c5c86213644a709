//! Whether a dry run ends on the promised build.

use super::comparison::{Expectation, PlannedPytorch};
use super::dry_run::{DryRun, PlannedPackage};
use super::finding::{Correction, SolveFinding};
use super::{comparison, no_solution};

/// What a dry run says about an advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolveVerdict {
    /// In a word.
    pub status: Status,
    /// What would be installed; `None` where there is no solution.
    pub plan: Option<PlannedPytorch>,
    /// What differs, or why there is no solution; with `Confirmed` what is merely to be known.
    pub findings: Vec<SolveFinding>,
    /// What may fix it: all of them together.
    pub corrections: Vec<Correction>,
    /// The client's own words, where it had some: short, without colours and secrets.
    pub words: Option<String>,
}

/// A verdict in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It ends on the promised build.
    Confirmed,
    /// It ends on something else.
    Differs,
    /// The client finds no solution.
    NoSolution,
    /// The client could not say: no network, a failure, words that are not understood.
    Failed,
}

/// Holds a dry run against what was promised.
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
                missing.push(SolveFinding::Unexplained); // it says that something is missing, and not what
            }
            no_solution(expectation, missing, "")
        }
        DryRun::Network { words, kind } => failed(SolveFinding::Network { kind: *kind }, words),
        DryRun::Failed(words) => failed(SolveFinding::Failed, words),
        DryRun::Unreadable(words) => failed(SolveFinding::Unreadable, words),
    }
}

fn of_plan(expectation: &Expectation<'_>, planned: &[PlannedPackage]) -> SolveVerdict {
    let plan = comparison::of(planned);
    let findings = comparison::findings(expectation, plan.as_ref(), planned);
    let differs = findings.iter().any(SolveFinding::contradicts);
    let status = if differs { Status::Differs } else { Status::Confirmed };
    let mut corrections = comparison::corrections(expectation, &findings);
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
    SolveVerdict {
        status: Status::NoSolution,
        plan: None,
        corrections,
        findings,
        words: Some(words.to_owned()).filter(|words| !words.is_empty()),
    }
}

fn failed(finding: SolveFinding, words: &str) -> SolveVerdict {
    SolveVerdict {
        status: Status::Failed,
        plan: None,
        findings: vec![finding],
        corrections: Vec::new(),
        words: Some(words.to_owned()).filter(|words| !words.is_empty()),
    }
}
