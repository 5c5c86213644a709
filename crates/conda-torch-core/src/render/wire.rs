//! The form of `advise --json`: its keys and their order. Additions only within a `format_version`;
//! words such as `status` are open, and a reader takes one that it does not know for "other".

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::types::{Date, Machine};

use crate::render::{live::LiveText, proof::VerifyText, sight::SightText};

/// The one document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "conda-torch advise --json"))]
pub(super) struct Document<'a> {
    /// 1.
    pub format_version: u32,
    /// What wrote it.
    pub tool: Tool,
    /// What the answer was read from.
    pub matrix: MatrixDate<'a>,
    /// ok, degraded (a GPU is there but the answer does not use it, or facts are missing),
    /// unsatisfiable, error.
    pub status: &'static str,
    /// What the process ends with: 0 answered, 1 failed, 2 wrong command line, 3 nothing satisfies
    /// the request, 4 what `--verify` found speaks against the answer.
    pub exit_code: u8,
    /// Why there is no answer; null unless `status` is `error`.
    pub error: Option<ErrorText<'a>>,
    /// What `probe --json` prints; null where the run failed before that was known.
    pub machine: Option<&'a Machine>,
    /// What was asked for; null where the run failed before that was known.
    pub request: Option<RequestText>,
    /// What to install; null where nothing satisfies the request.
    pub recommendation: Option<ChoiceText>,
    /// What to run for that, in order.
    pub commands: Vec<Command>,
    /// What a change would unlock, best first.
    pub alternatives: Vec<AlternativeText>,
    /// Builds that rank above the recommendation, each with all that speaks against it; with `--all`
    /// every build.
    pub rejected: Vec<RejectedText>,
    /// What to know, gravest first.
    pub diagnostics: Vec<DiagnosticText>,
    /// What each client will take the machine for; the client that the commands are for first.
    pub virtual_packages: Vec<SightText>,
    /// What came of `--verify`; null without that flag.
    pub verify: Option<VerifyText>,
    /// What was read of a channel with `--live`; null without that flag.
    pub live: Option<&'a LiveText>,
}

/// A document that holds a machine: `probe --json`, and what `--machine` reads.
#[cfg(test)]
#[derive(Serialize, schemars::JsonSchema)]
#[schemars(title = "conda-torch probe --json")]
pub(super) struct ProbeDocument {
    /// 1.
    format_version: u32,
    /// What wrote it.
    tool: Tool,
    /// What was found out.
    machine: Machine,
    /// What each client will take the machine for, the best client first.
    virtual_packages: Vec<SightText>,
}

/// What wrote a document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Tool {
    /// conda-torch.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// What an answer was read from.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct MatrixDate<'a> {
    /// Whose builds they are: conda-forge, or what `--live` has read, without secrets.
    pub channel: &'a str,
    /// The day up to which the channel was read.
    #[cfg_attr(test, schemars(with = "String"))]
    pub as_of: Date,
}

/// What kept the program from answering.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ErrorText<'a> {
    /// One sentence.
    pub message: &'a str,
}

/// What was asked for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RequestText {
    /// auto, cpu, cuda.
    pub accelerator: &'static str,
    /// A version of PyTorch or its beginning.
    pub pytorch: Option<String>,
    /// A series of Python.
    pub python: Option<String>,
    /// A pin of `cuda-version`.
    pub cuda_version: Option<String>,
    /// pytorch and what goes with it.
    pub packages: Vec<&'static str>,
    /// mkl, generic.
    pub blas: Option<String>,
}

