//! The migration of an environment, of the configuration and of files.

use conda_torch_core::answer::Refused;
use conda_torch_core::commands::{self, Step, StepKind};
use conda_torch_core::conda::ChannelKind;
use conda_torch_core::diagnostics::Severity;
use conda_torch_core::formats::headline;
use conda_torch_core::migrate::environment::{
    ChannelCount, MigrationPlan, PackageMigration, PackageOutcome, RequestedFrom, SettingsFinding,
};
use conda_torch_core::migrate::files::FileMigration;
use conda_torch_core::migrate::{CodeAndMessage, list};
use conda_torch_core::report::migrate::{MigrationAnswer, SettingsAnswer, Way};
use conda_torch_core::report::migrate_files::MigratedFile;
use conda_torch_core::resolve::{RequestedAccelerator, Status, Unlock};
use conda_torch_core::sentences::needs;
use conda_torch_core::types::ClientKind;

use super::page::{Page, Style};
use super::summary;

const CHECK: &str = "Check the installation:";

/// The environment, the commands that migrate it, and the outcome for each package.
///
/// # Errors
/// If a name cannot be quoted for the shell.
pub fn migration(answer: &MigrationAnswer<'_>, style: Style) -> Result<String, Refused> {
    let mut page = Page::new(style);
    environment(&mut page, answer);
    if !answer.migration.is_needed {
        page.heading("No packages from the `pytorch` channel");
        page.text("hint: ", "run `conda-torch advise` to see what to install on this machine");
        return Ok(page.finish());
    }
    page.parts(&summary::graphics(answer.machine));
    page.parts(&summary::system(answer.machine));
    page.gap();
    match (&answer.migration.plan, &answer.migration.target.advice.recommended) {
        (Some(plan), Some(choice)) => {
            diagnostics(&mut page, answer, |severity| severity >= Severity::Warning);
            page.heading(&headline(choice));
            page.gap();
            commands(&mut page, answer, plan)?;
            requested(&mut page, answer, plan);
        }
        (_, None) | (None, _) => nothing_fits(&mut page, answer),
    }
    old_settings(&mut page, answer);
    Ok(page.finish())
}

fn environment(page: &mut Page, answer: &MigrationAnswer<'_>) {
    let environment = answer.migration.environment;
    let pytorch = environment.package("pytorch").map_or_else(String::new, |package| {
        format!(": PyTorch {} ({}) from `{}`", package.version, package.build, package.channel)
    });
    let prefix = &environment.prefix;
    let name = environment.name.as_ref();
    let name = name.map_or(format!("`{prefix}`"), |name| format!("`{name}` ({prefix})"));
    page.text("", &format!("Environment {name}{pytorch}"));
    let origin = |&ChannelCount { channel, packages }: &ChannelCount<'_>| {
        let channel = if channel.is_empty() { "an unknown channel" } else { channel };
        format!("{packages} from {channel}")
    };
    let mut parts: Vec<String> = answer.migration.origins.iter().take(6).map(origin).collect();
    if !environment.pip.is_empty() {
        parts.push(format!("{} from pip", environment.pip.len()));
    }
    page.parts(&parts);
    if environment.prefix.replace('\\', "/").contains("/.pixi/envs/") {
        page.text(
            "note: ",
            "the environment belongs to a pixi project; migrate its `pixi.toml` instead",
        );
    }
    for problem in environment.problems.iter().take(4) {
        page.text("warning: ", &format!("`{}`: {}", problem.source, problem.detail));
    }
    page.gap();
}

fn commands(
    page: &mut Page,
    answer: &MigrationAnswer<'_>,
    plan: &MigrationPlan,
) -> Result<(), Refused> {
    let steps = answer.steps();
    let is_check = |step: &&Step| step.kind == StepKind::Check;
    if answer.way(&steps) == Way::InPlace {
        let title = "Change the environment itself, after a dry run and a backup:";
        let change = steps.in_place.iter().filter(|step| !is_check(step));
        page.commands_in_order(title, change, answer.shell)?;
        removed(page, answer, plan);
        page.commands(CHECK, steps.in_place.iter().filter(is_check), answer.shell)?;
        return Ok(page.commands("Restore the old environment:", &steps.way_back, answer.shell)?);
    }
    if answer.in_place {
        why_not_in_place(page, plan);
    }
    let of_conda = |step: &&Step| !is_check(step) && step.kind != StepKind::Pip;
    let title = "Create a new environment; the old one stays unchanged:";
    page.commands(title, steps.new.iter().filter(of_conda), answer.shell)?;
    let of_pip = |step: &&Step| step.kind == StepKind::Pip;
    page.commands("Reinstall packages from pip:", steps.new.iter().filter(of_pip), answer.shell)?;
    page.commands(CHECK, steps.new.iter().filter(is_check), answer.shell)?;
    if answer.in_place {
        return Ok(());
    }
    if steps.in_place.is_empty() {
        why_not_in_place(page, plan);
    } else {
        let text = format!(
            "to change the environment itself, run `conda-torch migrate {}--in-place`",
            answer.same
        );
        page.text("hint: ", &text);
        page.gap();
    }
    Ok(())
}

