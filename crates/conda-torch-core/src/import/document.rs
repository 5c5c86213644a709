//! A document as people have it: bytes of unknown encoding, text that was copied from a terminal or an issue.

use std::borrow::Cow;
use std::cell::OnceCell;

use serde_json::{Error, Value};

use super::fields::Fields;
use crate::conda::Subdir;

/// A text, and the JSON in it.
pub(super) struct Document<'t> {
    /// All of it, without a byte order mark.
    pub text: &'t str,
    /// All of it without what copying adds; see [`plain`].
    pub plain: String,
    /// The first JSON object, also after a prompt or warnings. `None` if no line starts one.
    pub json: Option<Result<Value, Error>>,
    /// The labels of `plain`, once a reader has asked for them.
    fields: OnceCell<Fields>,
    /// The platform that counts if it describes several machines.
    pub platform: Option<Subdir>,
}

/// How many lines that look like the start of an object are tried.
const TRIES: usize = 8;

impl<'t> Document<'t> {
    pub(super) fn of(text: &'t str, platform: Option<Subdir>) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let as_it_is = starts_json(text).then(|| first_value(text));
        let plain = plain(text);
        let json = match as_it_is {
            Some(Ok(value)) => Some(Ok(value)),
            Some(Err(_)) | None => embedded(&plain).or(as_it_is),
        };
        Self { text, plain, json, fields: OnceCell::new(), platform }
    }

    /// The lines of the text with a label.
    pub(super) fn fields(&self) -> &Fields {
        self.fields.get_or_init(|| Fields::of_text(&self.plain))
    }

    /// Whether all of it is meant to be JSON.
    pub(super) fn is_json(&self) -> bool {
        starts_json(self.text)
    }

    pub(super) fn value(&self) -> Option<&Value> {
        self.json.as_ref()?.as_ref().ok()
    }

    /// The JSON for the reader of its format, or what is wrong with it.
    pub(super) fn whole(&self) -> Result<&Value, String> {
        match &self.json {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) if error.is_eof() => Err(format!("the JSON is cut off: {error}")),
            Some(Err(error)) => Err(format!("not JSON: {error}")),
            None => Err("no JSON".to_owned()),
        }
    }

    pub(super) fn is_damaged_with(&self, words: &[&str]) -> bool {
        matches!(self.json, Some(Err(_))) && words.iter().any(|word| self.plain.contains(word))
    }
}

/// Whether a text starts as JSON does, and not as the line of a log: `[2024-01-10 10:11:12]`.
fn starts_json(text: &str) -> bool {
    let mut characters = text.chars().filter(|c| !c.is_whitespace());
    match characters.next() {
        Some('{') => true,
        Some('[') => matches!(characters.next(), Some('{' | '[' | ']' | '"') | None),
        Some(_) | None => false,
    }
}

/// The value at the start of a text. What a shell printed after it is ignored.
fn first_value(text: &str) -> Result<Value, Error> {
    let first = serde_json::Deserializer::from_str(text).into_iter().next();
    first.unwrap_or_else(|| serde_json::from_str(text)) // for its error about an empty text
}

/// The first complete object that starts a line, or else the error of the first one. The lines before it are kept
/// empty, so that an error has the line of the file.
fn embedded(text: &str) -> Option<Result<Value, Error>> {
    let mut first: Option<(usize, Error)> = None;
    let mut start = 0;
    let mut tried = 0;
    for (number, line) in text.split('\n').enumerate() {
        let indent = line.len() - line.trim_start().len();
        // A line that is indented further is part of the damaged object.
        let is_inner = first.as_ref().is_some_and(|(outer, _)| indent > *outer);
        if begins_object(line) && !is_inner && tried < TRIES {
            tried += 1;
            match first_value(&("\n".repeat(number) + &text[start..])) {
                Ok(value) => return Some(Ok(value)),
                Err(error) if error.is_eof() => return Some(Err(error)),
                Err(error) => first = first.or(Some((indent, error))),
            }
        }
        start += line.len() + 1;
    }
    first.map(|(_, error)| Err(error))
}

/// `{` alone, or before a key.
fn begins_object(line: &str) -> bool {
    line.trim().strip_prefix('{').is_some_and(|rest| {
        let rest = rest.trim_start();
        rest.is_empty() || rest.starts_with('"')
    })
}

