//! An installation: what will be run, and whether the result works.

use conda_torch_core::answer::{Answer, Refused};
use conda_torch_core::audit::Checkup;
use conda_torch_core::commands::{ProjectFile, ProjectKind, Step, StepKind, shell};
use conda_torch_core::diagnostics::{Diagnostic, Severity};
use conda_torch_core::formats::{headline, title};
use conda_torch_core::migrate::files::FileNote;
use conda_torch_core::report::InstallStatus;
use conda_torch_core::report::migrate_files::MigratedFile;
use conda_torch_core::resolve::Choice;
use conda_torch_core::smoke_test::{SmokeProblem, SmokeTest, TestedDevice};
use conda_torch_core::types::{ClientKind, Machine, Shell};

use super::page::{LIVE, Page, Style};
use super::{advise, summary};

/// What will be installed, with the commands and what to know before.
///
/// # Errors
/// If a name cannot be quoted for the shell.
pub fn plan(
    answer: &Answer<'_>,
    choice: &Choice<'_>,
    steps: &[Step],
    project: Option<&ProjectFile>,
    file: Option<&MigratedFile>,
    style: Style,
) -> Result<String, Refused> {
    let mut page = Page::new(style);
    page.parts(&summary::graphics(answer.machine));
    page.parts(&summary::system(answer.machine));
    page.age(answer.matrix, answer.live.is_none().then_some(LIVE));
    page.gap();
    let is_warning = |it: &Diagnostic| it.severity() >= Severity::Warning;
    advise::diagnostics(&mut page, answer, is_warning);
    page.heading(&headline(choice));
    page.gap();
    page.commands("", steps, answer.shell)?;
    advise::why(&mut page, answer, choice);
    if let Some(project) = project {
        page.gap();
        in_project(&mut page, project, answer.client.kind);
    }
    let into = steps.iter().find(|step| step.kind == StepKind::Install);
    if let Some((_, into)) = into.filter(|step| !step.is_creation()).and_then(Step::environment)
        && let Some(file) = file
    {
        page.gap();
        let fact = format!("`{into}` gets the packages of `{}` and keeps its others", file.file);
        page.text("note: ", &fact);
    }
    let difference = file.map(MigratedFile::diff).filter(|difference| !difference.is_empty());
    if let (Some(difference), Some(file)) = (difference, file) {
        page.gap();
        page.heading(&format!("Changes to {}", file.file));
        page.gap();
        difference.lines().for_each(|line| page.line(line));
        page.gap();
        for FileNote { line, note, .. } in file.outcome.iter().flat_map(|it| &it.notes) {
            if let Some(line) = line {
                page.text("note: ", &format!("line {line}: {}", note.message));
            }
        }
    }
    Ok(page.finish())
}

/// That the folder has a project, and how the packages get into it.
fn in_project(page: &mut Page, project: &ProjectFile, client: ClientKind) {
    let file = project.name;
    let new = "a new environment";
    let (fact, hint) = match &project.kind {
        ProjectKind::Pixi(_) if client == ClientKind::Pixi => (
            format!("the packages are added to `{file}` of this folder"),
            format!("pass `-n NAME` for {new} instead"),
        ),
        ProjectKind::Pixi(_) => (
            format!("this folder has `{file}`; the commands above make {new}"),
            "to add the packages to the project, run `conda-torch install --client pixi`"
                .to_owned(),
        ),
        ProjectKind::Environment => (
            format!("this folder has `{file}`; the commands above make {new}"),
            format!(
                "to add the packages to the file and use it, run `conda-torch install --file {file}`"
            ),
        ),
    };
    page.text("note: ", &fact);
    page.text("hint: ", &hint);
}

/// An environment that a client was changing when it failed.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LeftEnvironment<'a> {
    pub prefix: &'a str,
    pub is_new: bool,
    /// The command that removes it.
    pub removal: Option<&'a Step>,
    /// The command that restores it.
    pub way_back: Option<&'a Step>,
}

/// A client's failure, what it left, and how to go on.
pub fn failed(how: &str, left: Option<&LeftEnvironment<'_>>, shell: Shell) -> String {
    let Some(LeftEnvironment { prefix, is_new, removal, way_back }) = left else {
        return format!("error: {how}\nnote: nothing was installed");
    };
    let line = |step: Option<&Step>| step.and_then(|step| shell::line(step, shell).ok());
    let (state, hint) = match (is_new, line(*removal), line(*way_back)) {
        (true, Some(removal), _) => {
            ("is incomplete", format!("remove it with `{removal}`, then run this command again"))
        }
        (true, None, _) => ("is incomplete", "run this command again".to_owned()),
        (false, _, Some(way_back)) => {
            ("existed before and may have changed", format!("restore it with `{way_back}`"))
        }
        (false, _, None) => ("existed before and may have changed", {
            let word = shell::word(prefix, shell).unwrap_or_else(|_| "FOLDER".to_owned());
            format!("look at it with `conda-torch check -p {word}`")
        }),
    };
    format!("error: {how}\nnote: the environment `{prefix}` {state}\nhint: {hint}")
}

/// An interrupted test of an environment that the client has installed. `flag`: what names it.
pub fn untested(prefix: &str, flag: &str) -> String {
    format!(
        "error: the test was interrupted\nnote: the environment `{prefix}` is installed, but not tested\nhint: run `conda-torch test {flag}`"
    )
}