fn why_not_in_place(page: &mut Page, plan: &MigrationPlan) {
    for CodeAndMessage { code, message } in &plan.obstacles {
        page.text("", &format!("Cannot change it in place: {message} [{code}]"));
    }
    page.gap();
}

/// The packages that a client will remove besides the named ones.
fn removed(page: &mut Page, answer: &MigrationAnswer<'_>, plan: &MigrationPlan) {
    let in_place = &plan.in_place;
    let mut gone = in_place.remove.iter().chain(&in_place.dependents);
    if gone.any(|name| {
        let package = answer.migration.environment.package(name);
        package.is_some_and(|it| ChannelKind::of(&it.channel) == ChannelKind::Defaults)
    }) {
        let text = "packages from `defaults` are removed too: they do not mix with conda-forge's; requested packages are installed again";
        page.text("note: ", text);
    }
    if !in_place.dependents.is_empty() {
        let names = list(&in_place.dependents);
        page.text("note: ", &format!("packages that need a removed one are removed too: {names}"));
    }
    if in_place.orphans > 0 {
        let text = format!(
            "up to {} of their dependencies are removed too; requested packages stay or are reinstalled",
            in_place.orphans
        );
        page.text("note: ", &text);
    }
    if !answer.migration.environment.pip.is_empty() {
        page.text("note: ", "packages from pip stay; the backup does not list them");
    }
    page.gap();
}

fn requested(page: &mut Page, answer: &MigrationAnswer<'_>, plan: &MigrationPlan) {
    page.heading("Requested packages");
    let mut item = |text: &str| page.text("- ", text);
    match answer.migration.requested.from {
        RequestedFrom::History => {}
        RequestedFrom::Export => item(
            "the history lists every package with its build, as an exported file does: using those that no other needs, without versions",
        ),
        RequestedFrom::Leaves => {
            item("no history found: using the packages that no other needs, without versions");
        }
    }
    let is_same = |entry: &&PackageMigration| match entry.outcome {
        PackageOutcome::Kept => true,
        PackageOutcome::Replaced => entry.specs == [entry.spec.to_string()],
        PackageOutcome::Changed | PackageOutcome::LeftOut => false,
    };
    let (same, other): (Vec<_>, Vec<_>) = plan.packages.iter().partition(is_same);
    for PackageMigration { spec, specs, reason, .. } in other {
        let becomes = if specs.is_empty() { "left out".to_owned() } else { list(specs) };
        let why = reason.as_ref().map_or_else(String::new, |why| format!(": {}", why.message));
        item(&format!("`{spec}` → {becomes}{why}"));
    }
    let same: Vec<String> = same.iter().map(|entry| entry.spec.to_string()).collect();
    if !same.is_empty() {
        item(&format!("unchanged: {}", same.join(", ")));
    }
    for change in &answer.migration.target.changes {
        item(&change.message);
    }
    if !plan.pip_left_out.is_empty() {
        let names = list(&plan.pip_left_out);
        item(&format!("{names} from pip: not reinstalled, conda provides PyTorch"));
    }
    if !plan.pip.is_empty() && !answer.in_place {
        item(
            "packages that pip installed from a folder or from git must be reinstalled from there",
        );
    }
    if plan.packages.is_empty() {
        item("none found");
    }
    page.gap();
}

fn nothing_fits(page: &mut Page, answer: &MigrationAnswer<'_>) {
    let advice = &answer.migration.target.advice;
    page.heading(if advice.status == Status::Unknown {
        "Cannot tell which build replaces it on this machine"
    } else {
        "No build on conda-forge replaces it on this machine"
    });
    page.gap();
    diagnostics(page, answer, |_| true);
    // Another machine, or a CPU build, is the hint below.
    let is_elsewhere = |unlock: &Unlock| matches!(unlock, Unlock::Gpu | Unlock::Accelerator(_));
    let here = advice.alternatives.iter().filter(|it| !it.unlocked_by.iter().any(is_elsewhere));
    let context = advice.context(answer.machine, answer.matrix);
    for alternative in here.take(3) {
        page.text("- ", &needs(alternative, &context));
    }
    if answer.migration.target.request.accelerator == RequestedAccelerator::Cuda {
        page.text(
            "hint: ",
            "if the environment is for another machine, describe that machine: `--driver 550 --gpu A100`, or `--machine FILE`; for a CPU build pass `--accelerator cpu`",
        );
    }
    page.gap();
}

fn diagnostics(
    page: &mut Page,
    answer: &MigrationAnswer<'_>,
    is_wanted: impl Fn(Severity) -> bool,
) {
    let advice = &answer.migration.target.advice;
    let context = advice.context(answer.machine, answer.matrix);
    for diagnostic in advice.diagnostics.iter().filter(|it| is_wanted(it.severity())) {
        page.diagnostic(diagnostic.severity(), diagnostic, &context);
    }
    page.gap();
}

