//! A YAML document as a tree in which every node knows its place in the text.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::file_migration::FileError;
use super::text_edit::line_of;

/// A node, by its place in [`Tree::nodes`].
pub(super) type Id = usize;

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar(String),
    List(Vec<Id>),
    /// Keys and values in turn.
    Map(Vec<Id>),
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub kind: Kind,
    /// The bytes of a scalar, with its quotes; where others begin.
    pub range: Range<usize>,
    /// Whether a scalar is written on one line without quotes or in simple ones.
    pub is_simple: bool,
    /// What it stands in.
    pub parent: Option<Id>,
    /// In how many others it stands.
    pub depth: usize,
}

/// A document. An alias is the node that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Tree {
    pub nodes: Vec<Node>,
    pub root: Option<Id>,
}

/// How deep a document may be nested; environments are five deep.
const DEEPEST: usize = 100;

impl Tree {
    /// Reads the first document of a text; a second one is damage.
    pub(super) fn parse(text: &str) -> Result<Self, FileError> {
        let damaged = |line, problem: String| FileError::Malformed { form: "YAML", line, problem };
        // A byte order mark is no part of the document, and counts as a character for the parser.
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let offset = text.len() - body.len();
        let places = Places::of(body);
        let mut tree = Self::default();
        let mut open: Vec<Id> = Vec::new();
        let mut anchors: Vec<(usize, Id)> = Vec::new();
        for event in Parser::new_from_str(body) {
            let (event, span) = event.map_err(|error| {
                // The end of a text that ends in the middle is told as a line below its last.
                let line = error.marker().line().min(body.lines().count().max(1));
                damaged(line, error.info().to_owned())
            })?;
            let range =
                offset + places.byte(span.start.index())..offset + places.byte(span.end.index());
            let start = range.start;
            let line = || line_of(text, start);
            let (kind, anchor) = match event {
                Event::Scalar(value, style, anchor, _) => {
                    let id = tree.scalar(text, value.into_owned(), range, style);
                    tree.put(&mut open, &mut anchors, id, anchor);
                    continue;
                }
                Event::Alias(anchor) => {
                    let found = anchors.iter().rev().find(|(name, _)| *name == anchor);
                    let id = found.ok_or_else(|| damaged(line(), "an unknown alias".to_owned()))?.1;
                    tree.put(&mut open, &mut anchors, id, 0);
                    continue;
                }
                Event::SequenceStart(anchor, _) => (Kind::List(Vec::new()), anchor),
                Event::MappingStart(anchor, _) => (Kind::Map(Vec::new()), anchor),
                Event::SequenceEnd | Event::MappingEnd => {
                    open.pop();
                    continue;
                }
                Event::DocumentStart(_) if tree.root.is_some() => {
                    return Err(damaged(line(), "more than one document".to_owned()));
                }
                Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::StreamStart
                | Event::StreamEnd
                | Event::Nothing => continue,
            };
            if open.len() >= DEEPEST {
                return Err(damaged(line(), "nested too deeply".to_owned()));
            }
            let start = range.start..range.start;
            let id =
                tree.add(Node { kind, range: start, is_simple: false, parent: None, depth: 0 });
            tree.put(&mut open, &mut anchors, id, anchor);
            open.push(id);
        }
        Ok(tree)
    }

