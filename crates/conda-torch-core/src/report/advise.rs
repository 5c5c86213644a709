//! `advise --json`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::answer::{Answer, LiveChannel};
use crate::conda::{MatchSpec, Subdir, Version};
use crate::diagnostics::{Diagnostic, Severity};
use crate::resolve::{
    self, Alternative, Choice, GpuKernels, Reason, Request, RequestedAccelerator, Unlock,
};
use crate::types::{ArmVariant, Blas, Build, CudaVersion, Shell};

use super::command::Command;
use super::probe::ClientPackages;
use super::verify::Verification;
use super::{
    AcceleratorName, Answered, ErrorCode, MatrixDate, Range, failed, probe, verify, write,
};

/// How good an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) enum Status {
    /// The request is met in full.
    Ok,
    /// There is an answer, but a GPU stays unused or facts are missing.
    Degraded,
    /// Nothing satisfies the request on this machine.
    Unsatisfiable,
    /// The NVIDIA driver did not answer, so what to install is unknown.
    Unknown,
    /// The run failed.
    Error,
}

/// What `advise --json` prints after the beginning that all answers share.
#[derive(Debug, Serialize, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Content<'a> {
    /// What was asked for; null if the run failed before that was known.
    request: Option<RequestReport>,
    /// What to install; null if nothing satisfies the request, or if that is unknown.
    recommendation: Option<ChoiceReport<'a>>,
    /// The commands to run, in order.
    commands: Vec<Command>,
    /// The shell of the machine, or of `--shell`: the key of a command to show. Null if the run failed.
    shell: Option<Shell>,
    /// Builds that a change would unlock, best first.
    alternatives: Vec<AlternativeReport<'a>>,
    /// Builds that rank above the recommendation, each with everything against it; with `--all`
    /// every build.
    rejected: Vec<RejectedReport>,
    /// What to know, most severe first.
    diagnostics: Vec<DiagnosticReport>,
    /// The virtual packages that each client detects; the client of the commands first.
    virtual_packages: Vec<ClientPackages>,
    /// The result of `--verify`; null without that flag.
    verify: Option<Verification>,
    /// The channel that was read with `--live`; null without that flag.
    live: Option<&'a LiveChannel>,
}

/// Writes the answer; `all` lists every build that was rejected.
pub fn document(answer: &Answer<'_>, all: bool) -> String {
    let Answer { machine, request, advice, matrix, .. } = *answer;
    let recommended = advice.recommended.as_ref();
    let steps = recommended.map(|choice| answer.plan(choice)).unwrap_or_default();
    let here = advice.rejected.iter().filter(|rejected| all || rejected.ranks_above);
    let here = here.map(|it| rejected(answer, it.build, &it.blockers));
    let elsewhere =
        advice.elsewhere.iter().filter(|_| all).map(|build| {
            rejected(answer, build, &[Diagnostic::OtherPlatform { build: build.subdir }])
        });
    write(Answered {
        matrix: MatrixDate::of(matrix),
        status: match advice.status {
            resolve::Status::Ok => Status::Ok,
            resolve::Status::Degraded => Status::Degraded,
            resolve::Status::Unsatisfiable => Status::Unsatisfiable,
            resolve::Status::Unknown => Status::Unknown,
        },
        exit_code: answer.exit_code(),
        error: None,
        machine: Some(machine),
        content: Content {
            request: Some(RequestReport::from(request)),
            recommendation: recommended.map(|choice| ChoiceReport::new(answer, choice)),
            commands: steps.iter().map(Command::from).collect(),
            shell: Some(answer.shell),
            alternatives: advice.alternatives.iter().map(|it| alternative(answer, it)).collect(),
            rejected: here.chain(elsewhere).collect(),
            diagnostics: diagnostics(answer),
            virtual_packages: probe::for_installers(machine, &answer.client),
            verify: verify::verification(answer),
            live: answer.live,
        },
    })
}

/// Writes the document of a run that failed.
pub fn error(text: &str, code: ErrorCode) -> String {
    failed::<_, Content<'_>>(Status::Error, text, code)
}