/// The result of an installation.
pub fn installed(
    checkup: &Checkup<'_>,
    machine: &Machine,
    test: Result<&SmokeTest, &String>,
    problem: Option<&SmokeProblem>,
    status: InstallStatus,
    activate: Option<(&Step, Shell)>,
    style: Style,
) -> String {
    let mut page = Page::new(style);
    findings(&mut page, checkup);
    result(&mut page, checkup, test, problem);
    notes(&mut page, test, machine);
    if status == InstallStatus::Broken && test.is_ok() && problem.is_none() {
        page.text("error: ", "not everything in the environment works; fix the problem above");
    }
    if status == InstallStatus::Installed {
        page.text("note: ", "the GPU is in another machine; run `conda-torch test` there");
    }
    let line = activate.and_then(|(step, shell)| shell::line(step, shell).ok());
    if let Some(line) = line.filter(|_| status != InstallStatus::Broken) {
        page.text("", &format!("Activate it with `{line}`"));
    }
    page.finish()
}

/// The result of a smoke test.
pub fn tested(
    checkup: &Checkup<'_>,
    machine: &Machine,
    test: Result<&SmokeTest, &String>,
    problem: Option<&SmokeProblem>,
    style: Style,
) -> String {
    let mut page = Page::new(style);
    result(&mut page, checkup, test, problem);
    notes(&mut page, test, machine);
    let used: Vec<_> = test.iter().flat_map(|test| test.used()).collect();
    for device in &used {
        rates(&mut page, device, used.len() > 1);
    }
    if problem.is_some() || test.is_err() {
        findings(&mut page, checkup);
    }
    page.finish()
}

/// What `check` calls a problem.
fn findings(page: &mut Page, checkup: &Checkup<'_>) {
    let context = checkup.context();
    for finding in checkup.problems() {
        page.diagnostic(finding.installed_severity(), finding, &context);
        if let Some(hint) = finding.hint(&context) {
            page.text("  hint: ", &hint);
        }
    }
}

/// One line: it works, or what fails.
fn result(
    page: &mut Page,
    checkup: &Checkup<'_>,
    test: Result<&SmokeTest, &String>,
    problem: Option<&SmokeProblem>,
) {
    let test = match test {
        Ok(test) => test,
        Err(why) => return page.text("error: ", &format!("PyTorch does not run: {why}")),
    };
    let accelerator = checkup.installed.as_ref().and_then(|installed| installed.accelerator);
    let torch = test.torch.as_deref().unwrap_or("?");
    let name = accelerator.map_or_else(|| torch.to_owned(), |it| title(torch, it));
    let last =
        test.error.as_deref().and_then(|text| text.lines().rev().find(|it| !it.trim().is_empty()));
    let last = last.unwrap_or("no error message");
    match problem {
        None => {
            let devices: Vec<String> = test.used().map(device_name).collect();
            let devices = devices.join(", ");
            let ok = if checkup.has_error() { "" } else { "OK: " };
            page.text("", &format!("{ok}PyTorch {name} works on {devices}"));
        }
        Some(SmokeProblem::NotImported) => {
            page.text("error: ", &format!("PyTorch cannot be imported: {last}"));
        }
        Some(SmokeProblem::NoGpu) => {
            page.text("error: ", &format!("PyTorch {name} finds no GPU: {last}"));
        }
        Some(SmokeProblem::DeviceFailed { .. }) => {
            for device in test.devices.iter().filter(|device| device.error.is_some()) {
                let why = device.error.as_deref().unwrap_or_default();
                page.text(
                    "error: ",
                    &format!("PyTorch {name} fails on {}: {why}", device_name(device)),
                );
            }
        }
    }
}

fn device_name(device: &TestedDevice) -> String {
    match (device.kind.as_str(), device.index, &device.name) {
        ("cuda", Some(index), Some(name)) => format!("GPU {index} ({name})"),
        ("cuda", index, _) => format!("GPU {}", index.unwrap_or(0)),
        ("mps", ..) => "Apple's GPU".to_owned(),
        _ => "the CPU".to_owned(),
    }
}

/// What works otherwise than one may think.
fn notes(page: &mut Page, test: Result<&SmokeTest, &String>, machine: &Machine) {
    let Ok(test) = test else { return };
    for device in test.used().filter(|device| test.is_translated(device)) {
        let name = device_name(device);
        let fact = format!("{name} runs through JIT compilation; the first run is slow");
        page.text("note: ", &fact);
    }
    match test.unused_gpus(machine) {
        0 => {}
        unused => {
            let all = machine.gpus.len();
            page.text("note: ", &format!("PyTorch finds {} of {all} GPUs", all - unused));
        }
    }
}

/// What a GPU reaches in a matrix product, beside what NVIDIA gives for it: a cool one reaches more.
fn rates(page: &mut Page, device: &TestedDevice, is_one_of_many: bool) {
    const TERA: f64 = 1e12;
    let index = device.index.filter(|_| is_one_of_many);
    let gpu = index.map_or_else(String::new, |index| format!("GPU {index}, "));
    for kind in ["fp32", "tf32", "bf16"] {
        let Some(rate) = device.rates.get(kind) else { continue };
        let peak = device.peaks.get(kind);
        let beside =
            peak.map_or_else(String::new, |peak| format!(" (nominal: {:.1})", peak / TERA));
        page.item(&format!("{gpu}{kind}: {:.1} TFLOP/s{beside}", rate / TERA));
    }
    if device.is_slow() {
        let why = "far below what this GPU can do: another program may use it, or its power or clock is limited";
        page.text("  note: ", why);
    }
}
