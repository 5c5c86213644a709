//! Lines that were read before but for the name in them: most nodes of a fleet print the same.

use std::collections::HashMap;

use super::hosts::is_host_name;

/// The most bytes of lines that are kept.
const MOST_BYTES: usize = 64 << 20;

/// The most lines with one text before the name: with more, lines differ in more than the name.
const MOST_LINES: usize = 4096;

/// The most texts before a name: there is one for each version of the program that wrote the lines.
const MOST_STARTS: usize = 16;

/// Lines and machines by their bytes, with their classes.
#[derive(Default)]
pub(super) struct KnownLines {
    starts: Vec<Start>,
    machines: HashMap<Box<[u8]>, usize>,
    bytes: usize,
}

/// Lines with the same text before the name.
struct Start {
    before: Box<[u8]>,
    /// The class by what comes after the name.
    after: HashMap<Box<[u8]>, usize>,
    /// What came after the last one.
    last: (Box<[u8]>, usize),
}

/// A line that was read before, but for its name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Known<'l> {
    pub name: Option<&'l str>,
    pub class: usize,
}

impl KnownLines {
    /// A line that differs from a known one in its name alone: then it is the same JSON with another string, because a
    /// name has no quote and no backslash.
    pub(super) fn find<'l>(&self, line: &'l [u8]) -> Option<Known<'l>> {
        self.starts.iter().find_map(|start| start.find(line))
    }

    /// The class of a machine with these bytes.
    pub(super) fn machine(&self, machine: &[u8]) -> Option<usize> {
        self.machines.get(machine).copied()
    }

    pub(super) fn add_machine(&mut self, machine: &[u8], class: usize) {
        if self.has_room(machine.len()) {
            self.machines.insert(machine.into(), class);
        }
    }

    /// Adds a line. `name` is the part of its bytes that is the JSON string with the name.
    pub(super) fn add(&mut self, line: &[u8], name: Option<&str>, class: usize) {
        let Some(name) = name else { return };
        let is_plain = |name: &&str| {
            let inside = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
            inside.is_some_and(is_host_name)
        };
        let Some(name) = Some(name).filter(is_plain) else { return };
        // `name` is a part of `line`: both come from one parser.
        let Some(at) = (name.as_ptr() as usize).checked_sub(line.as_ptr() as usize) else { return };
        let (Some(before), Some(after)) = (line.get(..=at), line.get(at + name.len() - 1..)) else {
            return;
        };
        let known = self.starts.iter().find(|start| *start.before == *before);
        if known.is_some_and(|start| start.after.len() >= MOST_LINES) || !self.has_room(line.len())
        {
            return;
        }
        if let Some(start) = self.starts.iter_mut().find(|start| *start.before == *before) {
            start.after.insert(after.into(), class);
            start.last = (after.into(), class);
        } else if self.starts.len() < MOST_STARTS {
            let after: Box<[u8]> = after.into();
            let all = HashMap::from([(after.clone(), class)]);
            self.starts.push(Start { before: before.into(), after: all, last: (after, class) });
        }
    }

    fn has_room(&mut self, bytes: usize) -> bool {
        let has_room = self.bytes + bytes <= MOST_BYTES;
        self.bytes += if has_room { bytes } else { 0 };
        has_room
    }
}

impl Start {
    fn find<'l>(&self, line: &'l [u8]) -> Option<Known<'l>> {
        let rest = line.strip_prefix(&*self.before)?;
        let (name, after) = rest.split_at(memchr::memchr(b'"', rest)?);
        let name = std::str::from_utf8(name).ok().filter(|name| is_host_name(name))?;
        let class = if *after == *self.last.0 { self.last.1 } else { *self.after.get(after)? };
        Some(Known { name: Some(name), class })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_may_differ() {
        let line = r#"{"node":"gpu001","machine":{"a":1}}"#;
        let mut known = KnownLines::default();
        known.add(line.as_bytes(), Some(&line[8..16]), 7);
        let find = |line: &'static str| known.find(line.as_bytes()).map(|it| (it.name, it.class));
        assert_eq!(find(r#"{"node":"gpu002","machine":{"a":1}}"#), Some((Some("gpu002"), 7)));
        for other in [
            r#"{"node":"gpu002","machine":{"a":2}}"#,
            r#"{"node":"gpu\u0030","machine":{"a":1}}"#,
            r#"{"node":"","machine":{"a":1}}"#,
            r#"{"node":"gpu002","node":"gpu001","machine":{"a":1}}"#,
            r#"{"node":"gpu002","machine":{"a":1}"#,
            r#"{"nodes":"gpu002","machine":{"a":1}}"#,
        ] {
            assert_eq!(find(other), None, "{other}");
        }
    }
}
