//! Properties of every answer, for any machine and request. `fuzz/` checks the same.

use conda_torch::text::{self, Style};
use conda_torch_core::answer::Answer;
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::TargetEnvironment;
use conda_torch_core::conda::Channels;
use conda_torch_core::escapes::is_hidden;
use conda_torch_core::import::read_machine;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::resolve::{Advice, Request, Status, advise};
use conda_torch_core::types::{Build, ClientKind, Machine, Shell};
use conda_torch_core::{formats, report};
use serde_json::Value;

/// The output settings of an answer.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// `--client`.
    pub(crate) client: Option<ClientKind>,
    /// `--name` or `--prefix`.
    pub(crate) environment: TargetEnvironment,
    /// `--channel`.
    pub(crate) channels: Channels,
    /// `--shell`.
    pub(crate) shell: Shell,
    /// Of the terminal.
    pub(crate) width: usize,
    /// `--all`.
    pub(crate) all: bool,
}

impl View {
    /// The answer with these settings, for a shell.
    pub(crate) fn answer<'a>(
        &'a self,
        machine: &'a Machine,
        request: &'a Request,
        advice: &'a Advice<'a>,
        shell: Shell,
    ) -> Answer<'a> {
        Answer {
            machine,
            request,
            advice,
            matrix: Matrix::embedded(),
            client: ClientTarget::of(machine, self.client),
            environment: self.environment.clone(),
            channels: &self.channels,
            live: None,
            proof: None,
            shell,
        }
    }
}

/// Checks the answer in every format. Returns the JSON.
///
/// # Panics
/// If a check fails.
pub(crate) fn answered(machine: &Machine, request: &Request, view: &View) -> String {
    let matrix = Matrix::embedded();
    let advice = advise(machine, request, matrix);
    every_build(&advice, matrix);
    let answer = view.answer(machine, request, &advice, view.shell);
    let width = view.width;
    let json = report::advise::document(&answer, view.all);
    let document: Value = serde_json::from_str(&json).expect("one document");
    let code = match advice.status {
        Status::Ok | Status::Degraded => 0,
        Status::Unknown => 1,
        Status::Unsatisfiable => 3,
    };
    assert_eq!(document["exit_code"], code);
    assert_eq!(json, report::advise::document(&answer, view.all), "same input, same bytes");
    // A name that the shell cannot quote is refused.
    if let Ok(page) = text::advice(&answer, Style { width, color: false, today: None }) {
        readable(&page, width);
    }
    readable(&text::warnings(&answer, width), usize::MAX);
    for file in
        [formats::commands, formats::environment_yml, formats::pixi_toml, formats::dockerfile]
    {
        let text = file(&answer);
        assert_eq!(text, file(&answer), "same input, same bytes");
        readable(&text.unwrap_or_default(), usize::MAX);
    }
    json
}

/// Checks the text of a machine, and its JSON when read back.
///
/// # Panics
/// If a line has control characters or is too long, or a fact is lost.
pub(crate) fn saved_and_shown(machine: &Machine) {
    readable(&text::machine(machine), 80);
    let json = |machine| serde_json::json!({ "format_version": 1, "machine": machine });
    let saved = json(machine);
    let read = read_machine(&saved.to_string(), None).expect("our own document");
    // As JSON: the secrets of addresses are dropped.
    assert_eq!(json(&read), saved);
}

fn every_build(advice: &Advice<'_>, matrix: &Matrix) {
    let key = |build: &Build| std::ptr::from_ref(build);
    let alternatives = advice.alternatives.iter().map(|it| key(it.choice.build));
    let recommended = advice.recommended.iter().map(|choice| key(choice.build));
    let mut seen: Vec<*const Build> = recommended.chain(alternatives).collect();
    // Different changes may lead to the same build.
    seen.sort_unstable();
    seen.dedup();
    seen.extend(advice.rejected.iter().map(|rejected| key(rejected.build)));
    seen.extend(advice.elsewhere.iter().map(|build| key(build)));
    seen.sort_unstable();
    let mut all: Vec<*const Build> = matrix.builds.iter().map(key).collect();
    all.sort_unstable();
    assert_eq!(seen, all, "every build is shown or rejected");
    assert!(advice.rejected.iter().all(|rejected| !rejected.blockers.is_empty()));
    let has_answer = matches!(advice.status, Status::Ok | Status::Degraded);
    assert_eq!(advice.recommended.is_some(), has_answer);
}

/// The widest label before wrapped text.
const LABEL: usize = 16;

/// No line has hidden characters, and none is longer than `width`, except one word after a label.
fn readable(page: &str, width: usize) {
    for line in page.lines() {
        assert!(!line.contains(is_hidden), "{line:?}");
        if line.chars().count() > width && !is_command(line) {
            assert!(before_last_word(line).chars().count() <= LABEL, "{width}: {line:?}");
        }
    }
}

/// Commands break between words, which may contain spaces; the tests with shells check those.
fn is_command(line: &str) -> bool {
    line.starts_with("  ") && !line.trim_start().starts_with("- ")
}

/// The text before the last word of a line; text between backticks is one word.
fn before_last_word(line: &str) -> &str {
    let mut quoted = false;
    let spaces = line.char_indices().filter(|(_, c)| {
        quoted ^= *c == '`';
        *c == ' ' && !quoted
    });
    spaces.last().map_or("", |(at, _)| line[..at].trim_end())
}
