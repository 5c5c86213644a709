//! Simple commands of a shell, as words with their places. Nothing is expanded or run.

use std::collections::VecDeque;
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

/// The places of the words that are no options nor their values. `has_value`: whether an option has one in the next word.
pub(super) fn arguments(
    words: &[Word],
    has_value: fn(&str) -> bool,
) -> impl Iterator<Item = usize> {
    let mut is_value = false;
    words.iter().enumerate().filter_map(move |(at, word)| {
        let is_argument = !is_value && !word.text.starts_with('-');
        is_value = !is_value && has_value(&word.text);
        is_argument.then_some(at)
    })
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
    pub precondition: Precondition,
}

/// What the command before one must have done that it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Precondition {
    #[default]
    None,
    /// Behind `&&`.
    Success,
    /// Behind `||`.
    Failure,
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

impl SimpleCommand {
    /// The word that stands for its input, of a client.
    fn input(&self) -> Option<&Word> {
        let is_client = |word: &Word| word.text.ends_with("conda") || word.text.ends_with("mamba");
        let mut words = self.words.iter();
        words.any(is_client);
        words.find(|word| matches!(word.text.as_str(), "-" | "/dev/stdin"))
    }
}

/// The simple commands of a text, in order; separators that matter for branches are commands of one word: `;;`, and `{` and
/// `}` for blocks of PowerShell and cmd, and for groups behind `||`.
pub(super) struct SimpleCommands<'t> {
    text: &'t str,
    shell: Shell,
    within: Option<char>,
    is_folded: bool,
    at: usize,
    words: Vec<Word>,
    precondition: Precondition,
    heredocs: Vec<Heredoc>,
    /// The file that the line has for the output.
    output: Option<Word>,
    /// The bracket of a group behind `||`, and how often it is open.
    group: Option<(char, usize)>,
    /// Whether the items of a list are read: `NAME=(a b)`.
    in_list: bool,
    /// Those that are read and not taken.
    ready: VecDeque<SimpleCommand>,
    /// The comments up to the command that was taken last.
    pub comments: Vec<Range<usize>>,
}

impl Iterator for SimpleCommands<'_> {
    type Item = SimpleCommand;

    fn next(&mut self) -> Option<SimpleCommand> {
        while self.ready.is_empty() && self.read_part() {}
        self.ready.pop_front()
    }
}

impl<'t> SimpleCommands<'t> {
    pub(super) fn of(source: &ShellText<'t>) -> Self {
        let ShellText { text, ref range, shell, within, is_folded } = *source;
        Self {
            text: &text[..range.end],
            shell,
            within,
            is_folded,
            at: range.start,
            words: Vec::new(),
            precondition: Precondition::None,
            heredocs: Vec::new(),
            output: None,
            group: None,
            in_list: false,
            ready: VecDeque::new(),
            comments: Vec::new(),
        }
    }

    fn end(&mut self, next: Precondition) {
        let form = Form::Shell { shell: self.shell, within: self.within };
        self.end_as(form, next);
    }

    fn end_as(&mut self, form: Form, next: Precondition) {
        if !self.words.is_empty() {
            let (words, precondition) = (std::mem::take(&mut self.words), self.precondition);
            self.ready.push_back(SimpleCommand { words, form, precondition });
        }
        self.precondition = next;
    }