/// Text from a terminal, a mail or an issue, without colors, carriage returns, quotation marks and Markdown fences.
/// Line numbers do not change.
fn plain(text: &str) -> String {
    let is_quoted = is_quoted_with_bars(text);
    let is_table = text.lines().any(is_table_rule) || has_rows(text);
    let mut plain = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            plain.push('\n');
        }
        let line = if is_quoted { without_bar(line) } else { line };
        if is_table && let Some((label, value)) = cells(line) {
            plain += &plain_line(&format!("{label}: {value}"));
        } else if is_plain(line) {
            plain.push_str(line);
        } else {
            plain += &plain_line(line);
        }
    }
    plain
}

/// Whether a line surely has nothing that copying adds, as nearly all have.
fn is_plain(line: &str) -> bool {
    let is_marked = line.trim_start_matches([' ', '\t']).starts_with(['>', '`', '~']);
    !is_marked
        && !line.contains("**")
        && line.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
}

fn plain_line(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    // The last state of a progress bar.
    let line = line.rsplit_once('\r').map_or(line, |(_, last)| last);
    let line = anstream::adapter::strip_str(line).to_string();
    let line = line.replace('\u{a0}', " ").replace('\u{200b}', "");
    let line = line.replace("**", ""); // `**GPU:** RTX 3090`
    let line = unquoted(&line);
    if is_fence(line) { String::new() } else { line.to_owned() }
}

/// A line without the marks of a reply: `> > text`. The `>>>>` of conda's reports stays.
fn unquoted(line: &str) -> &str {
    let mut line = line;
    while let Some(rest) = line.trim_start().strip_prefix('>') {
        let run = rest.len() - rest.trim_start_matches('>').len();
        let is_mark = run == 0 || run == 1 && rest[1..].starts_with(' '); // `>> text`
        if !is_mark {
            break;
        }
        line = rest.strip_prefix(' ').unwrap_or(rest);
    }
    line
}

/// Whether each line has a bar before it, as some mail programs quote, and not all have one at their end, as tables
/// do.
fn is_quoted_with_bars(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let mut is_table = true;
    let all = lines.all(|line| {
        is_table &= line.ends_with(['|', '+', '-', '=']);
        line == "|" || line.starts_with("| ")
    });
    all && !is_table
}

fn without_bar(line: &str) -> &str {
    line.strip_prefix("| ").or(line.strip_prefix('|')).unwrap_or(line)
}

/// Whether a line is between the head and the rows of a table of Markdown with two columns.
fn is_table_rule(line: &str) -> bool {
    let line = line.trim();
    let is_rule = line.starts_with('|') && line.ends_with('|') && line.contains("--");
    is_rule
        && line.matches('|').count() == 3
        && line.bytes().all(|byte| matches!(byte, b'|' | b'-' | b':' | b' '))
}

/// Whether a text has rows of such a table, below one another: some forums drop its rule. The tables of `nvidia-smi` have
/// rules of `+---`.
fn has_rows(text: &str) -> bool {
    let is_row = |line: &str| cells(line).is_some_and(|(label, _)| !label.is_empty());
    let mut lines = text.lines().map(is_row);
    let mut before = lines.next().unwrap_or_default();
    let below = lines.any(|is_row| std::mem::replace(&mut before, is_row) && is_row);
    below && !text.lines().any(|line| line.trim_start().starts_with("+-"))
}

/// The two cells of a row of such a table.
fn cells(line: &str) -> Option<(&str, &str)> {
    let row = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let (label, value) = row.split_once('|').filter(|(_, value)| !value.contains('|'))?;
    Some((label.trim().trim_matches(['*', '`']), value.trim().trim_matches(['*', '`'])))
}

