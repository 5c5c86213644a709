//! JSON that spans lines, cut into the objects that describe a node, without the lists around them.

/// The keys of lists with one object a node: `kubectl get nodes -o json`, `scontrol show nodes --json`.
const LISTS: [&[u8]; 3] = [b"items", b"nodes", b"sinfo"];

/// The largest object, in bytes.
pub(super) const MOST_BYTES: usize = 16 << 20;

/// Reads one value in parts of any size.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "states of a scanner")]
pub(super) struct JsonItems {
    /// The object so far, or in a list the next object.
    item: Vec<u8>,
    /// The line on which it began.
    pub(super) line: u64,
    depth: u32,
    /// The depth at which objects are cut out; 0: the value is one object.
    list_depth: u32,
    /// Where the last string at depth 1 is in `item`: it may be the key of a list.
    key: (usize, usize),
    in_string: bool,
    is_escaped: bool,
    is_too_long: bool,
    is_list_over: bool,
}

/// What a byte ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing.
    None,
    /// An object of a list, or the whole value: it is in [`take`](JsonItems::take).
    Item,
    /// The list.
    List,
}

impl JsonItems {
    pub(super) fn new(line: u64) -> Self {
        Self {
            item: Vec::new(),
            line,
            depth: 0,
            list_depth: 0,
            key: (0, 0),
            in_string: false,
            is_escaped: false,
            is_too_long: false,
            is_list_over: false,
        }
    }

    /// Whether it is in an object: a `{` at the start of a line can only begin another value, so that this one was cut
    /// off.
    pub(super) fn is_in_object(&self) -> bool {
        self.depth > self.list_depth
    }

    /// Whether the value is one object, without a list of nodes.
    pub(super) fn is_one_object(&self) -> bool {
        self.list_depth == 0
    }

    /// The object that ended; `None` if it was too long.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        let room = Vec::with_capacity(self.item.len().min(1 << 16));
        let item = std::mem::replace(&mut self.item, room);
        (!std::mem::take(&mut self.is_too_long)).then_some(item)
    }

    /// Reads bytes up to the next end, or up to a line that may be of something else: how many were read. `line` is the
    /// number of the line in which they begin, and then of that in which they end.
    pub(super) fn push(&mut self, bytes: &[u8], line: &mut u64) -> (usize, End) {
        // What is read and not yet kept.
        let (mut at, mut kept) = (0, 0);
        while at < bytes.len() {
            if self.in_string {
                at += self.end_of_string(&bytes[at..]);
                if !self.in_string && self.depth == 1 && self.list_depth == 0 {
                    self.keep(&bytes[kept..at]);
                    kept = at;
                    self.key.1 = self.item.len().saturating_sub(1);
                }
                continue;
            }
            let byte = bytes[at];
            at += 1;
            match byte {
                b'"' => {
                    self.in_string = true;
                    if self.depth == 1 && self.list_depth == 0 {
                        self.keep(&bytes[kept..at]);
                        kept = at;
                        self.key.0 = self.item.len();
                    }
                }
                b'{' | b'[' => {
                    let in_list = self.list_depth > 0 && !self.is_list_over;
                    if in_list && self.depth == self.list_depth {
                        self.item.clear();
                        kept = at - 1;
                        self.line = *line;
                    }
                    self.depth += 1;
                    let begins =
                        byte == b'[' && (self.depth == 1 || self.depth == 2 && self.is_list());
                    if begins && self.list_depth == 0 {
                        self.list_depth = self.depth;
                        self.item.clear();
                        self.is_too_long = false;
                        kept = at;
                    }
                }
                b'}' | b']' => {
                    let in_list = self.list_depth > 0 && !self.is_list_over;
                    self.depth = self.depth.saturating_sub(1);
                    let is_item = in_list && self.depth == self.list_depth;
                    if self.depth == 0 || is_item {
                        self.keep(&bytes[kept..at]);
                        let has_ended = self.depth == 0 && self.list_depth > 0;
                        return (at, if has_ended { End::List } else { End::Item });
                    }
                    self.is_list_over |= in_list && self.depth < self.list_depth;
                }
                b'\n' => {
                    // Indentation is not kept.
                    self.keep(&bytes[kept..at]);
                    let rest = &bytes[at..];
                    if !rest.first().is_some_and(|c| Self::goes_on(*c)) {
                        return (at, End::None);
                    }
                    *line += 1;
                    at += rest.iter().take_while(|c| **c == b' ').count();
                    kept = at;
                }
                _ => {}
            }
        }
        self.keep(&bytes[kept..]);
        (at, End::None)
    }

    /// Whether a line that begins so is of the value: it is indented, or closes a bracket.
    pub(super) fn goes_on(first: u8) -> bool {
        matches!(first, b' ' | b'\t' | b'}' | b']')
    }

    /// How many bytes are of a string, with the quote that ends it. A line ends a string: it is damaged, and what
    /// follows is read as if it were not.
    fn end_of_string(&mut self, bytes: &[u8]) -> usize {
        if std::mem::take(&mut self.is_escaped) {
            return 1;
        }
        let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', bytes) else { return bytes.len() };
        match bytes[found] {
            b'\\' => self.is_escaped = true,
            // The end of the line is read as outside the string.
            b'\n' => {
                self.in_string = false;
                return found;
            }
            _ => self.in_string = false,
        }
        found + 1
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.is_list_over {
            // Nothing after the list matters.
        } else if self.item.len() + bytes.len() <= MOST_BYTES {
            self.item.extend_from_slice(bytes);
        } else {
            self.is_too_long = true;
        }
    }

    fn is_list(&self) -> bool {
        let key = self.item.get(self.key.0..self.key.1).unwrap_or_default();
        LISTS.contains(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> (Vec<String>, bool) {
        let whole = items_of(text, usize::MAX);
        for size in [1, 2, 5] {
            assert_eq!(items_of(text, size), whole, "{size}");
        }
        whole
    }

    fn items_of(text: &str, size: usize) -> (Vec<String>, bool) {
        let mut reader = JsonItems::new(1);
        let mut items = Vec::new();
        let mut has_ended = false;
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            // Parts of any size are the same.
            let (read, end) = reader.push(&rest[..rest.len().min(size)], &mut 1);
            rest = &rest[read..];
            match end {
                End::None => {}
                End::Item if reader.list_depth == 0 => {
                    items.push(reader.take());
                    has_ended = true;
                }
                End::Item => items.push(reader.take()),
                End::List => has_ended = true,
            }
        }
        let text = |item: Option<Vec<u8>>| String::from_utf8(item.expect("short")).expect("text");
        (items.into_iter().map(text).collect(), has_ended)
    }

    #[test]
    fn a_list_is_cut_into_its_objects() {
        let expected = vec![r#"{"a": {"b": [1, "]}"]}}"#.to_owned(), "{}".to_owned()];
        let both = r#"{"a": {"b": [1, "]}"]}}, {}"#;
        assert_eq!(items(&format!("[{both}]")), (expected.clone(), true));
        let list = format!(
            r#"{{"kind": "List", "items": [{both}], "metadata": {{"x": [{{}}], "y": "}}"}}}}"#
        );
        assert_eq!(items(&list), (expected, true));
    }

    #[test]
    fn another_object_stays_whole() {
        let text = r#"{"machine": {"gpus": [{"items": [{}]}]}, "list": [{"\"": 1}]}"#;
        assert_eq!(items(text), (vec![text.to_owned()], true));
        assert_eq!(items(r#"{"items": [{"a": 1}, {"b""#), (vec![r#"{"a": 1}"#.to_owned()], false));
    }
}
