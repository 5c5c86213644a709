//! Lists of channels and packages of a YAML document that is a part of another text.

use std::ops::Range;

use crate::yaml::{Document, Value};

use super::client_call::{ClientCall, Subcommand};
use super::file_migration::FileNote;
use super::pip_requirements;
use super::shell_words::{Form, Word};
use super::text_edit::{Lines, item_place};

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
