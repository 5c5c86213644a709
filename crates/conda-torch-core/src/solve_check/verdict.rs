//! Whether a dry run ends on the promised build.

use crate::conda::{Channels, MatchSpec};
use crate::resolve::Choice;
use crate::types::{Accelerator, Blas, CudaVersion};

use super::dry_run::{DryRun, Planned};
use super::finding::Finding;
use super::{plan, why};

/// What an advice promises of a client's run.
#[derive(Debug, Clone, Copy)]
pub struct Promise<'a> {
    /// The build and the specs.
    pub choice: &'a Choice<'a>,
    /// Where all packages are to come from.
    pub channels: &'a Channels,
    /// Whether the environment is there already, with packages in it.
    pub is_existing: bool,
}

/// What a dry run says about an advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// In a word.
    pub status: Status,
    /// What would be installed; `None` where there is no solution.
    pub plan: Option<Plan>,
    /// What differs, or why there is no solution; with `Confirmed` what is merely to be known.
    pub findings: Vec<Finding>,
    /// What may mend it: all of them together.
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

/// What would be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The record of `pytorch`.
    pub pytorch: Planned,
    /// What its build string says that it computes on; `None` where that is not understood.
    pub accelerator: Option<Accelerator>,
    /// Its linear algebra library, where the build string tells.
    pub blas: Option<Blas>,
}

/// What may mend it: certain only when it was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Correction {
    /// Set `CONDA_OVERRIDE_CUDA`.
    OverrideCuda(CudaVersion),
    /// Ask for this in place of, or beside, what is asked for.
    Spec(MatchSpec),
    /// Leave pins of the settings out.
    NoPin,
    /// Make a new environment, in place of one that is there.
    NewEnvironment,
}

/// Holds a dry run against what was promised.
#[must_use]
pub fn verdict(promise: &Promise<'_>, dry_run: &DryRun) -> Verdict {
    match dry_run {
        DryRun::Would(planned) => of_plan(promise, planned),
        DryRun::Unsolvable(words) => {
            no_solution(promise, why::reasons(words, promise.choice), words)
        }
        DryRun::NotFound(specs) => {
            let mut missing: Vec<Finding> = specs.iter().map(|spec| why::missing(spec)).collect();
            if missing.is_empty() {
                missing.push(Finding::Unexplained); // it says that something is missing, and not what
            }
            no_solution(promise, missing, "")
        }
        DryRun::Network { words, kind } => failed(Finding::Network { kind: *kind }, words),
        DryRun::Failed(words) => failed(Finding::Failed, words),
        DryRun::Unreadable(words) => failed(Finding::Unreadable, words),
    }
}

fn of_plan(promise: &Promise<'_>, planned: &[Planned]) -> Verdict {
    let plan = plan::of(planned);
    let findings = plan::findings(promise, plan.as_ref(), planned);
    let differs = findings.iter().any(Finding::contradicts);
    let status = if differs { Status::Differs } else { Status::Confirmed };
    let mut corrections = plan::corrections(promise, &findings);
    if differs && corrections.is_empty() && promise.is_existing {
        corrections.push(Correction::NewEnvironment);
    }
    Verdict { status, plan, findings, corrections, words: None }
}

fn no_solution(promise: &Promise<'_>, findings: Vec<Finding>, words: &str) -> Verdict {
    let is_cuda = findings.iter().any(|finding| finding.virtual_package() == Some("__cuda"));
    let needed = promise.choice.needs_cuda.filter(|_| is_cuda);
    let mut corrections: Vec<_> = needed.map(Correction::OverrideCuda).into_iter().collect();
    if findings.iter().any(|finding| matches!(finding, Finding::Pinned { .. })) {
        corrections.push(Correction::NoPin);
    }
    if corrections.is_empty() && promise.is_existing {
        corrections.push(Correction::NewEnvironment);
    }
    Verdict {
        status: Status::NoSolution,
        plan: None,
        corrections,
        findings,
        words: Some(words.to_owned()).filter(|words| !words.is_empty()),
    }
}

fn failed(finding: Finding, words: &str) -> Verdict {
    Verdict {
        status: Status::Failed,
        plan: None,
        findings: vec![finding],
        corrections: Vec::new(),
        words: Some(words.to_owned()).filter(|words| !words.is_empty()),
    }
}
