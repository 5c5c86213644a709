//! An error text without what terminals, loggers and copying add to it.

use std::borrow::Cow;

use serde_json::Value;

use crate::escapes::is_hidden;

/// A text as patterns see it: one blank between words, no colors, no quotation marks, and no prefix of a logger. Each line of
/// the source is one line here.
pub(super) struct PlainText<'t> {
    pub(super) text: String,
    source: &'t str,
    /// Whether the lines are strings of a JSON document and not lines of the source.
    is_json: bool,
}

/// The longest excerpt, in characters.
const EXCERPT: usize = 200;

/// The longest line that an excerpt is made of, in bytes: more than any prefix and its colors have.
const LONGEST_LINE: usize = 4096;

impl<'t> PlainText<'t> {
    pub(super) fn of(source: &'t str) -> Self {
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let strings = strings_of_json(source);
        let mut text = String::with_capacity(source.len());
        for line in strings.as_deref().unwrap_or(source).split('\n') {
            push_line(&mut text, line);
            text.push('\n');
        }
        Self { text, source, is_json: strings.is_some() }
    }

    /// The number of the source's line, from 1; `None` if the source is JSON.
    pub(super) fn line(&self, at: usize) -> Option<usize> {
        (!self.is_json).then(|| 1 + self.line_index(at))
    }

    fn line_index(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count()
    }

    /// The line at a place, as the source has it, but for colors and hidden characters.
    pub(super) fn excerpt(&self, at: usize) -> String {
        let own = || self.text[at..].split('\n').next();
        let line =
            if self.is_json { own() } else { self.source.split('\n').nth(self.line_index(at)) };
        let line = line.unwrap_or_default();
        let line = without_colors(&line[..line.floor_char_boundary(LONGEST_LINE)]);
        let line = without_prefix(line.trim());
        let mut visible =
            line.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !is_hidden(*c));
        let mut excerpt: String = visible.by_ref().take(EXCERPT).collect();
        if visible.next().is_some() {
            excerpt.push('…');
        }
        excerpt
    }

    /// Whether a place is in a line of code, which a traceback shows before the error itself: the one that raises it, or
    /// the one after its file.
    pub(super) fn is_code(&self, at: usize) -> bool {
        let from = self.text.floor_char_boundary(at.saturating_sub(LONGEST_LINE));
        let mut lines = self.text[from..at].rsplit('\n');
        let own = lines.next().unwrap_or_default();
        let before = lines.next().unwrap_or_default();
        own.contains("raise ") || before.starts_with("File ") && before.contains(", line ")
    }

    /// The last line that names an error, as the source has it.
    pub(super) fn last_error(&self) -> Option<String> {
        let mut end = self.text.len();
        for line in self.text.trim_end().rsplit('\n') {
            let start = self.text[..end].rfind(line)?;
            let first = line.split([' ', ':']).next().unwrap_or_default();
            let is_exception = ["Error", "Exception", "Interrupt", "Warning"]
                .iter()
                .any(|kind| first.ends_with(kind) && line.contains(": "));
            let is_message = ["error", "fatal", "failed", "killed"]
                .iter()
                .any(|word| first.eq_ignore_ascii_case(word));
            if is_exception || is_message {
                return Some(self.excerpt(start));
            }
            end = start;
        }
        None
    }
}

