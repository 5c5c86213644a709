//! Failures of libmamba: mamba 2, micromamba and mamba 1.

use super::DryRun;
use super::channel_fault::channel_fault;
use super::json_output::JsonOutput;
use super::output_text::{cleaned, excerpt};

/// Reads a failure without an exception: from the log in the object, the solver's list, or plain text.
pub(super) fn failure(form: &JsonOutput, stderr: &str, stdout: &str) -> DryRun {
    let logged = form.log_history.iter().flatten();
    let grave = logged.filter(|line| matches!(line.level.as_str(), "error" | "critical"));
    let mut words: Vec<&str> = grave.map(|line| line.message.as_str()).collect();
    let problems = form.solver_problems.iter().flatten().map(String::as_str);
    // libsolv's "unsupported request" only repeats what the tree explains.
    let problems: Vec<&str> = problems.filter(|line| *line != "unsupported request").collect();
    let is_solver = form.solver_problems.is_some();
    words.extend(problems);
    if words.is_empty() {
        words.extend([form.words()].iter().filter(|words| !words.is_empty()));
    }
    let output = words.join("\n");
    if output.trim().is_empty() {
        return of_failure(stderr)
            .or_else(|| of_failure(stdout))
            .unwrap_or_else(|| DryRun::Failed(excerpt(stderr)));
    }
    if is_solver {
        return unsolvable(&output);
    }
    of_failure(&output).unwrap_or_else(|| DryRun::Failed(excerpt(&output)))
}

/// A request for missing packages, or one without a solution.
pub(super) fn unsolvable(output: &str) -> DryRun {
    let missing = not_found(output);
    if missing.is_empty() { DryRun::Unsolvable(cleaned(output)) } else { DryRun::NotFound(missing) }
}

/// Requested packages that no channel has: at the first level of the tree, or in the list.
fn not_found(output: &str) -> Vec<String> {
    let mut missing: Vec<String> = Vec::new();
    for line in output.lines() {
        let line = line.trim_start();
        let requested =
            line.strip_prefix(['├', '└']).map(|rest| rest.trim_start_matches('─').trim());
        let in_tree = requested.and_then(|spec| spec.split_once(" does not exist"));
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

/// Messages of solvers alone.
const UNSOLVABLE: [&str; 6] = [
    "Could not solve for environment specs",
    "Encountered problems while solving",
    "Cannot solve the request because of",
    "nothing provides ",
    "failed to solve",
    "The following packages are incompatible",
];

/// Reads a failure from plain text; `None` if unknown.
pub(super) fn of_failure(output: &str) -> Option<DryRun> {
    if UNSOLVABLE.iter().any(|sign| output.contains(sign)) {
        return Some(unsolvable(output));
    }
    if let Some(kind) = channel_fault(output) {
        return Some(DryRun::Network { words: excerpt(output), kind });
    }
    let is_critical = output.contains("critical libmamba") || output.contains("error    libmamba");
    is_critical.then(|| DryRun::Failed(excerpt(output)))
}
