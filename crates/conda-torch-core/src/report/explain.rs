//! `explain --json`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::clients::ClientTarget;
use crate::commands::{self, Step, StepKind, TargetEnvironment};
use crate::conda::CONDA_FORGE;
use crate::error_texts::{Evidence, FoundError, FoundErrors, Judgement, Remedy, Scene, Verdict};
use crate::matrix::Matrix;
use crate::types::{Machine, Shell};

use super::command::Command;
use super::{Answered, ErrorCode, MatrixDate, check, failed, write};

/// The commands that fix a failure, in order; empty if what its hint says does.
pub fn steps(judgement: &Judgement, scene: &Scene<'_>, client: &ClientTarget<'_>) -> Vec<Step> {
    match judgement.remedy {
        Remedy::Hint => Vec::new(),
        Remedy::CleanCache => vec![commands::clean_cache(client)],
        Remedy::Spec(spec) => scene.checkup.map_or_else(Vec::new, |checkup| {
            vec![commands::install_spec(&checkup.environment, client, spec)]
        }),
        Remedy::NewEnvironment => {
            let fixed = scene.checkup.map_or_else(Vec::new, |checkup| check::fix(checkup, client));
            if !fixed.is_empty() {
                return fixed;
            }
            let Some(choice) = &scene.advice.recommended else { return Vec::new() };
            let environment = match scene.checkup {
                Some(checkup) => TargetEnvironment::instead_of(&checkup.environment, client),
                None => TargetEnvironment::Unnamed,
            };
            let mut steps =
                commands::plan(scene.machine, choice, client, &environment, &CONDA_FORGE);
            steps.retain(|step| step.kind != StepKind::Configure);
            steps
        }
    }
}

/// What to send along when a failure is reported that is not known.
pub const COLLECT: [&str; 4] = [
    "the whole text, from the command or the first `Traceback` on",
    "`conda-torch probe --json`",
    "`conda-torch check -n NAME --json`, with the name of the environment",
    "`conda list -n NAME`",
];

/// The answer in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) enum Status {
    /// At least one failure is known.
    Explained,
    /// No failure of the text is known.
    Unknown,
    /// The run failed.
    Error,
}

/// What `explain --json` prints after the beginning that all answers share.
#[derive(Debug, Serialize, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Content<'a> {
    /// The shell of the machine, or of `--shell`: the key of a command to show. Null if nothing is explained.
    shell: Option<Shell>,
    /// The folder of the environment that was looked at; null if none was.
    environment: Option<&'a str>,
    /// The known failures, the first cause first; what follows from another comes after it.
    errors: Vec<FoundErrorReport<'a>>,
    /// The last line of the text that names an error, if no failure is known.
    unknown: Option<&'a str>,
    /// What to collect, if no failure is known.
    collect: Vec<&'static str>,
    /// The pages of codes: those asked for, or all; empty for a text.
    pages: Vec<PageReport>,
}

/// The page of a code.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PageReport {
    /// The code of a diagnostic or of an error text.
    code: &'static str,
    /// In one line.
    summary: String,
    /// In Markdown.
    text: String,
}

/// A known failure in the text.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FoundErrorReport<'a> {
    /// Its stable code; `conda-torch explain CODE` says more.
    code: &'static str,
    /// The line of the text, from 1; null if the text is JSON.
    line: Option<usize>,
    /// That line.
    text: &'a str,
    /// What the text names: capability, version, library, …
    values: &'a BTreeMap<&'static str, String>,
    /// What failed and why, in two sentences.
    cause: String,
    /// The code of the failure in the same text that this one follows from; null if it is a cause of its own.
    follows: Option<&'static str>,
    /// confirmed, contradicted, unknown: whether the machine and the environment show the cause.
    verdict: Verdict,
    /// What that is based on.
    evidence: Vec<EvidenceReport>,
    /// What to do.
    hint: &'a str,
    /// The commands that fix it, in order; empty if what the hint says does.
    commands: Vec<Command>,
    /// A public thread with the text.
    source: &'static str,
}

/// What a verdict is based on.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct EvidenceReport {
    /// The code of the diagnostic; null if it is none.
    code: Option<&'static str>,
    /// A sentence.
    message: String,
}

/// Writes the known failures of a text, each with its judgement. Without a scene no machine was looked at.
pub fn document<'a>(
    found: &'a FoundErrors,
    judged: &'a [Judgement],
    scene: Option<&Scene<'_>>,
    client: &ClientTarget<'_>,
    shell: Shell,
    exit_code: u8,
) -> String {
    let message = |it: &Evidence| scene.map_or_else(String::new, |scene| scene.message(it));
    let report = |(error, judgement): (&'a FoundError, &'a Judgement)| FoundErrorReport {
        code: error.error.code,
        line: error.line,
        text: &error.excerpt,
        values: &error.values,
        cause: error.cause(),
        follows: error.follows,
        verdict: judgement.verdict,
        evidence: judgement
            .evidence
            .iter()
            .map(|it| EvidenceReport { code: it.code(), message: message(it) })
            .collect(),
        hint: &judgement.hint,
        commands: scene.map_or_else(Vec::new, |scene| {
            steps(judgement, scene, client).iter().map(Command::from).collect()
        }),
        source: error.error.source,
    };
    let errors = found.errors.iter().zip(judged).map(report);
    let is_known = !found.errors.is_empty();
    let checkup = scene.and_then(|scene| scene.checkup);
    write(Answered {
        matrix: MatrixDate::of(Matrix::embedded()),
        status: if is_known { Status::Explained } else { Status::Unknown },
        exit_code,
        error: None,
        machine: scene.map(|scene| scene.machine),
        content: Content {
            shell: is_known.then_some(shell),
            environment: checkup.map(|checkup| checkup.environment.prefix.as_str()),
            errors: errors.collect(),
            unknown: found.unknown.as_deref(),
            collect: if is_known { Vec::new() } else { COLLECT.to_vec() },
            pages: Vec::new(),
        },
    })
}

/// Writes the pages of codes: code, summary, text.
pub fn pages(pages: impl IntoIterator<Item = (&'static str, String, String)>) -> String {
    let page = |(code, summary, text)| PageReport { code, summary, text };
    write(Answered {
        matrix: MatrixDate::of(Matrix::embedded()),
        status: Status::Explained,
        exit_code: 0,
        error: None,
        machine: None::<&Machine>,
        content: Content { pages: pages.into_iter().map(page).collect(), ..Content::default() },
    })
}

/// Writes the document of a run that failed.
pub fn error(text: &str, code: ErrorCode) -> String {
    failed::<_, Content<'_>>(Status::Error, text, code)
}
