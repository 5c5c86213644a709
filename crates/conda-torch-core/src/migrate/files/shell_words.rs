//! Simple commands of a shell, as words with their places. Nothing is expanded or run.

use std::ops::Range;

use crate::types::Shell;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// The bytes, with quotes.
    pub range: Range<usize>,
    /// Without quotes.
    pub text: String,
    /// The quotes around the whole word.
    pub quote: Option<char>,
}

/// How the words of a command are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// For a shell; `within`: the quote around the whole command.
    Shell { shell: Shell, within: Option<char> },
    /// As quoted elements of a list: `["conda", "install"]`.
    Strings,
    /// Text that a command saves to a file: its bytes, and the name of the file.
    Saved,
    /// As items of a list without a command; `is_block`: each on lines of its own, else with commas between.
    Items { is_block: bool },
}

/// A simple command: words up to a separator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SimpleCommand {
    pub words: Vec<Word>,
    pub form: Form,
    /// Whether it runs only if the one before it succeeds or fails.
    pub is_conditional: bool,
}

/// A part of a text that is for a shell.
#[derive(Debug, Clone)]
pub(super) struct ShellText<'t> {
    /// The whole text.
    pub text: &'t str,
    pub range: Range<usize>,
    pub shell: Shell,
    /// The quote around it.
    pub within: Option<char>,
    /// Whether line ends are blanks, as in a folded scalar of YAML.
    pub is_folded: bool,
}

impl<'t> ShellText<'t> {
    /// A part that no quote is around.
    pub(super) const fn new(text: &'t str, range: Range<usize>, shell: Shell) -> Self {
        Self { text, range, shell, within: None, is_folded: false }
    }

    /// All of a text for a Posix shell.
    pub(super) const fn whole(text: &'t str) -> Self {
        Self::new(text, 0..text.len(), Shell::Posix)
    }
}

/// The simple commands, in order; separators that matter for branches are commands of one word: `;;`, and `{` and
/// `}` for blocks of PowerShell and cmd. `comment` is called with every comment.
pub(super) fn simple_commands(
    source: &ShellText<'_>,
    mut comment: impl FnMut(Range<usize>),
) -> Vec<SimpleCommand> {
    let text = &source.text[..source.range.end];
    let form = Form::Shell { shell: source.shell, within: source.within };
    let mut heredocs: Vec<Heredoc> = Vec::new();
    let mut output: Option<Word> = None;
    let mut commands = Vec::new();
    let mut words: Vec<Word> = Vec::new();
    let mut is_conditional = false;
    let mut in_list = false;
    let mut at = source.range.start;
    let mut end = |words: &mut Vec<Word>, form: Form, conditional: bool| {
        if !words.is_empty() {
            commands.push(SimpleCommand { words: std::mem::take(words), form, is_conditional });
        }
        is_conditional = conditional;
    };
    loop {
        at += blanks(&text[at..]);
        let rest = &text[at..];
        let Some(c) = rest.chars().next() else { break };
        let begins_list = |words: &[Word]| {
            words.last().is_some_and(|word| word.range.end == at && word.text.ends_with('='))
        };
        if source.is_folded && matches!(c, '\n' | '\r') || in_list && c == '\n' {
            at += 1;
        } else if c == '(' && source.shell == Shell::Posix && begins_list(&words) {
            // `NAME=(a b)` has its items as words.
            in_list = true;
            at += 1;
        } else if c == ')' && in_list {
            in_list = false;
            at += 1;
        } else if c == '\n' {
            end(&mut words, form, false);
            at += 1;
            for heredoc in heredocs.drain(..) {
                let body = heredoc.body(text, at);
                at = if heredoc.is_shown { body.end } else { at };
                match heredoc.output.or_else(|| output.clone()) {
                    Some(output) if heredoc.is_shown => {
                        let text = text[body.clone()].to_owned();
                        words.extend([Word { range: body, text, quote: None }, output]);
                        end(&mut words, Form::Saved, false);
                    }
                    None if heredoc.is_shown => comment(body),
                    Some(_) | None => {}
                }
            }
            output = None;
        } else if c == '#' && !matches!(source.shell, Shell::Cmd) && source.within.is_none() {
            // A hash of a prompt is followed by a client, as a comment can be: it stays a comment.
            if !in_list {
                end(&mut words, form, false);
            }
            let length = rest.find('\n').unwrap_or(rest.len());
            comment(at..at + length);
            at += length;
        } else if c == '<' && tag(rest).is_some() {
            at += tag(rest).unwrap_or(1);
        } else if matches!(c, '<' | '>') {
            let operator = rest.len() - rest.trim_start_matches(['<', '>', '&', '|', '-']).len();
            at += operator;
            if rest.starts_with("<<") && !rest.starts_with("<<<") {
                heredocs.extend(Heredoc::of(&text[at..], &words));
            }
            // At the beginning it is a prompt.
            if !words.is_empty() || operator > 1 {
                at += blanks(&text[at..]);
                let target = word(text, at, source.within);
                at = target.as_ref().map_or(at, |word| word.range.end);
                output = target.filter(|_| c == '>').or(output);
            }
        } else if let Some(word) = word(text, at, source.within) {
            at = word.range.end;
            if word.quote.is_none() && is_redirect(&word.text) {
                if word.text.ends_with('>') {
                    at += blanks(&text[at..]);
                    at = self::word(text, at, source.within).map_or(at, |word| word.range.end);
                }
            } else {
                words.push(word);
            }
        } else {
            let separator = ["&&", "||", ";;"].into_iter().find(|it| rest.starts_with(it));
            end(&mut words, form, matches!(separator, Some("&&" | "||")));
            let length = separator.map_or(c.len_utf8(), str::len);
            if let Some(text) = mark_of_branches(separator, c, source.shell) {
                words.push(Word { range: at..at + length, text: text.to_owned(), quote: None });
                end(&mut words, form, false);
            }
            at += length;
        }
    }
    end(&mut words, form, false);
    commands
}

