//! Environments for an installer: exactly one document, whatever happened.

use serde::Serialize;

use crate::answer::Style;
use crate::audit::{Checkup, Finding, Installed, Kind, words};
use crate::clients::ClientTarget;
use crate::commands::{self, Step};
use crate::conda::CONDA_FORGE;
use crate::diagnostics::{self, Severity};
use crate::types::{Accelerator, Date, Environment, Machine, SourceReport};

use super::advise::{Command, ErrorText, KernelsText, MatrixDate, Tool, command, kernels};

/// The environments as one JSON document with a line break at its end.
#[must_use]
pub fn document(
    all: &[Checked<'_>],
    machine: &Machine,
    telling: &Telling<'_>,
    as_of: Date,
    exit_code: u8,
) -> String {
    write(&Document {
        status: if exit_code == 0 { "sound" } else { "mend" },
        exit_code,
        machine: Some(machine),
        environments: all.iter().map(|checked| environment(checked, telling)).collect(),
        ..empty(as_of)
    })
}

/// The document of a run that failed.
#[must_use]
pub fn error(text: &str, exit_code: u8, as_of: Date) -> String {
    let error = Some(ErrorText { message: text });
    write(&Document { status: "error", exit_code, error, ..empty(as_of) })
}

fn empty<'a>(as_of: Date) -> Document<'a> {
    Document {
        format_version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        matrix: MatrixDate { channel: "conda-forge", as_of },
        status: "error",
        exit_code: 1,
        error: None,
        machine: None,
        environments: Vec::new(),
    }
}

fn write(document: &Document<'_>) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("texts and numbers are JSON");
    text.push('\n');
    text
}

fn environment<'a>(checked: &'a Checked<'_>, telling: &Telling<'_>) -> EnvironmentText<'a> {
    let Checked { environment, checkup } = checked;
    EnvironmentText {
        prefix: &environment.prefix,
        name: environment.name.as_deref(),
        subdir: environment.subdir.map(|subdir| subdir.to_string()),
        verdict: words::verdict(checkup.verdict),
        pytorch: checkup.installed.as_ref().map(|installed| PytorchText {
            kernels: checkup.kernels.iter().copied().map(kernels).collect(),
            ..pytorch(installed)
        }),
        findings: checkup.findings.iter().map(|it| finding(it, checked)).collect(),
        commands: checked.mend(&telling.client).iter().map(command).collect(),
        problems: &environment.problems,
    }
}

fn pytorch<'a>(installed: &'a Installed<'_>) -> PytorchText<'a> {
    let (build, channel, by) = match &installed.kind {
        Kind::Conda(package) => {
            (Some(package.build.as_str()), Some(package.channel.as_str()), "conda")
        }
        Kind::Pip(_) => (None, None, "pip"),
    };
    PytorchText {
        version: installed.version_text(),
        build,
        channel,
        installer: by,
        accelerator: installed.accelerator.map(|accelerator| match accelerator {
            Accelerator::Cuda(_) => "cuda",
            Accelerator::Mps => "mps",
            Accelerator::Cpu => "cpu",
        }),
        cuda: installed.accelerator.and_then(Accelerator::cuda).map(|cuda| cuda.to_string()),
        kernels: Vec::new(),
    }
}

fn finding(finding: &Finding, checked: &Checked<'_>) -> FindingText {
    FindingText {
        code: finding.code(),
        severity: match finding.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        },
        message: words::sentence(finding, &checked.checkup),
        symptom: finding.symptom().map(words::symptom),
        hint: words::hint(finding, &checked.checkup),
        gpu: if let Finding::Of(diagnostic) = finding {
            diagnostics::gpu(diagnostic)
        } else {
            None
        },
    }
}

/// An environment with what came out.
#[derive(Debug, Clone)]
pub struct Checked<'m> {
    /// The environment.
    pub environment: Environment,
    /// What came out.
    pub checkup: Checkup<'m>,
}

/// How to tell it.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    /// The client that commands are for.
    pub client: ClientTarget<'a>,
    /// How it is to look.
    pub style: Style,
}

impl Checked<'_> {
    /// The commands that mend it: a new environment with what this machine should have. Empty where
    /// packages mend nothing.
    #[must_use]
    pub fn mend(&self, client: &ClientTarget<'_>) -> Vec<Step> {
        if !self.checkup.needs_packages() {
            return Vec::new();
        }
        let Some(choice) = &self.checkup.advice.recommended else { return Vec::new() };
        let place = commands::TargetEnvironment::Unnamed;
        let steps = commands::plan(&self.checkup.machine, choice, client, &place, &CONDA_FORGE);
        let is_of_mend = |step: &Step| step.kind != crate::commands::StepKind::Configure;
        steps.into_iter().filter(is_of_mend).collect()
    }
}

/// The one document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "conda-torch check --json"))]
pub(crate) struct Document<'a> {
    /// 1.
    pub format_version: u32,
    /// What wrote it.
    pub tool: Tool,
    /// What the builds were held against.
    pub matrix: MatrixDate<'static>,
    /// sound, mend (something to mend in one of them), error.
    pub status: &'static str,
    /// What the process ends with: 0 sound, 1 failed, 2 wrong command line, 4 something to mend.
    pub exit_code: u8,
    /// Why there is no answer; null unless `status` is `error`.
    pub error: Option<ErrorText<'a>>,
    /// What `probe --json` prints; null where the run failed before that was known.
    pub machine: Option<&'a Machine>,
    /// The environments.
    pub environments: Vec<EnvironmentText<'a>>,
}

/// An environment.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EnvironmentText<'a> {
    /// Its folder.
    pub prefix: &'a str,
    /// What a client calls it; null where only its folder names it.
    pub name: Option<&'a str>,
    /// The platform of its packages; null where none tells.
    pub subdir: Option<String>,
    /// sound, mend, no-pytorch, unknown (it could not be read).
    pub verdict: &'static str,
    /// The PyTorch that Python imports; null where there is none.
    pub pytorch: Option<PytorchText<'a>>,
    /// What there is to say, gravest first.
    pub findings: Vec<FindingText>,
    /// What to run to mend it, in order; empty where packages mend nothing.
    pub commands: Vec<Command>,
    /// What could not be read.
    pub problems: &'a [SourceReport],
}

/// The PyTorch of an environment.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PytorchText<'a> {
    /// As it is written: 2.5.1, 2.6.0+cu124.
    pub version: &'a str,
    /// The build string; null where pip installed it.
    pub build: Option<&'a str>,
    /// The channel; null where pip installed it.
    pub channel: Option<&'a str>,
    /// conda, pip.
    pub installer: &'static str,
    /// cuda, cpu, mps; null where it does not tell.
    pub accelerator: Option<&'static str>,
    /// The toolkit that it was made with; null without CUDA.
    pub cuda: Option<String>,
    /// Each GPU on this build; empty without CUDA, or where its kernels are not known.
    pub kernels: Vec<KernelsText>,
}

/// Something to say of an environment.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FindingText {
    /// Its stable name; `conda-torch explain CODE` says more.
    pub code: &'static str,
    /// error, warning, info.
    pub severity: &'static str,
    /// A sentence.
    pub message: String,
    /// The error that a user sees because of it, where it is known.
    pub symptom: Option<String>,
    /// What to do about it, where that is not to install something else.
    pub hint: Option<String>,
    /// The GPU that it is about.
    pub gpu: Option<u32>,
}
