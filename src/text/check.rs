//! The check of environments: one in full, several as a table.

use tabled::builder::Builder;

use conda_torch_core::audit::{Checkup, Verdict, words};
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::{Step, StepKind, shell::CannotQuote};
use conda_torch_core::diagnostics::{Diagnostic, Severity};
use conda_torch_core::formats::visible;
use conda_torch_core::report::check::Checked;
use conda_torch_core::types::Shell;

use super::page::{Page, Style, aligned, label};
use super::summary;

/// One environment: what is installed, each problem, and the commands that fix it.
///
/// # Errors
/// If a name cannot be quoted for the shell.
pub fn page(
    checked: &Checked<'_>,
    client: &ClientTarget<'_>,
    shell: Shell,
    style: Style,
) -> Result<String, CannotQuote> {
    let Checked { environment, checkup } = checked;
    let mut page = Page::new(style);
    let mut first = vec![environment.prefix.clone()];
    first.extend(environment.name.as_ref().map(|name| format!("`{name}`")));
    first.extend(environment.subdir.map(|subdir| subdir.to_string()));
    let python = environment.package("python");
    first.extend(python.map(|python| format!("Python {}", python.version)));
    page.parts(&first);
    page.parts(&summary::graphics(&checkup.machine));
    page.parts(&summary::system(&checkup.machine));
    page.gap();
    if checkup.installed.is_some() {
        page.text("", &words::installed(checkup.installed.as_ref()));
    }
    page.heading(&verdict(checkup));
    page.gap();
    let context = checkup.context();
    for finding in &checkup.findings {
        let text = format!("{} [{}]", finding.message(&context), finding.code());
        page.text(label(finding.installed_severity()), &text);
        if let Some(symptom) = finding.symptom() {
            page.text("  you will see: ", &symptom);
        }
        if let Some(hint) = finding.hint(&context) {
            page.text("  hint: ", &hint);
        }
    }
    page.gap();
    let steps = checked.fix(client);
    let is_check = |step: &&Step| step.kind == StepKind::Check;
    let title = "Create a new environment that works:";
    page.commands(title, steps.iter().filter(|step| !is_check(step)), shell)?;
    page.commands("Check the installation:", steps.iter().filter(is_check), shell)?;
    Ok(page.finish())
}

/// The problems of an environment: findings from a warning on.
fn problems<'c>(checkup: &'c Checkup<'_>) -> impl Iterator<Item = &'c Diagnostic> {
    checkup.findings.iter().filter(|finding| finding.installed_severity() >= Severity::Warning)
}

/// `Found 2 problems`.
fn verdict(checkup: &Checkup<'_>) -> String {
    match (checkup.verdict, problems(checkup).count()) {
        (Verdict::Sound, _) => "OK: no problems found".to_owned(),
        (Verdict::Mend, 1) => "Found 1 problem".to_owned(),
        (Verdict::Mend, count) => format!("Found {count} problems"),
        (Verdict::NoPytorch, _) => "PyTorch is not installed".to_owned(),
        (Verdict::Unknown, _) => "The environment could not be read".to_owned(),
    }
}

/// Several environments, a line each.
#[must_use]
pub fn table(all: &[Checked<'_>]) -> String {
    let mut rows = Builder::default();
    rows.push_record(["environment", "PyTorch", "for", "channel", "result"]);
    for Checked { environment, checkup } in all {
        let installed = checkup.installed.as_ref();
        let result = match checkup.verdict {
            Verdict::Sound => "OK",
            Verdict::Mend => "problem",
            Verdict::NoPytorch => "no PyTorch",
            Verdict::Unknown => "unreadable",
        };
        let first = problems(checkup).next().map(Diagnostic::code);
        rows.push_record([
            visible(words::name(environment)).into_owned(),
            installed.map(|it| it.version_text().to_owned()).unwrap_or_default(),
            installed.map(words::accelerator).unwrap_or_default(),
            installed.map(|it| words::channel(it).to_owned()).unwrap_or_default(),
            first.map_or(result.to_owned(), |code| format!("{result} [{code}]")),
        ]);
    }
    let mut page = Page::new(Style { width: usize::MAX, color: false });
    for line in aligned(rows, 2) {
        page.line(&line);
    }
    page.gap();
    page.text("hint: ", "run `conda-torch check -n NAME` or `-p FOLDER` for details");
    page.finish()
}
