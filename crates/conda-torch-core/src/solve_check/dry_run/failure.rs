//! Failures that a client reports as text: no solution, missing packages, an unreadable channel.

use super::DryRun;
use super::channel_fault::channel_fault;
use super::output_text::{cleaned, excerpt};

/// Parts of the messages of solvers.
const UNSOLVABLE: [&str; 6] = [
    "Could not solve for environment specs",
    "Encountered problems while solving",
    "Cannot solve the request because of",
    "nothing provides ",
    "failed to solve",
    "The following packages are incompatible",
];

/// The failure that a text without JSON reports; `None` for an unknown one.
pub(super) fn of_failure(said: &str) -> Option<DryRun> {
    if UNSOLVABLE.iter().any(|sign| said.contains(sign)) {
        return Some(unsolvable(said));
    }
    if let Some(kind) = channel_fault(said) {
        return Some(DryRun::Network { words: excerpt(said), kind });
    }
    let is_critical = said.contains("critical libmamba") || said.contains("error    libmamba");
    is_critical.then(|| DryRun::Failed(excerpt(said)))
}

/// A request for what no channel has, or one without a solution.
pub(super) fn unsolvable(said: &str) -> DryRun {
    let missing = not_found(said);
    if missing.is_empty() { DryRun::Unsolvable(cleaned(said)) } else { DryRun::NotFound(missing) }
}

/// Requests that do not exist: at the first level of the tree, or in the list.
fn not_found(said: &str) -> Vec<String> {
    let mut missing: Vec<String> = Vec::new();
    for line in said.lines() {
        let line = line.trim_start();
        let asked = line.strip_prefix(['├', '└']).map(|rest| rest.trim_start_matches('─').trim());
        let in_tree = asked.and_then(|asked| asked.split_once(" does not exist"));
        let line = line.trim_start_matches("- ");
        let in_list = line.strip_prefix("nothing provides requested ");
        let spec = in_tree.map(|(spec, _)| spec).or(in_list).unwrap_or_default();
        let spec = spec.trim().trim_end_matches(" *").to_owned();
        let is_virtual = spec.starts_with("__");
        if !spec.is_empty() && !is_virtual && !missing.contains(&spec) && missing.len() < 16 {
            missing.push(excerpt(&spec));
        }
    }
    missing
}
