//! YAML with commands: workflows of GitHub's with their jobs, and pipelines of others.

use std::ops::Range;

use crate::conda::Subdir;
use crate::types::Shell;
use crate::yaml::{Document, Value};

use super::client_call::ClientCall;
use super::environment_spec::{FileSpecs, RunPlace};
use super::file_migration::FileError;
use super::session::{EnvironmentName, Reading, Scope, Session};
use super::shell_words::ShellText;

pub(super) fn read(text: &str) -> Result<(FileSpecs, Vec<ClientCall>), FileError> {
    let scope = || Scope::new(EnvironmentName::Current, RunPlace::Anywhere, None);
    let mut session = Session::new(text, Reading::Script, scope());
    let document = Document::parse(text).ok();
    let Some(root) = document.as_ref().and_then(Document::root) else {
        // Templates and several documents: line by line.
        let source = ShellText {
            text,
            range: 0..text.len(),
            shell: Shell::Posix,
            within: None,
            is_folded: false,
        };
        session.run(&source)?;
        return Ok(session.finish());
    };
    comments(text, &mut session.file.prose);
    set_variables(&mut session, root);
    let variables = session.scope.variables.clone();
    match root.get("jobs").filter(|jobs| jobs.is_map()) {
        Some(jobs) => {
            for (_, job) in jobs.entries() {
                session.enter(scope().with_variables(variables.clone()));
                read_job(&mut session, text, root, job)?;
            }
        }
        None => {
            for (_, value) in root.entries() {
                session.enter(scope().with_variables(variables.clone()));
                read_commands(&mut session, text, value)?;
            }
        }
    }
    Ok(session.finish())
}

/// The comments of a text that begin a line.
fn comments(text: &str, prose: &mut Vec<Range<usize>>) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at + line.len() - line.trim_start().len();
        if line.trim_start().starts_with('#') {
            prose.push(start..at + line.len());
        }
        at += line.len();
    }
}

fn set_variables(session: &mut Session<'_>, value: Value<'_>) {
    for (name, value) in value.get("env").into_iter().flat_map(Value::entries) {
        if let Some(value) = value.text() {
            session.scope.variables.set(name, value, false);
        }
    }
}

fn read_job(
    session: &mut Session<'_>,
    text: &str,
    root: Value<'_>,
    job: Value<'_>,
) -> Result<(), FileError> {
    set_variables(session, job);
    let matrix = job.get("strategy").and_then(|strategy| strategy.get("matrix"));
    for (name, values) in matrix.into_iter().flat_map(Value::entries) {
        for value in values.items().filter_map(Value::text) {
            session.scope.variables.set(&format!("matrix.{name}"), value, true);
        }
    }
    let labels = job.get("runs-on");
    let labels: Vec<&str> = match labels.and_then(Value::text) {
        Some(label) => vec![label],
        None => labels.into_iter().flat_map(Value::items).filter_map(Value::text).collect(),
    };
    let runners: Vec<String> =
        labels.iter().flat_map(|label| session.scope.variables.values(label)).collect();
    if !runners.is_empty() && runners.iter().all(|runner| is_hosted(runner)) {
        session.scope.place = RunPlace::HostedRunner;
    }
    let platforms: Vec<Option<Subdir>> = runners.iter().map(|runner| platform_of(runner)).collect();
    if let [first, rest @ ..] = platforms.as_slice()
        && rest.iter().all(|other| other == first)
    {
        session.scope.platform = *first;
    }
    let default_shell = |value: Value<'_>| {
        value.get("defaults")?.get("run")?.get("shell").and_then(Value::text).map(str::to_owned)
    };
    let default = default_shell(job).or_else(|| default_shell(root));
    for step in job.get("steps").into_iter().flat_map(Value::items) {
        let own = step.get("shell").and_then(Value::text).map(str::to_owned);
        let shell = match own.or_else(|| default.clone()).as_deref() {
            Some(name) if name.starts_with("pwsh") || name.starts_with("powershell") => {
                Shell::Powershell
            }
            Some(name) if name.starts_with("cmd") => Shell::Cmd,
            None if session.scope.platform == Some(Subdir::Win64) => Shell::Powershell,
            Some(_) | None => Shell::Posix,
        };
        let outer = session.scope.variables.clone();
        set_variables(session, step);
        if let Some(inputs) = step.get("with")
            && let Some(action) = step.get("uses").and_then(Value::text)
        {
            read_action(session, action, inputs);
        }
        if let Some(run) = step.get("run") {
            run_scalar(session, text, run, shell)?;
        }
        session.scope.variables = outer;
    }
    Ok(())
}

/// Whether a label is of a runner without a GPU.
fn is_hosted(label: &str) -> bool {
    let systems = ["ubuntu-", "windows-", "macos-"];
    systems.iter().any(|system| label.starts_with(system)) && !label.contains("gpu")
}

fn platform_of(label: &str) -> Option<Subdir> {
    match label {
        _ if label.starts_with("windows") => Some(Subdir::Win64),
        "macos-13" | "macos-12" | "macos-15-intel" => Some(Subdir::Osx64),
        _ if label.starts_with("macos") => Some(Subdir::OsxArm64),
        _ if label.starts_with("ubuntu") && label.ends_with("-arm") => Some(Subdir::LinuxAarch64),
        _ if label.starts_with("ubuntu") => Some(Subdir::Linux64),
        _ => None,
    }
}

/// The environment that a setup action makes active.
fn read_action(session: &mut Session<'_>, action: &str, inputs: Value<'_>) {
    let input = |name: &str| inputs.get(name).and_then(Value::text);
    let name = if action.starts_with("conda-incubator/setup-miniconda") {
        Some(input("activate-environment").unwrap_or("test"))
    } else if action.starts_with("mamba-org/") {
        input("environment-name")
    } else {
        None
    };
    if let Some(name) = name {
        session.scope.default = EnvironmentName::of(name);
    }
}

/// Every scalar below a value is a command.
fn read_commands(session: &mut Session<'_>, text: &str, value: Value<'_>) -> Result<(), FileError> {
    if value.text().is_some() {
        return run_scalar(session, text, value, Shell::Posix);
    }
    for item in value.items() {
        read_commands(session, text, item)?;
    }
    for (name, item) in value.entries() {
        if let Some(value) = item.text() {
            session.scope.variables.set(name, value, false);
        }
        read_commands(session, text, item)?;
    }
    Ok(())
}

fn run_scalar(
    session: &mut Session<'_>,
    text: &str,
    value: Value<'_>,
    shell: Shell,
) -> Result<(), FileError> {
    let mut range = value.occurrence();
    if range != value.range() {
        return Ok(()); // an alias
    }
    let written = text[range.clone()].chars().next();
    let within = written.filter(|c| matches!(c, '"' | '\''));
    if within.is_some() {
        range = range.start + 1..range.end - 1;
    }
    let before = text[..range.start].trim_end();
    let is_folded = before.ends_with(['>', '-', '+']) && {
        let line = before.rsplit('\n').next().unwrap_or_default();
        line.trim_end_matches(['-', '+']).ends_with('>')
    } || within.is_none() && written != Some('|') && value.is_plain();
    let is_folded = is_folded || written == Some('>');
    if matches!(written, Some('|' | '>')) {
        range.start += text[range.clone()].find('\n').unwrap_or(0);
    }
    session.run_in_shell(&ShellText { text, range, shell, within, is_folded })
}
