//! The commands alone, for a shell to read.

use crate::answer::{Answer, Refused};
use crate::commands::shell;

/// The commands that must be run, one a line.
///
/// # Errors
/// If nothing fits, or a name cannot be quoted for the shell.
pub fn commands(answer: &Answer<'_>) -> Result<String, Refused> {
    let mut out = String::new();
    for step in answer.plan(answer.choice()?).iter().filter(|step| !step.optional) {
        out.push_str(&shell::line(step, answer.shell)?);
        out.push('\n');
    }
    Ok(out)
}