/// The strings of a JSON document, each on lines of its own.
fn strings_of_json(text: &str) -> Option<String> {
    fn collect(value: &Value, strings: &mut String) {
        match value {
            Value::String(text) => {
                strings.push_str(text);
                strings.push('\n');
            }
            Value::Array(values) => values.iter().for_each(|value| collect(value, strings)),
            Value::Object(object) => object.values().for_each(|value| collect(value, strings)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let value = serde_json::from_str(text).ok()?;
    let mut strings = String::new();
    collect(&value, &mut strings);
    Some(strings)
}

/// A line without colors, also where a log has the escape as text.
fn without_colors(line: &str) -> Cow<'_, str> {
    let mut line = Cow::Borrowed(line);
    for escape in ["\\u001b[", "\\x1b[", "\\033[", "^[[", "␛["] {
        if line.contains(escape) {
            line = Cow::Owned(line.replace(escape, "\u{1b}["));
        }
    }
    if line.contains('\u{1b}') {
        line = Cow::Owned(anstream::adapter::strip_str(&line).to_string());
    }
    line
}

/// Appends a line as patterns see it.
fn push_line(text: &mut String, line: &str) {
    let line = without_colors(line);
    let line = without_prefix(line.trim());
    // The right border of a box.
    let line = line.trim_end_matches(['│', '┃', '|']).trim_end();
    let mut is_blank = false;
    for c in line.chars() {
        if c.is_whitespace() {
            is_blank = true;
        } else if is_quote(c) {
            // A quote in a string of another program has a backslash.
            if text.ends_with('\\') {
                text.pop();
            }
        } else if c != '\u{200b}' && !is_hidden(c) {
            if std::mem::take(&mut is_blank) {
                text.push(' ');
            }
            text.push(c);
        }
    }
}

const fn is_quote(c: char) -> bool {
    matches!(
        c,
        '\'' | '"' | '`' | '´' | '‘' | '’' | '‚' | '“' | '”' | '„' | '«' | '»' | '「' | '」'
    )
}

/// A line without the prefixes of mails, boxes, loggers and build systems.
fn without_prefix(line: &str) -> &str {
    let mut rest = line;
    let (mut had_time, mut had_name, mut had_step) = (false, false, false);
    // More words than any logger writes before its message.
    for _ in 0..12 {
        let (word, after) = split_word(rest);
        let (next, after_next) = split_word(after);
        let is_dash = had_time && word == "-";
        let is_compose = rest.len() == line.len() && next == "|" && is_name(word);
        let is_process = word.starts_with('(') && next.starts_with("pid=") && next.ends_with(')');
        // `- __main__ - ERROR - message`; an item of a list has one dash.
        let is_name_of_logger = is_dash && split_word(after_next).0 == "-";
        let is_time = is_time(word.trim_start_matches('[').trim_end_matches(']'));
        let is_step = word.strip_prefix('#').is_some_and(is_number);
        rest = if is_compose || is_process || is_name_of_logger {
            after_next
        } else if is_border(word)
            || word == "E" && rest.starts_with("E  ")
            || is_time
            || is_step
            || is_level(word)
            || is_origin(word)
            || had_step && is_number(word)
            || had_name && is_dash
        {
            after
        } else {
            return rest;
        };
        had_time |= is_time;
        had_name |= is_name_of_logger;
        had_step = is_step;
    }
    rest
}

/// The first word, and what follows its blanks.
fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// The marks of a reply, and the left border of a box.
fn is_border(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| matches!(c, '>' | '|' | '│' | '┃' | '╎' | '❱'))
}

fn is_name(word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !word.is_empty() && word.chars().all(is_part)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// `2025-03-18T00:00:52.0124981Z`, `05:49:02,242`, `03-26`.
fn is_time(word: &str) -> bool {
    let count = |mark: char| word.matches(mark).count();
    let is_short_date = word.len() == 5 && word.as_bytes()[2] == b'-';
    word.starts_with(|c: char| c.is_ascii_digit())
        && (count(':') >= 2 || count('-') >= 2 || is_short_date)
        && word.chars().all(|c| {
            c.is_ascii_digit() || matches!(c, ':' | '-' | '.' | ',' | '+' | '/' | 'T' | 'Z')
        })
}

fn is_level(word: &str) -> bool {
    let word = word.trim_start_matches('[').trim_end_matches([':', ']']);
    matches!(word, "INFO" | "WARN" | "WARNING" | "ERROR" | "DEBUG" | "CRITICAL" | "FATAL" | "TRACE")
}

/// `[rank0]:`, `[default3]:`, `[core.py:842]`, `engine.py:389]`.
fn is_origin(word: &str) -> bool {
    let Some(inner) = word.trim_end_matches(':').strip_suffix(']') else { return false };
    let is_file = inner.contains(".py:");
    let is_rank = inner.strip_prefix('[').is_some_and(|name| {
        name.chars().all(|c| c.is_ascii_alphanumeric())
            && name.ends_with(|c: char| c.is_ascii_digit())
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    is_file || is_rank && word.ends_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        PlainText::of(text).text.trim_end().to_owned()
    }

    #[test]
    fn prefixes_of_loggers_are_removed() {
        let message = "RuntimeError: CUDA error: no kernel image";
        for prefix in [
            "> ",
            "> > | ",
            "[rank0]: ",
            "E   ",
            "(EngineCore_DP0 pid=15638) ERROR 01-05 12:12:01 [core.py:842] ",
            "ERROR 03-26 05:25:01 engine.py:389] ",
            "2024-11-14 05:49:02,242 - __main__ - ERROR - ",
            "[2024-11-14 05:49:02,242] [INFO] ",
            "2025-03-18T00:00:52.0124981Z ",
            "#12 60.43 ",
            "web-1  | ",
            "│ ",
        ] {
            assert_eq!(plain(&format!("{prefix}{message}")), message, "{prefix}");
        }
    }

    #[test]
    fn words_of_a_message_are_no_prefix() {
        for text in [
            "[WinError 126] The module",
            "Error 804: forward compatibility",
            "(12.4). Please make sure",
            "12.1 is too old",
            "E is an error",
            "- nothing provides __cuda",
        ] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn colors_quotes_and_blanks_are_removed() {
        assert_eq!(
            plain("\u{1b}[31mversion `GLIBC_2.28'  not\u{a0}found\u{1b}[0m"),
            "version GLIBC_2.28 not found"
        );
        assert_eq!(plain("^[[31mred^[[0m \\u001b[1mbold"), "red bold");
        assert_eq!(plain("│ isn’t “there”   │"), "isnt there");
    }

    #[test]
    fn excerpts_have_no_hidden_characters() {
        let excerpt = |text: &str| PlainText::of(text).excerpt(0);
        assert_eq!(excerpt("a\u{1f}b\tc\u{202e}d"), "ab cd");
        assert_eq!(excerpt(&"x".repeat(EXCERPT + 1)), "x".repeat(EXCERPT) + "…");
    }

    #[test]
    fn strings_of_json_are_lines() {
        let text = r#"{"error": "a \u001b[1mb\u001b[0m\nc", "code": 1, "more": ["\"d\""]}"#;
        assert_eq!(plain(text), "a b\nc\nd");
        assert_eq!(PlainText::of(text).line(0), None);
        assert_eq!(plain("{not json"), "{not json");
    }

    #[test]
    fn the_last_error_is_the_last_line_that_names_one() {
        let last = |text: &str| PlainText::of(text).last_error();
        let text = "Traceback\n  File\nValueError: \u{1b}[1mno `x`\u{1b}[0m\nmore\n";
        assert_eq!(last(text).as_deref(), Some("ValueError: no `x`"));
        assert_eq!(last("error: a\nerror: b\nc").as_deref(), Some("error: b"));
        assert_eq!(last("all is well\n"), None);
    }
}
