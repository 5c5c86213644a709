//! YAML documents as trees in which every value knows its place in the text, for reading with line
//! numbers and for editing by place.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle};

/// How deep a document may be nested; environments are five deep.
const MAX_DEPTH: usize = 100;

/// How many values a document may have, with what its aliases repeat.
const MAX_VALUES: usize = 250_000;

/// Text that is not YAML, or not one document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: not YAML: {problem}")]
pub struct YamlError {
    /// The line, from 1.
    pub line: usize,
    /// What the parser says.
    pub problem: String,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// In the order of the text.
    nodes: Vec<Node>,
    root: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    content: Content,
    range: Range<usize>,
    line: usize,
    /// A scalar without quotes.
    is_plain: bool,
    /// A scalar on one line that is written as it reads.
    is_simple: bool,
    depth: usize,
    /// The values in it and itself, with what aliases repeat.
    values: usize,
}

/// Children by their index in [`Document::nodes`].
#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Scalar(String),
    List(Vec<usize>),
    /// Keys and values in turn.
    Map(Vec<usize>),
    Alias(usize),
}

/// A value of a document. An alias reads as its target.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    document: &'a Document,
    id: usize,
    /// The node of the alias, or `id`.
    occurrence: usize,
}

impl Document {
    /// Reads a text that is one document.
    ///
    /// # Errors
    /// If the text is not YAML, more than one document, nested too deeply, or has too many values.
    pub fn parse(text: &str) -> Result<Self, YamlError> {
        // A byte order mark is not part of the document, but the parser counts it.
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let offset = text.len() - body.len();
        let last_line = body.lines().count().max(1);
        let mut document = Self::default();
        let mut open: Vec<usize> = Vec::new();
        let mut anchors: HashMap<usize, usize> = HashMap::new();
        for event in Parser::new_from_str(body) {
            let (event, span) = event.map_err(|error| YamlError {
                line: error.marker().line().min(last_line),
                problem: error.info(),
            })?;
            let line = span.start.line();
            let refused = |problem: &str| Err(YamlError { line, problem: problem.to_owned() });
            let range = span.byte_range().unwrap_or_default();
            let range = offset + range.start..offset + range.end;
            let start = range.start..range.start;
            let (mut node, anchor) = match event {
                Event::Scalar(value, style, anchor, _) => {
                    (Node::scalar(text, value.into_owned(), range, line, style), anchor)
                }
                Event::Alias(anchor) => match anchors.get(&anchor) {
                    Some(id) if open.contains(id) => return refused("an alias of what it is in"),
                    Some(id) => {
                        let values = document.nodes[*id].values;
                        (Node { values, ..Node::new(Content::Alias(*id), range, line) }, 0)
                    }
                    None => return refused("an unknown alias"),
                },
                Event::SequenceStart(_, anchor, _) => {
                    (Node::new(Content::List(Vec::new()), start, line), anchor)
                }
                Event::MappingStart(_, anchor, _) => {
                    (Node::new(Content::Map(Vec::new()), start, line), anchor)
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let values = open.pop().map_or(0, |id| document.nodes[id].values);
                    if !document.add_values(&open, values) {
                        return refused("too many values");
                    }
                    continue;
                }
                Event::DocumentStart(..) if document.root.is_some() => {
                    return refused("more than one document");
                }
                Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(..)
                | Event::DocumentEnd
                | Event::Anchor(..)
                | Event::UnresolvedAlias(_)
                | _ => continue,
            };
            let id = document.nodes.len();
            node.depth = open.len();
            match open.last().map(|parent| &mut document.nodes[*parent].content) {
                Some(Content::List(children) | Content::Map(children)) => children.push(id),
                Some(Content::Scalar(_) | Content::Alias(_)) | None => document.root = Some(id),
            }
            if anchor != 0 {
                anchors.insert(anchor, id);
            }
            if matches!(node.content, Content::List(_) | Content::Map(_)) {
                if open.len() >= MAX_DEPTH {
                    return refused("nested too deeply");
                }
                open.push(id);
            } else if !document.add_values(&open, node.values) {
                return refused("too many values");
            }
            document.nodes.push(node);
            if document.nodes.len() > MAX_VALUES {
                return refused("too many values");
            }
        }
        Ok(document)
    }

