//! The findings in files as services show them beside the lines of a change.

use std::fmt::Write as _;

use serde::Serialize;

use super::migrate_files::MigratedFile;

/// A service that shows findings beside lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnnotationService {
    /// GitHub's workflow commands.
    /// <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
    Github,
    /// GitLab's code quality report. <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>
    Gitlab,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// The file cannot be migrated.
    Error,
    /// A line changes, or something of the old channel is left.
    Warning,
    /// Something to know.
    Notice,
}

struct Annotation<'a> {
    file: &'a str,
    line: usize,
    level: Level,
    message: String,
}

/// Writes the findings in files; empty for GitHub if there is none.
pub fn annotations(files: &[MigratedFile], service: AnnotationService) -> String {
    let all = files.iter().flat_map(findings);
    match service {
        AnnotationService::Github => all.map(|it| github(&it)).collect(),
        AnnotationService::Gitlab => {
            let issues: Vec<Issue<'_>> = all.map(Issue::from).collect();
            serde_json::to_string_pretty(&issues).unwrap_or_default() + "\n"
        }
    }
}

fn findings(migrated: &MigratedFile) -> Vec<Annotation<'_>> {
    let file = migrated.file.as_str();
    let annotation = |line: Option<usize>, level, message| Annotation {
        file,
        line: line.unwrap_or(1),
        level,
        message,
    };
    let migration = match &migrated.outcome {
        Ok(migration) => migration,
        Err(why) => return vec![annotation(None, Level::Error, why.clone())],
    };
    let failures =
        migration.failures.iter().map(|it| annotation(it.line(), Level::Error, it.to_string()));
    let changes = migration
        .changes
        .iter()
        .map(|it| annotation(Some(it.line), Level::Warning, it.to_string()));
    let notes = migration.notes.iter().map(|it| {
        let level = if it.is_left { Level::Warning } else { Level::Notice };
        annotation(it.line, level, it.note.message.to_string())
    });
    failures.chain(changes).chain(notes).collect()
}

/// `::warning file=environment.yml,line=3,title=conda-torch::…`
fn github(annotation: &Annotation<'_>) -> String {
    let level = match annotation.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    };
    let escaped = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let file = escaped(annotation.file).replace(':', "%3A").replace(',', "%2C");
    let message = escaped(&annotation.message);
    format!("::{level} file={file},line={},title=conda-torch::{message}\n", annotation.line)
}

/// One entry of a code quality report.
#[derive(Debug, Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Debug, Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Debug, Serialize)]
struct Lines {
    begin: usize,
}

impl<'a> From<Annotation<'a>> for Issue<'a> {
    fn from(annotation: Annotation<'a>) -> Self {
        let Annotation { file, line, level, message } = annotation;
        let mut fingerprint = String::new();
        let _ = write!(fingerprint, "{:016x}", fnv(&[file, &line.to_string(), &message]));
        Self {
            description: message,
            check_name: "conda-torch",
            fingerprint,
            severity: match level {
                Level::Error => "critical",
                Level::Warning => "major",
                Level::Notice => "info",
            },
            location: Location { path: file, lines: Lines { begin: line } },
        }
    }
}

/// FNV-1a: the same text has the same number in every version of this program.
/// <http://www.isthe.com/chongo/tech/comp/fnv/>
fn fnv(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;
    use crate::migrate::files::{Target, migrate_file};

    fn migrated(file: &str) -> Vec<MigratedFile> {
        let old =
            "channels:\n  - pytorch\ndependencies:\n  - pytorch=2.5.1\n  - cpuonly\n".to_owned();
        let target = Target { machine: None, platform: None };
        let outcome = migrate_file("environment.yml", &old, target, Matrix::embedded());
        let outcome = outcome.map_err(|error| error.to_string());
        vec![MigratedFile { file: file.to_owned(), old, outcome, backup: None }]
    }

    #[test]
    fn github_gets_a_line_for_each_finding() {
        let text = annotations(&migrated("a,b:c/environment.yml"), AnnotationService::Github);
        let first = "::warning file=a%2Cb%3Ac/environment.yml,line=2,title=conda-torch::";
        assert!(text.starts_with(first), "{text}");
        assert!(text.lines().all(|line| line.starts_with("::")), "{text}");
        assert!(text.contains(",line=5,"), "{text}");
    }

    #[test]
    fn gitlab_gets_a_report() {
        let text = annotations(&migrated("environment.yml"), AnnotationService::Gitlab);
        let issues: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(issues[0]["location"]["lines"]["begin"], 2);
        assert_eq!(issues[0]["severity"], "major");
        assert_eq!(issues[0]["fingerprint"].as_str().map(str::len), Some(16));
        assert_eq!(annotations(&[], AnnotationService::Gitlab), "[]\n");
    }
}
