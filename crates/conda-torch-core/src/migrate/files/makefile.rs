//! Makefiles: variables and conditions, and recipes of which every line is a shell of its own.

use crate::types::Shell;

use super::file_migration::FileError;
use super::session::{Arms, Session};
use super::shell_words::ShellText;

pub(super) fn read(session: &mut Session<'_>, text: &str) -> Result<(), FileError> {
    let mut at = 0;
    // The conditions around a line: `ifeq`, `else`, `endif`.
    let mut arms = Arms::new();
    while at < text.len() {
        let start = at;
        loop {
            let end = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
            let goes_on = text[at..end].trim_end().ends_with('\\');
            at = end;
            if !goes_on || at >= text.len() {
                break;
            }
        }
        let source = ShellText::new(text, start..at, Shell::Posix);
        let is_recipe = text[start..].starts_with('\t');
        let word = text[start..at].split(|c: char| c.is_whitespace() || c == '(').next();
        match word.filter(|_| !is_recipe).unwrap_or_default() {
            "ifeq" | "ifneq" | "ifdef" | "ifndef" => arms.push((session.new_branch(), 0)),
            "else" => arms.iter_mut().last().into_iter().for_each(|(_, arm)| *arm += 1),
            "endif" => drop(arms.pop()),
            _ => session.run_in_arms(&source, &arms, is_recipe)?,
        }
    }
    Ok(())
}
