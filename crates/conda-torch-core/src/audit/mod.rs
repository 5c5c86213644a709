//! An environment checked against a machine: which PyTorch it has, whether that runs, and what else in it is
//! wrong.
//!
//! 1. `installed`: the PyTorch that Python imports, as a build of the matrix if it is one.
//! 2. `machine`: that build, by the rules of the advice.
//! 3. `packages`: the packages around it.
//! 4. `requests`: the specs it was installed with, and what to install instead.

mod installed;
mod machine;
mod packages;
mod requests;

pub use installed::Installed;

use std::cmp::Reverse;

use serde::Serialize;

use crate::diagnostics::{Context, Diagnostic, Severity};
use crate::matrix::Matrix;
use crate::resolve::{Advice, GpuKernels};
use crate::types::{Companion, Environment, Machine};

/// An environment with the result of the check.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkup<'m> {
    /// The environment.
    pub environment: Environment,
    /// The result in a word.
    pub status: EnvironmentStatus,
    /// The PyTorch that Python imports; `None` if there is none, or if it is unknown.
    pub installed: Option<Installed<'m>>,
    /// Each GPU on the build; empty without CUDA, or if its kernels are unknown.
    pub kernels: Vec<GpuKernels>,
    /// Everything found, most severe first.
    pub findings: Vec<Diagnostic>,
    /// The machine as PyTorch sees it, without what variables override.
    pub machine: Machine,
    /// What to install on this machine, with the packages that the environment has; without what is rejected.
    pub advice: Advice<'m>,
    /// The builds that the advice chose from.
    pub matrix: &'m Matrix,
}

/// The result for an environment in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum EnvironmentStatus {
    /// Its PyTorch runs, and nothing is wrong with it.
    Ok,
    /// There are problems to fix.
    Problems,
    /// It has no PyTorch.
    NoPytorch,
    /// It could not be read.
    Unreadable,
}

impl Checkup<'_> {
    /// The findings that are to be fixed.
    pub fn problems(&self) -> impl Iterator<Item = &Diagnostic> {
        self.findings.iter().filter(|finding| is_problem(finding))
    }

    /// Whether something is wrong for certain: an error, or packages of which nothing is known.
    pub fn has_error(&self) -> bool {
        self.findings.iter().any(|finding| {
            finding.installed_severity() == Severity::Error
                || matches!(finding, Diagnostic::EnvironmentDamaged { .. })
        })
    }

    /// Whether other packages fix a problem, unlike a driver or a variable.
    pub fn needs_packages(&self) -> bool {
        self.problems().any(|problem| {
            !matches!(
                problem,
                Diagnostic::NoDriver { .. }
                    | Diagnostic::NoGpu
                    | Diagnostic::LibcudaMissing
                    | Diagnostic::DriverUnknown { .. }
                    | Diagnostic::DriverDroppedGpu { .. }
                    | Diagnostic::OverrideLeftBehind { .. }
                    | Diagnostic::EnvironmentDamaged { .. }
            )
        })
    }

    /// The companions that the environment has.
    pub fn companions(&self) -> Vec<Companion> {
        requests::companions(&self.environment)
    }

    /// What messages and hints need to know.
    pub fn context(&self) -> Context<'_> {
        self.advice.context(&self.machine, self.matrix)
    }
}

fn is_problem(finding: &Diagnostic) -> bool {
    finding.installed_severity() >= Severity::Warning
}

/// Checks an environment against a machine.
pub fn check<'m>(environment: Environment, machine: &Machine, matrix: &'m Matrix) -> Checkup<'m> {
    let (machine, overridden) = machine::without_override(machine, matrix);
    let installed = Installed::new(&environment, matrix);
    let version = installed.as_ref().and_then(|installed| installed.version);
    let mut advice = requests::advice(&environment, version, &machine, matrix);
    // Most of an advice, and a machine can have thousands of environments.
    advice.rejected = Vec::new();
    let mut checkup = Checkup {
        status: EnvironmentStatus::Ok,
        installed,
        kernels: Vec::new(),
        findings: Vec::new(),
        advice,
        environment,
        machine,
        matrix,
    };
    let mut findings: Vec<Diagnostic> = overridden.into_iter().collect();
    findings.extend(checkup.environment.problems.iter().map(|problem| {
        let (source, detail) = (problem.source.clone(), problem.detail.clone());
        Diagnostic::EnvironmentDamaged { source, detail }
    }));
    if let Some(installed) = &checkup.installed {
        let (of_machine, kernels) = machine::check(&checkup, installed);
        findings.extend(of_machine);
        findings.extend(packages::check(&checkup, installed));
        findings.extend(requests::check(&checkup, installed));
        checkup.kernels = kernels;
    }
    // Stable: findings of one severity keep the order above.
    findings.sort_by_key(|finding| Reverse(finding.installed_severity()));
    checkup.status = match (findings.iter().any(is_problem), &checkup.installed) {
        (true, _) if checkup.environment.packages.is_empty() => EnvironmentStatus::Unreadable,
        (true, _) => EnvironmentStatus::Problems,
        (false, Some(_)) => EnvironmentStatus::Ok,
        (false, None) => EnvironmentStatus::NoPytorch,
    };
    checkup.findings = findings;
    checkup
}
