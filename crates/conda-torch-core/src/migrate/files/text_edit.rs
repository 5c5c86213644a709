//! Edits to a text by place, so that all else stays byte for byte.

use std::ops::Range;

use super::file_migration::{FileError, Replaced};

/// New bytes for a range of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextEdit {
    /// Bytes of the old text; empty for an insertion.
    pub range: Range<usize>,
    /// The new bytes; empty for a removal.
    pub text: String,
}

impl TextEdit {
    pub(super) fn new(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }
}

/// The text with all edits made, the ranges that they replaced, and those of the new bytes.
///
/// # Errors
/// If two that are no removals overlap, or one is outside the text: a bug.
#[expect(clippy::type_complexity, reason = "three results that belong together")]
pub(super) fn apply(
    text: &str,
    mut edits: Vec<TextEdit>,
) -> Result<(String, Vec<Range<usize>>, Vec<Range<usize>>), FileError> {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    edits.dedup();
    // Two elements of a list that go can have a blank or a line end in common.
    edits.dedup_by(|edit, last| {
        let is_common =
            edit.range.start < last.range.end && edit.text.is_empty() && last.text.is_empty();
        if is_common {
            last.range.end = last.range.end.max(edit.range.end);
        }
        is_common
    });
    let mut new = String::with_capacity(text.len() + 64);
    let (mut old_ranges, mut new_ranges) = (Vec::new(), Vec::new());
    let mut at = 0;
    for TextEdit { range, text: inserted } in edits {
        new.push_str(text.get(at..range.start).ok_or(FileError::UnrelatedLines)?);
        new_ranges.push(new.len()..new.len() + inserted.len());
        new.push_str(&inserted);
        at = range.end;
        old_ranges.push(range);
    }
    new.push_str(text.get(at..).ok_or(FileError::UnrelatedLines)?);
    Ok((new, old_ranges, new_ranges))
}

/// Two steps of edits as one, from the first text to the last.
pub(super) fn composed(first: &Replaced, second: &Replaced) -> Replaced {
    // Bytes of the text between, and how much longer the texts before and after are there.
    let more = |own: &Range<usize>, between: &Range<usize>| {
        own.len().cast_signed() - between.len().cast_signed()
    };
    let first = first.iter().map(|(old, between)| (between.clone(), more(old, between), 0));
    let second = second.iter().map(|(between, new)| (between.clone(), 0, more(new, between)));
    let mut places: Vec<(Range<usize>, isize, isize)> = first.chain(second).collect();
    places.sort_by_key(|(range, ..)| (range.start, range.end));
    let mut places = places.into_iter().peekable();
    let (mut before, mut after) = (0, 0);
    let at = |byte: usize, more| byte.saturating_add_signed(more);
    let mut edits = Replaced::new();
    while let Some((mut range, more_before, more_after)) = places.next() {
        let (start_before, start_after) = (at(range.start, before), at(range.start, after));
        (before, after) = (before + more_before, after + more_after);
        while let Some((next, more_before, more_after)) =
            places.next_if(|(next, ..)| next.start <= range.end)
        {
            range.end = range.end.max(next.end);
            (before, after) = (before + more_before, after + more_after);
        }
        edits.push((start_before..at(range.end, before), start_after..at(range.end, after)));
    }
    edits
}

/// A text, and where its lines end.
pub(super) struct Lines<'t> {
    pub text: &'t str,
    ends: Vec<usize>,
    /// Whether a line ends as on Windows.
    has_carriage_returns: bool,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at).collect();
        Self { text, ends, has_carriage_returns: text.contains("\r\n") }
    }

    /// The number of the line that a byte is in, from 1.
    pub(super) fn at(&self, byte: usize) -> usize {
        1 + self.ends.partition_point(|end| *end < byte)
    }

    /// The bytes of the line that a byte is in, with its end.
    pub(super) fn whole(&self, at: usize) -> Range<usize> {
        let number = self.at(at) - 1;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before] + 1);
        start..self.ends.get(number).map_or(self.text.len(), |end| end + 1)
    }

    /// The line ending of a line, or of the text for the last line.
    pub(super) fn end_of(&self, line: &Range<usize>) -> &'static str {
        let line = &self.text[line.clone()];
        if line.ends_with("\r\n") || !line.ends_with('\n') && self.has_carriage_returns {
            "\r\n"
        } else {
            "\n"
        }
    }
}