    /// Reads a word, a comment or a separator. Returns whether the text goes on.
    fn read_part(&mut self) -> bool {
        let text = self.text;
        self.at += blanks(&text[self.at..], self.within);
        let rest = &text[self.at..];
        let Some(c) = rest.chars().next() else {
            self.end(Precondition::None);
            return false;
        };
        let begins_list = |words: &[Word], at| {
            words.last().is_some_and(|word| word.range.end == at && word.text.ends_with('='))
        };
        if self.is_folded && matches!(c, '\n' | '\r') || self.in_list && c == '\n' {
            self.at += 1;
        } else if c == '(' && self.shell == Shell::Posix && begins_list(&self.words, self.at) {
            self.in_list = true;
            self.at += 1;
        } else if c == ')' && self.in_list {
            self.in_list = false;
            self.at += 1;
        } else if self.within == Some('"') && rest.starts_with("\\n") {
            self.end(Precondition::None);
            self.at += 2;
        } else if c == '\n' {
            self.end(Precondition::None);
            self.at += 1;
            let output = self.output.take();
            let heredocs = std::mem::take(&mut self.heredocs);
            // `conda env create -f - <<EOF`
            let input = self.ready.back().and_then(SimpleCommand::input).cloned();
            for heredoc in heredocs.into_iter().filter(|it| it.is_shown || input.is_some()) {
                let body = heredoc.body(text, self.at);
                self.at = body.end;
                if let Some(input) = input.clone() {
                    let text = text[body.clone()].to_owned();
                    let words = vec![Word { range: body, text, quote: None }, input];
                    let saved = SimpleCommand {
                        words,
                        form: Form::Saved,
                        precondition: Precondition::None,
                    };
                    self.ready.insert(self.ready.len() - 1, saved);
                } else if let Some(output) = heredoc.output.or_else(|| output.clone()) {
                    let text = text[body.clone()].to_owned();
                    self.words.extend([Word { range: body, text, quote: None }, output]);
                    self.end_as(Form::Saved, Precondition::None);
                } else {
                    self.comments.push(body);
                }
            }
        } else if c == '#' && !matches!(self.shell, Shell::Cmd) && self.within.is_none() {
            // A hash of a prompt is followed by a client, as a comment can be: it stays a comment.
            if !self.in_list {
                self.end(Precondition::None);
            }
            let length = rest.find('\n').unwrap_or(rest.len());
            self.comments.push(self.at..self.at + length);
            self.at += length;
        } else if c == '<' && tag(rest).is_some() {
            self.at += tag(rest).unwrap_or(1);
        } else if matches!(c, '<' | '>') {
            let operator = rest.len() - rest.trim_start_matches(['<', '>', '&', '|', '-']).len();
            self.at += operator;
            if rest.starts_with("<<") && !rest.starts_with("<<<") {
                self.heredocs.extend(Heredoc::of(&text[self.at..], &self.words));
            }
            // At the beginning it is a prompt.
            if !self.words.is_empty() || operator > 1 {
                let target = self.skip_word();
                self.output = target.filter(|_| c == '>').or(self.output.take());
            }
        } else if let Some(word) = word(text, self.at, self.within) {
            self.at = word.range.end;
            if word.quote.is_some() || !is_redirect(&word.text) {
                self.words.push(word);
            } else if word.text.ends_with('>') {
                self.skip_word();
            }
        } else if let Some(mark) = self.mark_of_group(c) {
            let range = self.at..self.at + 1;
            if mark == "}" {
                self.end(Precondition::None);
            }
            self.words.push(Word { range, text: mark.to_owned(), quote: None });
            self.end(Precondition::None);
            self.at += 1;
        } else {
            let separator = ["&&", "||", ";;"].into_iter().find(|it| rest.starts_with(it));
            let next = match separator {
                Some("&&") => Precondition::Success,
                Some("||") => Precondition::Failure,
                _ => Precondition::None,
            };
            self.end(next);
            let length = separator.map_or(c.len_utf8(), str::len);
            if let Some(text) = mark_of_branches(separator, c, self.shell) {
                let range = self.at..self.at + length;
                self.words.push(Word { range, text: text.to_owned(), quote: None });
                self.end(Precondition::None);
            }
            self.at += length;
        }
        true
    }

    /// The mark for a bracket that begins or ends a group behind `||`, of which all commands run or none.
    fn mark_of_group(&mut self, c: char) -> Option<&'static str> {
        let Some((open, depth)) = &mut self.group else {
            let is_group = matches!(c, '{' | '(')
                && self.shell == Shell::Posix
                && self.words.is_empty()
                && self.precondition == Precondition::Failure;
            self.group = is_group.then_some((c, 1));
            return is_group.then_some("{");
        };
        if c == *open {
            *depth += 1;
        } else if c == if *open == '{' { '}' } else { ')' } {
            *depth -= 1;
        }
        let is_end = *depth == 0;
        self.group.take_if(|_| is_end).map(|_| "}")
    }

    fn skip_word(&mut self) -> Option<Word> {
        self.at += blanks(&self.text[self.at..], self.within);
        let word = word(self.text, self.at, self.within);
        self.at = word.as_ref().map_or(self.at, |word| word.range.end);
        word
    }
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
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && !" \"'=-_/".contains(c))?;
    let is_tag =
        name.starts_with(|c: char| c.is_ascii_alphabetic()) && name[end..].starts_with('>');
    is_tag.then(|| text.len() - name.len() + end + 1)
}

