//! Calls of a conda client in any text, as words with their places. Not a shell: nothing is expanded.

use std::ops::Range;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// The bytes, with quotes.
    pub range: Range<usize>,
    /// Without quotes.
    pub text: String,
    /// The quotes around the whole word.
    pub quote: Option<char>,
}

/// A call of conda, mamba or micromamba: the words after the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    pub words: Vec<Word>,
    /// The quote around the whole command.
    pub within: Option<char>,
}

/// Every call in a text, in order.
pub(super) fn commands(text: &str) -> impl Iterator<Item = Command> {
    let mut quotes = Quotes::default();
    let (mut at, mut read) = (0, 0);
    std::iter::from_fn(move || {
        let program = next_program(text, at)?;
        let within = quotes.after(&text[read..program.start]);
        let (words, end) = words(text, program.end, within);
        (at, read) = (end, program.start);
        Some(Command { words, within })
    })
}

fn next_program(text: &str, from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        let mut windows = text.as_bytes()[at..].windows(5);
        let start = at + windows.position(|window| window == b"conda" || window == b"mamba")?;
        at = start + 5;
        let before = text[..start].strip_suffix("micro").unwrap_or(&text[..start]);
        let after = text[at..].strip_prefix(".exe").unwrap_or(&text[at..]);
        let begins = |c: char| c.is_whitespace() || "/\\\"'`(>;&|!%{".contains(c);
        if before.chars().next_back().is_none_or(begins) && after.starts_with([' ', '\t']) {
            return Some(before.len()..text.len() - after.len());
        }
    }
}

/// The quote that is open on a line, and the last character before it.
#[derive(Default)]
struct Quotes {
    open: Option<char>,
    last: Option<char>,
}

impl Quotes {
    fn after(&mut self, text: &str) -> Option<char> {
        for c in text.chars() {
            match c {
                '\n' => self.open = None,
                '"' | '\'' | '`' if self.open == Some(c) => self.open = None,
                // An apostrophe in a word opens nothing.
                '\'' if self.last.is_some_and(char::is_alphanumeric) => {}
                '"' | '\'' | '`' if self.open.is_none() && self.last != Some('\\') => {
                    self.open = Some(c);
                }
                _ => {}
            }
            self.last = Some(c);
        }
        self.open
    }
}

/// The words from a byte to the end of the command, and that end.
fn words(text: &str, from: usize, within: Option<char>) -> (Vec<Word>, usize) {
    let mut words = Vec::new();
    let mut at = from;
    loop {
        at += blanks(&text[at..]);
        match word(text, at, within) {
            Some(word) => {
                at = word.range.end;
                words.push(word);
            }
            None => return (words, at),
        }
    }
}

/// The length of blanks and of line ends that continue a command: after `\`, `` ` `` or `^`. Comment
/// lines may stand between, as in a Dockerfile.
fn blanks(text: &str) -> usize {
    let mut at = text.len() - text.trim_start_matches([' ', '\t']).len();
    let mut continued = false;
    loop {
        let rest = &text[at..];
        let after =
            rest.strip_prefix(['\\', '`', '^']).map(|after| after.trim_start_matches([' ', '\t']));
        let next =
            after.and_then(|after| after.strip_prefix("\r\n").or_else(|| after.strip_prefix('\n')));
        if let Some(next) = next {
            continued = true;
            at = text.len() - next.trim_start_matches([' ', '\t']).len();
        } else if continued && rest.starts_with('#') {
            let line = rest.find('\n').map_or(rest.len(), |end| end + 1);
            at = text.len() - rest[line..].trim_start_matches([' ', '\t']).len();
        } else {
            return at;
        }
    }
}

fn word(text: &str, start: usize, within: Option<char>) -> Option<Word> {
    let rest = &text[start..];
    if rest.starts_with(['#', '>']) {
        return None;
    }
    let mut quote = None;
    let mut plain = String::new();
    let mut end = rest.len();
    let mut characters = rest.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let ends = match (quote, c) {
            (Some(open), _) if c == open => {
                quote = None;
                continue;
            }
            (Some(_), '\n') => return None, // an unclosed quote
            (Some(_), _) => false,
            (None, _) if Some(c) == within => true,
            (None, '\\') => {
                within == Some('"') && next == Some('n') || matches!(next, None | Some('\n' | '\r'))
            }
            (None, '"' | '\'') => {
                quote = Some(c);
                continue;
            }
            (None, ';' | '|' | '&' | ')' | '<' | '`') => true,
            (None, _) => c.is_whitespace(),
        };
        if ends {
            end = at;
            break;
        }
        plain.push(c);
    }
    if end == 0 || quote.is_some() {
        return None;
    }
    let written = &rest[..end];
    let first = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    let quote = first.filter(|quote| *written == format!("{quote}{plain}{quote}"));
    Some(Word { range: start..start + end, text: plain, quote })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let join = |command: Command| {
            command.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
        };
        commands(text).map(join).collect()
    }

    #[test]
    fn finds_commands_in_prose_scripts_and_dockerfiles() {
        for text in [
            "conda install -c a b",
            "$ conda install -c a b\n",
            "Run `conda install -c a b` first.",
            "RUN apt-get update && /opt/conda/bin/conda install -c a b && rm -rf /x",
            "!conda install -c a b",
            "bash -c \"source x; micromamba install -c a b\"",
            "don't: mamba install -c a b # why",
            "conda install \\\n    -c a \\\n    b\nmore",
            "RUN conda install -c a \\\n# why\n  b\n",
            "conda install `\r\n  -c a `\r\n  b\r\n",
            "<code>conda install -c a b</code>",
            "    \"!conda install -c a b\\n\",",
            "(conda.exe install -c a 'b')",
        ] {
            assert_eq!(texts(text), ["install -c a b"], "{text:?}");
        }
    }

    #[test]
    fn skips_words_that_only_contain_the_name() {
        for text in [
            "miniconda install",
            "anaconda b",
            "conda-forge x",
            "conda.sh x",
            "mamba\n",
            "condas x",
        ] {
            assert_eq!(texts(text), [""; 0], "{text:?}");
        }
    }

    #[test]
    fn reads_the_quotes_of_words() {
        let found = commands("conda install \"a>=1\" b\">2\" c").next().expect("a command");
        let quotes: Vec<Option<char>> = found.words.iter().map(|word| word.quote).collect();
        assert_eq!(quotes, [None, Some('"'), None, None]);
        assert_eq!(found.words[2].text, "b>2");
    }
}
