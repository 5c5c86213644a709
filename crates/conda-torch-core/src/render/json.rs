//! The answer for an installer: exactly one document, whatever happened.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::conda::Version;
use crate::diagnostics::{self, Diagnostic, Severity, message, sentence};
use crate::matrix::Matrix;
use crate::resolve::{
    Advice, Alternative, Choice, GpuKernels, Reason, Rejected, Request, RequestedAccelerator,
    Status, Unlock,
};
use crate::types::{Accelerator, Build, KernelSupport, Shell};

use crate::clients::{Step, shell};
use crate::render::{
    answer::Answer,
    proof, sight,
    wire::{
        AlternativeText, ChoiceText, Command, DiagnosticText, Document, ErrorText, Finding,
        KernelsText, MatrixDate, ReasonText, RejectedText, RequestText, Tool,
    },
};

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
        virtual_packages: sight::for_installers(answer.machine, &answer.client),
        live: answer.live,
        verify: proof::text(answer),
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
            findings: alternative.findings.iter().map(|finding| self.finding(finding)).collect(),
        }
    }

    fn rejected(&self, rejected: &Rejected<'_>) -> RejectedText {
        self.refused(rejected.build, &rejected.findings)
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
