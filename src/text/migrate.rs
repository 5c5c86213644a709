//! The migration of an environment, for a person.

use conda_torch_core::answer::Refused;
use conda_torch_core::commands::{Step, StepKind};
use conda_torch_core::diagnostics::Severity;
use conda_torch_core::formats::{choice_title, headline};
use conda_torch_core::matrix::Matrix;
use conda_torch_core::migrate::environment::{
    MigrationPlan, PackageMigration, PackageOutcome, RequestedFrom,
    messages::{change, list, obstacle, reason, specs},
};
use conda_torch_core::report::migrate::MigrationAnswer;
use conda_torch_core::resolve::{RequestedAccelerator, Unlock};
use conda_torch_core::types::Environment;

use super::Style;
use super::page::Page;
use super::summary;
use super::wrap::wrap_parts;

/// The page.
///
/// # Errors
/// Where a name cannot be written for the shell.
pub fn environment(answer: &MigrationAnswer<'_>, style: Style) -> Result<String, Refused> {
    let mut page = Page::new(style, answer.shell);
    what_is_there(&mut page, answer);
    if !answer.migration.is_needed {
        page.bold("Nothing in it is left of the old channel");
        page.text("", "`conda-torch advise` says what to install on this machine");
        return Ok(page.finish());
    }
    wrap_parts(&mut page.out, &summary::graphics(answer.machine), page.style.width);
    wrap_parts(&mut page.out, &summary::system(answer.machine), page.style.width);
    page.gap();
    match (&answer.migration.plan, &answer.migration.target.advice.recommended) {
        (Some(plan), Some(choice)) => {
            remarks(&mut page, answer, |severity| severity >= Severity::Warning);
            page.bold(&headline(choice));
            page.gap();
            commands(&mut page, answer, plan)?;
            becomes(&mut page, answer, plan);
        }
        (_, None) | (None, _) => nothing_fits(&mut page, answer),
    }
    old_settings(&mut page, answer);
    Ok(page.finish())
}

/// The environment in a few lines.
fn what_is_there(page: &mut Page, answer: &MigrationAnswer<'_>) {
    let environment = answer.migration.environment;
    let pytorch = environment.package("pytorch").map_or_else(String::new, |package| {
        format!(": PyTorch {} ({}) from `{}`", package.version, package.build, package.channel)
    });
    page.text("", &format!("The environment {}{pytorch}", name(environment)));
    let mut parts: Vec<String> = Vec::new();
    for (channel, count) in answer.migration.origins.iter().take(6) {
        let channel = if channel.is_empty() { "an unknown channel" } else { channel };
        parts.push(format!("{count} from {channel}"));
    }
    if !environment.pip.is_empty() {
        parts.push(format!("{} from pip", environment.pip.len()));
    }
    wrap_parts(&mut page.out, &parts, page.style.width);
    if environment.prefix.replace('\\', "/").contains("/.pixi/envs/") {
        page.text("note: ", "it is a pixi project's: what counts is the project's `pixi.toml`");
    }
    for problem in environment.problems.iter().take(4) {
        page.text("warning: ", &format!("`{}`: {}", problem.source, problem.detail));
    }
    page.gap();
}

fn name(environment: &Environment) -> String {
    match &environment.name {
        Some(name) => format!("`{name}` ({})", environment.prefix),
        None => format!("`{}`", environment.prefix),
    }
}

fn commands(
    page: &mut Page,
    answer: &MigrationAnswer<'_>,
    plan: &MigrationPlan,
) -> Result<(), Refused> {
    let steps = answer.steps();
    let is_check = |step: &&Step| step.kind == StepKind::Check;
    if answer.in_place && !steps.in_place.is_empty() {
        let title = "In the environment itself, after a file that is a way back:";
        page.commands(title, steps.in_place.iter().filter(|step| !is_check(step)))?;
        what_goes(page, answer, plan);
        page.commands("Check it:", steps.in_place.iter().filter(is_check))?;
        return page.commands("Should it go wrong, the old one again:", &steps.way_back);
    }
    if answer.in_place {
        why_not_in_place(page, answer, plan);
        page.gap();
    }
    let of_conda = |step: &&Step| !is_check(step) && step.kind != StepKind::Pip;
    page.commands(
        "A new environment; the old one stays as it is:",
        steps.new.iter().filter(of_conda),
    )?;
    let of_pip = |step: &&Step| step.kind == StepKind::Pip;
    page.commands("What pip had installed, once more:", steps.new.iter().filter(of_pip))?;
    page.commands("Check it:", steps.new.iter().filter(is_check))?;
    if !answer.in_place && steps.in_place.is_empty() {
        why_not_in_place(page, answer, plan);
        page.gap();
    } else if !answer.in_place {
        let text = format!(
            "To change the environment itself: `conda-torch migrate {}--in-place`",
            answer.same
        );
        page.text("", &text);
        page.gap();
    }
    Ok(())
}

fn why_not_in_place(page: &mut Page, answer: &MigrationAnswer<'_>, plan: &MigrationPlan) {
    let prefix = &answer.migration.environment.prefix;
    for reason in plan.obstacles.iter().map(|it| obstacle(it, prefix)) {
        page.text("", &format!("Not in place: {} [{}]", reason.1, reason.0));
    }
}

