//! A look at a machine: the host that is asked, and what was found so far.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt::Display;

use crate::host::{Failure, Host, ProgramOutput};
use conda_torch_core::types::{Machine, Outcome, SourceReport};

/// How much of a file is read where nothing larger belongs.
pub(super) const SMALL: usize = 64 << 10;

/// The host and the machine that comes out.
pub(super) struct Probe<'h> {
    pub host: &'h dyn Host,
    pub machine: Machine,
    /// The folders of PATH, once somebody has asked for them.
    pub folders: OnceCell<Vec<String>>,
}

impl<'h> Probe<'h> {
    pub(super) fn new(host: &'h dyn Host, machine: Machine) -> Self {
        let mut machine = machine;
        machine.sources.reserve(40);
        Self { host, machine, folders: OnceCell::new() }
    }

    /// Notes how asking a source went.
    pub(super) fn report(
        &mut self,
        source: impl Into<String>,
        outcome: Outcome,
        detail: impl Into<String>,
    ) {
        let (source, detail) = (source.into(), detail.into());
        self.machine.sources.push(SourceReport { source, outcome, detail });
    }

    /// Notes that a source did not answer.
    pub(super) fn report_failure(&mut self, source: impl Into<String>, failure: &Failure) {
        self.report(source, outcome(failure), failure.to_string());
    }

    /// A small file's text without the space around it. Damaged Unicode is replaced: a reader that
    /// looks for a number will not find it there.
    pub(super) fn text(&self, path: &str) -> Result<String, Failure> {
        Ok(text(self.host.read(path, SMALL)?))
    }

    /// A variable of the environment that is set and not empty.
    pub(super) fn env(&self, name: &str) -> Option<Cow<'h, str>> {
        self.host.env(name).filter(|value| !value.is_empty())
    }

    /// Runs a program and takes what it wrote, if it ended well.
    pub(super) fn run(&self, program: &str, arguments: &[&str]) -> Result<ProgramOutput, Failure> {
        self.host.run(program, arguments).and_then(ended_well)
    }
}

/// The outcome that a failure is.
pub(super) fn outcome(failure: &Failure) -> Outcome {
    match failure {
        Failure::NotThere => Outcome::Absent,
        Failure::TimedOut => Outcome::TimedOut,
        Failure::Denied | Failure::TooLarge | Failure::Other(_) => Outcome::Failed,
    }
}

/// A file's bytes as text, without the space (and the NUL of the device tree) around it.
pub(super) fn text(bytes: Vec<u8>) -> String {
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    };
    text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned()
}

/// A text of unknown origin, fit to be quoted in a line: short and printable.
pub(super) fn quoted(text: impl Display) -> String {
    let text = text.to_string();
    let mut short: String =
        text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect();
    if short.len() < text.trim().len() {
        short.push('…');
    }
    format!("`{short}`")
}

/// What a program wrote, if it ended well; else what it complained about.
pub(super) fn ended_well(ran: ProgramOutput) -> Result<ProgramOutput, Failure> {
    if ran.code == Some(0) { Ok(ran) } else { Err(ended_badly(&ran)) }
}

fn ended_badly(ran: &ProgramOutput) -> Failure {
    let first_line = |text: &str| text.lines().find(|line| !line.trim().is_empty()).map(quoted);
    let said = first_line(&ran.stderr).or_else(|| first_line(&ran.stdout));
    let how = match ran.code {
        Some(code) => format!("exit status {code}"),
        None => "ended by a signal".to_owned(),
    };
    Failure::Other(match said {
        Some(said) => format!("{how}: {said}"),
        None => how,
    })
}
