//! Texts that are pasted: files to migrate, and error texts.

use serde_json::{Value, json};

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::diagnostics::{Entry, entry};
use conda_torch_core::error_texts::{KnownError, Scene, described_machine, find, known_error};
use conda_torch_core::matrix::Matrix;
use conda_torch_core::migrate::files::{Target, migrate_file};
use conda_torch_core::question::{Question, usual_shell};
use conda_torch_core::report::migrate_files::{MigratedFile, document};
use conda_torch_core::report::{ErrorCode, explain as report};
use conda_torch_core::resolve::{Request, advise};
use conda_torch_core::types::{ClientKind, Machine, Shell};

use crate::read;

/// What becomes of a file.
pub(crate) fn migrate(name: &str, text: &str, question: &str, machine: Option<&str>) -> String {
    let matrix = Matrix::embedded();
    let asked = read(question).unwrap_or_default();
    let is_described = machine.is_some() || !asked.machine.gpu.is_empty();
    let described = is_described.then(|| asked.machine.machine(machine, matrix).ok()).flatten();
    let target = Target { machine: described.as_ref(), platform: asked.machine.platform };
    let outcome = migrate_file(name, text, target, matrix).map_err(|why| why.to_string());
    let file = if name == "-" { "file" } else { name };
    let new = outcome.as_ref().map_or(text, |migration| &migration.text).to_owned();
    let code = u8::from(outcome.as_ref().map_or(true, |it| !it.failures.is_empty()));
    let migrated =
        MigratedFile { file: file.to_owned(), old: text.to_owned(), outcome, backup: None };
    let report = document(std::slice::from_ref(&migrated), code, matrix);
    let report: Value = serde_json::from_str(&report).unwrap_or_default();
    json!({ "text": new, "diff": migrated.diff(), "sentences": migrated.sentences(), "report": report }).to_string()
}

/// What fails in a text. A machine that the text describes comes before that of the question.
pub(crate) fn explain(text: &str, question: &str, machine: Option<&str>) -> String {
    let matrix = Matrix::embedded();
    let found = &find(text);
    let none = ClientTarget { kind: ClientKind::Conda, version: None, found: None };
    if text.trim().is_empty() || found.errors.is_empty() {
        return report::document(found, &[], None, &none, Shell::Posix, 3);
    }
    let asked: Question = read(question).unwrap_or_default();
    let described = described_machine(text).map(|(machine, _)| machine);
    let described = match described {
        Some(machine) => Ok(machine),
        None => asked.machine.machine(machine, matrix),
    };
    let machine: Machine = match described {
        Ok(machine) => machine,
        Err(refusal) => return report::error(&refusal.message, ErrorCode::InvalidValue),
    };
    let advice = advise(&machine, &Request::default(), matrix);
    let scene = Scene { machine: &machine, advice: &advice, checkup: None, matrix };
    let judged: Vec<_> =
        found.errors.iter().map(|error| found.judge(error, Some(&scene))).collect();
    let client = ClientTarget::of(&machine, asked.client);
    let shell = asked.shell.unwrap_or_else(|| usual_shell(&machine));
    report::document(found, &judged, Some(&scene), &client, shell, 0)
}

/// The page of a code.
pub(crate) fn code_page(code: &str) -> String {
    let diagnostic = entry(code).map(Entry::page);
    diagnostic.or_else(|| known_error(code).map(KnownError::page)).unwrap_or_default()
}
