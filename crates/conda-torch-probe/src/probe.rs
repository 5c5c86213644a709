//! A host, and the machine that is being detected on it.

use std::fmt::Display;

use conda_torch_core::conda::{Os, masked};
use conda_torch_core::types::{Detected, Machine, Origin, Outcome, SourceReport};

use crate::host::{Failure, Host, ProgramOutput};

/// How much of a file is read if nothing larger is expected.
pub(crate) const SMALL: usize = 64 << 10;

pub(crate) struct Probe<'h> {
    pub(crate) host: &'h dyn Host,
    pub(crate) machine: Machine,
}

impl<'h> Probe<'h> {
    pub(crate) fn new(host: &'h dyn Host, machine: Machine) -> Self {
        Self { host, machine }
    }

    pub(crate) fn is_on(&self, os: Os) -> bool {
        self.host.target().is(os)
    }

    pub(crate) fn report(&mut self, source: &str, outcome: Outcome, detail: impl Display) {
        let (source, detail) = (source.to_owned(), masked(&detail.to_string()));
        self.machine.sources.push(SourceReport { source, outcome, detail });
    }

    pub(crate) fn report_failure(&mut self, source: &str, failure: &Failure) {
        self.report(source, outcome(failure), failure);
    }

    /// Reports a source, and makes a fact of its answer.
    pub(crate) fn record<T: Display>(
        &mut self,
        source: &str,
        answer: Result<T, Failure>,
        origin: Origin,
    ) -> Detected<T> {
        match answer {
            Ok(value) => {
                self.report(source, Outcome::Ok, &value);
                Detected::found(value, origin)
            }
            Err(failure) => {
                self.report_failure(source, &failure);
                Detected::unknown(format!("{source}: {failure}"))
            }
        }
    }

    /// The text of a small file, without the space and the NUL around it.
    pub(crate) fn text(&self, path: &str) -> Result<String, Failure> {
        let text = self.host.text(path, SMALL)?;
        Ok(text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned())
    }

    /// A variable of the environment that is set and not empty.
    pub(crate) fn env(&self, name: &str) -> Option<String> {
        self.host.env(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Result<ProgramOutput, Failure> {
        self.host.run(program, arguments).and_then(succeeded)
    }
}

pub(crate) fn outcome(failure: &Failure) -> Outcome {
    match failure {
        Failure::NotThere => Outcome::Absent,
        Failure::TimedOut(_) => Outcome::TimedOut,
        Failure::Denied | Failure::TooLarge | Failure::Other(_) => Outcome::Failed,
    }
}

pub(crate) fn failed<T>(why: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Other(why.into()))
}

/// A text of unknown origin for a message: short and printable.
pub(crate) fn quoted(text: impl Display) -> String {
    let text = text.to_string();
    let text = text.trim();
    let mut short: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("`{short}`")
}

/// The output of a program whose exit status is 0, or else its error message.
pub(crate) fn succeeded(output: ProgramOutput) -> Result<ProgramOutput, Failure> {
    let end = match output.code {
        Some(0) => return Ok(output),
        Some(code) => format!("exit status {code}"),
        None => "ended by a signal".to_owned(),
    };
    let mut lines = output.stderr.lines().chain(output.stdout.lines());
    failed(match lines.find(|line| !line.trim().is_empty()) {
        Some(line) => format!("{end}: {}", quoted(line)),
        None => end,
    })
}
