//! `migrate FILE --json`, and the difference that `migrate FILE` prints.

use serde::Serialize;
use similar::TextDiff;

use crate::matrix::Matrix;
use crate::migrate::files::{FileFormat, FileMigration, FileNote, LineChange};

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
    /// The difference as `diff -u` writes it; empty if there is none.
    pub fn diff(&self) -> String {
        match &self.outcome {
            Ok(migration) if migration.text != self.old => {
                let diff = TextDiff::from_lines(self.old.as_str(), migration.text.as_str());
                diff.unified_diff().header(&self.file, &self.file).to_string()
            }
            Ok(_) | Err(_) => String::new(),
        }
    }
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
    /// The lines that change.
    changes: &'a [LineChange],
    /// What to know about the rest.
    remarks: &'a [FileNote],
    /// A unified diff; empty if nothing changes.
    diff: String,
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
            changes: migration.map_or(&[], |migration| &migration.changes),
            remarks: migration.map_or(&[], |migration| &migration.notes),
            diff: migrated.diff(),
        }
    }
}
