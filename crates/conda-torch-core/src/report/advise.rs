//! The answer for an installer: exactly one document, whatever happened.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::answer::{Answer, LiveText};
use crate::commands::{Step, shell};
use crate::conda::Version;
use crate::diagnostics::{self, Diagnostic, Severity, message, sentence};
use crate::matrix::Matrix;
use crate::resolve::{
    Advice, Alternative, Choice, GpuKernels, Reason, Rejected, Request, RequestedAccelerator,
    Status, Unlock,
};
use crate::types::{Accelerator, Build, Date, KernelSupport, Machine, Shell};

use super::verify::{self, VerifyText};
use super::virtual_packages::{self, SightText};

/// The answer as one JSON document with a line break at its end.
#[must_use]
pub fn json(answer: &Answer<'_>) -> String {
    let Answer { machine, request, advice, matrix, .. } = answer;
    let say = Say { answer };
    let recommended = advice.recommended.as_ref();
    let steps = recommended.map(|choice| answer.plan(choice)).unwrap_or_default();
    let wanted = |rejected: &&Rejected<'_>| answer.style.all || rejected.ranks_above;
    let elsewhere = if answer.style.all { advice.elsewhere.as_slice() } else { &[] };
    write(&Document {
        status: status(advice),
        exit_code: answer.exit_code(),
        machine: Some(machine),
        request: Some(request_text(request)),
        recommendation: recommended.map(|choice| say.choice(choice)),
        commands: steps.iter().map(command).collect(),
        alternatives: advice.alternatives.iter().map(|other| say.alternative(other)).collect(),
        rejected: advice
            .rejected
            .iter()
            .filter(wanted)
            .map(|other| say.rejected(other))
            .chain(elsewhere.iter().map(|build| say.elsewhere(build)))
            .collect(),
        diagnostics: advice.diagnostics.iter().map(|remark| say.diagnostic(remark)).collect(),
        virtual_packages: virtual_packages::for_installers(answer.machine, &answer.client),
        live: answer.live,
        verify: verify::text(answer),
        ..empty(matrix)
    })
}

/// The document of a run that failed.
#[must_use]
pub fn error(text: &str, exit_code: u8) -> String {
    write(&Document {
        status: "error",
        exit_code,
        error: Some(ErrorText { message: text }),
        ..empty(Matrix::embedded())
    })
}

/// A document with nothing in it yet.
fn empty(matrix: &Matrix) -> Document<'_> {
    Document {
        format_version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        matrix: MatrixDate { channel: &matrix.channel, as_of: matrix.as_of },
        status: "ok",
        exit_code: 0,
        error: None,
        machine: None,
        request: None,
        recommendation: None,
        commands: Vec::new(),
        alternatives: Vec::new(),
        rejected: Vec::new(),
        diagnostics: Vec::new(),
        virtual_packages: Vec::new(),
        live: None,
        verify: None,
    }
}

fn write(document: &Document<'_>) -> String {
    let mut text = serde_json::to_string_pretty(document)
        .expect("strings, numbers and maps with string keys always serialise");
    text.push('\n');
    text
}

fn status(advice: &Advice<'_>) -> &'static str {
    match advice.status {
        Status::Ok => "ok",
        Status::Degraded => "degraded",
        Status::Unsatisfiable => "unsatisfiable",
    }
}

pub(super) fn request_text(request: &Request) -> RequestText {
    let Request { accelerator, pytorch, python, cuda_version, blas, companions } = request;
    let companions = companions.iter().map(|companion| companion.as_str());
    RequestText {
        accelerator: match accelerator {
            RequestedAccelerator::Auto => "auto",
            RequestedAccelerator::Cpu => "cpu",
            RequestedAccelerator::Cuda => "cuda",
        },
        pytorch: pytorch.map(|version| version.to_string()),
        python: python.map(|version| version.to_string()),
        cuda_version: cuda_version.map(|version| version.to_string()),
        packages: std::iter::once("pytorch").chain(companions).collect(),
        blas: blas.map(|blas| blas.to_string()),
    }
}

pub(super) fn command(step: &Step) -> Command {
    let line = |shell| shell::line(step, shell).ok();
    Command {
        step: step.kind.as_str(),
        client: step.client.as_str(),
        client_version: step.client_version.map(|version| version.to_string()),
        optional: step.optional,
        argv: step.argv.clone(),
        env: step.env.iter().cloned().collect(),
        posix: line(Shell::Posix),
        fish: line(Shell::Fish),
        powershell: line(Shell::Powershell),
        cmd: line(Shell::Cmd),
        note: step.note.clone(),
        stdout: step.stdout.clone(),
    }
}

/// What needs the machine to be said.
pub(super) struct Say<'a> {
    pub(super) answer: &'a Answer<'a>,
}