/// What was asked for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RequestReport {
    /// auto, cpu, cuda, gpu, mps, rocm, xpu.
    accelerator: RequestedAccelerator,
    /// A version of PyTorch, its beginning, or a constraint.
    pytorch: Option<String>,
    /// A version of Python, or a constraint.
    python: Option<String>,
    /// A pin of `cuda-version`.
    cuda_version: Option<CudaVersion>,
    /// pytorch, its companions, and other packages as match specs.
    packages: Vec<String>,
    /// mkl, generic.
    blas: Option<Blas>,
}

impl From<&Request> for RequestReport {
    fn from(request: &Request) -> Self {
        let Request { accelerator, cuda_version, blas, companions, others, .. } = request;
        let companions = companions.iter().map(ToString::to_string);
        let others = others.iter().map(ToString::to_string);
        Self {
            accelerator: *accelerator,
            pytorch: request.pytorch_text(),
            python: request.python_text(),
            cuda_version: *cuda_version,
            packages: std::iter::once("pytorch".to_owned())
                .chain(companions)
                .chain(others)
                .collect(),
            blas: *blas,
        }
    }
}

/// A build together with the specs that select exactly this build.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ChoiceReport<'a> {
    /// PyTorch's version.
    pytorch: Version,
    /// cuda, cpu, mps.
    accelerator: AcceleratorName,
    /// The beginning of the build string: cpu, cuda118, cuda129.
    build: String,
    /// The build number.
    build_number: u16,
    /// mkl, generic.
    blas: Blas,
    /// The pin of `cuda-version`; null without CUDA.
    cuda_version: Option<CudaVersion>,
    /// sbsa, tegra; null elsewhere.
    arm_variant: Option<ArmVariant>,
    /// The Python series that the build and all companions exist for.
    python: Range<Version>,
    /// Versions of the companions.
    companions: BTreeMap<&'static str, Version>,
    /// How the build supports each GPU.
    kernels: &'a [GpuKernels],
    /// The channels to take packages from, in the order of priority, and no others.
    channels: Vec<&'a str>,
    /// Match specs: solved with strict channel priority on this machine, they select this build.
    specs: &'a [MatchSpec],
    /// Virtual packages that the client must detect; the commands override it where it would not.
    virtual_packages: BTreeMap<&'static str, CudaVersion>,
    /// Why this build.
    reasons: Vec<ReasonReport>,
}

impl<'a> ChoiceReport<'a> {
    pub(super) fn new(answer: &Answer<'a>, choice: &'a Choice<'_>) -> Self {
        let build = choice.build;
        let companions = choice.companions.iter();
        Self {
            pytorch: build.pytorch,
            accelerator: choice.computes_on.into(),
            build: build.accelerator.build_prefix(),
            build_number: choice.build.build_numbers.1,
            blas: build.blas,
            cuda_version: choice.cuda_version,
            arm_variant: build.arm_variant,
            python: choice.pythons.into(),
            companions: companions.map(|it| (it.package.as_str(), it.version)).collect(),
            kernels: &choice.kernels,
            channels: answer.channels.iter().collect(),
            specs: &choice.specs,
            virtual_packages: choice.needs_cuda.iter().map(|cuda| ("__cuda", *cuda)).collect(),
            reasons: choice.reasons.iter().map(|it| reason(answer, it)).collect(),
        }
    }
}

/// Why a build was chosen, or another not.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ReasonReport {
    /// The diagnostic's code.
    #[cfg_attr(test, schemars(with = "crate::diagnostics::Code"))]
    code: &'static str,
    /// A sentence.
    message: String,
    /// The build that it is about, if that is another one.
    build: Option<String>,
    /// That build's PyTorch.
    pytorch: Option<Version>,
    /// The GPU that it is about.
    gpu: Option<u32>,
}

fn reason(answer: &Answer<'_>, reason: &Reason<'_>) -> ReasonReport {
    let FindingReport { code, message, gpu } = finding(answer, &reason.diagnostic);
    let build = reason.build.map(|build| build.accelerator.build_prefix());
    ReasonReport { code, message, build, pytorch: reason.build.map(|build| build.pytorch), gpu }
}

/// A build that a change would unlock.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct AlternativeReport<'a> {
    /// The build, as it would be recommended.
    #[serde(flatten)]
    choice: ChoiceReport<'a>,
    /// Everything that must change: `{"driver": ">=580.65.06"}`; null leaves it out.
    unlocked_by: BTreeMap<&'static str, Option<String>>,
    /// What speaks against it now.
    findings: Vec<FindingReport>,
}

