//! Patterns of known error texts.
//!
//! A pattern is written as [`PlainText`](super::plain_text::PlainText) has the text, in lower case: no quotation marks,
//! one blank between words. `{name}` captures a value, `*` and a blank skip up to [`GAP`] bytes, and a `$` at the end asks for the end of a
//! word. A blank also is a line break, and a line break may be within a word, as terminals wrap.

/// How far `*` reaches, in bytes.
const GAP: usize = 240;

/// The longest value, in bytes.
const LONGEST: usize = 160;

/// The longest value with blanks, in bytes.
const LONGEST_NAME: usize = 60;

/// Values with blanks: the name of a GPU, a request as solvers write it (`pytorch-cuda =12.1 *`).
const WITH_BLANKS: [&str; 2] = ["gpu", "request"];

/// What a solver draws before a line of its tree, or a list before an item.
const TREE: [char; 6] = ['│', '├', '└', '─', '-', ' '];

/// A value that a text names.
pub(super) type Capture = (&'static str, String);

/// A pattern in parts.
#[derive(Debug)]
pub(super) struct Pattern {
    /// A value before the first literal part.
    leading: Option<&'static str>,
    parts: Vec<Part>,
    /// Whether no word goes on behind it.
    is_whole: bool,
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Literal(&'static [u8]),
    Capture(&'static str),
    Gap,
}

/// Where a pattern matches.
#[derive(Debug)]
pub(super) struct Match {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) captures: Vec<Capture>,
}

impl Pattern {
    pub(super) fn new(pattern: &'static str) -> Self {
        let mut parts = Vec::new();
        let whole = pattern.strip_suffix('$');
        let mut rest = whole.unwrap_or(pattern);
        while let Some(at) = rest.find(['{', '*']) {
            if at > 0 {
                parts.push(Part::Literal(&rest.as_bytes()[..at]));
            }
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix('*') {
                parts.push(Part::Gap);
                rest = after;
            } else {
                let end = rest.find('}').unwrap_or(rest.len() - 1);
                parts.push(Part::Capture(&rest[1..end]));
                rest = &rest[end + 1..];
            }
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.as_bytes()));
        }
        let leading = match parts.first() {
            Some(&Part::Capture(name)) => Some(name),
            _ => None,
        };
        if leading.is_some() {
            parts.remove(0);
        }
        Self { leading, parts, is_whole: whole.is_some() }
    }

    /// The first byte of its first literal part.
    pub(super) fn first_byte(&self) -> u8 {
        match self.parts.first() {
            Some(Part::Literal(literal)) => literal[0],
            _ => 0,
        }
    }

    /// The match whose first literal part begins at a place.
    pub(super) fn match_at(&self, text: &str, at: usize) -> Option<Match> {
        let bytes = text.as_bytes();
        if self.leading.is_none() && !is_start_of_word(bytes, at) {
            return None;
        }
        let mut captures = Vec::new();
        let end = match_parts(&self.parts, text, at, &mut captures)?;
        // `error 80` is not in `error 803`.
        if let Some(Part::Literal([.., last])) = self.parts.last()
            && last.is_ascii_digit()
            && bytes.get(end).is_some_and(u8::is_ascii_digit)
        {
            return None;
        }
        let goes_on = |rest: &[u8]| match *rest {
            [b'.', next, ..] | [next, ..] => next.is_ascii_alphanumeric() || next == b'_',
            [] => false,
        };
        if self.is_whole && goes_on(&bytes[end..]) {
            return None;
        }
        let mut start = at;
        if let Some(name) = self.leading {
            let before = bytes[..at].iter().rev().take(LONGEST);
            start -= before.take_while(|byte| is_part_of(name, **byte)).count();
            let value = text.get(start..at)?.trim_start_matches(TREE).trim_end();
            // libmamba's words for any build and any version.
            let value = value.strip_suffix(" *").unwrap_or(value);
            let value = value.strip_suffix(" =*").unwrap_or(value);
            if value.is_empty() {
                return None;
            }
            captures.insert(0, (name, value.to_owned()));
        }
        Some(Match { start, end, captures })
    }
}