impl Say<'_> {
    fn sentence(&self, diagnostic: &Diagnostic) -> String {
        sentence(diagnostic, self.answer.machine, &self.answer.matrix.channel)
    }

    pub(super) fn choice(&self, choice: &Choice<'_>) -> ChoiceText {
        let build = choice.build;
        let companions = choice.companions.iter();
        let needs = choice.needs_cuda.iter().map(|cuda| ("__cuda", cuda.to_string()));
        ChoiceText {
            pytorch: build.pytorch.to_string(),
            accelerator: match choice.computes_on {
                Accelerator::Cuda(_) => "cuda",
                Accelerator::Mps => "mps",
                Accelerator::Cpu => "cpu",
            },
            build: build.accelerator.build_prefix(),
            build_number: choice.build_number,
            blas: build.blas.to_string(),
            cuda_version: choice.cuda_version.map(|version| version.to_string()),
            arm_variant: arm_variant(build),
            python: pythons(choice.pythons),
            companions: companions.map(|c| (c.package.as_str(), c.version.to_string())).collect(),
            kernels: choice.kernels.iter().copied().map(kernels).collect(),
            channels: self.answer.channels.iter().map(str::to_owned).collect(),
            specs: choice.specs.iter().map(ToString::to_string).collect(),
            virtual_packages: needs.collect(),
            reasons: choice.reasons.iter().map(|reason| self.reason(reason)).collect(),
        }
    }

    fn reason(&self, reason: &Reason<'_>) -> ReasonText {
        ReasonText {
            code: reason.diagnostic.code(),
            message: self.sentence(&reason.diagnostic),
            build: reason.build.map(|build| build.accelerator.build_prefix()),
            pytorch: reason.build.map(|build| build.pytorch.to_string()),
            gpu: diagnostics::gpu(&reason.diagnostic),
        }
    }

    fn finding(&self, diagnostic: &Diagnostic) -> Finding {
        Finding {
            code: diagnostic.code(),
            message: self.sentence(diagnostic),
            gpu: diagnostics::gpu(diagnostic),
        }
    }

    fn alternative(&self, alternative: &Alternative<'_>) -> AlternativeText {
        AlternativeText {
            choice: self.choice(&alternative.choice),
            unlocked_by: unlocked_by(&alternative.unlocked_by),
            findings: alternative.blockers.iter().map(|finding| self.finding(finding)).collect(),
        }
    }

    fn rejected(&self, rejected: &Rejected<'_>) -> RejectedText {
        self.refused(rejected.build, &rejected.blockers)
    }

    fn elsewhere(&self, build: &Build) -> RejectedText {
        self.refused(build, &[Diagnostic::OtherPlatform { build: build.subdir }])
    }

    fn refused(&self, build: &Build, findings: &[Diagnostic]) -> RejectedText {
        RejectedText {
            pytorch: build.pytorch.to_string(),
            subdir: build.subdir.as_str(),
            build: build.accelerator.build_prefix(),
            build_number: build.build_numbers.1,
            blas: build.blas.to_string(),
            arm_variant: arm_variant(build),
            findings: findings.iter().map(|finding| self.finding(finding)).collect(),
        }
    }

    pub(super) fn diagnostic(&self, diagnostic: &Diagnostic) -> DiagnosticText {
        let Answer { machine, advice, matrix, .. } = *self.answer;
        let message = message(diagnostic, machine, advice, &matrix.channel);
        DiagnosticText {
            code: diagnostic.code(),
            severity: match diagnostic.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "info",
            },
            message: message.sentence,
            hint: message.hint,
            url: message.url,
            gpu: diagnostics::gpu(diagnostic),
        }
    }
}

