//! Lines that were read before but for values that make no difference: most nodes of a fleet print the same.
//!
//! A line is text with gaps: the name, and single values of keys that decide nothing. Another line with the same text and
//! other values in the gaps is JSON again, of a node of the same class. Where lines have gaps is known from
//! [`decisive_keys`](super::decisive_keys).

use std::collections::HashMap;
use std::ops::Range;

use super::hosts::is_host_name;

/// The most bytes of lines and documents that are kept.
const MOST_BYTES: usize = 64 << 20;

/// The most different lines that are kept.
const MOST_LINES: usize = 4096;

/// The most gaps in a line.
const MOST_GAPS: usize = 64;

/// Lines, and what decides in a document, with their classes.
#[derive(Default)]
pub(super) struct KnownLines {
    start: Step,
    lines: usize,
    documents: HashMap<Box<str>, usize>,
    bytes: usize,
}

/// What can come next in a line: texts up to the next gap, in their order.
#[derive(Default)]
struct Step(Vec<(Box<[u8]>, After)>);

/// What comes after a text.
enum After {
    /// The line ends.
    End(usize),
    /// The name, without its quotes.
    Name(Step),
    /// A value that makes no difference.
    Value(Step),
}

/// A line that was read before, but for its name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Known<'l> {
    pub name: Option<&'l str>,
    pub class: usize,
}

impl KnownLines {
    /// A line that differs from a known one in gaps alone.
    pub(super) fn find<'l>(&self, line: &'l [u8]) -> Option<Known<'l>> {
        let (mut rest, mut step, mut name) = (line, &self.start, None);
        loop {
            let (text, after) = step.text_of(rest)?;
            rest = &rest[text.len()..];
            step = match after {
                After::End(class) => {
                    return rest.is_empty().then_some(Known { name, class: *class });
                }
                After::Name(next) => {
                    let (value, after) = rest.split_at(memchr::memchr(b'"', rest)?);
                    // A name has no quote and no backslash.
                    name = Some(std::str::from_utf8(value).ok().filter(|it| is_host_name(it))?);
                    rest = after;
                    next
                }
                After::Value(next) => {
                    rest = &rest[value_length(rest)?..];
                    next
                }
            };
        }
    }

    /// Adds a line. `gaps` are the places of values that make no difference, ascending, and `name` that of the name.
    pub(super) fn add(
        &mut self,
        line: &[u8],
        name: Option<&Range<usize>>,
        gaps: &[Range<usize>],
        class: usize,
    ) {
        if gaps.len() > MOST_GAPS || self.lines == MOST_LINES || !self.has_room(line.len()) {
            return;
        }
        self.lines += 1;
        let (mut step, mut at) = (&mut self.start, 0);
        for gap in gaps {
            let is_name = Some(gap) == name;
            // Between its quotes.
            let (from, to) =
                if is_name { (gap.start + 1, gap.end - 1) } else { (gap.start, gap.end) };
            let Some(text) = line.get(at..from) else { return };
            step = match step.entry(text, || {
                if is_name { After::Name(Step::default()) } else { After::Value(Step::default()) }
            }) {
                After::Name(next) if is_name => next,
                After::Value(next) if !is_name => next,
                // A line that is all text up to its end, or has its name there.
                After::End(_) | After::Name(_) | After::Value(_) => return,
            };
            at = to;
        }
        if let Some(text) = line.get(at..) {
            step.entry(text, || After::End(class));
        }
    }

    /// The class of a document by what decides in it.
    pub(super) fn document(&self, decisive: &str) -> Option<usize> {
        self.documents.get(decisive).copied()
    }

    pub(super) fn add_document(&mut self, decisive: &str, class: usize) {
        if self.has_room(decisive.len()) {
            self.documents.insert(decisive.into(), class);
        }
    }

    fn has_room(&mut self, bytes: usize) -> bool {
        let has_room = self.bytes + bytes <= MOST_BYTES;
        self.bytes += if has_room { bytes } else { 0 };
        has_room
    }
}

impl Step {
    /// The text with which a line goes on. If a text is the start of another, the longer one is not looked for.
    fn text_of(&self, line: &[u8]) -> Option<&(Box<[u8]>, After)> {
        if let [only] = &*self.0 {
            return line.starts_with(&only.0).then_some(only);
        }
        let next = self.0.partition_point(|(text, _)| **text <= *line);
        self.0.get(next.checked_sub(1)?).filter(|(text, _)| line.starts_with(text))
    }

