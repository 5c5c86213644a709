//! A short block after the commands.

use std::fmt::Write as _;

use conda_torch_core::answer::{Answer, ProofStatus};
use conda_torch_core::commands::{Step, shell};
use conda_torch_core::report::verify::{is_explained, sentence, who};

use super::Style;
use super::wrap::wrap;

/// The block, with an empty line at its end; nothing where no proof was asked for.
pub(in super::super) fn block(answer: &Answer<'_>, style: Style) -> String {
    let mut out = String::new();
    let Some(proof) = answer.proof else { return out };
    let (text, hint) = sentence(proof, answer);
    let state = ProofStatus::of(proof);
    let text = match state {
        ProofStatus::Verified => {
            format!("Verified with {} in {} s: {text}", who(proof.by), proof.took.as_secs().max(1))
        }
        ProofStatus::NotRun => format!("Not verified: {text}"),
        ProofStatus::Failed => format!("warning: not verified: {text}"),
        ProofStatus::Differs | ProofStatus::Unsolvable | ProofStatus::NoSpace => {
            format!("warning: {text}")
        }
    };
    let width = style.width;
    let most = if is_explained(proof) { 1 } else { LINES };
    for (number, line) in text.lines().take(most).enumerate() {
        wrap(&mut out, if number == 0 { "" } else { "  " }, line.trim(), width);
    }
    if let Some(hint) = hint {
        wrap(&mut out, "hint: ", &hint, width);
    }
    out.push('\n');
    out.push_str(
        &answer.corrected_step().map_or(String::new(), |step| command(answer, style, &step)),
    );
    out
}

/// The command to take in place of the printed one.
fn command(answer: &Answer<'_>, style: Style, step: &Step) -> String {
    // Where it cannot be written, neither could the first one, which is told.
    let Ok(lines) = shell::lines(step, answer.shell, style.width.saturating_sub(2)) else {
        return String::new();
    };
    let mut out = String::new();
    wrap(&mut out, "", "Corrected, and verified:", style.width);
    for line in lines {
        let _ = writeln!(out, "  {line}");
    }
    out.push('\n');
    out
}

/// A solver may have much to say; JSON has it all.
const LINES: usize = 20;
