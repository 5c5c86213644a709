//! The form of `check --json`: its keys and their order. Additions only within a `format_version`.

use serde::Serialize;

use crate::types::{Machine, SourceReport};

use crate::render::wire::{Command, ErrorText, KernelsText, MatrixDate, Tool};

/// The one document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "conda-torch check --json"))]
pub(in crate::render) struct Document<'a> {
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
pub(in crate::render) struct EnvironmentText<'a> {
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
pub(in crate::render) struct PytorchText<'a> {
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
pub(in crate::render) struct FindingText {
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
