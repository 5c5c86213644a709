//! Edits to a text by place, so that all else stays byte for byte.

use std::ops::Range;

/// A stretch of a text, and what comes in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextEdit {
    /// Bytes of the old text; empty where something is only added.
    pub range: Range<usize>,
    /// The new bytes; empty where something is only taken out.
    pub text: String,
}

impl TextEdit {
    /// Puts `text` in the place of `range`.
    pub(super) fn new(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }
}

/// The text with all edits made; `None` where two overlap or one is out of the text, which would be
/// this program's own mistake.
pub(super) fn apply(text: &str, mut edits: Vec<TextEdit>) -> Option<String> {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    edits.dedup();
    let mut out = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for edit in &edits {
        out.push_str(text.get(at..edit.range.start)?);
        out.push_str(&edit.text);
        at = edit.range.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// The number of the line that a byte is in, from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
}

/// The lines of a text, for whoever asks often.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The number of the line that a byte is in, from 1.
    pub(super) fn at(&self, byte: usize) -> usize {
        1 + self.0.partition_point(|end| *end < byte)
    }
}

/// The bytes of the line that a byte is in, with its end.
pub(super) fn whole_line(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_made_in_the_order_of_the_text_and_touch_nothing_else() {
        let edits =
            vec![TextEdit::new(4..5, "C"), TextEdit::new(0..1, "AA"), TextEdit::new(2..2, "-")];
        assert_eq!(apply("abcde", edits).as_deref(), Some("AAb-cdC"));
        let overlapping = vec![TextEdit::new(0..3, ""), TextEdit::new(2..4, "x")];
        assert_eq!(apply("abcde", overlapping), None);
        assert_eq!(apply("abc", vec![TextEdit::new(2..9, "")]), None);
    }

    #[test]
    fn a_line_is_found_by_a_byte_in_it() {
        assert_eq!(line_of("a\nb\nc", 3), 2);
        assert_eq!(whole_line("a\nbb\nc", 3), 2..5);
        assert_eq!(whole_line("a\nbb\nc", 5), 5..6);
    }
}
