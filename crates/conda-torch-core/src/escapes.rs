//! Characters that a terminal obeys or an editor hides, in names and texts of others, shown as escapes.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character moves the cursor, changes the terminal or the direction of the text around it: the control
/// characters of ASCII and Latin-1, the line separators and the [bidirectional controls] of Unicode.
///
/// [bidirectional controls]: https://www.unicode.org/reports/tr9/tr9-50.html#Directional_Formatting_Characters
pub fn is_hidden(c: char) -> bool {
    let is_bidirectional = matches!(c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || is_bidirectional || matches!(c, '\u{2028}' | '\u{2029}')
}

/// A text on one line: hidden characters as `\n`, `\u{1b}`, `\u{202e}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, is_hidden, |out, c| out.extend(c.escape_default()))
}

/// A text on several lines, likewise. Its tabs and line breaks stay.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let body =
            line.strip_suffix('\n').map_or(line, |body| body.strip_suffix('\r').unwrap_or(body));
        let (body, end) = line.split_at(body.len());
        let is_hidden = |c| is_hidden(c) && c != '\t';
        lines.push(escaped(body, is_hidden, |out, c| out.extend(c.escape_default())));
        lines.push(Cow::Borrowed(end));
    }
    if lines.iter().all(|line| matches!(line, Cow::Borrowed(_))) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(lines.concat())
    }
}

/// A JSON document with the escapes that JSON allows but does not need. Its line breaks stay.
pub(crate) fn visible_json(text: &str) -> Cow<'_, str> {
    let is_hidden = |c| is_hidden(c) && c != '\n';
    escaped(text, is_hidden, |out, c| {
        let _ = write!(out, "\\u{:04x}", u32::from(c));
    })
}

fn escaped(
    text: &str,
    is_hidden: impl Fn(char) -> bool,
    escape: impl Fn(&mut String, char),
) -> Cow<'_, str> {
    if !text.contains(&is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) { escape(&mut out, c) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// A text as content or an attribute of HTML or XML, with hidden characters as escapes.
pub fn markup(text: &str) -> String {
    quick_xml::escape::escape(visible(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text() {
        assert_eq!(markup("a<b & \"c\">"), "a&lt;b &amp; &quot;c&quot;&gt;");
        assert_eq!(markup("a\u{1b}b"), visible("a\u{1b}b"));
    }

    #[test]
    fn what_a_terminal_obeys_is_shown() {
        let text = "a\u{1b}[31mb\u{7}c\r\td\u{7f}\u{9b}2J\u{202e}e\u{2066}\u{2028}\u{200f}ü 🦀\n";
        let shown = r"a\u{1b}[31mb\u{7}c\r\td\u{7f}\u{9b}2J\u{202e}e\u{2066}\u{2028}\u{200f}ü 🦀\n";
        assert_eq!(visible(text), shown);
        assert!(matches!(visible("ü 🦀"), Cow::Borrowed(_)));
    }

    #[test]
    fn lines_keep_their_tabs_and_breaks() {
        let text = "a\tb\r\nc\rd\n\u{9b}\r\r\n\r";
        assert_eq!(visible_lines(text), "a\tb\r\nc\\rd\n\\u{9b}\\r\r\n\\r");
        assert!(matches!(visible_lines("a\tb\r\n\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_reads_as_before() {
        let text = serde_json::to_string("\u{1b}\u{7f}\u{9b}\u{202e}\n").expect("JSON");
        let shown = visible_json(&text);
        assert_eq!(shown, r#""\u001b\u007f\u009b\u202e\n""#);
        assert_eq!(
            serde_json::from_str::<String>(&shown).expect("JSON"),
            "\u{1b}\u{7f}\u{9b}\u{202e}\n"
        );
    }
}
