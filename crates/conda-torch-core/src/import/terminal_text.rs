//! A text as it was before it was copied out of a terminal, a mail or an issue: without colours,
//! carriage returns, marks of a quotation and fences of Markdown. Lines stay where they were.

use std::borrow::Cow;

/// The text without what copying adds.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let added = |c: char| matches!(c, '\x1b' | '\r' | '\u{a0}' | '>' | '`' | '~' | '\u{200b}');
    if !text.contains(added) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for line in text.split('\n') {
        let line = without_colours(line);
        let line = unquoted(&line);
        if !is_fence(line) {
            plain.push_str(line);
        }
        plain.push('\n');
    }
    plain.pop(); // one line end less than lines
    Cow::Owned(plain)
}

/// A line without escape sequences (`ESC [ 1 m`, `ESC ] 8 ; ; … BEL`); of what a progress bar
/// overwrote, the last.
fn without_colours(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    let line = line.rsplit_once('\r').map_or(line, |(_, last)| last);
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\x1b' if characters.next_if_eq(&'[').is_some() => {
                // A final byte ends it.
                characters.by_ref().find(|c| ('\u{40}'..='\u{7e}').contains(c));
            }
            '\x1b' if characters.next_if_eq(&']').is_some() => {
                characters.by_ref().find(|c| matches!(c, '\x07' | '\\'));
            }
            '\x1b' => {
                characters.next();
            }
            '\u{a0}' => text.push(' '),
            '\u{200b}' => {}
            other => text.push(other),
        }
    }
    text
}

/// A line without the marks of a reply: `> > text`. conda's own `>>>>` of a report stays.
fn unquoted(line: &str) -> &str {
    let mut line = line;
    while let Some(rest) = line.trim_start().strip_prefix('>') {
        if rest.starts_with('>') {
            break;
        }
        line = rest.strip_prefix(' ').unwrap_or(rest);
    }
    line
}

/// Whether a line only begins or ends a block of code, with or without its language.
fn is_fence(line: &str) -> bool {
    let line = line.trim();
    let rest = line.trim_start_matches(['`', '~']);
    line.len() - rest.len() >= 3 && rest.chars().all(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_copying_adds_is_taken_away() {
        let copied =
            "> ```json\r\n> \x1b[1m{\x1b[0m\r\n> > \"a\":\u{a0}1\n\x1b]8;;http://x\x07}\n```\n";
        assert_eq!(plain(copied), "\n{\n\"a\": 1\n}\n\n");
    }

    #[test]
    fn of_a_progress_bar_the_last_state_stays() {
        assert_eq!(plain("10%\r50%\rdone\r\nplatform"), "done\nplatform");
    }

    #[test]
    fn a_text_that_is_plain_stays_as_it_is() {
        for text in ["", "\n", "a : b\n  c\n", "# >>>>>>> report <<<<<<<\n", "a >b"] {
            assert_eq!(plain(text), text, "{text:?}");
        }
    }
}
