//! The migration of files.

use conda_torch_core::migrate::files::{FileNote, LineChange};
use conda_torch_core::report::migrate_files::MigratedFile;

use super::page::{Page, Style};

/// What to know about the files beside their differences.
#[must_use]
pub fn migrated_files(files: &[MigratedFile], width: usize) -> String {
    let mut page = Page::new(Style { width, color: false });
    for file in files {
        let mut lines: Vec<String> = Vec::new();
        match &file.outcome {
            Err(problem) => {
                lines.extend([format!("error: {problem}"), "file unchanged".to_owned()]);
            }
            Ok(migration) => {
                lines.extend(migration.changes.iter().filter_map(change));
                lines.extend(migration.notes.iter().map(note));
                if migration.text == file.old && lines.is_empty() {
                    lines.push("nothing to change".to_owned());
                }
            }
        }
        lines.extend(file.backup.iter().map(|backup| format!("written; old file: `{backup}`")));
        if !lines.is_empty() {
            page.text("", &file.file);
        }
        for line in lines {
            page.text("- ", &line);
        }
    }
    page.finish()
}

/// A change that the difference alone does not explain.
fn change(change: &LineChange) -> Option<String> {
    let LineChange { line, before, after, why } = change;
    let after: Vec<String> = after.iter().map(|after| format!("`{after}`")).collect();
    let after = after.join(" and ");
    let what = match (before.as_str(), after.is_empty()) {
        ("", _) => format!("added {after}"),
        (before, true) => format!("removed `{before}`"),
        (before, false) => format!("`{before}` becomes {after}"),
    };
    let (is_needed, message) = why.message();
    is_needed.then(|| format!("line {line}: {what}: {message}"))
}

fn note(note: &FileNote) -> String {
    let place = note.line().map(|line| format!("line {line}: "));
    place.unwrap_or_default() + &note.message()
}
