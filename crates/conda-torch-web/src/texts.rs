//! Texts that are pasted: files to migrate, and error texts.

use serde_json::{Value, json};

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::diagnostics::{Entry, entry};
use conda_torch_core::error_texts::{KnownError, Scene, described_machine, find, known_error};
use conda_torch_core::matrix::Matrix;
use conda_torch_core::migrate::files::{FileError, FileMigration, Target, migrate_file};
use conda_torch_core::question::{DescribedMachine, Question, Refusal, usual_shell};
use conda_torch_core::report::explain as report;
use conda_torch_core::report::migrate_files::{MigratedFile, document};
use conda_torch_core::resolve::{Request, advise};
use conda_torch_core::sentences::summary;
use conda_torch_core::types::{ClientKind, Machine, Shell};

use crate::{error, read};

/// What becomes of a file.
pub(crate) fn migrate(name: &str, text: &str, question: &str, machine: Option<&str>) -> Value {
    let matrix = Matrix::embedded();
    let described = read(question).and_then(|asked| {
        let platform_alone =
            DescribedMachine { platform: asked.machine.platform, ..DescribedMachine::default() };
        let is_described = machine.is_some() || asked.machine != platform_alone;
        let described = is_described.then(|| asked.machine.machine(machine, matrix)).transpose()?;
        Ok((described, asked.machine.platform))
    });
    let (described, platform) = match described {
        Ok(described) => described,
        Err(refusal) => return json!({ "error": error(&refusal) }),
    };
    let target = Target { machine: described.as_ref(), platform };
    let outcome = migrate_file(name, text, target, matrix);
    let code = outcome.as_ref().map_or_else(FileError::exit_code, FileMigration::exit_code);
    let outcome = outcome.map_err(|why| why.to_string());
    let file = if name == "-" { "file" } else { name };
    let new = outcome.as_ref().map_or(text, |migration| &migration.text).to_owned();
    let migrated =
        MigratedFile { file: file.to_owned(), old: text.to_owned(), outcome, backup: None };
    let report = document(std::slice::from_ref(&migrated), code, matrix);
    let report: Value = serde_json::from_str(&report).unwrap_or_default();
    json!({
        "error": null,
        "text": new,
        "diff": migrated.diff(),
        "sentences": migrated.sentences().collect::<Vec<_>>(),
        "machine": described.as_ref().map(parts),
        "report": report,
    })
}

/// Whether a question describes a machine's graphics, and not its platform alone.
fn names_gpu(question: &Question) -> bool {
    let DescribedMachine { gpu, compute_capability, driver, cuda, .. } = &question.machine;
    !gpu.is_empty() || !compute_capability.is_empty() || driver.is_some() || cuda.is_some()
}

/// A machine in words.
fn parts(machine: &Machine) -> Vec<String> {
    [summary::graphics(machine), summary::system(machine)].concat()
}

/// The machine that failures are judged by, and whether the text describes it, which comes before that of the question.
/// A platform alone is none: whether it has a GPU is not known.
fn judge(
    text: &str,
    question: &str,
    machine: Option<&str>,
) -> Result<(Question, Option<(Machine, bool)>), Refusal> {
    let asked = read(question)?;
    if let Some((described, _)) = described_machine(text) {
        return Ok((asked, Some((described, true))));
    }
    let is_described = machine.is_some() || names_gpu(&asked) || asked.machine.macos.is_some();
    let described =
        is_described.then(|| asked.machine.machine(machine, Matrix::embedded())).transpose()?;
    Ok((asked, described.map(|machine| (machine, false))))
}

/// What fails in a text.
pub(crate) fn explain(text: &str, question: &str, machine: Option<&str>) -> String {
    match judge(text, question, machine) {
        Ok((asked, machine)) => judged(text, &asked, machine.as_ref().map(|(machine, _)| machine)),
        Err(refusal) => report::error(&refusal.message, refusal.code),
    }
}

/// The same, with the machine in words, or why there is none.
pub(crate) fn explanation(text: &str, question: &str, machine: Option<&str>) -> Value {
    let judge = judge(text, question, machine);
    let refusal = judge.as_ref().err().map(error);
    let (asked, machine) = judge.unwrap_or_default();
    let report = judged(text, &asked, machine.as_ref().map(|(machine, _)| machine));
    let report: Value = serde_json::from_str(&report).unwrap_or_default();
    json!({
        "report": report,
        "machine": machine.as_ref().map(|(machine, _)| parts(machine)),
        "is_of_text": machine.is_some_and(|(_, is_of_text)| is_of_text),
        "refusal": refusal,
    })
}

fn judged(text: &str, asked: &Question, machine: Option<&Machine>) -> String {
    let matrix = Matrix::embedded();
    let found = &find(text);
    let none = ClientTarget { kind: ClientKind::Conda, version: None, found: None };
    if text.trim().is_empty() || found.errors.is_empty() {
        return report::document(found, &[], None, &none, Shell::Posix, 3);
    }
    let advice = machine.map(|machine| advise(machine, &Request::default(), matrix));
    let scene = machine.zip(advice.as_ref());
    let scene = scene.map(|(machine, advice)| Scene { machine, advice, checkup: None, matrix });
    let judged: Vec<_> =
        found.errors.iter().map(|error| found.judge(error, scene.as_ref())).collect();
    let client = machine.map_or(none, |machine| ClientTarget::of(machine, asked.client));
    let shell = asked.shell.unwrap_or(machine.map_or(Shell::Posix, usual_shell));
    report::document(found, &judged, scene.as_ref(), &client, shell, 0)
}

/// The page of a code.
pub(crate) fn code_page(code: &str) -> String {
    let diagnostic = entry(code).map(Entry::page);
    diagnostic.or_else(|| known_error(code).map(KnownError::page)).unwrap_or_default()
}