fn alternative<'a>(answer: &Answer<'a>, it: &'a Alternative<'_>) -> AlternativeReport<'a> {
    let mut unlocked_by: BTreeMap<&'static str, Option<String>> = BTreeMap::new();
    for (key, value) in it.unlocked_by.iter().map(unlock) {
        match (unlocked_by.get_mut(key), value) {
            // Two packages to leave out share a key.
            (Some(Some(before)), Some(value)) => *before = format!("{before},{value}"),
            (_, value) => drop(unlocked_by.insert(key, value)),
        }
    }
    let findings = it.blockers.iter().map(|it| finding(answer, it)).collect();
    AlternativeReport { choice: ChoiceReport::new(answer, &it.choice), unlocked_by, findings }
}

/// A key and the value that it must get; `None` leaves it out.
pub(super) fn unlock(unlock: &Unlock) -> (&'static str, Option<String>) {
    match unlock {
        Unlock::Driver(version) => ("driver", Some(format!(">={version}"))),
        Unlock::CudaCompat(version) => ("cuda_compat", Some(version.to_string())),
        Unlock::Gpu => ("gpu", Some("nvidia".to_owned())),
        Unlock::Glibc(version) => ("glibc", Some(format!(">={version}"))),
        Unlock::Macos(version) => ("macos", Some(format!(">={version}"))),
        Unlock::Accelerator(requested) => ("accelerator", Some(requested.as_str().to_owned())),
        Unlock::CudaVersion(version) => ("cuda_version", version.map(|it| it.to_string())),
        Unlock::Pytorch(version) => ("pytorch", Some(version.to_string())),
        Unlock::Python(version) => ("python", Some(version.to_string())),
        Unlock::Blas(blas) => ("blas", Some(blas.to_string())),
        Unlock::Without(package) => ("without", Some(package.to_string())),
    }
}

/// A build that is not recommended.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RejectedReport {
    /// PyTorch's version.
    pytorch: Version,
    /// The platform.
    subdir: Subdir,
    /// The beginning of the build string.
    build: String,
    /// Its last build number.
    build_number: u16,
    /// mkl, generic.
    blas: Blas,
    /// sbsa, tegra; null elsewhere.
    arm_variant: Option<ArmVariant>,
    /// Everything that speaks against it.
    findings: Vec<FindingReport>,
}

fn rejected(answer: &Answer<'_>, build: &Build, against: &[Diagnostic]) -> RejectedReport {
    RejectedReport {
        pytorch: build.pytorch,
        subdir: build.subdir,
        build: build.accelerator.build_prefix(),
        build_number: build.build_numbers.1,
        blas: build.blas,
        arm_variant: build.arm_variant,
        findings: against.iter().map(|it| finding(answer, it)).collect(),
    }
}

/// Something that speaks against a build.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FindingReport {
    /// The diagnostic's code.
    #[cfg_attr(test, schemars(with = "crate::diagnostics::Code"))]
    code: &'static str,
    /// A sentence.
    message: String,
    /// The GPU that it is about.
    gpu: Option<u32>,
}

fn finding(answer: &Answer<'_>, diagnostic: &Diagnostic) -> FindingReport {
    let (code, gpu) = (diagnostic.code(), diagnostic.gpu());
    FindingReport { code, message: diagnostic.message(&answer.context()), gpu }
}

/// Something to know.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DiagnosticReport {
    /// Its stable code; `conda-torch explain CODE` says more.
    #[cfg_attr(test, schemars(with = "crate::diagnostics::Code"))]
    code: &'static str,
    /// error, warning, info.
    severity: Severity,
    /// A sentence.
    message: String,
    /// What to do about it on this machine; null if nothing can be done.
    hint: Option<String>,
    /// Where to read on.
    url: Option<&'static str>,
    /// The GPU that it is about.
    gpu: Option<u32>,
}

/// The diagnostics of an advice.
pub(super) fn diagnostics(answer: &Answer<'_>) -> Vec<DiagnosticReport> {
    let context = answer.context();
    let report = |diagnostic: &Diagnostic| DiagnosticReport {
        code: diagnostic.code(),
        severity: diagnostic.severity(),
        message: diagnostic.message(&context),
        hint: diagnostic.hint(&context),
        url: diagnostic.url(),
        gpu: diagnostic.gpu(),
    };
    answer.advice.diagnostics.iter().map(report).collect()
}