/// Whether a line only starts or ends a code block, with or without its language.
fn is_fence(line: &str) -> bool {
    let line = line.trim();
    let rest = line.trim_start_matches(['`', '~']);
    line.len() - rest.len() >= 3 && rest.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The text of a document: UTF-8, or UTF-16 as `>` in `PowerShell` writes it. Invalid characters are
/// replaced: no number can be read from them.
pub fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let utf16 = |bytes: &[u8], decode: fn([u8; 2]) -> u16| {
        let units = bytes.as_chunks::<2>().0.iter().map(|pair| decode(*pair));
        let characters = char::decode_utf16(units);
        Cow::Owned(characters.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ if has_zeros(bytes, 1) => utf16(bytes, u16::from_le_bytes),
        _ if has_zeros(bytes, 0) => utf16(bytes, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes),
    }
}

/// Whether most pairs of bytes have their zero at this place, as the letters of English do in UTF-16.
fn has_zeros(bytes: &[u8], place: usize) -> bool {
    const ENOUGH: usize = 4096;
    let pairs = bytes[..bytes.len().min(ENOUGH)].as_chunks::<2>().0;
    let zeros = |place: usize| pairs.iter().filter(|pair| pair[place] == 0).count();
    zeros(place) * 2 > pairs.len() && zeros(1 - place) * 10 < pairs.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_of_powershell_is_text() {
        let little: Vec<u8> = "\u{feff}GPU é".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}GPU é".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text_of(&little), "GPU é");
        assert_eq!(text_of(&big), "GPU é");
        assert_eq!(text_of(&little[2..]), "GPU é");
        assert_eq!(text_of(&big[2..]), "GPU é");
        assert_eq!(text_of("GPU é".as_bytes()), "GPU é");
        for damaged in [&b"\xff\xfe\x00"[..], b"\xff\xfe", b"\xff", b""] {
            assert!(!text_of(damaged).contains('\0'), "{damaged:?}");
        }
    }

    #[test]
    fn json_is_found_after_a_prompt_and_warnings() {
        let text =
            "(base) $ conda info --json\nWARNING: {x} is deprecated\n{\n  \"a\": 1\n}\n(base) $ ";
        let document = Document::of(text, None);
        assert_eq!(document.whole().expect("JSON")["a"], 1);
        assert!(Document::of("no { in it\n", None).json.is_none());
    }

    #[test]
    fn an_error_has_its_line_in_the_file() {
        let document = Document::of("$ conda info --json\n\n{\n  \"a\": [1,\n", None);
        let error = document.whole().expect_err("cut off");
        assert!(error.starts_with("the JSON is cut off") && error.contains("line 5"), "{error}");
        assert!(document.is_damaged_with(&["\"a\""]) && !document.is_damaged_with(&["\"b\""]));
    }

    #[test]
    fn a_brace_in_text_is_not_the_start_of_an_object() {
        let document = Document::of("{\nfoo\n}\n{\"a\": 1}\n", None);
        assert_eq!(document.whole().expect("the second")["a"], 1);
    }

    #[test]
    fn a_part_of_a_damaged_object_is_not_read() {
        for text in ["{\"items\": [\n  {\n\"a\": 1}\n", "$\n{\"items\": [\n  {\n\"a\": 1}\n,,"] {
            assert!(Document::of(text, None).whole().is_err(), "{text}");
        }
    }

    #[test]
    fn what_copying_adds_is_removed() {
        let copied =
            "> ```json\r\n> \x1b[1m{\x1b[0m\r\n> > \"a\":\u{a0}1\n\x1b]8;;http://x\x07}\n```\n";
        assert_eq!(plain(copied), "\n{\n\"a\": 1\n}\n\n");
    }

    #[test]
    fn a_quotation_with_bars_is_not_a_table() {
        assert_eq!(
            plain("| Hello,\n|\n| | NVIDIA-SMI |\n| +---+\n"),
            "Hello,\n\n| NVIDIA-SMI |\n+---+\n"
        );
        for table in
            ["| a | b |\nc\n", "|---|\n| a |\n", "| a |\nb\n", "+--+\n| a | b |\n| c | d |\n"]
        {
            assert_eq!(plain(table), table);
        }
    }

    #[test]
    fn emphasis_and_tables_of_markdown_are_labels() {
        assert_eq!(plain("**GPU:** RTX 3090\n- **OS**: Linux\n"), "GPU: RTX 3090\n- OS: Linux\n");
        let table = "| Item | Value |\n|:---|---|\n| **Nvidia driver version** | `550.90.07` |\n";
        assert_eq!(plain(table), "Item: Value\n:---: ---\nNvidia driver version: 550.90.07\n");
        let without_rule = "|GPU|RTX 3090|\n| Driver | 550.90 |\n";
        assert_eq!(plain(without_rule), "GPU: RTX 3090\nDriver: 550.90\n");
        assert_eq!(plain(">> a : b\n>>> import torch\n"), "a : b\n>>> import torch\n");
    }

    #[test]
    fn the_last_state_of_a_progress_bar_is_kept() {
        assert_eq!(plain("10%\r50%\rdone\r\nplatform"), "done\nplatform");
    }

    #[test]
    fn plain_text_is_unchanged() {
        for text in ["", "\n", "a : b\n  c\n", "# >>>>>>> report <<<<<<<\n", "a >b"] {
            assert_eq!(plain(text), text, "{text:?}");
        }
    }
}
