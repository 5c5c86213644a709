//! Output of a client as plain text, without secrets, and shortened.

use anstream::adapter::strip_str;

use crate::conda::without_secrets;

const SHORT: usize = 300;

/// The longest explanation of a solver, in characters: longer ones repeat themselves.
const LONG: usize = 16 << 10;

/// A text without colours, carriage returns, a byte order mark and other control characters.
pub(super) fn plain(text: &str) -> String {
    let text = strip_str(text.trim_start_matches('\u{feff}')).to_string();
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), "")
}

/// A text, without colours and secrets.
pub(super) fn cleaned(text: &str) -> String {
    cut(without_secrets(&plain(&cut(text, LONG))).trim(), LONG)
}

pub(super) fn excerpt(text: &str) -> String {
    let text = without_secrets(&plain(&cut(text, 4 * SHORT)));
    let words: Vec<&str> = text.split_whitespace().collect();
    cut(&words.join(" "), SHORT)
}

/// The part of a text that is searched.
pub(super) fn beginning(text: &str) -> String {
    cut(text, LONG)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
