//! Files that were rewritten: their differences, what to know about them, and all of it as JSON.

use serde::Serialize;
use similar::TextDiff;

use crate::migrate::files::{
    FileMigration, LineChange,
    words::{because, remark_sentence},
};
use crate::types::Date;

use super::advise::{MatrixDate, Tool};

/// A file that was to be rewritten.
#[derive(Debug, Clone, PartialEq)]
pub struct Migrated {
    /// Its path, as it was given.
    pub file: String,
    /// Its text; empty where it could not be read.
    pub old: String,
    /// The new one, or why there is none.
    pub outcome: Result<FileMigration, String>,
    /// Whether there is none because conda-forge has nothing that satisfies the file.
    pub nothing_fits: bool,
    /// Where the old file was copied to, once the new one is written.
    pub backup: Option<String>,
}

impl Migrated {
    /// A file of which nothing is known.
    #[must_use]
    pub fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            old: String::new(),
            outcome: Err(String::new()),
            nothing_fits: false,
            backup: None,
        }
    }
}

/// The difference as `diff -u` writes it; empty where there is none.
#[must_use]
pub fn diff(migrated: &Migrated) -> String {
    let Ok(rewrite) = &migrated.outcome else { return String::new() };
    if rewrite.text == migrated.old {
        return String::new();
    }
    let diff = TextDiff::from_lines(migrated.old.as_str(), rewrite.text.as_str());
    diff.unified_diff().header(&migrated.file, &migrated.file).to_string()
}

/// The one document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "conda-torch migrate FILE --json"))]
pub(crate) struct Document<'a> {
    /// 1.
    format_version: u32,
    /// What wrote it.
    tool: Tool,
    /// What the versions were chosen from.
    matrix: MatrixDate<'static>,
    /// What the process ends with: 0, or 1 where a file could not be rewritten.
    exit_code: u8,
    /// The files, in their order.
    files: Vec<FileDocument<'a>>,
}

/// A file.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FileDocument<'a> {
    /// As it was named.
    file: &'a str,
    /// What it was taken for; null where it was not read.
    form: Option<&'static str>,
    /// Whether the new text is another.
    changed: bool,
    /// Where the old one is, once the new one is written.
    backup: Option<&'a str>,
    /// Why it stays as it is; null where nothing went wrong.
    error: Option<&'a str>,
    /// What becomes of each line that changes.
    changes: Vec<ChangeDocument<'a>>,
    /// What to know about the rest.
    remarks: Vec<RemarkDocument>,
    /// A unified difference; empty where nothing changes.
    diff: String,
}

/// A line that changes.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ChangeDocument<'a> {
    /// Its number, from 1.
    line: usize,
    /// What stood there.
    before: &'a str,
    /// What stands there now; empty where it went.
    after: &'a [String],
    /// Why.
    message: &'static str,
}

/// Something to know.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RemarkDocument {
    /// The line that it is about; null where it is about the file.
    line: Option<usize>,
    /// A word that does not change.
    code: &'static str,
    /// A sentence.
    message: String,
}

/// All of it as one document.
#[must_use]
pub fn migrated_json(files: &[Migrated], exit_code: u8, as_of: Date) -> String {
    let document = Document {
        format_version: 1,
        tool: Tool { name: "conda-torch", version: env!("CARGO_PKG_VERSION") },
        matrix: MatrixDate { channel: "conda-forge", as_of },
        exit_code,
        files: files.iter().map(file_document).collect(),
    };
    // Nothing in it can fail to be written.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn file_document(migrated: &Migrated) -> FileDocument<'_> {
    let rewrite = migrated.outcome.as_ref().ok();
    let change =
        |change: &'_ LineChange| -> (usize, &'static str) { (change.line, because(change.why)) };
    FileDocument {
        file: &migrated.file,
        form: rewrite.map(|rewrite| rewrite.form.as_str()),
        changed: rewrite.is_some_and(|rewrite| rewrite.text != migrated.old),
        backup: migrated.backup.as_deref(),
        error: migrated.outcome.as_ref().err().map(String::as_str),
        changes: rewrite.map_or_else(Vec::new, |rewrite| {
            let changes = rewrite.changes.iter().map(|one| {
                let (line, message) = change(one);
                ChangeDocument { line, before: &one.before, after: &one.after, message }
            });
            changes.collect()
        }),
        remarks: rewrite.map_or_else(Vec::new, |rewrite| {
            let remarks = rewrite.remarks.iter().map(|remark| RemarkDocument {
                line: remark.line(),
                code: remark.code(),
                message: remark_sentence(remark),
            });
            remarks.collect()
        }),
        diff: diff(migrated),
    }
}
