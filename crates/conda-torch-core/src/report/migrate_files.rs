//! `migrate FILE --json`, and the difference that `migrate FILE` prints.

use std::fmt::Write as _;

use serde::Serialize;

use crate::escapes::is_hidden;
use crate::matrix::Matrix;
use crate::migrate::files::{FileError, FileFormat, FileMigration, FileNote, LineChange};

use super::unified_diff::unified_diff;
use super::{MatrixDate, write};

/// A file that was to be rewritten.
#[derive(Debug, Clone, PartialEq)]
pub struct MigratedFile {
    /// Its path, as it was given.
    pub file: String,
    /// Its text; empty if it could not be read.
    pub old: String,
    /// The new text, or why there is none.
    pub outcome: Result<FileMigration, String>,
    /// The backup of the old file, once the new one is written.
    pub backup: Option<String>,
}

impl MigratedFile {
    /// What changes and why, what cannot be changed, and what to know about the rest; one sentence each.
    pub fn sentences(&self) -> Box<dyn Iterator<Item = String> + '_> {
        let migration = match &self.outcome {
            Err(problem) => {
                let unchanged = "file unchanged".to_owned();
                return Box::new([format!("error: {problem}"), unchanged].into_iter());
            }
            Ok(migration) => migration,
        };
        let failures = migration.failures.iter().map(|failure| format!("error: {failure}"));
        let changes = migration.changes.iter().filter(|change| change.why.is_needed);
        let changes = changes.map(|change| format!("line {}: {change}", change.line));
        let notes = migration.notes.iter().map(|FileNote { line, note, .. }| {
            let place = line.map(|line| format!("line {line}: "));
            place.unwrap_or_default() + &note.message
        });
        Box::new(failures.chain(changes).chain(notes))
    }

    /// The difference as `git diff` writes it and `patch -p0` reads it; empty if there is none.
    pub fn diff(&self) -> String {
        match &self.outcome {
            Ok(migration) if migration.text != self.old => {
                let name = quoted_name(&self.file);
                unified_diff((&name, &self.old), &migration.text, &migration.edits)
            }
            Ok(_) | Err(_) => String::new(),
        }
    }
}

/// The name of a file in a difference, [as git writes it]: in quotes if a character needs an escape or would be
/// skipped, with a tab behind it if it has a blank.
///
/// [as git writes it]: https://git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath
fn quoted_name(name: &str) -> String {
    let is_special = |c| is_hidden(c) || matches!(c, '"' | '\\');
    if name.trim_matches(' ') == name && !name.contains(is_special) {
        return format!("{name}{}", if name.contains(' ') { "\t" } else { "" });
    }
    let mut quoted = String::from('"');
    for c in name.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if is_hidden(c) => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(quoted, "\\{byte:03o}");
                }
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// What `migrate FILE --json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Content<'a> {
    /// The builds that the versions were chosen from.
    matrix: MatrixDate<'a>,
    /// The exit code of the process: 0, or 1 if a file could not be rewritten.
    exit_code: u8,
    /// The files, in their order.
    files: Vec<FileReport<'a>>,
}

/// Writes the files.
pub fn document(files: &[MigratedFile], exit_code: u8, matrix: &Matrix) -> String {
    write(Content {
        matrix: MatrixDate::of(matrix),
        exit_code,
        files: files.iter().map(FileReport::from).collect(),
    })
}

/// A file.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FileReport<'a> {
    /// As it was named.
    file: &'a str,
    /// The format of the file; null if it was not read.
    form: Option<FileFormat>,
    /// Whether the new text differs.
    changed: bool,
    /// The backup of the old file, once the new one is written.
    backup: Option<&'a str>,
    /// Why the file stays as it is; null if nothing failed.
    error: Option<&'a str>,
    /// Why some of its environments stay as they are.
    failures: Vec<FailureReport>,
    /// The lines that change.
    changes: &'a [LineChange],
    /// What to know about the rest.
    remarks: &'a [FileNote],
    /// A unified diff; empty if nothing changes.
    diff: String,
}

/// An environment of a file that stays as it is.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FailureReport {
    /// The first line that it is about.
    line: Option<usize>,
    /// Why.
    message: String,
}

impl From<&FileError> for FailureReport {
    fn from(error: &FileError) -> Self {
        Self { line: error.line(), message: error.to_string() }
    }
}

impl<'a> From<&'a MigratedFile> for FileReport<'a> {
    fn from(migrated: &'a MigratedFile) -> Self {
        let migration = migrated.outcome.as_ref().ok();
        Self {
            file: &migrated.file,
            form: migration.map(|migration| migration.format),
            changed: migration.is_some_and(|migration| migration.text != migrated.old),
            backup: migrated.backup.as_deref(),
            error: migrated.outcome.as_ref().err().map(String::as_str),
            failures: migration.map_or(Vec::new(), |migration| {
                migration.failures.iter().map(FailureReport::from).collect()
            }),
            changes: migration.map_or(&[], |migration| &migration.changes),
            remarks: migration.map_or(&[], |migration| &migration.notes),
            diff: migrated.diff(),
        }
    }
}