/// A separator that matters for branches, as a command.
const fn mark_of_branches(separator: Option<&str>, c: char, shell: Shell) -> Option<&'static str> {
    match (shell, c) {
        (Shell::Cmd, '(') | (Shell::Powershell, '{') => Some("{"),
        (Shell::Cmd, ')') | (Shell::Powershell, '}') => Some("}"),
        (_, ';') if matches!(separator, Some(it) if it.len() == 2) => Some(";;"),
        _ => None,
    }
}

/// Text for a command, up to a line with a mark.
struct Heredoc {
    mark: String,
    /// Whether the command only shows or saves it.
    is_shown: bool,
    /// The file that `tee` saves it to.
    output: Option<Word>,
}

impl Heredoc {
    fn of(text: &str, words: &[Word]) -> Option<Self> {
        let mark = text.trim_start_matches([' ', '"', '\'', '\\']);
        let end = mark.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(mark.len());
        let shows = |word: &Word| matches!(word.text.as_str(), "cat" | "tee");
        let command = words.iter().position(shows).filter(|at| *at < 3);
        let saves = command.filter(|at| words[*at].text == "tee");
        let output =
            saves.and_then(|at| words[at + 1..].iter().find(|it| !it.text.starts_with('-')));
        let (mark, output) = (mark[..end].to_owned(), output.cloned());
        (end > 0).then_some(Self { mark, is_shown: command.is_some(), output })
    }

    /// The body that begins at a byte.
    fn body(&self, text: &str, start: usize) -> Range<usize> {
        let mut at = start;
        for line in text[start..].split_inclusive('\n') {
            if line.trim() == self.mark {
                break;
            }
            at += line.len();
        }
        start..at
    }
}

/// Whether a word is `2>/dev/null` or `&>log`.
fn is_redirect(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('>')
        && text.starts_with(|c: char| c.is_ascii_digit())
}

