//! Environments for an installer: exactly one document, whatever happened.

use crate::audit::{Finding, Installed, Kind};
use crate::diagnostics::Severity;
use crate::types::{Accelerator, Date, Machine};

use crate::diagnostics;
use crate::render::{
    checkup::wire::{Document, EnvironmentText, FindingText, PytorchText},
    checkup::{Checked, Telling, words},
    json::{command, kernels},
    wire::{ErrorText, MatrixDate, Tool},
};

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
