//! `install --json` and `test --json`: what was installed, and whether it works.

use serde::Serialize;

use crate::audit::Checkup;
use crate::commands::Step;
use crate::diagnostics::{Context, Diagnostic, Severity};
use crate::smoke_test::{SmokeProblem, SmokeTest};

use super::command::Command;
use super::write;

/// How an installation, or a test of one, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum InstallStatus {
    /// PyTorch computes on all that it should.
    Works,
    /// It is installed; the GPU that it is for is in another machine.
    Installed,
    /// It is installed and does not work.
    Broken,
    /// The client failed.
    Failed,
    /// The user did not agree.
    Declined,
    /// Nothing satisfies the request on this machine.
    Unsatisfiable,
    /// The NVIDIA driver did not answer, so what to install is unknown.
    Unknown,
}

impl InstallStatus {
    /// How an installation ended that the client has made. `problem`: of the smoke test, `is_tested`: whether that
    /// computed on what the build is for. A warning of `check` is no failure of what has just worked.
    pub fn of_result(
        checkup: &Checkup<'_>,
        problem: Option<&SmokeProblem>,
        ran: bool,
        is_tested: bool,
    ) -> Self {
        if !ran || problem.is_some() || checkup.has_error() {
            Self::Broken
        } else if is_tested {
            Self::Works
        } else {
            Self::Installed
        }
    }

    /// How a smoke test alone ended.
    pub fn of_test(problem: Option<&SmokeProblem>, ran: bool) -> Self {
        if ran && problem.is_none() { Self::Works } else { Self::Broken }
    }

    /// The exit code of the process.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Works | Self::Installed => 0,
            Self::Failed | Self::Unknown => 1,
            Self::Unsatisfiable => 3,
            Self::Broken => 4,
            Self::Declined => 5,
        }
    }
}

/// An installation, or a test of one.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub struct InstallReport<'a> {
    pub status: InstallStatus,
    /// The folder of the environment, if it exists.
    pub prefix: Option<&'a str>,
    /// The commands that were run.
    pub steps: &'a [Step],
    /// The backup of the file that was changed.
    pub backup: Option<&'a str>,
    /// How the last of them, or the test, failed.
    pub failure: Option<String>,
    /// What `check` finds, with what its messages need.
    pub findings: Option<(&'a [Diagnostic], Context<'a>)>,
    pub test: Option<&'a SmokeTest>,
    pub problem: Option<SmokeProblem>,
}

/// What `install --json` and `test --json` print.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Content<'a> {
    /// The result in a word.
    status: InstallStatus,
    /// The exit code of the process: 0, 1 failed, 3 nothing satisfies the request, 4 does not work, 5 declined.
    exit_code: u8,
    /// The folder of the environment; null if there is none.
    prefix: Option<&'a str>,
    /// The backup of the environment file; null if it was not changed.
    backup: Option<&'a str>,
    /// The commands that were run, in order; the last may have failed.
    commands: Vec<Command>,
    /// How the last command, or the test, failed; null if none did.
    failure: Option<String>,
    /// What `check` finds in the environment.
    findings: Vec<FindingReport>,
    /// What the smoke test found; null if it was not run.
    test: Option<&'a SmokeTest>,
    /// Why PyTorch does not work; null if it does, or if that was not tested.
    problem: Option<&'a SmokeProblem>,
}

/// A finding.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FindingReport {
    /// The diagnostic's code.
    code: &'static str,
    /// error, warning, info.
    severity: Severity,
    /// A sentence.
    message: String,
}

/// Writes an installation, or a test of one.
pub fn install(report: &InstallReport<'_>) -> String {
    let finding = |context: &Context<'_>, it: &Diagnostic| FindingReport {
        code: it.code(),
        severity: it.installed_severity(),
        message: it.message(context),
    };
    let findings = report.findings.iter();
    write(Content {
        status: report.status,
        exit_code: report.status.exit_code(),
        prefix: report.prefix,
        backup: report.backup,
        commands: report.steps.iter().map(Command::from).collect(),
        failure: report.failure.clone(),
        findings: findings
            .flat_map(|(findings, context)| findings.iter().map(|it| finding(context, it)))
            .collect(),
        test: report.test,
        problem: report.problem.as_ref(),
    })
}
