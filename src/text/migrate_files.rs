//! The migration of files.

use conda_torch_core::migrate::files::{
    ChangeReason, LineChange,
    words::{because, remark_sentence as sentence},
};
use conda_torch_core::report::migrate_files::MigratedFile;

use super::page::{Page, Style};

/// What to know about the files beside their differences.
#[must_use]
pub fn migrated_files(files: &[MigratedFile], width: usize) -> String {
    let mut page = Page::new(Style { width, color: false });
    for migrated in files {
        let mut lines: Vec<String> = Vec::new();
        match &migrated.outcome {
            Err(problem) => lines.push(format!("error: {problem}; nothing is changed")),
            Ok(rewrite) => {
                lines.extend(rewrite.changes.iter().filter_map(told));
                lines.extend(rewrite.remarks.iter().map(|remark| {
                    let place = remark.line().map(|line| format!("line {line}: "));
                    place.unwrap_or_default() + &sentence(remark)
                }));
                if rewrite.text == migrated.old && lines.is_empty() {
                    lines.push("nothing to change".to_owned());
                }
            }
        }
        if let Some(backup) = &migrated.backup {
            lines.push(format!("written; the old one is `{backup}`"));
        }
        if lines.is_empty() {
            continue;
        }
        page.text("", &migrated.file);
        for line in lines {
            page.text("- ", &line);
        }
    }
    page.finish()
}

/// A change that the difference alone does not explain.
fn told(change: &LineChange) -> Option<String> {
    let told = match change.why {
        ChangeReason::Nearest
        | ChangeReason::GoesWith
        | ChangeReason::TellsOfCuda
        | ChangeReason::PytorchCpu
        | ChangeReason::OtherBuilds
        | ChangeReason::NamedBuild
        | ChangeReason::NotNeeded
        | ChangeReason::Defaults => true,
        ChangeReason::OldChannel
        | ChangeReason::NvidiaChannel
        | ChangeReason::FailsLoudly
        | ChangeReason::CudaVersion
        | ChangeReason::FollowsCuda => false,
    };
    told.then(|| {
        let after: Vec<String> = change.after.iter().map(|after| format!("`{after}`")).collect();
        let what = match (change.before.as_str(), after.is_empty()) {
            ("", _) => format!("added {}", after.join(" and ")),
            (before, true) => format!("`{before}` is left out"),
            (before, false) => format!("`{before}` becomes {}", after.join(" and ")),
        };
        format!("line {}: {what}: {}", change.line, because(change.why))
    })
}
