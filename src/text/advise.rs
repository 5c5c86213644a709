//! The advice: the machine, the answer, the commands, why, what to watch for, what else.

use std::borrow::Cow;

use itertools::Itertools;

use conda_torch_core::answer::{Answer, Refused};
use conda_torch_core::commands::{Step, StepKind};
use conda_torch_core::diagnostics::{Context, Diagnostic, Severity, Subject};
use conda_torch_core::formats::{headline, title};
use conda_torch_core::resolve::{Alternative, Choice, Request, RequestedAccelerator, Status};
use conda_torch_core::types::Detected;

use super::page::{LIVE, Page, Style};
use super::reasons::reasons;
use super::summary;
use super::verify::verification;

/// How many alternatives are listed; JSON has all of them.
const ALTERNATIVES: usize = 4;

/// The whole answer; an error if a name cannot be quoted for the shell.
pub fn advice(answer: &Answer<'_>, style: Style) -> Result<String, Refused> {
    let mut page = Page::new(style);
    // An assumed GPU is in the diagnostics.
    let is_assumed = |it: &Diagnostic| matches!(it, Diagnostic::DriverAssumed { .. });
    let is_contradicted = |it: &Diagnostic| matches!(it, Diagnostic::CudaOfOtherDriver { .. });
    let mut machine = Cow::Borrowed(answer.machine);
    if answer.advice.diagnostics.iter().any(is_contradicted) {
        machine.to_mut().driver_cuda = Detected::unknown("contradicts the driver");
    }
    if !machine.gpus.is_empty() || !answer.advice.diagnostics.iter().any(is_assumed) {
        page.parts(&summary::graphics(&machine));
    }
    page.parts(&summary::system(&machine));
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
    page.heading(&headline(choice));
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
    let channel = &answer.matrix.channel;
    if advice.status == Status::Unknown {
        page.heading("Cannot tell which PyTorch runs on this machine");
        page.gap();
        diagnostics(page, answer, |_| true);
        alternatives(page, answer, "Available if", &advice.alternatives);
        return Ok(());
    }
    page.heading(&if *answer.request == Request::default() {
        format!("No PyTorch on {channel} runs on this machine")
    } else {
        format!("Nothing on {channel} satisfies this request on this machine")
    });
    page.gap();
    diagnostics(page, answer, |_| true);
    let changes_request_only =
        |it: &&Alternative<'_>| it.unlocked_by.iter().all(summary::changes_request);
    let Some(closest) = advice.alternatives.iter().find(changes_request_only) else {
        alternatives(page, answer, "Available after a change", &advice.alternatives);
        return Ok(());
    };
    let changes = changes(closest, &answer.context());
    page.heading(&format!("Closest match, with {changes}: {}", headline(&closest.choice)));
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
    let diagnostics = &answer.advice.diagnostics;
    let says_more = |it: &Diagnostic, reason: &Diagnostic| {
        it.is_same_kind(reason)
            || it.covers(reason)
            || matches!(
                (it, reason),
                (Diagnostic::CardWithoutDriver { .. }, Diagnostic::NoDriver { .. })
            )
    };
    let mut reasons = reasons(choice, answer);
    reasons.retain(|(_, reason)| !diagnostics.iter().any(|it| says_more(it, reason)));
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
    let advice = answer.advice;
    let context = answer.context();
    for diagnostic in advice.diagnostics.iter().filter(|it| is_wanted(it)) {
        if !is_redundant(diagnostic, answer) {
            page.diagnostic(diagnostic.severity(), diagnostic, &context);
        }
        let is_superseded = diagnostic.is_covered(&advice.diagnostics);
        if let Some(hint) = diagnostic.hint(&context).filter(|_| !is_superseded) {
            page.hint(hint);
        }
    }
    page.gap();
}

/// Whether another diagnostic includes this one, such as a companion that the whole platform lacks, or it is
/// irrelevant, such as a missing driver without a GPU.
fn is_redundant(diagnostic: &Diagnostic, answer: &Answer<'_>) -> bool {
    let Answer { machine, request, advice, .. } = answer;
    let asks_for_cuda =
        request.accelerator == RequestedAccelerator::Cuda || request.cuda_version.is_some();
    let is_covered = |other: &Diagnostic| match (diagnostic, other) {
        (Diagnostic::NoDriver { .. }, Diagnostic::CardWithoutDriver { .. }) => true,
        (
            Diagnostic::CompanionMissing { package },
            Diagnostic::CompanionNotOnPlatform { package: other, .. },
        ) => package == other,
        _ => false,
    };
    let is_irrelevant = !machine.has_nvidia_card() && !asks_for_cuda;
    diagnostic.is_covered(&advice.diagnostics)
        || matches!(diagnostic, Diagnostic::NoDriver { .. }) && is_irrelevant
        || advice.diagnostics.iter().any(is_covered)
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

/// `2.13.0 with CUDA 13.0 — needs NVIDIA driver ≥ 580.65.06`.
pub(super) fn needs(alternative: &Alternative<'_>, context: &Context<'_>) -> String {
    let Choice { build, computes_on, .. } = &alternative.choice;
    format!("{} — needs {}", title(build.pytorch, *computes_on), changes(alternative, context))
}

/// Everything that must change: `NVIDIA driver ≥ 580.65.06 and glibc ≥ 2.28`.
fn changes(alternative: &Alternative<'_>, context: &Context<'_>) -> String {
    match alternative.unlocked_by.as_slice() {
        [] => "nothing else".to_owned(),
        changes => changes.iter().map(|it| summary::unlock(it, context)).join(" and "),
    }
}
