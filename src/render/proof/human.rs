//! A short block after the commands.

use super::super::answer::Answer;
use super::super::wrap::wrap;
use super::ProofState;
use super::words::{sentence, who};

/// The block, with an empty line at its end; nothing where no proof was asked for.
pub(in super::super) fn block(answer: &Answer<'_>) -> String {
    let mut out = String::new();
    let Some(proof) = answer.proof else { return out };
    let (text, hint) = sentence(proof, answer.machine);
    let state = ProofState::of(proof);
    let text = match state {
        ProofState::Verified => {
            format!("Verified with {} in {} s: {text}", who(proof.by), proof.took.as_secs().max(1))
        }
        ProofState::NotRun => format!("Not verified: {text}"),
        ProofState::Failed => format!("warning: not verified: {text}"),
        ProofState::Differs | ProofState::Unsolvable | ProofState::NoSpace => {
            format!("warning: {text}")
        }
    };
    let width = answer.style.width;
    for (number, line) in text.lines().take(LINES).enumerate() {
        wrap(&mut out, if number == 0 { "" } else { "  " }, line.trim(), width);
    }
    if let Some(hint) = hint {
        wrap(&mut out, "hint: ", &hint, width);
    }
    out.push('\n');
    out
}

/// A solver may have much to say; JSON has it all.
const LINES: usize = 20;