/// What a client will say it removes, so that nobody is surprised.
fn what_goes(page: &mut Page, answer: &MigrationAnswer<'_>, plan: &MigrationPlan) {
    let in_place = &plan.in_place;
    let start = page.out.len();
    if !in_place.dependents.is_empty() {
        let names = list(&in_place.dependents);
        page.text("note: ", &format!("what needs one of the removed goes with it: {names}"));
    }
    if in_place.orphans > 0 {
        let text = format!(
            "up to {} packages that were only there for them go as well; what was asked for stays or comes back",
            in_place.orphans
        );
        page.text("note: ", &text);
    }
    if !answer.migration.environment.pip.is_empty() {
        page.text("note: ", "what pip installed stays, and is not in that file");
    }
    if page.out.len() > start {
        page.gap();
    }
}

/// What becomes of each package that was asked for.
fn becomes(page: &mut Page, answer: &MigrationAnswer<'_>, plan: &MigrationPlan) {
    page.bold("What was asked for");
    let start = page.out.len();
    match answer.migration.requested.from {
        RequestedFrom::History => {}
        RequestedFrom::Export => page.text(
            "- ",
            "the history names every package with its build, as an exported file does: taken are those that no other needs, without their versions",
        ),
        RequestedFrom::Leaves => page.text(
            "- ",
            "there is no history: taken are the packages that no other needs, without their versions",
        ),
    }
    let kept = |entry: &PackageMigration| match &entry.outcome {
        PackageOutcome::Kept(_) => true,
        PackageOutcome::Replaced(specs) => specs.len() == 1 && specs[0] == entry.spec.to_string(),
        PackageOutcome::Changed(..) | PackageOutcome::LeftOut(_) => false,
    };
    for entry in plan.packages.iter().filter(|entry| !kept(entry)) {
        let becomes = specs(&entry.outcome);
        let becomes = if becomes.is_empty() { "left out".to_owned() } else { list(&becomes) };
        let why = reason(entry).map_or_else(String::new, |(_, why)| format!(": {why}"));
        page.text("- ", &format!("`{}` → {becomes}{why}", entry.spec));
    }
    let same: Vec<String> = plan
        .packages
        .iter()
        .filter(|entry| kept(entry))
        .map(|entry| entry.spec.to_string())
        .collect();
    if !same.is_empty() {
        page.text("- ", &format!("as before: {}", same.join(", ")));
    }
    for (_, text) in answer.migration.target.changes.iter().map(change) {
        page.text("- ", &text);
    }
    if !plan.pip_left_out.is_empty() {
        page.text("- ", &format!("{} of pip: conda brings PyTorch now", list(&plan.pip_left_out)));
    }
    if !plan.pip.is_empty() && !answer.in_place {
        page.text("- ", "what pip had from a folder or from git is to be installed from there");
    }
    if page.out.len() == start {
        page.text("- ", "nothing that is known");
    }
    page.gap();
}

/// Why there is nothing to migrate to on this machine, and what would help.
fn nothing_fits(page: &mut Page, answer: &MigrationAnswer<'_>) {
    page.bold("Nothing on conda-forge takes its place on this machine");
    page.gap();
    remarks(page, answer, |_| true);
    let advice = &answer.migration.target.advice;
    // That it would work on another machine, or on the processor, is said below.
    let is_elsewhere = |unlock: &Unlock| matches!(unlock, Unlock::Gpu | Unlock::Accelerator(_));
    let context = advice.context(answer.machine, Matrix::embedded());
    let here = advice.alternatives.iter().filter(|it| !it.unlocked_by.iter().any(is_elsewhere));
    for alternative in here.take(3) {
        let changes: Vec<String> = alternative
            .unlocked_by
            .iter()
            .map(|unlock| summary::unlock(unlock, &context))
            .collect();
        let choice = choice_title(&alternative.choice);
        page.text("- ", &format!("{choice} — needs {}", changes.join(" and ")));
    }
    if answer.migration.target.request.accelerator != RequestedAccelerator::Cuda {
        page.gap();
        return;
    }
    page.text(
        "",
        "The environment used a GPU. Where it is used on another machine, describe that one: `--driver 550 --gpu A100`, or `--machine FILE`. `--accelerator cpu` takes the build for the processor",
    );
    page.gap();
}

/// What to know about the machine or the request.
fn remarks(page: &mut Page, answer: &MigrationAnswer<'_>, is_wanted: impl Fn(Severity) -> bool) {
    let advice = &answer.migration.target.advice;
    let start = page.out.len();
    for remark in advice.diagnostics.iter().filter(|remark| is_wanted(remark.severity())) {
        let label = match remark.severity() {
            Severity::Error | Severity::Warning => "warning: ",
            Severity::Info => "note: ",
        };
        let message = remark.message(&advice.context(answer.machine, Matrix::embedded()));
        page.text(label, &format!("{message} [{}]", remark.code()));
    }
    if page.out.len() > start {
        page.gap();
    }
}

/// That the configuration still adds the old channels.
fn old_settings(page: &mut Page, answer: &MigrationAnswer<'_>) {
    let findings = &answer.settings.findings;
    let Some(first) = findings.iter().find(|finding| finding.kind.is_old_torch()) else { return };
    let place = first.path.as_deref().map_or_else(
        || format!("`{}`", first.line.key),
        |path| format!("`{path}`, line {},", first.line.line),
    );
    let text = format!(
        "{place} adds the channel `{}` to every installation: `conda-torch migrate --config`",
        first.line.value
    );
    page.text("note: ", &text);
}
