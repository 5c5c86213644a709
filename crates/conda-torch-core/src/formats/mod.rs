//! Files and commands for an advice, and rows for the data files.

mod dockerfile;
mod environment_yml;
mod matrix_rows;
mod pixi_toml;

pub use dockerfile::{dockerfile, dockerfile_target};
pub use environment_yml::environment_yml;
pub use matrix_rows::{companion_name, matrix_rows};
pub use pixi_toml::pixi_toml;

use std::fmt::{Display, Write as _};

use crate::answer::{Answer, Refused};
use crate::commands::shell;
use crate::diagnostics::{Diagnostic, Severity};
use crate::escapes::{is_hidden, visible};
use crate::resolve::{Choice, Status};
use crate::types::Accelerator;

/// The commands that must be run, one a line.
pub fn commands(answer: &Answer<'_>) -> Result<String, Refused> {
    let mut out = String::new();
    for step in answer.plan(answer.choice()?).iter().filter(|step| !step.optional) {
        out.push_str(&shell::line(step, answer.shell)?);
        out.push('\n');
    }
    Ok(out)
}

/// `PyTorch 2.13.0 with CUDA 12.9, torchvision 0.28.0`.
pub fn headline(choice: &Choice<'_>) -> String {
    let mut text = format!("PyTorch {}", title(choice.build.pytorch, choice.computes_on));
    for companion in &choice.companions {
        let _ = write!(text, ", {} {}", companion.package, companion.version);
    }
    text
}

/// The first lines of a file, as comments: its content, and the warnings of a degraded answer.
fn file_header(answer: &Answer<'_>, choice: &Choice<'_>) -> String {
    let Answer { advice, channels, .. } = *answer;
    let mut text = format!("# {}, from {channels}\n", headline(choice));
    let is_warning =
        |it: &&Diagnostic| advice.status == Status::Degraded && it.severity() >= Severity::Warning;
    for warning in advice.diagnostics.iter().filter(is_warning) {
        let (label, message) = (warning.severity().label(), warning.message(&answer.context()));
        let _ = writeln!(text, "# {label}: {} [{}]", visible(&message), warning.code());
    }
    text
}

/// `2.13.0 with CUDA 12.9`.
pub fn title(version: impl Display, accelerator: Accelerator) -> String {
    match accelerator {
        Accelerator::Cuda(toolkit) => format!("{version} with CUDA {toolkit}"),
        Accelerator::Mps => format!("{version} with Metal (MPS)"),
        Accelerator::Cpu => format!("{version} for the CPU"),
    }
}

/// In double quotes, with the escapes that YAML, TOML and JSON share.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_hidden(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
