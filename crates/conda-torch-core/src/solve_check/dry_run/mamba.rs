//! How libmamba says that it failed: mamba 2 and micromamba, and mamba 1.

use super::DryRun;
use super::failure::{of_failure, unsolvable};
use super::json_output::JsonOutput;
use super::output_text::excerpt;

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
