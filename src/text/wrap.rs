//! Words onto lines.

use conda_torch_core::formats::visible;

/// Appends `text` to `out`, broken between words at `width` columns: the first line after `first`, the
/// others after as many spaces as `first` is wide. A word that is too long stays whole, and so does
/// what stands in backticks where it fits on a line.
pub(super) fn wrap(out: &mut String, first: &str, text: &str, width: usize) {
    let text = visible(text);
    let indent = first.chars().count();
    out.push_str(first);
    let mut column = indent;
    let mut empty = true;
    for word in words(&text) {
        let length = word.chars().count();
        if !empty && column + 1 + length > width {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if !empty {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
        empty = false;
    }
    out.push('\n');
}

/// Appends parts with commas, broken after a part; a part that is longer than a line between its words.
pub(super) fn wrap_parts(out: &mut String, parts: &[String], width: usize) {
    let mut column = 0;
    for (at, part) in parts.iter().enumerate() {
        let part = visible(part);
        let comma = if at + 1 < parts.len() { "," } else { "" };
        let is_long = 2 + part.chars().count() + comma.len() > width;
        let mut pieces = part.split(|c| is_long && c == ' ').peekable();
        while let Some(piece) = pieces.next() {
            let comma = if pieces.peek().is_none() { comma } else { "" };
            let length = piece.chars().count() + comma.len();
            if column > 0 && column + 1 + length > width {
                out.push_str("\n  ");
                column = 2;
            } else if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.extend([piece, comma]);
            column += length;
        }
    }
    if !parts.is_empty() {
        out.push('\n');
    }
}

/// Splits at spaces that are not between backticks.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c: char| {
        if c == '`' {
            quoted = !quoted;
        }
        c == ' ' && !quoted
    })
    .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_not_passed_on() {
        let mut out = String::new();
        wrap(&mut out, "- ", "a\u{1b}[31mb\nc\u{9b}", 40);
        wrap_parts(&mut out, &["d\re".to_owned()], 40);
        assert_eq!(out, "- a?[31mb?c?\nd?e\n");
    }

    #[test]
    fn a_part_is_broken_where_it_is_longer_than_a_line_and_only_there() {
        let mut out = String::new();
        let parts = ["aa bb", "cc dd", "ee ff gg hh"].map(str::to_owned);
        wrap_parts(&mut out, &parts, 12);
        assert_eq!(out, "aa bb,\n  cc dd, ee\n  ff gg hh\n");
    }

    #[test]
    fn words_are_kept_whole_and_continued_under_the_text() {
        let mut out = String::new();
        wrap(&mut out, "- ", "aa bb `cc dd` ee", 9);
        assert_eq!(out, "- aa bb\n  `cc dd`\n  ee\n");
    }
}