    /// Counts values to the innermost open list or mapping; false if there are too many.
    fn add_values(&mut self, open: &[usize], values: usize) -> bool {
        let Some(parent) = open.last() else { return true };
        let count = &mut self.nodes[*parent].values;
        *count = count.saturating_add(values);
        *count <= MAX_VALUES
    }

    /// The outermost value; `None` for an empty text.
    pub fn root(&self) -> Option<Value<'_>> {
        self.root.map(|id| self.value(id))
    }

    /// Every value but aliases, in the order of the text.
    pub fn values(&self) -> impl Iterator<Item = Value<'_>> {
        let is_value = |id: &usize| !matches!(self.nodes[*id].content, Content::Alias(_));
        (0..self.nodes.len()).filter(is_value).map(|id| self.value(id))
    }

    fn value(&self, occurrence: usize) -> Value<'_> {
        let id = match self.nodes[occurrence].content {
            Content::Alias(id) => id,
            Content::Scalar(_) | Content::List(_) | Content::Map(_) => occurrence,
        };
        Value { document: self, id, occurrence }
    }
}

impl Node {
    fn new(content: Content, range: Range<usize>, line: usize) -> Self {
        Self { content, range, line, is_plain: false, is_simple: false, depth: 0, values: 1 }
    }

    /// A scalar, whose range starts after its anchor and tag.
    fn scalar(
        text: &str,
        value: String,
        range: Range<usize>,
        line: usize,
        style: ScalarStyle,
    ) -> Self {
        let whole = text.get(range.clone()).unwrap_or_default();
        let mut written = whole;
        while written.starts_with(['&', '!']) {
            let end = written.find(char::is_whitespace).unwrap_or(written.len());
            written = written[end..].trim_start();
        }
        let start = range.end - written.len();
        let line = line + whole[..whole.len() - written.len()].matches('\n').count();
        let written = written.trim_end();
        let is_simple = match style {
            ScalarStyle::Plain => written == value,
            ScalarStyle::SingleQuoted => written == format!("'{value}'"),
            ScalarStyle::DoubleQuoted => written == format!("\"{value}\""),
            ScalarStyle::Literal | ScalarStyle::Folded => false,
        };
        Self {
            is_plain: style == ScalarStyle::Plain,
            is_simple,
            ..Self::new(Content::Scalar(value), start..start + written.len(), line)
        }
    }
}