/// Whether no word goes on at a place. `\n` may be two characters of a program's string.
fn is_start_of_word(text: &[u8], at: usize) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match text[..at] {
        [] | [.., b'\\', b'n' | b't' | b'r'] => true,
        [.., before] => !(is_word(before) && is_word(text[at])),
    }
}

fn match_parts(
    parts: &[Part],
    text: &str,
    at: usize,
    captures: &mut Vec<Capture>,
) -> Option<usize> {
    let bytes = text.as_bytes();
    let Some((part, rest)) = parts.split_first() else { return Some(at) };
    match *part {
        Part::Literal(literal) => {
            let end = match_literal(literal, bytes, at)?;
            match_parts(rest, text, end, captures)
        }
        Part::Gap => {
            (at..bytes.len().min(at + GAP)).find_map(|at| match_rest(rest, text, at, captures))
        }
        Part::Capture(name) if WITH_BLANKS.contains(&name) => {
            let line = bytes[at..].iter().take(LONGEST_NAME).take_while(|byte| **byte != b'\n');
            let last = at + line.count();
            // Without more to match, the rest of the line.
            let first = if rest.is_empty() { last } else { at + 1 };
            (first..=last)
                .find_map(|end| capture(name, text.get(at..end)?, rest, text, end, captures))
        }
        Part::Capture(name) => {
            let length = |at: usize| {
                bytes[at..].iter().take(LONGEST).take_while(|byte| is_part_of(name, **byte)).count()
            };
            let end = at + length(at);
            let whole = (at + 1..=end)
                .rev()
                .find_map(|end| capture(name, text.get(at..end)?, rest, text, end, captures));
            whole.or_else(|| {
                // A terminal broke the line within the value.
                let next = bytes.get(end).filter(|byte| **byte == b'\n').map(|_| end + 1)?;
                (next + 1..=next + length(next)).rev().find_map(|end_of_next| {
                    let value = format!("{}{}", text.get(at..end)?, text.get(next..end_of_next)?);
                    capture(name, &value, rest, text, end_of_next, captures)
                })
            })
        }
    }
}

fn capture(
    name: &'static str,
    value: &str,
    rest: &[Part],
    text: &str,
    end: usize,
    captures: &mut Vec<Capture>,
) -> Option<usize> {
    let length = captures.len();
    let value = value.trim().trim_end_matches(['.', ',', ':', ';']);
    if value.is_empty() {
        return None;
    }
    captures.push((name, value.to_owned()));
    let matched = match_rest(rest, text, end, captures);
    if matched.is_none() {
        captures.truncate(length);
    }
    matched
}

/// The rest of a pattern, if it does not fail at its first byte.
fn match_rest(rest: &[Part], text: &str, at: usize, captures: &mut Vec<Capture>) -> Option<usize> {
    let length = captures.len();
    let matched = match_parts(rest, text, at, captures);
    if matched.is_none() {
        captures.truncate(length);
    }
    matched
}

/// The end of a literal part. A line break in the text counts as a blank, or as nothing within a word.
fn match_literal(literal: &[u8], text: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    for (index, wanted) in literal.iter().enumerate() {
        let is_break = |at: usize| matches!(text.get(at), Some(b'\n'));
        if *wanted == b' ' {
            let is_wrapped = at > 0 && is_break(at - 1);
            if !matches!(text.get(at), Some(b' ' | b'\n')) && !is_wrapped {
                return None;
            }
            let blanks = text[at..].iter().take(GAP);
            at += blanks.take_while(|byte| matches!(byte, b' ' | b'\n')).count();
        } else {
            if index > 0 && is_break(at) {
                at += 1;
            }
            if !text.get(at)?.eq_ignore_ascii_case(wanted) {
                return None;
            }
            at += 1;
        }
    }
    Some(at)
}

