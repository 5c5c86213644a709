//! The advice: the machine, the answer, the commands, why, what to watch for, what else.

use conda_torch_core::answer::{Answer, Refused};
use conda_torch_core::commands::{Step, StepKind};
use conda_torch_core::diagnostics::{Diagnostic, Severity, Subject};
use conda_torch_core::resolve::{Alternative, Choice, Status};
use conda_torch_core::sentences::{self, closest, heading, needs, notes};

use super::page::{LIVE, Page, Style};
use super::verify::verification;

/// How many alternatives are listed; JSON has all of them.
const ALTERNATIVES: usize = 4;

/// The whole answer; an error if a name cannot be quoted for the shell.
pub fn advice(answer: &Answer<'_>, style: Style) -> Result<String, Refused> {
    let mut page = Page::new(style);
    for parts in sentences::machine(answer) {
        page.parts(&parts);
    }
    page.age(answer.matrix, answer.live.is_none().then_some(LIVE));
    page.gap();
    match &answer.advice.recommended {
        Some(choice) => recommended(&mut page, answer, choice)?,
        None => nothing_fits(&mut page, answer)?,
    }
    Ok(page.finish())
}

/// The warnings of a degraded answer and of channels, and the result of a verification: for stderr,
/// next to another format.
pub fn warnings(answer: &Answer<'_>, width: usize) -> String {
    let mut page = Page::new(Style::plain(width));
    let is_ok = answer.advice.status == Status::Ok;
    diagnostics(&mut page, answer, |it| {
        it.severity() >= Severity::Warning && (!is_ok || it.subject() == Subject::Channel)
    });
    verification(&mut page, answer);
    page.finish().trim_end().to_owned()
}

fn recommended(page: &mut Page, answer: &Answer<'_>, choice: &Choice<'_>) -> Result<(), Refused> {
    let advice = answer.advice;
    let is_first =
        |it: &Diagnostic| advice.status == Status::Degraded && it.severity() >= Severity::Warning;
    let is_no_client = |it: &Diagnostic| matches!(it, Diagnostic::NoClient);
    diagnostics(page, answer, is_first);
    page.heading(&heading(answer));
    page.gap();
    // Without a client the commands cannot be run.
    diagnostics(page, answer, is_no_client);
    let steps = answer.plan(choice);
    commands(page, answer, &steps)?;
    verification(page, answer);
    why(page, answer, choice);
    diagnostics(page, answer, |it| !is_first(it) && !is_no_client(it));
    alternatives(page, answer, "Alternatives", &advice.alternatives);
    let configure = steps.iter().filter(|step| step.kind == StepKind::Configure);
    let title = "Optional: make conda-forge the default for later installations:";
    Ok(page.commands(title, configure, answer.shell)?)
}

fn nothing_fits(page: &mut Page, answer: &Answer<'_>) -> Result<(), Refused> {
    let advice = answer.advice;
    page.heading(&heading(answer));
    page.gap();
    diagnostics(page, answer, |_| true);
    let Some((closest, heading)) = closest(answer) else {
        let is_unknown = advice.status == Status::Unknown;
        let title = if is_unknown { "Available if" } else { "Available after a change" };
        alternatives(page, answer, title, &advice.alternatives);
        return Ok(());
    };
    page.heading(&heading);
    page.gap();
    commands(page, answer, &answer.plan(&closest.choice))?;
    let others = advice.alternatives.iter().filter(|other| !std::ptr::eq(*other, closest));
    alternatives(page, answer, "Other options", others);
    Ok(())
}

fn commands(page: &mut Page, answer: &Answer<'_>, steps: &[Step]) -> Result<(), Refused> {
    let install = |step: &&Step| matches!(step.kind, StepKind::Prepare | StepKind::Install);
    page.commands("", steps.iter().filter(install), answer.shell)?;
    let check = |step: &&Step| step.kind == StepKind::Check;
    Ok(page.commands("Check the installation:", steps.iter().filter(check), answer.shell)?)
}

/// The reasons that the diagnostics do not give already.
pub(super) fn why(page: &mut Page, answer: &Answer<'_>, choice: &Choice<'_>) {
    let reasons = sentences::why(answer, choice);
    if reasons.is_empty() {
        return;
    }
    page.heading("Why");
    for (text, reason) in reasons {
        page.text("- ", &format!("{text} [{}]", reason.code()));
    }
    page.gap();
}

/// Diagnostics of the machine and the request, with their hints.
pub(super) fn diagnostics(
    page: &mut Page,
    answer: &Answer<'_>,
    is_wanted: impl Fn(&Diagnostic) -> bool,
) {
    for note in notes(answer).into_iter().filter(|note| is_wanted(note.diagnostic)) {
        if let Some(message) = note.message {
            let severity = note.diagnostic.severity().label();
            page.text(&format!("{severity}: "), &format!("{message} [{}]", note.diagnostic.code()));
        }
        if let Some(hint) = note.hint {
            page.hint(hint);
        }
    }
    page.gap();
}

fn alternatives<'b>(
    page: &mut Page,
    answer: &Answer<'_>,
    title: &str,
    alternatives: impl IntoIterator<Item = &'b Alternative<'b>>,
) {
    let mut alternatives = alternatives.into_iter().take(ALTERNATIVES).peekable();
    if alternatives.peek().is_none() {
        return;
    }
    page.heading(title);
    for alternative in alternatives {
        page.text("- ", &needs(alternative, &answer.context()));
    }
    page.gap();
}