    fn entry(&mut self, text: &[u8], after: impl FnOnce() -> After) -> &mut After {
        let at = match self.0.binary_search_by(|(known, _)| (**known).cmp(text)) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (text.into(), after()));
                at
            }
        };
        &mut self.0[at].1
    }
}

/// How long the single value is with which a text begins: a string, a number, a word.
fn value_length(text: &[u8]) -> Option<usize> {
    if text.first() == Some(&b'"') {
        return string_length(text);
    }
    let end = text.iter().position(|c| matches!(c, b',' | b'}' | b']' | b' '))?;
    let value = &text[..end];
    (matches!(value, b"true" | b"false" | b"null") || is_number(value)).then_some(end)
}

/// How long a string is, with its quotes.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        let rest = text.get(at..)?;
        let end = memchr::memchr2(b'"', b'\\', rest)?;
        if rest[..end].iter().any(|c| *c < b' ') {
            return None;
        }
        if rest[end] == b'"' {
            return Some(at + end + 1);
        }
        at += end
            + match rest.get(end + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                // Half of a pair stands for nothing: such a string is read by the parser.
                b'u' => {
                    let digits = rest.get(end + 2..end + 6)?;
                    let is_half = matches!(
                        digits,
                        [b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..]
                    );
                    (digits.iter().all(u8::is_ascii_hexdigit) && !is_half).then_some(6)?
                }
                _ => return None,
            };
    }
}

/// Whether this is a number of JSON: `-1.5e+3`, without a zero before other digits.
fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|c| c.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    let mut rest = &text[whole..];
    if whole == 0 || whole > 1 && text[0] == b'0' {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', exponent @ ..] => exponent,
            _ => exponent,
        };
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_in_a_gap_may_differ() {
        let line = br#"{"node":"gpu001","free":17,"machine":{"a":1}}"#;
        let mut known = KnownLines::default();
        known.add(line, Some(&(8..16)), &[8..16, 24..26], 7);
        let find = |line: &'static str| known.find(line.as_bytes()).map(|it| (it.name, it.class));
        for (free, is_known) in [
            ("17", true),
            ("-0.25e+7", true),
            ("\"a, b}\"", true),
            ("null", true),
            ("017", false),
            ("1.", false),
            ("nul", false),
            (r#""a\n\"\u00e9""#, true),
            (r#""a\x""#, false),
            (r#""\ud83d""#, false),
            (r#""\u12""#, false),
            ("\"a\tb\"", false),
            ("\"a", false),
            ("{\"b\":1}", false),
        ] {
            let line = format!(r#"{{"node":"gpu002","free":{free},"machine":{{"a":1}}}}"#);
            let found = known.find(line.as_bytes()).map(|it| (it.name, it.class));
            assert_eq!(found, is_known.then_some((Some("gpu002"), 7)), "{free}");
        }
        for other in [
            r#"{"node":"gpu002","free":17,"machine":{"a":2}}"#,
            r#"{"node":"gpu\u0030","free":17,"machine":{"a":1}}"#,
            r#"{"node":"","free":17,"machine":{"a":1}}"#,
            r#"{"node":"gpu002","node":"gpu001","free":17,"machine":{"a":1}}"#,
            r#"{"node":"gpu002","free":17,"machine":{"a":1}"#,
            r#"{"node":"gpu002","free":17,"machine":{"a":1}} "#,
            r#"{"nodes":"gpu002","free":17,"machine":{"a":1}}"#,
        ] {
            assert_eq!(find(other), None, "{other}");
        }
    }

    #[test]
    fn lines_of_many_kinds_are_told_apart() {
        let mut known = KnownLines::default();
        let line = |kind: usize| format!(r#"{{"node":"n1","facts":{{"kind":"{kind}"}},"t":5}}"#);
        for kind in 0..300 {
            let line = line(kind);
            let gaps = [8..12, line.len() - 2..line.len() - 1];
            known.add(line.as_bytes(), Some(&(8..12)), &gaps, kind);
        }
        for kind in [0, 1, 10, 100, 299] {
            let line = line(kind).replace("n1", "x77").replace(":5", ":-6");
            assert_eq!(known.find(line.as_bytes()), Some(Known { name: Some("x77"), class: kind }));
        }
        assert_eq!(known.find(line(300).as_bytes()), None);
    }
}