/// The configuration, if it still adds an old channel.
fn old_settings(page: &mut Page, answer: &MigrationAnswer<'_>) {
    let findings = &answer.settings.findings;
    let Some(first) = findings.iter().find(|finding| finding.kind.is_old_torch()) else { return };
    let place = first.path.as_deref().map_or_else(
        || format!("`{}`", first.line.key),
        |path| format!("`{path}` (line {})", first.line.line),
    );
    let text = format!(
        "{place} adds the channel `{}` to every installation; run `conda-torch migrate --config`",
        first.line.value
    );
    page.text("note: ", &text);
}

/// The lines that add old channels, and the commands that remove them.
///
/// # Errors
/// If a path cannot be quoted for the shell.
pub fn migrate_config(answer: &SettingsAnswer<'_>, style: Style) -> Result<String, Refused> {
    let mut page = Page::new(style);
    let settings = answer.settings;
    for CodeAndMessage { code: path, message } in &settings.unreadable {
        page.text("warning: ", &format!("cannot read `{path}`: {message}"));
    }
    page.gap();
    for SettingsFinding { path, line, message, .. } in &settings.findings {
        let place = path.as_deref().map_or_else(
            || format!("`{}={}`", line.key, line.value),
            |path| format!("`{}` in {path}, line {}", line.value, line.line),
        );
        page.text("- ", &format!("{place}: {message}"));
    }
    if settings.findings.is_empty() {
        page.heading("No configuration file adds an old channel");
    }
    page.gap();
    if answer.client.kind == ClientKind::Pixi {
        page.text("", "pixi does not read these files: every project names its own channels");
        return Ok(page.finish());
    }
    let steps = commands::settings(answer.machine, settings, &answer.client);
    let (optional, needed): (Vec<_>, Vec<_>) = steps.iter().partition(|step| step.optional);
    let title = if settings.findings.is_empty() {
        "Make conda-forge the default:"
    } else if settings.conda_forge_first && settings.is_strict {
        "Remove the old channels:"
    } else {
        "Make conda-forge the default and remove the old channels:"
    };
    page.commands(title, needed, answer.shell)?;
    page.commands("Optional, if no environment needs them:", optional, answer.shell)?;
    for path in &settings.commented {
        let text = format!("the client rewrites `{path}` without its comments; keep a copy");
        page.text("note: ", &text);
    }
    Ok(page.finish())
}

/// The most sentences about a file: nobody reads more, and a file can need very many.
const MOST_SENTENCES: usize = 1000;

/// The notes on migrated files; stdout has the differences.
pub fn migrated_files(files: &[MigratedFile], is_folder: bool, width: usize) -> String {
    let mut page = Page::new(Style::plain(width));
    for migrated in files {
        let MigratedFile { file, old, outcome, backup } = migrated;
        let mut sentences = migrated.sentences();
        let mut lines: Vec<String> = sentences.by_ref().take(MOST_SENTENCES).collect();
        let more = sentences.count();
        if lines.is_empty() && outcome.as_ref().is_ok_and(|migration| migration.text == *old) {
            if is_folder {
                continue;
            }
            lines.push("nothing to change".to_owned());
        }
        if more > 0 {
            lines.push(format!("and {more} more; `--json` has all of them"));
        }
        lines.extend(backup.iter().map(|backup| format!("written; old file: `{backup}`")));
        if !lines.is_empty() {
            page.text("", file);
        }
        for line in lines {
            page.text("- ", &line);
        }
    }
    page.finish()
}

/// What became of the files of folders, in a line; `count`: how many files they have.
pub fn summary_of_folders(files: &[MigratedFile], count: usize, is_tracked: bool) -> String {
    let count_of =
        |is_it: fn(&MigratedFile) -> bool| files.iter().filter(|file| is_it(file)).count();
    let changed =
        count_of(|it| it.outcome.as_ref().is_ok_and(|migration| migration.text != it.old));
    let failed = count_of(|it| it.outcome.as_ref().map_or(true, |it| !it.failures.is_empty()));
    let left = count_of(|it| it.outcome.as_ref().is_ok_and(FileMigration::has_left));
    let written = count_of(|it| it.backup.is_some());
    let plural = |count: usize, one: &str, many: &str| {
        if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
    };
    let mut parts = vec![if written > 0 {
        format!("{written} written")
    } else {
        plural(changed, "changes", "change")
    }];
    if left > 0 {
        let (one, many) =
            ("keeps something of the old channel", "keep something of the old channel");
        parts.push(plural(left, one, many));
    }
    if failed > 0 {
        parts.push(format!("{failed} cannot be migrated"));
    }
    let mut text = format!("Checked {}: {}", plural(count, "file", "files"), parts.join(", "));
    if !is_tracked {
        text.push_str("\nnote: not under version control; hidden folders are skipped");
    }
    text
}
