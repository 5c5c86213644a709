//! The check of environments: one in full, several as a table.

use tabled::builder::Builder;

use conda_torch_core::audit::{Checkup, EnvironmentStatus, Installed};
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::{Step, StepKind, shell::CannotQuote};
use conda_torch_core::diagnostics::Diagnostic;
use conda_torch_core::formats::title;
use conda_torch_core::report::check::fix;
use conda_torch_core::types::{Accelerator, Shell};

use super::page::{Page, Style, aligned};
use super::summary;

/// One environment: what is installed, each problem, and the commands that fix it.
///
/// # Errors
/// If a name cannot be quoted for the shell.
pub fn page(
    checkup: &Checkup<'_>,
    client: &ClientTarget<'_>,
    shell: Shell,
    style: Style,
) -> Result<String, CannotQuote> {
    let environment = &checkup.environment;
    let mut page = Page::new(style);
    let mut first = vec![environment.prefix.clone()];
    first.extend(environment.name.as_ref().map(|name| format!("`{name}`")));
    first.extend(environment.subdir.map(|subdir| subdir.to_string()));
    let python = environment.package("python");
    first.extend(python.map(|python| format!("Python {}", python.version)));
    page.parts(&first);
    page.parts(&summary::graphics(&checkup.machine));
    page.parts(&summary::system(&checkup.machine));
    page.age(checkup.matrix, Some("update `conda-torch`"));
    page.gap();
    if let Some(installed) = &checkup.installed {
        let version = &installed.version_text;
        let title = installed.accelerator.map(|it| title(version, it));
        let title = title.unwrap_or_else(|| version.clone());
        page.text("", &format!("PyTorch {title}, from {}", channel(installed)));
    }
    page.heading(&status(checkup));
    if checkup.status == EnvironmentStatus::NoPytorch {
        page.hint("`conda-torch advise` shows the commands that install it".to_owned());
    }
    page.gap();
    let context = checkup.context();
    for finding in &checkup.findings {
        page.diagnostic(finding.installed_severity(), finding, &context);
        if let Some(symptom) = finding.symptom() {
            page.text("  you will see: ", &symptom);
        }
        if let Some(hint) = finding.hint(&context) {
            page.text("  hint: ", &hint);
        }
    }
    page.gap();
    let steps = fix(checkup, client);
    let is_check = |step: &&Step| step.kind == StepKind::Check;
    let title = "Create a new environment that works:";
    page.commands(title, steps.iter().filter(|step| !is_check(step)), shell)?;
    page.commands("Check the installation:", steps.iter().filter(is_check), shell)?;
    Ok(page.finish())
}

/// `Found 2 problems`.
fn status(checkup: &Checkup<'_>) -> String {
    match (checkup.status, checkup.problems().count()) {
        (EnvironmentStatus::Ok, _) => "OK: no problems found".to_owned(),
        (EnvironmentStatus::Problems, 1) => "Found 1 problem".to_owned(),
        (EnvironmentStatus::Problems, count) => format!("Found {count} problems"),
        (EnvironmentStatus::NoPytorch, _) => "PyTorch is not installed".to_owned(),
        (EnvironmentStatus::Unreadable, _) => "The environment could not be read".to_owned(),
    }
}

/// Several environments, a line each.
pub fn table(all: &[Checkup<'_>]) -> String {
    let mut rows = Builder::default();
    rows.push_record(["environment", "PyTorch", "for", "channel", "result"]);
    for checkup in all {
        let environment = &checkup.environment;
        let installed = checkup.installed.as_ref();
        let result = match checkup.status {
            EnvironmentStatus::Ok => "OK",
            EnvironmentStatus::Problems => "problem",
            EnvironmentStatus::NoPytorch => "no PyTorch",
            EnvironmentStatus::Unreadable => "unreadable",
        };
        let first = checkup.problems().next().map(Diagnostic::code);
        rows.push_record([
            environment.name.as_deref().unwrap_or(&environment.prefix).to_owned(),
            installed.map(|it| it.version_text.clone()).unwrap_or_default(),
            installed.map(accelerator).unwrap_or_default(),
            installed.map(|it| channel(it).to_owned()).unwrap_or_default(),
            first.map_or(result.to_owned(), |code| format!("{result} [{code}]")),
        ]);
    }
    let mut page = Page::new(Style::plain(usize::MAX));
    for line in aligned(rows, 2) {
        page.line(&line);
    }
    page.gap();
    page.text("hint: ", "run `conda-torch check -n NAME` or `-p FOLDER` for details");
    page.finish()
}

fn channel<'a>(installed: &'a Installed<'_>) -> &'a str {
    match installed.package.as_ref().map(|package| package.channel.as_str()) {
        Some("") => "an unknown channel",
        Some(channel) => channel,
        None => "pip",
    }
}

/// `CUDA 12.1`, `CPU`, `Metal`.
fn accelerator(installed: &Installed<'_>) -> String {
    match installed.accelerator {
        Some(Accelerator::Cuda(toolkit)) => format!("CUDA {toolkit}"),
        Some(Accelerator::Mps) => "Metal".to_owned(),
        Some(Accelerator::Cpu) => "CPU".to_owned(),
        None => "?".to_owned(),
    }
}