fn arm_variant(build: &Build) -> Option<String> {
    build.arm_variant.map(|variant| variant.to_string())
}

/// Every series from the first to the last.
fn pythons((first, last): (Version, Version)) -> Vec<String> {
    (first.minor()..=last.minor()).map(|minor| format!("{}.{minor}", first.major())).collect()
}

pub(super) fn kernels(kernels: GpuKernels) -> KernelsText {
    KernelsText {
        gpu: kernels.gpu,
        compute_capability: kernels.capability.map(|capability| capability.to_string()),
        support: kernels.support.map(|support| match support {
            KernelSupport::Native => "native",
            KernelSupport::SameMajor => "same-major",
            KernelSupport::Jit => "ptx-jit",
            KernelSupport::Missing => "missing",
        }),
    }
}

/// All that must change; two packages to leave out share their key.
fn unlocked_by(unlocks: &[Unlock]) -> BTreeMap<&'static str, Option<Cow<'static, str>>> {
    let mut all = BTreeMap::new();
    for (key, value) in unlocks.iter().map(unlock) {
        match (all.get_mut(key), value) {
            (Some(Some(before)), Some(value)) => *before = Cow::Owned(format!("{before},{value}")),
            (_, value) => drop(all.insert(key, value)),
        }
    }
    all
}

/// What must change, as a key and the value that it must get; null for "leave it out".
fn unlock(unlock: &Unlock) -> (&'static str, Option<Cow<'static, str>>) {
    let at_least = |version: &dyn std::fmt::Display| Some(Cow::Owned(format!(">={version}")));
    let exactly = |value: &dyn std::fmt::Display| Some(Cow::Owned(value.to_string()));
    match unlock {
        Unlock::Driver(version) => ("driver", at_least(version)),
        Unlock::Gpu => ("gpu", Some(Cow::Borrowed("nvidia"))),
        Unlock::Glibc(version) => ("glibc", at_least(version)),
        Unlock::Macos(version) => ("macos", at_least(version)),
        Unlock::Accelerator(wish) => ("accelerator", Some(Cow::Borrowed(wish.as_str()))),
        Unlock::CudaVersion(Some(version)) => ("cuda_version", exactly(version)),
        Unlock::CudaVersion(None) => ("cuda_version", None),
        Unlock::Pytorch(version) => ("pytorch", exactly(version)),
        Unlock::Python(version) => ("python", exactly(version)),
        Unlock::Blas(blas) => ("blas", exactly(blas)),
        Unlock::Without(package) => ("without", exactly(package)),
    }
}

/// The one document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "conda-torch advise --json"))]
pub(crate) struct Document<'a> {
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
pub(crate) struct ProbeDocument {
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
pub(crate) struct Tool {
    /// conda-torch.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// What an answer was read from.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct MatrixDate<'a> {
    /// Whose builds they are: conda-forge, or what `--live` has read, without secrets.
    pub channel: &'a str,
    /// The day up to which the channel was read.
    #[cfg_attr(test, schemars(with = "String"))]
    pub as_of: Date,
}

/// What kept the program from answering.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ErrorText<'a> {
    /// One sentence.
    pub message: &'a str,
}

/// What was asked for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RequestText {
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
pub(crate) struct ChoiceText {
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
pub(crate) struct KernelsText {
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
pub(crate) struct ReasonText {
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
pub(crate) struct Command {
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
pub(crate) struct AlternativeText {
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
pub(crate) struct RejectedText {
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
pub(crate) struct Finding {
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
pub(crate) struct DiagnosticText {
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
