//! Known failures in a text: what causes each, whether this machine shows it, what fixes it.

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::{Step, StepKind, shell::CannotQuote};
use conda_torch_core::error_texts::{FoundErrors, Judgement, Remedy, Scene, Verdict};
use conda_torch_core::report::explain::{COLLECT, steps};
use conda_torch_core::types::Shell;

use super::page::{Page, Style};
use super::summary;

/// The page of a code: paragraphs at the width, and everything else as it is.
pub fn code_page(page: &str, style: Style) -> String {
    let mut out = Page::new(style);
    for (at, block) in page.trim_end().split("\n\n").enumerate() {
        if at > 0 {
            out.gap();
        }
        if block.starts_with(['#', ' ', '|', '-']) {
            block.lines().for_each(|line| out.line(line));
        } else {
            out.text("", &block.replace('\n', " "));
        }
    }
    out.finish()
}

/// Each code with its summary, which continues below itself.
pub fn code_list<'c>(codes: impl Iterator<Item = (&'c str, &'c str)>, style: Style) -> String {
    let mut out = Page::new(style);
    for (code, summary) in codes {
        out.text(&format!("{code:28} "), summary);
    }
    out.finish()
}

/// The failures of a text, the first cause first; without a scene for any machine. `has_commands`: whether to print the
/// commands that fix them.
///
/// # Errors
/// If a name cannot be quoted for the shell.
pub fn page(
    found: &FoundErrors,
    judged: &[Judgement],
    scene: Option<&Scene<'_>>,
    client: &ClientTarget<'_>,
    shell: Shell,
    has_commands: bool,
    style: Style,
) -> Result<String, CannotQuote> {
    let mut page = Page::new(style);
    if let Some(scene) = scene.filter(|_| has_commands) {
        page.parts(&summary::graphics(scene.machine));
    }
    if let Some(checkup) = scene.and_then(|scene| scene.checkup) {
        let environment = &checkup.environment;
        page.text(
            "",
            &format!("environment `{}`", environment.name.as_ref().unwrap_or(&environment.prefix)),
        );
    }
    page.gap();
    page.heading(&count(found.errors.len()));
    page.gap();
    let mut printed: Vec<Vec<Step>> = Vec::new();
    for (error, judgement) in found.errors.iter().zip(judged) {
        let line = error.line.map_or(String::new(), |line| format!(" (line {line})"));
        page.text("error: ", &format!("{} [{}]{line}", error.excerpt, error.error.code));
        page.text("  ", &error.cause());
        let label = match judgement.verdict {
            Verdict::Confirmed => "  confirmed: ",
            Verdict::Contradicted => "  not so here: ",
            Verdict::Unknown => "  here: ",
        };
        for evidence in &judgement.evidence {
            let Some(scene) = scene else { continue };
            let code = evidence.code().map_or(String::new(), |code| format!(" [{code}]"));
            page.text(label, &format!("{}{code}", scene.message(evidence)));
        }
        match error.follows {
            Some(cause) => page.text("  ", &format!("It follows from `{cause}`, above.")),
            None => page.text("  hint: ", &judgement.hint),
        }
        page.gap();
        let steps = scene.map_or_else(Vec::new, |scene| steps(judgement, scene, client));
        // One fix may end several failures.
        if has_commands && !steps.is_empty() && !printed.contains(&steps) {
            let is_check = |step: &&Step| step.kind == StepKind::Check;
            let title = match judgement.remedy {
                Remedy::NewEnvironment => "Create a new environment that works:",
                Remedy::Spec(_) | Remedy::CleanCache | Remedy::Hint => "Fix it:",
            };
            page.commands(title, steps.iter().filter(|step| !is_check(step)), shell)?;
            page.commands("Check the installation:", steps.iter().filter(is_check), shell)?;
            printed.push(steps);
        }
    }
    Ok(page.finish())
}

fn count(failures: usize) -> String {
    match failures {
        1 => "Found 1 known failure".to_owned(),
        count => format!("Found {count} known failures"),
    }
}

/// A text without a known failure: what it is, and what to collect.
pub fn unknown(found: &FoundErrors, style: Style) -> String {
    let mut page = Page::new(style);
    page.heading("No known failure in this text");
    if let Some(line) = &found.unknown {
        page.text("last error: ", line);
    }
    page.gap();
    page.text("", "To ask for help or to report it, collect:");
    for what in COLLECT {
        page.text("- ", what);
    }
    page.finish()
}