/// Removes a line whose item ends at `end`. A comment after the item stays, a selector does not.
pub(super) fn without_item(lines: &Lines<'_>, line: Range<usize>, end: usize) -> TextEdit {
    let text = lines.text;
    let rest = text[end..line.end].trim_start_matches(',').trim();
    let is_comment = rest.starts_with('#') && !rest.trim_start_matches(['#', ' ']).starts_with('[');
    let kept = if is_comment {
        let written = &text[line.clone()];
        let indent = &written[..written.len() - written.trim_start_matches([' ', '\t']).len()];
        let ending = if written.ends_with('\n') { lines.end_of(&line) } else { "" };
        format!("{indent}{rest}{ending}")
    } else {
        String::new()
    };
    TextEdit::new(line, kept)
}

/// An item of a list with all that belongs to it.
#[derive(Debug, Clone)]
pub(super) struct ItemPlace {
    /// Where its line begins to be its own: the dash of an item of YAML, else its first byte.
    pub head: usize,
    /// With what goes if it goes: an anchor and a tag of YAML.
    pub whole: Range<usize>,
    /// What a new text replaces.
    pub value: Range<usize>,
}

impl From<Range<usize>> for ItemPlace {
    fn from(range: Range<usize>) -> Self {
        Self { head: range.start, whole: range.clone(), value: range }
    }
}

/// The place of an item of a YAML list, and whether it has lines of its own. `range`: its value.
pub(super) fn item_place(text: &str, range: Range<usize>) -> (ItemPlace, bool) {
    let mut range = range;
    // The mark of a block scalar.
    let before = text[..range.start].trim_end();
    let mark = before.trim_end_matches(|c: char| c.is_ascii_digit() || "+-".contains(c));
    if mark.ends_with(['|', '>'])
        && before.len() - mark.len() < 3
        && text[before.len()..range.start].contains('\n')
        && mark[..mark.len() - 1].ends_with([' ', '\t', '\n'])
    {
        range.start = mark.len() - 1;
    }
    let mut start = range.start;
    // An anchor and a tag before it.
    loop {
        let before = text[..start].trim_end();
        let word = before.rfind([' ', '\t', '\n', '\r', '[', ',']).map_or(0, |end| end + 1);
        if word >= before.len() || before.len() == start || !before[word..].starts_with(['&', '!'])
        {
            break;
        }
        start = word;
    }
    let before = text[..start].trim_end();
    let dash =
        before.len().checked_sub(1).filter(|_| before.ends_with('-') && before.len() < start);
    let indent = |dash: &usize| text[..*dash].rsplit('\n').next().unwrap_or_default();
    let blanks = [' ', '\t', '\r', '\u{feff}'];
    let dash = dash.filter(|dash| indent(dash).trim_matches(blanks).is_empty());
    (
        ItemPlace { head: dash.unwrap_or(start), whole: start..range.end, value: range },
        dash.is_some(),
    )
}

/// Edits an item of a list. `last_kept` is the last item that stays. In a block every item has lines of its
/// own; other items have commas between them. `None` if something else is on its line.
pub(super) fn edit_item(
    lines: &Lines<'_>,
    items: &[ItemPlace],
    at: usize,
    last_kept: Option<usize>,
    new: &[String],
    is_block: bool,
) -> Option<Vec<TextEdit>> {
    let (text, ItemPlace { head, whole, value }) = (lines.text, items[at].clone());
    if !is_block {
        let edit = match new {
            [] => remove_element(lines, items, at, last_kept)?,
            new => TextEdit::new(value, new.join(", ")),
        };
        return Some(vec![edit]);
    }
    let line = lines.whole(head).start..lines.whole(value.end).end;
    let rest = &text[value.end..line.end];
    if !rest.trim().is_empty() && !rest.trim_start().starts_with('#') {
        return None;
    }
    let Some((first, more)) = new.split_first() else {
        return Some(vec![without_item(lines, line, value.end)]);
    };
    let (own, before) = (head..whole.start, &text[line.start..head]);
    let dash = text[own].lines().next().filter(|dash| dash.len() > 1).unwrap_or("- ");
    let (dash, end) = (if head == whole.start { "" } else { dash }, lines.end_of(&line));
    // A selector is for every line that the item becomes.
    let comment = rest.trim_start().strip_prefix('#').unwrap_or_default();
    let selector = if comment.trim_start().starts_with('[') { rest.trim_end() } else { "" };
    let mut added = String::new();
    for new in more {
        if rest.ends_with('\n') {
            added.extend([before, dash, new, selector, end]);
        } else {
            added.extend([end, before, dash, new, selector]);
        }
    }
    Some(vec![TextEdit::new(value, first), TextEdit::new(line.end..line.end, added)])
}

