//! Makefiles: variables, and recipes of which every line is a shell of its own.

use crate::types::Shell;

use super::file_migration::FileError;
use super::session::Session;
use super::shell_words::ShellText;

pub(super) fn read(session: &mut Session<'_>, text: &str) -> Result<(), FileError> {
    let mut at = 0;
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
        if text[start..].starts_with('\t') {
            session.run_in_shell(&source)?;
        } else {
            session.run(&source)?;
        }
    }
    Ok(())
}