    fn add(&mut self, node: Node) -> Id {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// A scalar. What the text holds at its place must be what was read, or it is not to be edited.
    fn scalar(
        &mut self,
        text: &str,
        value: String,
        mut range: Range<usize>,
        style: ScalarStyle,
    ) -> Id {
        let whole = text.get(range.clone()).unwrap_or_default();
        let written = without_properties(whole);
        range.start += whole.len() - written.len();
        let trimmed = written.trim_end();
        range.end = range.start + trimmed.len();
        let is_simple = match style {
            ScalarStyle::Plain => trimmed == value,
            ScalarStyle::SingleQuoted => trimmed == format!("'{value}'"),
            ScalarStyle::DoubleQuoted => trimmed == format!("\"{value}\""),
            ScalarStyle::Literal | ScalarStyle::Folded => false,
        };
        self.add(Node { kind: Kind::Scalar(value), range, is_simple, parent: None, depth: 0 })
    }

    /// Puts a node into what is open.
    fn put(&mut self, open: &mut [Id], anchors: &mut Vec<(usize, Id)>, id: Id, anchor: usize) {
        if anchor != 0 {
            anchors.push((anchor, id));
        }
        let parent = open.last().copied();
        if self.nodes[id].parent.is_none() {
            self.nodes[id].parent = parent;
            self.nodes[id].depth = open.len();
        }
        match open.last() {
            None => self.root = Some(id),
            Some(parent) => match &mut self.nodes[*parent].kind {
                Kind::List(items) | Kind::Map(items) => items.push(id),
                Kind::Scalar(_) => {}
            },
        }
    }

    /// The document as a row of words, with other scalars in the place of some (by
    /// their places, ascending). What two texts say is
    /// the same if these are.
    pub(super) fn words(&self, replaced: &[(Id, Vec<String>)]) -> Vec<(usize, char, String)> {
        let mut words = Vec::with_capacity(self.nodes.len());
        for (id, node) in self.nodes.iter().enumerate() {
            match &node.kind {
                Kind::List(_) => words.push((node.depth, '[', String::new())),
                Kind::Map(_) => words.push((node.depth, '{', String::new())),
                Kind::Scalar(text) => match replaced.binary_search_by_key(&id, |(id, _)| *id) {
                    Ok(at) => {
                        let texts = &replaced[at].1;
                        words.extend(texts.iter().map(|text| (node.depth, '=', text.clone())));
                    }
                    Err(_) => words.push((node.depth, '=', text.clone())),
                },
            }
        }
        words
    }

    /// The text of a scalar.
    pub(super) fn text(&self, id: Id) -> Option<&str> {
        match &self.nodes.get(id)?.kind {
            Kind::Scalar(text) => Some(text),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// The items of a list.
    pub(super) fn items(&self, id: Id) -> &[Id] {
        match self.nodes.get(id).map(|node| &node.kind) {
            Some(Kind::List(items)) => items,
            Some(Kind::Map(_) | Kind::Scalar(_)) | None => &[],
        }
    }

    /// The entries of a mapping.
    pub(super) fn entries(&self, id: Id) -> impl Iterator<Item = (&str, Id)> {
        let pairs: &[Id] = match self.nodes.get(id).map(|node| &node.kind) {
            Some(Kind::Map(pairs)) => pairs,
            Some(Kind::List(_) | Kind::Scalar(_)) | None => &[],
        };
        pairs.chunks_exact(2).filter_map(|pair| Some((self.text(pair[0])?, pair[1])))
    }

    /// The value of a key.
    pub(super) fn get(&self, id: Id, key: &str) -> Option<Id> {
        self.entries(id).find(|(name, _)| *name == key).map(|(_, value)| value)
    }
}

/// Where characters are in bytes.
struct Places {
    /// One a character; empty where every character is a byte.
    starts: Vec<usize>,
    length: usize,
}

impl Places {
    fn of(text: &str) -> Self {
        let starts = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(at, _)| at).collect()
        };
        Self { starts, length: text.len() }
    }

    fn byte(&self, character: usize) -> usize {
        if self.starts.is_empty() {
            return character.min(self.length);
        }
        self.starts.get(character).copied().unwrap_or(self.length)
    }
}

/// A node as it is written without its anchor and tag: `'d'` in `&x !!str 'd'`.
fn without_properties(written: &str) -> &str {
    let mut rest = written;
    while rest.starts_with(['&', '!']) {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        rest = rest[end..].trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalars(text: &str) -> Vec<(String, String, bool)> {
        let tree = Tree::parse(text).expect("YAML");
        let scalar = |node: &Node| match &node.kind {
            Kind::Scalar(value) => {
                Some((value.clone(), text[node.range.clone()].to_owned(), node.is_simple))
            }
            Kind::List(_) | Kind::Map(_) => None,
        };
        tree.nodes.iter().filter_map(scalar).collect()
    }

    #[test]
    fn every_scalar_is_found_at_its_place() {
        for text in [
            "a:\n  - b=1 # c\n  - 'd e'\n  - \"f\"\n",
            "\u{feff}a: [b=1, 'd e' , \"f\"]",
            "# \u{fc}\u{1f600}\na:\r\n- b=1\t# c\r\n-   'd e'\r\n- \"f\"",
            "---\na:\n- b=1\n- &x 'd e'\n- \"f\"\n...\n",
        ] {
            let found = scalars(text);
            let values: Vec<&str> = found.iter().map(|(value, ..)| value.as_str()).collect();
            assert_eq!(values, ["a", "b=1", "d e", "f"], "{text:?}");
            let written: Vec<&str> = found.iter().map(|(_, written, _)| written.as_str()).collect();
            assert_eq!(written, ["a", "b=1", "'d e'", "\"f\""], "{text:?}");
            assert!(found.iter().all(|(.., is_simple)| *is_simple), "{text:?}");
        }
    }

    #[test]
    fn an_alias_is_the_node_that_it_stands_for() {
        let tree = Tree::parse("a: &x [b]\nc: *x\n").expect("YAML");
        let root = tree.root.expect("a root");
        assert_eq!(tree.get(root, "a"), tree.get(root, "c"));
    }

    #[test]
    fn damage_is_told_with_its_line() {
        for (text, line) in [("a: [b, c", 1), ("a: b\nc:\n\t- d\n", 3), ("a: b\n---\nc: d\n", 2)] {
            match Tree::parse(text) {
                Err(FileError::Malformed { line: found, .. }) => {
                    assert_eq!(found, line, "{text:?}");
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
        assert!(Tree::parse(&"[".repeat(100_000)).is_err());
    }
}