impl<'a> Value<'a> {
    fn node(self) -> &'a Node {
        &self.document.nodes[self.id]
    }

    /// The line it begins in, from 1.
    pub fn line(self) -> usize {
        self.node().line
    }

    /// The bytes of a scalar with its quotes; the beginning of others.
    pub fn range(self) -> Range<usize> {
        self.node().range.clone()
    }

    /// The bytes where it is used: those of the alias, or [`range`](Self::range).
    pub fn occurrence(self) -> Range<usize> {
        self.document.nodes[self.occurrence].range.clone()
    }

    /// How many lists and mappings it is in.
    pub fn depth(self) -> usize {
        self.node().depth
    }

    /// The text of a scalar.
    pub fn text(self) -> Option<&'a str> {
        let Content::Scalar(text) = &self.node().content else { return None };
        Some(text)
    }

    /// Whether a scalar is written without quotes, so that `12.10` is a number.
    pub fn is_plain(self) -> bool {
        self.node().is_plain
    }

    /// Whether a scalar is written as it reads, on one line and without escapes.
    pub fn is_simple(self) -> bool {
        self.node().is_simple
    }

    /// Whether it is nothing: `~`, `null`, or left out.
    pub fn is_null(self) -> bool {
        self.is_plain() && matches!(self.text(), Some("" | "~" | "null"))
    }

    /// Whether it is a mapping.
    pub fn is_map(self) -> bool {
        matches!(self.node().content, Content::Map(_))
    }

    /// Whether it is a list.
    pub fn is_list(self) -> bool {
        matches!(self.node().content, Content::List(_))
    }

    /// The items of a list.
    pub fn items(self) -> impl Iterator<Item = Self> {
        let ids: &[usize] = if let Content::List(ids) = &self.node().content { ids } else { &[] };
        ids.iter().map(move |id| self.document.value(*id))
    }

    /// The entries of a mapping whose keys are scalars.
    pub fn entries(self) -> impl Iterator<Item = (&'a str, Self)> {
        let ids: &[usize] = if let Content::Map(ids) = &self.node().content { ids } else { &[] };
        let value = move |id: usize| self.document.value(id);
        ids.chunks_exact(2).filter_map(move |pair| Some((value(pair[0]).text()?, value(pair[1]))))
    }

    /// The value of a key.
    pub fn get(self, key: &str) -> Option<Self> {
        self.entries().find(|(name, _)| *name == key).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scalar_has_its_place() {
        for text in [
            "a:\n  - b=1 # c\n  - 'd e'\n  - \"f\"\n",
            "\u{feff}a: [b=1, 'd e' , \"f\"]",
            "# \u{fc}\u{1f600}\na:\r\n- b=1\t# c\r\n-   'd e'\r\n- \"f\"",
            "---\na:\n- b=1\n- &x 'd e'\n- \"f\"\n...\n",
        ] {
            let document = Document::parse(text).expect("YAML");
            let scalars: Vec<Value<'_>> =
                document.values().filter(|value| value.text().is_some()).collect();
            let values: Vec<&str> = scalars.iter().filter_map(|value| value.text()).collect();
            assert_eq!(values, ["a", "b=1", "d e", "f"], "{text:?}");
            let written: Vec<&str> = scalars.iter().map(|value| &text[value.range()]).collect();
            assert_eq!(written, ["a", "b=1", "'d e'", "\"f\""], "{text:?}");
            assert!(scalars.iter().all(|value| value.is_simple()), "{text:?}");
        }
    }

    /// As the readers of conda and GitHub have it.
    #[test]
    fn brackets_may_go_on_and_end_at_the_margin() {
        for text in [
            "a: [\n  \"b\",\n  'c'\n]\nd: e\n",
            "a: [\nb,\n&x c]\nd: e\n",
            "a:\n- b\n- c\nd: {\n'f': e\n}\n",
        ] {
            let document = Document::parse(text).expect("YAML");
            let root = document.root().expect("a root");
            let items: Vec<&str> =
                root.get("a").into_iter().flat_map(Value::items).filter_map(Value::text).collect();
            assert_eq!(items, ["b", "c"], "{text:?}");
            assert!(root.get("d").is_some(), "{text:?}");
        }
    }

    #[test]
    fn an_alias_reads_as_its_target() {
        let document = Document::parse("a: &x [b]\nc: *x\n").expect("YAML");
        let root = document.root().expect("a root");
        let (a, c) = (root.get("a").expect("a"), root.get("c").expect("c"));
        assert_eq!(a.range(), c.range());
        assert_eq!(c.occurrence(), 13..15);
        assert_eq!(c.items().next().and_then(Value::text), Some("b"));
    }

    #[test]
    fn knows_lines_and_nulls() {
        let document = Document::parse("a:\nb: '~'\nc: [~, 12.10]\n").expect("YAML");
        let root = document.root().expect("a root");
        assert!(root.get("a").is_some_and(Value::is_null));
        assert!(root.get("b").is_some_and(|value| !value.is_null() && value.line() == 2));
        let list: Vec<Value<'_>> = root.get("c").expect("c").items().collect();
        assert!(list[0].is_null() && list[1].is_plain() && list[1].line() == 3);
    }

    #[test]
    fn an_error_names_its_line() {
        for (text, line) in [("a: [b, c", 1), ("a: b\nc:\n\t- d\n", 3), ("a: b\n---\nc: d\n", 2)] {
            assert_eq!(Document::parse(text).map_err(|error| error.line), Err(line), "{text:?}");
        }
        assert!(Document::parse(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn aliases_neither_contain_themselves_nor_repeat_too_much() {
        let problem = |text: &str| Document::parse(text).map_err(|error| error.problem);
        let own = Err("an alias of what it is in".to_owned());
        assert_eq!((problem("a: &a [*a]"), problem("a: &a {b: [*a]}")), (own.clone(), own));
        let nested = |times: usize| {
            let list = |at: usize| {
                let aliases = format!("*a{at}, ").repeat(9);
                format!("a{next}: &a{next} [{aliases}]\n", next = at + 1)
            };
            format!("a0: &a0 x\n{}", (0..times).map(list).collect::<String>())
        };
        assert!(problem(&nested(5)).is_ok());
        assert_eq!(problem(&nested(9)), Err("too many values".to_owned()));
        assert_eq!(problem(&"- a\n".repeat(300_000)), Err("too many values".to_owned()));
    }
}