/// Whether a byte can be part of a value.
fn is_part_of(name: &str, byte: u8) -> bool {
    match name {
        "number" => byte.is_ascii_digit(),
        "gpu" | "request" => !matches!(byte, b'\n' | b':'),
        "capability" => byte.is_ascii_digit() || matches!(byte, b'.' | b'a' | b'f'),
        "symbol" => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@' | b'.'),
        "version" | "built" | "found" => {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+' | b'-')
        }
        "library" | "suffix" => {
            byte.is_ascii_alphanumeric()
                || !byte.is_ascii()
                || matches!(byte, b'.' | b'_' | b'+' | b'-' | b'/' | b'\\' | b'~' | b'@')
        }
        "spec" => byte.is_ascii_graphic() && !matches!(byte, b';' | b'{' | b'}' | b'(' | b')'),
        _ => byte.is_ascii_graphic() || !byte.is_ascii(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &'static str, text: &str) -> Option<Vec<String>> {
        let pattern = Pattern::new(pattern);
        let matched = (0..text.len()).find_map(|at| pattern.match_at(text, at))?;
        Some(matched.captures.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn a_line_break_is_a_blank_or_nothing() {
        let pattern = "no kernel image is available";
        for text in [
            "no kernel image is available",
            "No Kernel image\nis available",
            "no ker\nnel image is available",
            "no kernel image is\n\navailable",
        ] {
            assert_eq!(found(pattern, text), Some(vec![]), "{text:?}");
        }
        for text in ["no kernel images are available", "nokernel image is available", "", "no"] {
            assert_eq!(found(pattern, text), None, "{text:?}");
        }
    }

    #[test]
    fn values_are_captured_also_before_the_text_and_across_a_line_break() {
        let values = |pattern, text| found(pattern, text).unwrap_or_default();
        assert_eq!(
            values("sm_{capability} is not compatible", "with sm_120 is not compatible"),
            ["120"]
        );
        assert_eq!(
            values("sm_{capability} is not compatible", "with sm_1\n20 is not compatible"),
            ["120"]
        );
        assert_eq!(
            values("{library}: cannot open", "OSError: libcudnn.so.8: cannot open"),
            ["libcudnn.so.8"]
        );
        assert_eq!(
            values("compile pytorch ({version}).", "compile\nPyTorch (12.1). Please"),
            ["12.1"]
        );
        assert_eq!(
            values(
                "{request} does not exist",
                "│  └─ pytorch-cuda =12.1 * does not exist (perhaps"
            ),
            ["pytorch-cuda =12.1"]
        );
        assert_eq!(values("{request} does not exist", "└─ pip =* * does not exist"), ["pip"]);
        assert_eq!(values("provides {request}", "- nothing provides a >=1 b\nc"), ["a >=1 b"]);
        assert_eq!(
            values("gpu{number} {gpu} which is", "GPU0 GeForce GTX 770 which is"),
            ["0", "GeForce GTX 770"]
        );
        assert_eq!(values("loading *.dll or", "loading C:\\a b\\c10.dll or"), Vec::<String>::new());
    }

    #[test]
    fn a_pattern_begins_at_a_word() {
        assert_eq!(found("error 804", "Error 804"), Some(vec![]));
        assert_eq!(found("error 804", "terror 804"), None);
        assert_eq!(found("error 80", "error 804"), None);
        assert_eq!(found("torch not", "a\\nTorch not"), Some(vec![]));
        assert_eq!(found("named torch$", "named torch"), Some(vec![]));
        assert_eq!(found("named torch$", "named torch. A"), Some(vec![]));
        assert_eq!(found("named torch$", "named torchvision"), None);
        assert_eq!(found("named torch$", "named torch._six"), None);
    }

    #[test]
    fn no_text_panics() {
        for text in ["é: cannot open", "sm_é", "{", "*", "\n\n", "GPU0 é which"] {
            for pattern in
                ["{library}: cannot open", "sm_{capability}", "gpu{number} {gpu} which is", "a*b"]
            {
                let _ = found(pattern, text);
            }
        }
    }
}