/// The length of blanks and of line ends that continue a command: after `\`, `` ` `` or `^`. Comment
/// lines may stand between, as in a Dockerfile.
fn blanks(text: &str, within: Option<char>) -> usize {
    let mut at = text.len() - text.trim_start_matches([' ', '\t']).len();
    let mut continued = false;
    loop {
        let rest = &text[at..];
        if let Some(next) = next_string(rest).filter(|_| within == Some('"')) {
            at = text.len() - next.trim_start_matches([' ', '\t']).len();
            continue;
        }
        // Without a blank before it, a backtick ends a command whose output is used.
        let marks: &[char] = if at > 0 { &['\\', '`', '^'] } else { &['\\', '^'] };
        let after = rest.strip_prefix(marks).map(|after| after.trim_start_matches([' ', '\t']));
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

/// How a line ends that the next one continues, in a string of JSON.
pub(super) const CONTINUES_IN_JSON: &str = r"\\\n";

/// What follows the end of such a line: of the same string, or of the next one in a list.
fn next_string(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(CONTINUES_IN_JSON)?;
    let Some(gap) = rest.strip_prefix('"') else { return Some(rest) };
    gap.trim_start().strip_prefix(',')?.trim_start().strip_prefix('"')
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
        // `"$(a "b")"` has quotes within quotes.
        if quote == Some(('"', false))
            && let Some(length) = substitution(&rest[at..])
        {
            plain.push_str(&rest[at..at + length]);
            while characters.next_if(|(next, _)| *next < at + length).is_some() {}
            continue;
        }
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
            // Also `{{ … }}` of templates.
            (None, '{' | '(') if before == '$' || open > 0 || c == '{' && next == Some('{') => {
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
            (None, '<') if before == '\\' => false,
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

/// The length of a command whose output is a part of a word, on its line: `$(…)`.
fn substitution(text: &str) -> Option<usize> {
    /// The longest that is followed.
    const LONGEST: usize = 400;
    if !text.starts_with("$(") {
        return None;
    }
    let mut open = 0_usize;
    for (at, byte) in text.bytes().enumerate().take(LONGEST) {
        match byte {
            b'\n' => return None,
            b'(' => open += 1,
            b')' if open == 1 => return Some(at + 1),
            b')' => open -= 1,
            _ => {}
        }
    }
    None
}

/// The strings of a list in brackets, as in JSON and Python, that begins at a byte, and its end; `None` if other
/// things are in it. `comment`: what begins one.
pub(super) fn strings(
    text: &str,
    start: usize,
    comment: Option<char>,
) -> Option<(Vec<Word>, usize)> {
    let mut words = Vec::new();
    let mut at = start + text[start..].strip_prefix('[').map(|_| 1)?;
    let mut needs_comma = false;
    loop {
        at = text.len() - text[at..].trim_start().len();
        let rest = &text[at..];
        match rest.chars().next()? {
            ']' => return Some((words, at + 1)),
            ',' => needs_comma = false,
            c if Some(c) == comment => {
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

/// The strings of a list of PowerShell that begins at a byte: `"a", "b"`, or in `@( … )`, where line ends separate them
/// too; `None` if other things are in it.
pub(super) fn powershell_strings(text: &str, start: usize) -> Option<Vec<Word>> {
    let blanks = [' ', '\t'];
    let mut at = text.len() - text[start..].trim_start_matches(blanks).len();
    let in_brackets = text[at..].starts_with("@(");
    at += if in_brackets { 2 } else { 0 };
    let mut words = Vec::new();
    let mut needs_comma = false;
    loop {
        at = text.len() - text[at..].trim_start_matches(blanks).len();
        let rest = &text[at..];
        match rest.chars().next() {
            Some('"' | '\'') if !needs_comma => {
                let quote = rest.chars().next()?;
                let end = at + 1 + rest[1..].find([quote, '\n'])?;
                let word = text[at + 1..end].to_owned();
                if !text[end..].starts_with(quote) {
                    return None;
                }
                words.push(Word { range: at..end + 1, text: word, quote: Some(quote) });
                at = end + 1;
                needs_comma = true;
            }
            Some(',') => {
                at += 1;
                at = text.len() - text[at..].trim_start().len();
                needs_comma = false;
            }
            Some(')') if in_brackets => return Some(words),
            Some('#') if in_brackets => at += rest.find('\n')?,
            Some('\r' | '\n') if in_brackets => {
                at += 1;
                needs_comma = false;
            }
            None | Some('\r' | '\n' | ';' | '#') if !in_brackets => return Some(words),
            _ => return None,
        }
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
        SimpleCommands::of(&source).map(|command| join(&command)).collect()
    }

    #[test]
    fn splits_commands_at_separators() {
        assert_eq!(texts("a b && c; d | e\nf"), ["a b", "c", "d", "e", "f"]);
        assert_eq!(texts("RUN a \\\n    -b \\\n# why\n  c\nd"), ["RUN a -b c", "d"]);
        assert_eq!(texts("a `\r\n  b\r\n"), ["a b"]);
        assert_eq!(texts("x=`a b`\nc"), ["x=", "a b", "c"]);
        let source =
            ShellText { within: Some('"'), ..ShellText::whole("a \\\\\\n\",\n  \"  b\\n") };
        let found: Vec<SimpleCommand> = SimpleCommands::of(&source).collect();
        assert_eq!(found[0].words.iter().map(|it| it.text.as_str()).collect::<String>(), "ab");
        assert_eq!(texts("$ a b # why\n> c"), ["$ a b", "c"]);
        assert_eq!(texts("a b>2 > log c 2>/dev/null d"), ["a b>2 c d"]);
        assert_eq!(texts("<code>a 'b c'</code>"), ["a b c"]);
        assert_eq!(texts("x=$(a b) c ${{ d.e }}"), ["x=$(a b) c ${{ d.e }}"]);
        assert_eq!(texts("{{ a }}/bin/conda x={{ b }} {{ c"), ["{{ a }}/bin/conda x={{ b }} {{ c"]);
        assert_eq!(
            texts("x=\"$(a \"b('\\\"c\\\"')\")\"\ny=\"z\""),
            ["x=$(a \"b('\\\"c\\\"')\")", "y=z"]
        );
        assert_eq!(texts("cat <<X\na b\nX\nbash <<'Y'\nc\nY\n"), ["cat", "X", "bash", "c", "Y"]);
        assert_eq!(texts("case $1 in a) b;; esac"), ["case $1 in a", "b", ";;", "esac"]);
        assert_eq!(texts("x=(a\n  'b c')\nd"), ["x= a b c", "d"]);
        assert_eq!(texts("a || { b\nc; }; (d)"), ["a", "{", "b", "c", "}", "d"]);
        assert_eq!(texts("a || (b && (c)) && { d; }"), ["a", "{", "b", "c", "}", "d"]);
    }

    #[test]
    fn reads_the_quotes_of_words() {
        let text = "conda install \"a>=1\" b\">2\" c";
        let source = ShellText::whole(text);
        let found = SimpleCommands::of(&source).next().expect("a command");
        let quotes: Vec<Option<char>> = found.words.iter().map(|word| word.quote).collect();
        assert_eq!(quotes, [None, None, Some('"'), None, None]);
        assert_eq!(found.words[3].text, "b>2");
    }

    #[test]
    fn quotes_in_a_string_have_backslashes() {
        let text = r#""conda install \"a>=1\" b\n""#;
        let (shell, range) = (Shell::Posix, 1..text.len() - 1);
        let source = ShellText { text, range, shell, within: Some('"'), is_folded: false };
        let found = SimpleCommands::of(&source).next().expect("a command");
        let texts: Vec<&str> = found.words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, ["conda", "install", "a>=1", "b"]);
    }

    #[test]
    fn reads_lists_of_powershell() {
        let texts = |text: &str| {
            let words = powershell_strings(text, 0)?;
            Some(words.into_iter().map(|word| word.text).collect::<Vec<_>>().join("|"))
        };
        for (text, expected) in [
            (" \"a\", 'b'\nc", Some("a|b")),
            ("@(\n  'a', # why\r\n  'b'\n  'c'\n)", Some("a|b|c")),
            ("'a',\n'b'", Some("a|b")),
            ("'a' + 'b'", None),
            ("@('a', $b)", None),
            ("@('a'", None),
            ("@(\"a\n\")", None),
        ] {
            assert_eq!(texts(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn reads_lists_of_strings() {
        let (words, end) = strings("x [\"a\", 'b c'\n] y", 2, None).expect("a list");
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!((texts, end), (vec!["a", "b c"], 15));
        assert_eq!(strings("[a]", 0, None), None);
        assert_eq!(strings("['a' 'b']", 0, None), None);
        assert!(strings("['a', # b\n'c']", 0, Some('#')).is_some());
        assert_eq!(strings("['a', # b\n'c']", 0, None), None);
    }
}
