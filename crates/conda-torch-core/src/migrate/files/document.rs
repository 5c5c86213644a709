//! Documents with commands for people: Markdown, reStructuredText, plain text. Blocks and lines of commands are
//! code; the rest, with code in sentences, is prose.

use std::ops::Range;

use crate::types::Shell;

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// Commands.
    Code(Range<usize>, Shell),
    /// Code in a sentence.
    Inline(Range<usize>),
    /// A block that is no shell's: YAML, a Dockerfile, Python; with its language.
    Other(Range<usize>, String),
}

/// The parts that are not plain prose, in order.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut fence: Option<(String, usize, Option<Shell>, String)> = None;
    let mut at = 0;
    let mut command: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        let trimmed = line.trim();
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| trimmed.trim_start_matches(['>', ' ']).starts_with(mark));
        match (&fence, mark) {
            (Some((open, start, shell, language)), Some(mark)) if mark == open => {
                let content = *start..range.start;
                blocks.push(match shell {
                    Some(shell) => Block::Code(content, *shell),
                    None => Block::Other(content, language.clone()),
                });
                fence = None;
            }
            (Some(_), _) => {}
            (None, Some(mark)) => {
                let language = trimmed.trim_start_matches(['>', ' ', '`', '~', '{', '.']);
                let language = language.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
                let language = language.into_iter().next().unwrap_or_default().to_ascii_lowercase();
                fence = Some((mark.to_owned(), range.end, shell_of(&language), language));
            }
            (None, None) => {
                let start = command.take().or_else(|| is_command(trimmed).then_some(range.start));
                match start {
                    // It goes on.
                    Some(start) if trimmed.ends_with(['\\', '^']) => command = Some(start),
                    Some(start) => blocks.push(Block::Code(start..range.end, Shell::Posix)),
                    None => inline(text, range, &mut blocks),
                }
            }
        }
    }
    if let Some((_, start, Some(shell), _)) = fence {
        blocks.push(Block::Code(start..text.len(), shell));
    }
    blocks
}

/// The shell of a language; `None` for one that is not a shell's.
fn shell_of(language: &str) -> Option<Shell> {
    match language {
        "" | "bash" | "sh" | "shell" | "zsh" | "console" | "shell-session" | "shellsession"
        | "terminal" | "text" | "txt" | "ksh" | "fish" | "code-block" | "code-cell" | "none"
        | "plaintext" | "commandline" | "cli" | "bash-session" | "conda" => Some(Shell::Posix),
        "powershell" | "ps1" | "pwsh" | "ps" => Some(Shell::Powershell),
        "bat" | "batch" | "cmd" | "dos" | "batchfile" => Some(Shell::Cmd),
        _ => None,
    }
}

/// Whether a line is a command: a client comes first, after a prompt, a mark of a list or a tag.
fn is_command(line: &str) -> bool {
    let mut rest = line;
    loop {
        let next = rest.trim_start_matches(['$', '>', '%', '!', '#', '-', '*', '+', ' ', '\t']);
        let next = match next.strip_prefix('<').and_then(|tag| tag.split_once('>')) {
            Some((tag, after)) if tag.len() < 40 => after,
            Some(_) | None => next,
        };
        let next = match next.strip_prefix('(').and_then(|name| name.split_once(')')) {
            Some((name, after)) if !name.contains(' ') => after,
            Some(_) | None => next,
        };
        if next == rest {
            break;
        }
        rest = next;
    }
    let mut words = rest.split([' ', '\t']);
    let program = words.next().unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or(program);
    let next = words.find(|word| !word.is_empty()).unwrap_or_default();
    match program {
        "source" => next == "activate",
        "conda" | "mamba" | "micromamba" | "conda.exe" => {
            next.starts_with('-')
                || ["install", "create", "update", "activate", "deactivate", "config", "env", "run"]
                    .contains(&next)
        }
        _ => false,
    }
}

/// Code in the sentences of a line, between single or double backticks.
fn inline(text: &str, line: Range<usize>, blocks: &mut Vec<Block>) {
    let mut at = line.start;
    while let Some(start) = text[at..line.end].find('`').map(|start| at + start) {
        let ticks =
            text[start..line.end].len() - text[start..line.end].trim_start_matches('`').len();
        let inner = start + ticks;
        let Some(length) = text[inner..line.end].find(&text[start..inner]) else { return };
        blocks.push(Block::Inline(inner..inner + length));
        at = inner + length + ticks;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_commands_from_prose() {
        let text = "Run `conda install a` first.\n\n```bash\nconda install b\n```\n\n    $ conda install c \\\n        d\n\nThen conda install e works.\n```yaml\nchannels: [f]\n```\n";
        let found: Vec<(&str, &str)> = blocks(text)
            .iter()
            .map(|block| match block {
                Block::Code(range, _) => ("code", text[range.clone()].trim()),
                Block::Inline(range) => ("inline", text[range.clone()].trim()),
                Block::Other(range, _) => ("other", text[range.clone()].trim()),
            })
            .collect();
        assert_eq!(
            found,
            [
                ("inline", "conda install a"),
                ("code", "conda install b"),
                ("code", "$ conda install c \\\n        d"),
                ("other", "channels: [f]"),
            ]
        );
    }
}