/// Removes an element and its comma from a list in brackets, and its line if nothing else is on it.
/// `None` if a comment prevents it. `last_kept` is the last element that stays.
fn remove_element(
    lines: &Lines<'_>,
    elements: &[ItemPlace],
    at: usize,
    last_kept: Option<usize>,
) -> Option<TextEdit> {
    let (text, own) = (lines.text, elements.get(at)?.whole.clone());
    let alone = |own: &Range<usize>| {
        let line = lines.whole(own.start);
        let after = text[own.end..line.end.max(own.end)].trim_start();
        let after = after.strip_prefix(',').unwrap_or(after).trim_start();
        let is_alone = text[line.start..own.start].trim().is_empty();
        (is_alone && (after.is_empty() || after.starts_with('#'))).then_some(line)
    };
    if let Some(line) = alone(&own) {
        return Some(without_item(lines, line, own.end));
    }
    let start = own.start;
    if let Some(last) = last_kept.filter(|last| *last < at) {
        // After the last element that stays: with the comma before it.
        let comma = text[..start].trim_end().strip_suffix(',').map(str::len);
        let is_gone = at - 1 > last && alone(&elements[at - 1].whole).is_some();
        if let Some(comma) = comma.filter(|comma| !is_gone && !text[*comma..start].contains('#')) {
            return Some(TextEdit::new(comma..own.end, ""));
        }
        // After a comment: the comma before it stays.
        let rest = text[own.end..].trim_start();
        let comma = rest.starts_with(',').then(|| text.len() - rest.len() + 1);
        return Some(TextEdit::new(start..comma.unwrap_or(own.end), ""));
    }
    let next = elements.get(at + 1).map_or(text.len(), |next| next.whole.start);
    let gap = text.get(own.end..next)?;
    let comma = gap[..gap.find('#').unwrap_or(gap.len())].find(',');
    let end = match comma {
        // An anchor may stand before the next.
        Some(comma)
            if at + 1 < elements.len()
                && !gap.contains(['#', '\n'])
                && gap[comma + 1..].trim().is_empty() =>
        {
            next
        }
        Some(comma) if gap[..comma].trim().is_empty() => {
            let rest = &gap[comma + 1..];
            let blanks = rest.len() - rest.trim_start_matches(' ').len();
            let is_last = rest[blanks..].starts_with(['\r', '\n', '#']);
            own.end + comma + 1 + if is_last { 0 } else { blanks }
        }
        Some(_) | None if at + 1 == elements.len() => own.end,
        Some(_) | None => return None,
    };
    Some(TextEdit::new(start..end, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_of_edits_become_one() {
        // abcdef, aXXcdef (b by XX), aXYcdeZZf (a part of XX, an insertion).
        let first = vec![(1..2, 1..3)];
        let second = vec![(2..3, 2..3), (6..6, 6..8)];
        assert_eq!(composed(&first, &second), [(1..2, 1..3), (5..5, 6..8)]);
        // A line that goes, then one that comes in its place.
        assert_eq!(composed(&vec![(0..2, 0..0)], &vec![(0..0, 0..3)]), [(0..2, 0..3)]);
        assert_eq!(composed(&Vec::new(), &vec![(1..1, 1..4)]), [(1..1, 1..4)]);
    }

    #[test]
    fn applies_edits_in_any_order_and_changes_nothing_else() {
        let edits =
            vec![TextEdit::new(4..5, "C"), TextEdit::new(0..1, "AA"), TextEdit::new(2..2, "-")];
        let (new, _, new_ranges) = apply("abcde", edits).expect("edits");
        assert_eq!(new, "AAb-cdC");
        assert_eq!(new_ranges, [0..2, 3..4, 6..7]);
        let removals = vec![TextEdit::new(0..3, ""), TextEdit::new(2..4, "")];
        let (new, _, new_ranges) = apply("abcde", removals).expect("edits");
        assert_eq!((new.as_str(), new_ranges.len()), ("e", 1));
        let overlapping = vec![TextEdit::new(0..3, ""), TextEdit::new(2..4, "x")];
        assert!(apply("abcde", overlapping).is_err());
        assert!(apply("abc", vec![TextEdit::new(2..9, "")]).is_err());
    }

    #[test]
    fn finds_the_line_of_a_byte() {
        let lines = Lines::of("a\nbb\nc");
        assert_eq!((lines.at(1), lines.at(2), lines.at(4), lines.at(6)), (1, 2, 2, 3));
        let whole = [0, 1, 3, 4, 5, 6].map(|at| lines.whole(at));
        assert_eq!(whole, [0..2, 0..2, 2..5, 2..5, 5..6, 5..6]);
    }
}
