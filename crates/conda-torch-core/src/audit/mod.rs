//! An environment that exists, held against a machine: which PyTorch is in it, whether it runs there,
//! and what is wrong with what lies around it. Pure, as the advice is; carries facts, no sentences.
//!
//! 1. `installed`: the PyTorch that Python will import, as a build of the matrix where it is one.
//! 2. `against_machine`: that build by the rules of the advice.
//! 3. `packages` and `requests`: what else is in the environment, and what was asked for.
//! 4. `mend`: the advice for this machine, with what the environment has.

mod against_machine;
mod installed;
mod mend;
mod packages;
mod requests;
pub mod words;

pub use installed::{Installed, Kind};

use serde::Serialize;

use crate::diagnostics::{Context, Diagnostic, Severity};
use crate::matrix::Matrix;
use crate::resolve::{Advice, GpuKernels};
use crate::types::{Environment, Machine, PipPackage};

/// What came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkup<'m> {
    /// How it stands.
    pub verdict: Verdict,
    /// The PyTorch that Python imports; `None` where there is none, or where that cannot be told.
    pub installed: Option<Installed<'m>>,
    /// pip's PyTorch, where it lies on top of conda's.
    pub on_top: Option<PipPackage>,
    /// Each GPU on the build; empty without CUDA, or where its kernels are not known.
    pub kernels: Vec<GpuKernels>,
    /// What there is to say, gravest first.
    pub findings: Vec<Diagnostic>,
    /// The machine without what variables say of another.
    pub machine: Machine,
    /// What this machine should have instead, with what the environment has.
    pub advice: Advice<'m>,
    /// The builds that it was chosen from.
    pub matrix: &'m Matrix,
}

/// How an environment stands on a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Verdict {
    /// Its PyTorch runs, and nothing is wrong with it.
    Sound,
    /// There is something to mend.
    Mend,
    /// There is no PyTorch in it.
    NoPytorch,
    /// It could not be read.
    Unknown,
}

impl Verdict {
    /// Whether something is to be done.
    #[must_use]
    pub const fn asks(self) -> bool {
        match self {
            Self::Mend | Self::Unknown => true,
            Self::Sound | Self::NoPytorch => false,
        }
    }
}

impl Checkup<'_> {
    /// Whether other packages mend it, in contrast to a driver or a variable.
    #[must_use]
    pub fn needs_packages(&self) -> bool {
        self.findings.iter().any(needs_packages)
    }

    /// What messages and hints need to know.
    #[must_use]
    pub fn context(&self) -> Context<'_> {
        self.advice.context(&self.machine, self.matrix)
    }
}

/// Whether other packages fix it.
fn needs_packages(finding: &Diagnostic) -> bool {
    let is_elsewhere = matches!(
        finding,
        Diagnostic::NoDriver { .. }
            | Diagnostic::NoGpu
            | Diagnostic::LibcudaMissing
            | Diagnostic::DriverUnknown { .. }
            | Diagnostic::DriverDroppedGpu { .. }
            | Diagnostic::OverrideLeftBehind { .. }
            | Diagnostic::EnvironmentDamaged { .. }
    );
    finding.installed_severity() >= Severity::Warning && !is_elsewhere
}

/// Holds an environment against a machine.
#[must_use]
pub fn check<'m>(environment: &Environment, machine: &Machine, matrix: &'m Matrix) -> Checkup<'m> {
    let mut findings = Vec::new();
    let machine = against_machine::without_override(machine, matrix, &mut findings);
    let advice = mend::advice(environment, &machine, matrix);
    let installed = installed::of(environment, matrix);
    packages::damage(environment, &mut findings);
    let mut kernels = Vec::new();
    if let Some(installed) = &installed {
        kernels = against_machine::look(installed, &machine, matrix, &advice, &mut findings);
        packages::look(environment, installed, &machine, matrix, &mut findings);
        requests::look(environment, installed, &machine, matrix, &advice, &mut findings);
    }
    // Stable: within a severity the order above is the order of telling.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.installed_severity()));
    let on_top = packages::torch_on_top(environment).cloned();
    let verdict = verdict(environment, installed.as_ref(), &findings);
    Checkup { verdict, installed, on_top, kernels, findings, machine, advice, matrix }
}

fn verdict(
    environment: &Environment,
    installed: Option<&Installed<'_>>,
    findings: &[Diagnostic],
) -> Verdict {
    if findings.iter().any(|finding| finding.installed_severity() >= Severity::Warning) {
        return if environment.packages.is_empty() { Verdict::Unknown } else { Verdict::Mend };
    }
    if installed.is_some() { Verdict::Sound } else { Verdict::NoPytorch }
}