/// The length of a tag of HTML.
fn tag(text: &str) -> Option<usize> {
    let name = text.strip_prefix('<')?;
    let name = name.strip_prefix('/').unwrap_or(name);
    let end = name.find('>')?;
    let is_tag = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name[..end].chars().all(|c| c.is_ascii_alphanumeric() || " \"'=-_/".contains(c));
    is_tag.then(|| text.len() - name.len() + end + 1)
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
    // The open quote, and whether a backslash is before it, as in a string of JSON.
    let mut quote: Option<(char, bool)> = None;
    let mut plain = String::new();
    let mut end = rest.len();
    // `$(…)` and `${{ … }}` are parts of words.
    let mut open = 0_usize;
    let mut characters = rest.char_indices().peekable();
    let mut before = '\0';
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let escaped = next.filter(|next| c == '\\' && within == Some(*next) && *next == '"');
        let ends = match (quote, c) {
            (Some((open, true)), _) if escaped == Some(open) => {
                characters.next();
                quote = None;
                continue;
            }
            (Some((open, false)), _) if c == open => {
                quote = None;
                continue;
            }
            (Some(_), '\n') => return None, // an unclosed quote
            (Some(_), _) => false,
            (None, _) if escaped.is_some() => {
                characters.next();
                quote = escaped.map(|quote| (quote, true));
                continue;
            }
            (None, '\n') => true,
            (None, _) if Some(c) == within => true,
            (None, '{' | '(') if before == '$' || open > 0 => {
                open += 1;
                false
            }
            (None, '}' | ')') if open > 0 => {
                open -= 1;
                false
            }
            (None, _) if open > 0 => false,
            (None, '\\') => {
                within == Some('"') && next == Some('n') || matches!(next, None | Some('\n' | '\r'))
            }
            (None, '"' | '\'') => {
                quote = Some((c, false));
                continue;
            }
            (None, ';' | '|' | '&' | '(' | ')' | '<' | '`') => true,
            (None, '{' | '}') => at == 0 && next.is_none_or(char::is_whitespace),
            (None, _) => c.is_whitespace(),
        };
        if ends {
            end = at;
            break;
        }
        before = c;
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

/// The strings of a list in brackets, as in JSON and Python, that begins at a byte, and its end; `None` if other
/// things are in it.
pub(super) fn strings(text: &str, start: usize) -> Option<(Vec<Word>, usize)> {
    let mut words = Vec::new();
    let mut at = start + text[start..].strip_prefix('[').map(|_| 1)?;
    let mut needs_comma = false;
    loop {
        at = text.len() - text[at..].trim_start().len();
        let rest = &text[at..];
        match rest.chars().next()? {
            ']' => return Some((words, at + 1)),
            ',' => needs_comma = false,
            '#' => {
                at += rest.find('\n')?;
                continue;
            }
            quote @ ('"' | '\'') if !needs_comma => {
                let word = string(text, at, quote)?;
                at = word.range.end;
                words.push(word);
                needs_comma = true;
                continue;
            }
            _ => return None,
        }
        at += 1;
    }
}

/// The string in quotes that begins at a byte.
pub(super) fn string(text: &str, start: usize, quote: char) -> Option<Word> {
    let mut plain = String::new();
    let mut characters = text[start + 1..].char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            _ if c == quote => {
                let end = start + 1 + at + 1;
                return Some(Word { range: start..end, text: plain, quote: Some(quote) });
            }
            '\n' => return None,
            '\\' => plain.extend(characters.next().map(|(_, c)| c)),
            c => plain.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let source = ShellText::whole(text);
        let join = |command: &SimpleCommand| {
            command.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
        };
        simple_commands(&source, |_| ()).iter().map(join).collect()
    }

    #[test]
    fn splits_commands_at_separators() {
        assert_eq!(texts("a b && c; d | e\nf"), ["a b", "c", "d", "e", "f"]);
        assert_eq!(texts("RUN a \\\n    -b \\\n# why\n  c\nd"), ["RUN a -b c", "d"]);
        assert_eq!(texts("a `\r\n  b\r\n"), ["a b"]);
        assert_eq!(texts("$ a b # why\n> c"), ["$ a b", "c"]);
        assert_eq!(texts("a b>2 > log c 2>/dev/null d"), ["a b>2 c d"]);
        assert_eq!(texts("<code>a 'b c'</code>"), ["a b c"]);
        assert_eq!(texts("x=$(a b) c ${{ d.e }}"), ["x=$(a b) c ${{ d.e }}"]);
        assert_eq!(texts("cat <<X\na b\nX\nbash <<'Y'\nc\nY\n"), ["cat", "X", "bash", "c", "Y"]);
        assert_eq!(texts("case $1 in a) b;; esac"), ["case $1 in a", "b", ";;", "esac"]);
        assert_eq!(texts("x=(a\n  'b c')\nd"), ["x= a b c", "d"]);
    }

    #[test]
    fn reads_the_quotes_of_words() {
        let text = "conda install \"a>=1\" b\">2\" c";
        let source = ShellText::whole(text);
        let found = simple_commands(&source, |_| ()).remove(0);
        let quotes: Vec<Option<char>> = found.words.iter().map(|word| word.quote).collect();
        assert_eq!(quotes, [None, None, Some('"'), None, None]);
        assert_eq!(found.words[3].text, "b>2");
    }

    #[test]
    fn quotes_in_a_string_have_backslashes() {
        let text = r#""conda install \"a>=1\" b\n""#;
        let (shell, range) = (Shell::Posix, 1..text.len() - 1);
        let source = ShellText { text, range, shell, within: Some('"'), is_folded: false };
        let found = simple_commands(&source, |_| ()).remove(0);
        let texts: Vec<&str> = found.words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, ["conda", "install", "a>=1", "b"]);
    }

    #[test]
    fn reads_lists_of_strings() {
        let (words, end) = strings("x [\"a\", 'b c'\n] y", 2).expect("a list");
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!((texts, end), (vec!["a", "b c"], 15));
        assert_eq!(strings("[a]", 0), None);
        assert_eq!(strings("['a' 'b']", 0), None);
    }
}
