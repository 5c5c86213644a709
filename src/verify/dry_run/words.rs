//! A client's words: without what steers a terminal, without secrets, and not endless.

use crate::model::without_secrets;

use super::{DryRun, mamba};

/// The longest excerpt, in characters: a sentence or two.
const SHORT: usize = 300;

/// The longest explanation of a solver: trees of a megabyte repeat themselves.
const LONG: usize = 16 << 10;

/// A text without colours, carriage returns, a byte order mark and other control characters.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\u{1b}' => match characters.next() {
                // CSI: up to a letter; OSC: up to a bell.
                Some('[') => while characters.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
                Some(']') => while characters.next().is_some_and(|c| c != '\u{7}') {},
                Some(_) | None => {}
            },
            '\r' if characters.peek() == Some(&'\n') => {}
            '\r' => plain.push('\n'),
            '\n' | '\t' => plain.push(c),
            c if c.is_control() => {}
            c => plain.push(c),
        }
    }
    plain
}

/// All of a text as far as a person would read it.
pub(super) fn cleaned(text: &str) -> String {
    cut(without_secrets(&plain(&cut(text, LONG))).trim(), LONG)
}

/// The beginning of a text on one line.
pub(super) fn excerpt(text: &str) -> String {
    let text = without_secrets(&plain(&cut(text, 4 * SHORT)));
    let words: Vec<&str> = text.split_whitespace().collect();
    cut(&words.join(" "), SHORT)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What no solver says and everyone says who could not get at a channel.
const NETWORK: [&str; 22] = [
    "http 000",
    "connection failed",
    "connection refused",
    "connectionerror",
    "could not connect",
    "couldn't connect",
    "failed to connect",
    "could not resolve host",
    "couldn't resolve host",
    "could not resolve proxy",
    "dns error",
    "download error",
    "multi-download failed",
    "error sending request",
    "failed to fetch",
    "failed to download",
    "not loaded!",
    "ssl certificate",
    "timed out",
    "timeout was reached",
    "status client error",
    "status server error",
];

/// Whether words are about a network or a channel that is not there.
pub(super) fn is_network(words: &str) -> bool {
    let words = cut(words, LONG).to_lowercase();
    NETWORK.iter().any(|sign| words.contains(sign))
}

/// What solvers say, and nobody else.
const UNSOLVABLE: [&str; 6] = [
    "Could not solve for environment specs",
    "Encountered problems while solving",
    "Cannot solve the request because of",
    "nothing provides ",
    "failed to solve",
    "The following packages are incompatible",
];

/// A failure that is told in words alone; `None` where they are not understood.
pub(super) fn of_failure(said: &str) -> Option<DryRun> {
    if UNSOLVABLE.iter().any(|sign| said.contains(sign)) {
        return Some(mamba::unsolvable(said));
    }
    if is_network(said) {
        return Some(DryRun::Network(excerpt(said)));
    }
    let is_critical = said.contains("critical libmamba") || said.contains("error    libmamba");
    is_critical.then(|| DryRun::Failed(excerpt(said)))
}
