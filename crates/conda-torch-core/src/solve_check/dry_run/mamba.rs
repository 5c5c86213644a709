//! How libmamba says that it failed: mamba 2 and micromamba, and mamba 1.

use super::DryRun;
use super::json_output::JsonOutput;
use super::output_text::{cleaned, excerpt, of_failure};

/// What a failure without a name means: from the log in the object, the solver's list, or the words
/// on standard error.
pub(super) fn failure(form: &JsonOutput, stderr: &str, stdout: &str) -> DryRun {
    let logged = form.log_history.iter().flatten();
    let grave = logged.filter(|line| matches!(line.level.as_str(), "error" | "critical"));
    let mut words: Vec<&str> = grave.map(|line| line.message.as_str()).collect();
    let problems = form.solver_problems.iter().flatten().map(String::as_str);
    // libsolv's "unsupported request" says nothing that the tree does not say better.
    let problems: Vec<&str> = problems.filter(|line| *line != "unsupported request").collect();
    let is_solver = form.solver_problems.is_some();
    words.extend(problems);
    if words.is_empty() {
        words.extend([form.words()].iter().filter(|words| !words.is_empty()));
    }
    let said = words.join("\n");
    if said.trim().is_empty() {
        return of_failure(stderr)
            .or_else(|| of_failure(stdout))
            .unwrap_or_else(|| DryRun::Failed(excerpt(stderr)));
    }
    if is_solver {
        return unsolvable(&said);
    }
    of_failure(&said).unwrap_or_else(|| DryRun::Failed(excerpt(&said)))
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
