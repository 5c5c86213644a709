//! Lists of channels and packages of a YAML document that is a part of another text.

use std::ops::Range;

use crate::yaml::{Document, Value};

use super::client_call::{ClientCall, Subcommand};
use super::file_migration::FileNote;
use super::pip_requirements;
use super::shell_words::{Form, Word};
use super::text_edit::{ItemPlace, Lines};

/// The lists of an environment.
pub(super) const OF_ENVIRONMENT: [(&str, Subcommand); 2] =
    [("channels", Subcommand::Config), ("dependencies", Subcommand::Install)];

/// An environment file inside another text.
#[derive(Debug, Default)]
pub(super) struct EnvironmentDocument {
    pub name: Option<String>,
    pub calls: Vec<ClientCall>,
    pub pip_notes: Vec<FileNote>,
}

impl EnvironmentDocument {
    /// Reads a part of a text; `None` if it is something else.
    pub(super) fn read(text: &str, range: Range<usize>, lines: &Lines<'_>) -> Option<Self> {
        let document = Document::parse(&text[range.clone()]).ok()?;
        let root = document.root()?;
        let dependencies = root.get("dependencies")?;
        dependencies.items().next()?;
        let pip = dependencies.items().filter_map(|item| item.get("pip"));
        let pip = pip.flat_map(Value::items).filter_map(|item| {
            let line = lines.at(range.start + item.range().start);
            pip_requirements::compiled(line, item.text()?)
        });
        let pip_notes = pip.collect();
        let name = root.get("name").and_then(Value::text).map(str::to_owned);
        Some(Self { name, calls: calls(text, range.start, root, &OF_ENVIRONMENT), pip_notes })
    }
}

/// The lists of a document in a part of a text, by their keys; none if it cannot be read.
pub(super) fn lists(
    text: &str,
    range: Range<usize>,
    keys: &[(&str, Subcommand)],
) -> Vec<ClientCall> {
    let document = Document::parse(&text[range.clone()]).ok();
    let root = document.as_ref().and_then(Document::root);
    root.map(|root| calls(text, range.start, root, keys)).unwrap_or_default()
}

fn calls(
    text: &str,
    offset: usize,
    root: Value<'_>,
    keys: &[(&str, Subcommand)],
) -> Vec<ClientCall> {
    let call = |(key, subcommand): &(&str, Subcommand)| {
        let items = root.get(key).into_iter().flat_map(Value::items);
        let words: Vec<Word> = items.filter_map(|item| word_of(text, item, offset)).collect();
        let is_block = words.first().is_some_and(|word| item_place(text, word.range.clone()).1);
        ClientCall::of_words(*subcommand, words, Form::Items { is_block })
    };
    keys.iter().map(call).collect()
}

/// A scalar of a document that begins at a byte, as a word.
pub(super) fn word_of(text: &str, value: Value<'_>, offset: usize) -> Option<Word> {
    let range = value.range().start + offset..value.range().end + offset;
    let quote = text[range.clone()].chars().next().filter(|c| matches!(c, '"' | '\''));
    Some(Word { range, text: value.text()?.to_owned(), quote }).filter(|_| value.is_simple())
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
