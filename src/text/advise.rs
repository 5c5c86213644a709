//! The answer for a person, calm at 80 columns.

use std::fmt::Write as _;

use conda_torch_core::answer::{Answer, Refused};
use conda_torch_core::commands::{Step, StepKind, shell};
use conda_torch_core::diagnostics::{Context, Diagnostic, Severity, Subject};
use conda_torch_core::formats::{choice_title, headline};
use conda_torch_core::resolve::{Alternative, Choice, Request, RequestedAccelerator, Status};

use super::Style;
use super::proof;
use super::reasons::reasons;
use super::summary;
use super::wrap::{wrap, wrap_parts};

/// How many alternatives are told; JSON has them all.
const ALTERNATIVES: usize = 4;

/// The answer for a person: the machine, the answer, the commands, why, what to watch for, what else.
///
/// # Errors
/// Where a name that the user gave cannot be written for the shell.
pub fn human(answer: &Answer<'_>, style: Style) -> Result<String, Refused> {
    let mut page = Page { answer, style, out: String::with_capacity(2048) };
    page.machine();
    match &answer.advice.recommended {
        Some(choice) => page.recommended(choice)?,
        None => page.nothing_fits()?,
    }
    let mut out = page.out;
    out.truncate(out.trim_end().len());
    out.push('\n');
    Ok(out)
}

/// The warnings of an answer that gives something up or of a channel, and what came of a proof, as lines for whoever reads another format.
/// Empty where the request is met in full and no proof was asked for.
#[must_use]
pub fn warnings(answer: &Answer<'_>, width: usize) -> String {
    let style = Style { width, color: false };
    let mut page = Page { answer, style, out: String::new() };
    let gives_up = answer.advice.status == Status::Degraded;
    let of_channel = |remark: &Diagnostic| remark.subject() == Subject::Channel;
    page.remarks(|remark| {
        remark.severity() >= Severity::Warning && (gives_up || of_channel(remark))
    });
    page.out.push_str(&proof::block(answer, style));
    let mut out = page.out;
    out.truncate(out.trim_end().len());
    out
}

/// A page in the making.
struct Page<'a> {
    answer: &'a Answer<'a>,
    style: Style,
    out: String,
}

