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

/// A code fence that is open.
struct Fence {
    mark: char,
    length: usize,
    /// Where its content begins.
    start: usize,
    shell: Option<Shell>,
    language: String,
}

/// Directives of Sphinx and `MyST` whose content is text for people.
const PROSE_DIRECTIVES: [&str; 25] = [
    "admonition",
    "attention",
    "card",
    "caution",
    "danger",
    "deprecated",
    "details",
    "div",
    "dropdown",
    "error",
    "grid",
    "hint",
    "important",
    "note",
    "seealso",
    "sidebar",
    "tab",
    "tab-item",
    "tab-set",
    "tabs",
    "tip",
    "topic",
    "versionadded",
    "versionchanged",
    "warning",
];

/// Directives whose argument is the language.
const CODE_DIRECTIVES: [&str; 6] =
    ["code", "code-block", "code-cell", "code-tab", "prompt", "sourcecode"];

/// The parts that are not plain prose, in order.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut fence: Option<Fence> = None;
    let mut directives: Vec<(char, usize)> = Vec::new();
    let mut at = 0;
    let mut command: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        let trimmed = line.trim();
        let mark = fence_mark(trimmed);
        if let Some(Fence { mark: open, length: least, start, shell, language }) = &fence {
            let closes = |(mark, length, info): (char, usize, &str)| {
                mark == *open && length >= *least && info.is_empty()
            };
            if mark.is_some_and(closes) {
                let content = *start..range.start;
                blocks.push(match shell {
                    Some(shell) => Block::Code(content, *shell),
                    None => Block::Other(content, language.clone()),
                });
                fence = None;
            }
            continue;
        }
        if let Some((mark, length, info)) = mark {
            let language = language(info);
            if PROSE_DIRECTIVES.contains(&language.as_str()) && info.starts_with('{') {
                directives.push((mark, length));
            } else if info.is_empty()
                && directives.pop_if(|open| open.0 == mark && length >= open.1).is_some()
            {
                // The end of a directive.
            } else {
                let shell = shell_of(&language);
                fence = Some(Fence { mark, length, start: range.end, shell, language });
            }
            continue;
        }
        let start = command.take().or_else(|| is_command(trimmed).then_some(range.start));
        match start {
            // It goes on.
            Some(start) if trimmed.ends_with(['\\', '^']) => command = Some(start),
            Some(start) => blocks.push(Block::Code(start..range.end, Shell::Posix)),
            None => cells(text, range, &mut blocks),
        }
    }
    if let Some(Fence { start, shell: Some(shell), .. }) = fence {
        blocks.push(Block::Code(start..text.len(), shell));
    }
    blocks
}

/// The mark of a fence, how often it stands there, and what follows; `None` for code in a sentence.
fn fence_mark(line: &str) -> Option<(char, usize, &str)> {
    let line = without_marker(line.trim_start_matches(['>', ' ']));
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let info = line.trim_start_matches(mark);
    let length = line.len() - info.len();
    (length >= 3 && !(mark == '`' && info.contains('`'))).then_some((mark, length, info.trim()))
}

/// A line without the mark of a list: `- `, `2. `.
fn without_marker(line: &str) -> &str {
    let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let marks: &[char] = if digits.len() < line.len() { &['.', ')'] } else { &['-', '*', '+'] };
    let rest = digits.strip_prefix(marks).filter(|rest| rest.starts_with([' ', '\t']));
    rest.map_or(line, str::trim_start)
}

/// The language of a fence: `bash`, `{.bash .numberLines}`, `{code-block} bash`; of another directive its name.
fn language(info: &str) -> String {
    let word = |text: &str| {
        let text = text.trim_start_matches([' ', '{', '.']);
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        text[..end.unwrap_or(text.len())].to_ascii_lowercase()
    };
    let name = word(info);
    match info.split_once('}') {
        Some((_, argument)) if CODE_DIRECTIVES.contains(&name.as_str()) => word(argument),
        Some(_) | None => name,
    }
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
pub(super) fn is_command(line: &str) -> bool {
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
        "pixi" => {
            next.starts_with('-')
                || ["add", "init", "workspace", "project", "global", "exec"].contains(&next)
        }
        _ => false,
    }
}

/// The parts of a line: its cells, if it is of a table.
fn cells(text: &str, line: Range<usize>, blocks: &mut Vec<Block>) {
    let content = text[line.clone()].trim();
    if !content.starts_with('|') {
        return inline(text, line, blocks);
    }
    let mut at = line.start;
    for cell in text[line].split('|') {
        inline(text, at..at + cell.len(), blocks);
        at += cell.len() + 1;
    }
}

/// Code between single or double backticks: of a line or a cell of its own if it is a command, else of a sentence.
fn inline(text: &str, line: Range<usize>, blocks: &mut Vec<Block>) {
    let content = text[line.clone()].trim().trim_end_matches(['.', ':', ';', ',']);
    let is_alone = |code: &str, ticks: &str| {
        let alone = without_marker(content.trim_start_matches(['>', ' ']));
        let alone = alone.strip_prefix(ticks).and_then(|rest| rest.strip_suffix(ticks));
        alone == Some(code) && is_command(code)
    };
    let mut at = line.start;
    while let Some(start) = text[at..line.end].find('`').map(|start| at + start) {
        let ticks =
            text[start..line.end].len() - text[start..line.end].trim_start_matches('`').len();
        let inner = start + ticks;
        let Some(length) = text[inner..line.end].find(&text[start..inner]) else { return };
        let code = inner..inner + length;
        blocks.push(if is_alone(&text[code.clone()], &text[start..inner]) {
            Block::Code(code, Shell::Posix)
        } else {
            Block::Inline(code)
        });
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

    fn code(text: &str) -> Vec<&str> {
        let of_code = |block: &Block| match block {
            Block::Code(range, _) => Some(text[range.clone()].trim()),
            Block::Inline(_) | Block::Other(..) => None,
        };
        blocks(text).iter().filter_map(of_code).collect()
    }

    #[test]
    fn a_command_alone_on_a_line_or_in_a_cell_is_no_part_of_a_sentence() {
        for text in [
            "`conda install a`\n",
            "- `conda install a`.\n",
            "2. ``conda install a``\n",
            "> * `conda install a`\n",
            "```conda install a```\n",
            "| GPU | `conda install a` | Linux |\n",
        ] {
            assert_eq!(code(text), ["conda install a"], "{text}");
        }
        for text in [
            "Run `conda install a`.\n",
            "- torch: `conda install a`\n",
            "- `conda install a` or `conda install b`\n",
            "| GPU | or `conda install a` |\n",
            "- `cudatoolkit`\n",
        ] {
            assert_eq!(code(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn directives_with_text_are_no_code() {
        let text = "```{note}\nThe cudatoolkit of `conda install`.\n```\n\nText.\n\n````{tip}\n```{code-block} bash\nconda install a\n```\nText.\n````\n\n1. ```{.bash}\n   conda install b\n   ```\n\nText.\n";
        assert_eq!(code(text), ["conda install a", "conda install b"]);
        let longer = "````\n```\nconda install a\n```\n````\ntext\n";
        assert_eq!(code(longer), ["```\nconda install a\n```"]);
        assert_eq!(code("```{code-cell} ipython3\nimport conda\n```\n"), [""; 0]);
    }
}
