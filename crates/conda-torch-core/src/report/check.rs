//! `check --json`.

use serde::Serialize;

use crate::audit::{Checkup, EnvironmentStatus, Installed};
use crate::clients::ClientTarget;
use crate::commands::{self, Step, StepKind, TargetEnvironment};
use crate::conda::{CONDA_FORGE, Subdir};
use crate::diagnostics::{Context, Diagnostic, Severity};
use crate::matrix::Matrix;
use crate::resolve::GpuKernels;
use crate::types::{Accelerator, Companion, CudaVersion, Machine, Shell, SourceReport};

use super::command::Command;
use super::{AcceleratorName, Answered, ErrorCode, MatrixDate, failed, write};

/// The commands that make a new environment with what this machine should have. Empty if other packages would
/// not help.
pub fn fix(checkup: &Checkup<'_>, client: &ClientTarget<'_>) -> Vec<Step> {
    if !checkup.needs_packages() {
        return Vec::new();
    }
    let Some(choice) = &checkup.advice.recommended else { return Vec::new() };
    let environment = TargetEnvironment::instead_of(&checkup.environment, client);
    let mut steps = commands::plan(&checkup.machine, choice, client, &environment, &CONDA_FORGE);
    steps.retain(|step| step.kind != StepKind::Configure);
    let has =
        |companion: &&Companion| !choice.companions.iter().any(|it| it.package == **companion);
    let companions = checkup.companions();
    let left_out: Vec<&str> = companions.iter().filter(has).map(|it| it.as_str()).collect();
    if !left_out.is_empty()
        && let Some(install) = steps.iter_mut().find(|step| step.kind == StepKind::Install)
    {
        let (packages, pytorch) = (left_out.join(" and "), choice.build.pytorch);
        let note =
            format!("without {packages}, which the environment has: none fits PyTorch {pytorch}");
        install.note = Some(note);
    }
    steps
}

/// The answer in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) enum Status {
    /// No problems in any environment.
    Ok,
    /// There are problems to fix.
    Problems,
    /// The run failed.
    Error,
}

/// What `check --json` prints after the beginning that all answers share.
#[derive(Debug, Serialize, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Content<'a> {
    /// The shell of the machine, or of `--shell`: the key of a command to show. Null if the run failed.
    shell: Option<Shell>,
    /// The environments.
    environments: Vec<EnvironmentReport<'a>>,
}

/// Writes the environments.
pub fn document(
    all: &[Checkup<'_>],
    machine: &Machine,
    client: &ClientTarget<'_>,
    shell: Shell,
    exit_code: u8,
) -> String {
    write(Answered {
        matrix: MatrixDate::of(Matrix::embedded()),
        status: if exit_code == 0 { Status::Ok } else { Status::Problems },
        exit_code,
        error: None,
        machine: Some(machine),
        content: Content {
            shell: Some(shell),
            environments: all.iter().map(|it| environment(it, client)).collect(),
        },
    })
}

/// Writes the document of a run that failed.
pub fn error(text: &str, code: ErrorCode) -> String {
    failed::<_, Content<'_>>(Status::Error, text, code)
}

/// An environment.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct EnvironmentReport<'a> {
    /// Its folder.
    prefix: &'a str,
    /// The name that a client knows it by; null if only its folder names it.
    name: Option<&'a str>,
    /// The platform of its packages; null if unknown.
    subdir: Option<Subdir>,
    /// sound, mend, no-pytorch, unknown (it could not be read).
    verdict: EnvironmentStatus,
    /// The PyTorch that Python imports; null if there is none.
    pytorch: Option<PytorchReport<'a>>,
    /// The problems and remarks, most severe first.
    findings: Vec<FindingReport>,
    /// The commands that fix it, in order; empty if other packages would not help.
    commands: Vec<Command>,
    /// What could not be read.
    problems: &'a [SourceReport],
}

fn environment<'a>(checkup: &'a Checkup<'_>, client: &ClientTarget<'_>) -> EnvironmentReport<'a> {
    let environment = &checkup.environment;
    let context = checkup.context();
    EnvironmentReport {
        prefix: &environment.prefix,
        name: environment.name.as_deref(),
        subdir: environment.subdir,
        verdict: checkup.status,
        pytorch: checkup.installed.as_ref().map(|it| pytorch(it, &checkup.kernels)),
        findings: checkup.findings.iter().map(|it| finding(it, &context)).collect(),
        commands: fix(checkup, client).iter().map(Command::from).collect(),
        problems: &environment.problems,
    }
}

/// The PyTorch of an environment.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PytorchReport<'a> {
    /// As it is written: 2.5.1, 2.6.0+cu124.
    version: &'a str,
    /// The build string; null if pip installed it.
    build: Option<&'a str>,
    /// The channel; null if pip installed it.
    channel: Option<&'a str>,
    /// conda, pip.
    installer: &'static str,
    /// cuda, cpu, mps; null if unknown.
    accelerator: Option<AcceleratorName>,
    /// The CUDA toolkit of the build; null without CUDA.
    cuda: Option<CudaVersion>,
    /// How the build supports each GPU; empty without CUDA, or if its kernels are unknown.
    kernels: &'a [GpuKernels],
}

fn pytorch<'a>(installed: &'a Installed<'_>, kernels: &'a [GpuKernels]) -> PytorchReport<'a> {
    let package = installed.package.as_ref();
    PytorchReport {
        version: &installed.version_text,
        build: package.map(|package| &*package.build),
        channel: package.map(|package| &*package.channel),
        installer: if package.is_some() { "conda" } else { "pip" },
        accelerator: installed.accelerator.map(AcceleratorName::from),
        cuda: installed.accelerator.and_then(Accelerator::cuda),
        kernels,
    }
}

/// A problem or a remark.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FindingReport {
    /// Its stable code; `conda-torch explain CODE` says more.
    #[cfg_attr(test, schemars(with = "crate::diagnostics::Code"))]
    code: &'static str,
    /// error, warning, info.
    severity: Severity,
    /// A sentence.
    message: String,
    /// The error that a user sees because of it, if known.
    symptom: Option<String>,
    /// What to do about it, if that is not to install something else.
    hint: Option<String>,
    /// The GPU that it is about.
    gpu: Option<u32>,
}

fn finding(diagnostic: &Diagnostic, context: &Context<'_>) -> FindingReport {
    FindingReport {
        code: diagnostic.code(),
        severity: diagnostic.installed_severity(),
        message: diagnostic.message(context),
        symptom: diagnostic.symptom(),
        hint: diagnostic.hint(context),
        gpu: diagnostic.gpu(),
    }
}