impl Page<'_> {
    /// The machine in one or two lines.
    fn machine(&mut self) {
        let machine = self.answer.machine;
        let width = self.style.width;
        // A GPU that was neither found nor named, and is taken to be there, is told of below.
        let assumed = |remark: &Diagnostic| matches!(remark, Diagnostic::DriverAssumed { .. });
        if !machine.gpus.is_empty() || !self.answer.advice.diagnostics.iter().any(assumed) {
            wrap_parts(&mut self.out, &summary::graphics(machine), width);
        }
        wrap_parts(&mut self.out, &summary::system(machine), width);
        self.out.push('\n');
    }

    fn recommended(&mut self, choice: &Choice<'_>) -> Result<(), Refused> {
        let advice = self.answer.advice;
        let is_first = |remark: &Diagnostic| {
            advice.status == Status::Degraded && remark.severity() >= Severity::Warning
        };
        self.remarks(is_first);
        self.bold(&headline(choice));
        self.out.push('\n');
        // Who has no client needs one before the commands.
        self.remarks(is_no_client);
        let steps = self.answer.plan(choice);
        self.commands(&steps)?;
        self.out.push_str(&proof::block(self.answer, self.style));
        self.reasons(choice);
        self.remarks(|remark| !is_first(remark) && !is_no_client(remark));
        self.alternatives("Alternatives", &advice.alternatives);
        let later = "For later installations, make conda-forge the default (optional):";
        self.block(later, &of_kind(&steps, &[StepKind::Configure]))
    }

    /// What cannot be had, why, and the nearest that can.
    fn nothing_fits(&mut self) -> Result<(), Refused> {
        let advice = self.answer.advice;
        let channel = &self.answer.matrix.channel;
        let text = if *self.answer.request == Request::default() {
            format!("{channel} has no PyTorch that runs on this machine")
        } else {
            format!("Nothing on {channel} satisfies this request on this machine")
        };
        self.bold(&text);
        self.out.push('\n');
        self.remarks(|_| true);
        let at_once = |alternative: &&Alternative<'_>| {
            alternative.unlocked_by.iter().all(summary::is_of_request)
        };
        let Some(nearest) = advice.alternatives.iter().find(at_once) else {
            self.alternatives("What would work after a change", &advice.alternatives);
            return Ok(());
        };
        let changes = changes(nearest, &self.answer.context());
        self.bold(&format!("Nearest, with {changes}: {}", headline(&nearest.choice)));
        self.out.push('\n');
        let steps = self.answer.plan(&nearest.choice);
        self.commands(&steps)?;
        let others = advice.alternatives.iter().filter(|other| !std::ptr::eq(*other, nearest));
        self.alternatives("Other ways", others);
        Ok(())
    }

    /// Installation and check.
    fn commands(&mut self, steps: &[Step]) -> Result<(), Refused> {
        self.block("", &of_kind(steps, &[StepKind::Prepare, StepKind::Install]))?;
        self.block("Check it:", &of_kind(steps, &[StepKind::Check]))
    }

    fn block(&mut self, title: &str, steps: &[&Step]) -> Result<(), Refused> {
        let style = self.style;
        if steps.is_empty() {
            return Ok(());
        }
        if !title.is_empty() {
            wrap(&mut self.out, "", title, style.width);
        }
        for step in steps {
            for line in shell::lines(step, self.answer.shell, style.width.saturating_sub(2))? {
                let _ = writeln!(self.out, "  {line}");
            }
        }
        for note in steps.iter().filter_map(|step| step.note.as_deref()) {
            wrap(&mut self.out, "note: ", note, style.width);
        }
        self.out.push('\n');
        Ok(())
    }

    /// Why this build, without what the remarks of a degraded answer have said already.
    fn reasons(&mut self, choice: &Choice<'_>) {
        let remarks = &self.answer.advice.diagnostics;
        // Of a card without a driver more is said than that there is none.
        let says_more = |remark: &Diagnostic, reason: &Diagnostic| {
            remark.is_same_kind(reason)
                || remark.covers(reason)
                || matches!(
                    (remark, reason),
                    (Diagnostic::CardWithoutDriver { .. }, Diagnostic::NoDriver { .. })
                )
        };
        let mut reasons = reasons(choice, self.answer);
        reasons.retain(|(_, reason)| !remarks.iter().any(|remark| says_more(remark, reason)));
        if reasons.is_empty() {
            return;
        }
        self.bold("Why");
        for (text, reason) in reasons {
            let text = format!("{text} [{}]", reason.code());
            wrap(&mut self.out, "- ", &text, self.style.width);
        }
        self.out.push('\n');
    }

    /// What to know about the machine or the request.
    fn remarks(&mut self, is_wanted: impl Fn(&Diagnostic) -> bool) {
        let advice = self.answer.advice;
        let context = self.answer.context();
        let start = self.out.len();
        let mut hints: Vec<String> = Vec::new();
        for remark in advice.diagnostics.iter().filter(|remark| is_wanted(remark)) {
            if !self.is_beside_the_point(remark) {
                let label = match remark.severity() {
                    Severity::Error | Severity::Warning => "warning: ",
                    Severity::Info => "note: ",
                };
                self.labelled(label, &format!("{} [{}]", remark.message(&context), remark.code()));
            }
            let is_mute = remark.is_covered(&advice.diagnostics);
            let hint = remark.hint(&context);
            if let Some(hint) = hint.filter(|hint| !is_mute && !hints.contains(hint)) {
                self.labelled("hint: ", &hint);
                hints.push(hint);
            }
        }
        if self.out.len() > start {
            self.out.push('\n');
        }
    }

    /// Whether a person need not read it: the missing driver of a card that is told of anyway, or of a
    /// machine that has none and was not asked to use one; a package missing here that is missing
    /// everywhere.
    fn is_beside_the_point(&self, remark: &Diagnostic) -> bool {
        let Answer { machine, request, advice, .. } = self.answer;
        let card = |other: &Diagnostic| matches!(other, Diagnostic::CardWithoutDriver { .. });
        let idle = !machine.has_nvidia_card()
            && request.accelerator != RequestedAccelerator::Cuda
            && request.cuda_version.is_none();
        let nowhere = |other: &Diagnostic| {
            matches!((remark, other),
            (Diagnostic::CompanionMissing { package }, Diagnostic::CompanionNotOnPlatform { package: other, .. }) if package == other)
        };
        remark.is_covered(&advice.diagnostics)
            || matches!(remark, Diagnostic::NoDriver { .. })
                && (idle || advice.diagnostics.iter().any(card))
            || advice.diagnostics.iter().any(nowhere)
    }

    /// Builds that a change would unlock, a line each.
    fn alternatives<'b>(
        &mut self,
        title: &str,
        alternatives: impl IntoIterator<Item = &'b Alternative<'b>>,
    ) {
        let mut alternatives = alternatives.into_iter().take(ALTERNATIVES).peekable();
        if alternatives.peek().is_none() {
            return;
        }
        self.bold(title);
        for alternative in alternatives {
            let build = choice_title(&alternative.choice);
            let text = format!("{build} — needs {}", changes(alternative, &self.answer.context()));
            wrap(&mut self.out, "- ", &text, self.style.width);
        }
        self.out.push('\n');
    }

    /// A line that begins with what kind of line it is.
    fn labelled(&mut self, label: &str, text: &str) {
        let start = self.out.len();
        wrap(&mut self.out, label, text, self.style.width);
        if self.style.color {
            let color = if label == "warning: " { "\x1b[33m" } else { "\x1b[36m" };
            self.out.insert_str(start + label.trim_end().len(), "\x1b[0m");
            self.out.insert_str(start, color);
        }
    }

    fn bold(&mut self, text: &str) {
        let (on, off) = if self.style.color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        self.out.push_str(on);
        wrap(&mut self.out, "", text, self.style.width);
        self.out.insert_str(self.out.trim_end().len(), off);
    }
}

fn is_no_client(remark: &Diagnostic) -> bool {
    matches!(remark, Diagnostic::NoClient)
}

fn of_kind<'s>(steps: &'s [Step], kinds: &[StepKind]) -> Vec<&'s Step> {
    steps.iter().filter(|step| kinds.contains(&step.kind)).collect()
}

/// All that must change: `NVIDIA driver ≥ 580.65.06 and glibc ≥ 2.28`.
fn changes(alternative: &Alternative<'_>, context: &Context<'_>) -> String {
    let changes: Vec<String> =
        alternative.unlocked_by.iter().map(|it| summary::unlock(it, context)).collect();
    if changes.is_empty() { "nothing else".to_owned() } else { changes.join(" and ") }
}