/// A build together with the specs that select it and nothing else.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ChoiceText {
    /// PyTorch's version.
    pub pytorch: String,
    /// cuda, cpu, mps.
    pub accelerator: &'static str,
    /// How the build string begins that a solve must end on: cpu, cuda118, cuda129.
    pub build: String,
    /// The build number that a solve must end on.
    pub build_number: u16,
    /// mkl, generic.
    pub blas: String,
    /// The pin of `cuda-version`; null without CUDA.
    pub cuda_version: Option<String>,
    /// sbsa, tegra; null elsewhere.
    pub arm_variant: Option<String>,
    /// The Pythons that it exists for, with all companions.
    pub python: Vec<String>,
    /// Versions of the packages that go with it.
    pub companions: BTreeMap<&'static str, String>,
    /// Each GPU on this build.
    pub kernels: Vec<KernelsText>,
    /// The channels to take packages from, in the order of priority, and no other.
    pub channels: Vec<String>,
    /// Match specs: a solve of these with strict priority on this machine must end on this build.
    pub specs: Vec<String>,
    /// What a client must see; where it would see something else, the commands say it.
    pub virtual_packages: BTreeMap<&'static str, String>,
    /// Why this build.
    pub reasons: Vec<ReasonText>,
}

/// A GPU on a build.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct KernelsText {
    /// The driver's index.
    pub gpu: u32,
    /// What it can execute; null where that is not known.
    pub compute_capability: Option<String>,
    /// native, same-major, ptx-jit, missing; null where it cannot be told.
    pub support: Option<&'static str>,
}

/// Why a build was chosen, or another not.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ReasonText {
    /// The diagnostic's stable name.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
    /// The build that it is about, where that is another.
    pub build: Option<String>,
    /// That build's PyTorch.
    pub pytorch: Option<String>,
    /// The GPU that it is about.
    pub gpu: Option<u32>,
}

/// A command.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Command {
    /// configure, prepare, install, check.
    pub step: &'static str,
    /// conda, mamba, micromamba, pixi.
    pub client: &'static str,
    /// The client's version; null where it is not known.
    pub client_version: Option<String>,
    /// Whether the answer works without it.
    pub optional: bool,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Environment variables to set for it.
    pub env: BTreeMap<&'static str, String>,
    /// For bash, zsh and other POSIX shells; null where it cannot be written.
    pub posix: Option<String>,
    /// For fish.
    pub fish: Option<String>,
    /// For `PowerShell`; null where it cannot be written.
    pub powershell: Option<String>,
    /// For cmd.exe; null where it cannot be written.
    pub cmd: Option<String>,
    /// What to know before running it.
    pub note: Option<String>,
    /// The file that what it prints goes into; null where that is for a person to read.
    pub stdout: Option<String>,
}

/// A build that a change would unlock.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct AlternativeText {
    /// The build, as it would be recommended.
    #[serde(flatten)]
    pub choice: ChoiceText,
    /// All that must change: `{"driver": ">=580.65.06"}`.
    pub unlocked_by: BTreeMap<&'static str, Option<Cow<'static, str>>>,
    /// What speaks against it as things are.
    pub findings: Vec<Finding>,
}

/// A build that is not recommended.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RejectedText {
    /// PyTorch's version.
    pub pytorch: String,
    /// The platform.
    pub subdir: &'static str,
    /// How the build string begins.
    pub build: String,
    /// Its last build number.
    pub build_number: u16,
    /// mkl, generic.
    pub blas: String,
    /// sbsa, tegra; null elsewhere.
    pub arm_variant: Option<String>,
    /// All that speaks against it.
    pub findings: Vec<Finding>,
}

/// Something that speaks against a build.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Finding {
    /// The diagnostic's stable name.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
    /// The GPU that it is about.
    pub gpu: Option<u32>,
}

/// Something to know.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DiagnosticText {
    /// Its stable name; `conda-torch explain CODE` says more.
    pub code: &'static str,
    /// error, warning, info.
    pub severity: &'static str,
    /// A sentence.
    pub message: String,
    /// What to do about it on this machine; null where nothing can be done.
    pub hint: Option<String>,
    /// Where to read on.
    pub url: Option<&'static str>,
    /// The GPU that it is about.
    pub gpu: Option<u32>,
}
