//! The result of `--verify`, below the commands.

use conda_torch_core::answer::Answer;
use conda_torch_core::report::verify::{hint, is_explained, message, who};
use conda_torch_core::solve_check::ProofStatus;

use super::page::Page;

/// The most lines of a solver's message; JSON has all of them.
const SOLVER_LINES: usize = 20;

/// The result, with an empty line at its end; nothing without `--verify`.
pub(super) fn verification(page: &mut Page, answer: &Answer<'_>) {
    let Some(proof) = answer.proof else { return };
    let text = message(proof);
    let (before, text) = match proof.status() {
        ProofStatus::Verified => {
            let seconds = proof.took.as_secs().max(1);
            ("", format!("Verified with {} in {seconds} s: {text}", who(proof.by)))
        }
        ProofStatus::NotRun => ("", format!("Skipped verification: {text}")),
        ProofStatus::Failed => ("warning: ", format!("verification failed: {text}")),
        ProofStatus::Differs | ProofStatus::Unsolvable | ProofStatus::NoSpace => {
            ("warning: ", text)
        }
    };
    let most = if is_explained(proof) { 1 } else { SOLVER_LINES };
    for (number, line) in text.lines().take(most).enumerate() {
        page.text(if number == 0 { before } else { "  " }, line.trim());
    }
    if let Some(hint) = hint(proof, answer) {
        page.hint(hint);
    }
    page.gap();
    if let Some(step) = answer.corrected_step() {
        // If a name cannot be quoted, the first command was refused already.
        let _ = page.commands("Corrected command, verified:", [&step], answer.shell);
    }
}
