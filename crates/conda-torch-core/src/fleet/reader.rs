//! The input as a stream: whatever a program of a cluster prints about nodes, one line or one object at a time.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::import::{read_machine, read_node};
use crate::matrix::Matrix;
use crate::types::{Detected, Machine, NodeFacts};

use super::decisive_keys::Decisive;
use super::hosts::{expand, is_host_name};
use super::json_items::{End, JsonItems, MOST_BYTES};
use super::known_lines::KnownLines;
use super::nodes::{Damage, LineError, Nodes};
use super::sinfo::Sinfo;

/// The most text without a node that is kept, in bytes: it may be a document about one machine.
const MOST_TEXT: usize = 1 << 20;

/// The longest line that is read at once if it is JSON, in bytes: a list of nodes may be on one line.
const LONG_LINE: usize = 1 << 16;

/// Reads nodes from bytes, in parts of any size.
#[expect(clippy::struct_excessive_bools, reason = "states of a reader")]
pub(super) struct Reader {
    known: KnownLines,
    /// The start of a line whose end has not come.
    line: Vec<u8>,
    is_too_long: bool,
    /// Whether the object of the state goes on in the line that is read.
    is_in_line: bool,
    /// Whether the next bytes are the rest of a line that was counted.
    is_rest: bool,
    number: u64,
    state: State,
    /// Objects over several lines of hosts, each line with its host before it.
    prefixed: HashMap<String, JsonItems>,
    /// The nodes that the next lines are of: a header of `clush -b` or `dshbak`, of `ansible`.
    group: Vec<String>,
    sinfo: Option<Sinfo>,
    file: Option<String>,
    /// Lines that no reader knows, with their numbers, as long as no node was found: they may be a document about one
    /// machine.
    other: Vec<(u64, String)>,
    other_bytes: usize,
    has_nodes: bool,
    /// Whether a line had its host before an object.
    has_prefixes: bool,
    /// The class of the first node of a file, if it has no name: alone in its file, it has the file's name.
    unnamed: Option<usize>,
}

enum State {
    Lines,
    /// An object over several lines.
    Object {
        items: JsonItems,
        host: Option<String>,
    },
    /// A node of `scontrol show node`.
    Slurm {
        text: String,
        line: u64,
    },
    /// After the first rule of a header.
    Header,
}

/// An error of a JSON parser as one of a line.
fn json_error(error: &serde_json::Error) -> LineError {
    if error.is_eof() { LineError::CutOff } else { LineError::NotJson(error.to_string()) }
}

impl Reader {
    pub(super) fn new() -> Self {
        Self {
            known: KnownLines::default(),
            line: Vec::new(),
            is_too_long: false,
            is_in_line: false,
            is_rest: false,
            number: 0,
            state: State::Lines,
            prefixed: HashMap::new(),
            group: Vec::new(),
            sinfo: None,
            file: None,
            other: Vec::new(),
            other_bytes: 0,
            has_nodes: false,
            has_prefixes: false,
            unnamed: None,
        }
    }

    /// Begins a file; its lines are counted from 1 on.
    pub(super) fn begin(&mut self, file: Option<String>) {
        self.file = file;
        self.number = 0;
        self.has_nodes = false;
    }

    /// Reads bytes. A line or object may go on in the next.
    pub(super) fn feed(&mut self, mut bytes: &[u8], nodes: &mut Nodes, matrix: &Matrix) {
        while !bytes.is_empty() {
            let is_open = matches!(self.state, State::Object { .. });
            if is_open && !self.is_in_line && self.line.is_empty() && JsonItems::goes_on(bytes[0]) {
                self.number += 1;
                self.is_in_line = true;
            }
            if self.is_in_line {
                let read = self.continue_object(bytes, nodes, matrix);
                let is_open = matches!(self.state, State::Object { .. });
                self.is_in_line = is_open && bytes[..read].last() != Some(&b'\n');
                self.is_rest = !is_open;
                bytes = &bytes[read..];
                continue;
            }
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                self.keep(bytes);
                return self.begin_long_line(nodes, matrix);
            };
            let line = &bytes[..end];
            if self.line.is_empty() && !self.is_too_long {
                self.read_line(line, nodes, matrix);
            } else {
                self.keep(line);
                self.end_line(nodes, matrix);
            }
            bytes = &bytes[end + 1..];
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.line.len() + bytes.len() > MOST_BYTES {
            self.is_too_long = true;
            self.line.clear();
        } else if !self.is_too_long {
            self.line.extend_from_slice(bytes);
        }
    }

    /// Reads what has come of a long line, if it is JSON.
    fn begin_long_line(&mut self, nodes: &mut Nodes, matrix: &Matrix) {
        let is_open = matches!(self.state, State::Object { .. });
        let is_json = is_open
            || matches!(self.state, State::Lines)
                && (self.line.starts_with(b"{") || self.line.starts_with(b"["));
        if self.line.len() <= LONG_LINE || !is_json {
            return;
        }
        let line = std::mem::take(&mut self.line);
        self.number += u64::from(!std::mem::take(&mut self.is_rest));
        if is_open && self.is_cut_by(&line) {
            self.end_object(nodes);
        }
        if let State::Lines = self.state {
            self.state = State::Object { items: JsonItems::new(self.number), host: None };
        }
        let read = self.continue_object(&line, nodes, matrix);
        self.is_in_line = matches!(self.state, State::Object { .. });
        self.is_rest = !self.is_in_line;
        self.line.extend_from_slice(&line[read..]);
    }

    fn end_line(&mut self, nodes: &mut Nodes, matrix: &Matrix) {
        let mut line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.is_too_long) {
            self.number += 1;
            self.reject(None, self.number, LineError::TooLong(MOST_BYTES), nodes);
        } else {
            self.read_line(&line, nodes, matrix);
        }
        line.clear();
        self.line = line;
    }

    /// Ends a file. `name` is the node that a document about one machine is of.
    pub(super) fn end(&mut self, name: Option<&str>, nodes: &mut Nodes, matrix: &Matrix) {
        if !self.line.is_empty() || self.is_too_long {
            self.end_line(nodes, matrix);
        }
        self.end_block(nodes, matrix);
        self.end_object(nodes);
        (self.is_in_line, self.is_rest) = (false, false);
        let mut prefixed: Vec<(String, JsonItems)> = self.prefixed.drain().collect();
        prefixed.sort_by_key(|(_, items)| items.line);
        for (host, items) in prefixed {
            self.reject(Some(&host), items.line, LineError::CutOff, nodes);
        }
        self.group.clear();
        self.sinfo = None;
        let name = name.filter(|name| is_host_name(name));
        if let Some(class) = self.unnamed.take() {
            nodes.add(name, class);
        }
        let other = self.take_other();
        if other.iter().all(|(_, line)| line.trim().is_empty()) {
            return;
        }
        let text: Vec<&str> = other.iter().map(|(_, line)| &**line).collect();
        match read_machine(&text.join("\n"), None) {
            Ok(machine) => {
                let class = nodes.class_of(machine, matrix);
                nodes.add(name, class);
            }
            Err(_) => self.reject_lines(&other, nodes),
        }
    }

    fn take_other(&mut self) -> Vec<(u64, String)> {
        self.other_bytes = 0;
        std::mem::take(&mut self.other)
    }

    /// Lines that no reader knows, once it is sure that they are no document about a machine.
    fn reject_lines(&self, lines: &[(u64, String)], nodes: &mut Nodes) {
        for (number, line) in lines.iter().filter(|(_, line)| !line.trim().is_empty()) {
            if let Some((host, why)) = failed_host(line) {
                self.reject(Some(host), *number, LineError::NoAnswer(why.to_owned()), nodes);
            } else {
                // A word before a colon is a node if others have one there, or if it has a number.
                let is_node =
                    |host: &str| self.has_prefixes || host.contains(|c: char| c.is_ascii_digit());
                let host = prefixed_host(line).map(|(host, _)| host).filter(|host| is_node(host));
                self.reject(host, *number, LineError::NoMachine, nodes);
            }
        }
    }

    fn read_line(&mut self, line: &[u8], nodes: &mut Nodes, matrix: &Matrix) {
        let is_rest = std::mem::take(&mut self.is_rest);
        self.number += u64::from(!is_rest);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // A byte order mark.
        let mark = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| self.number == 1);
        let line = mark.unwrap_or(line);
        if let State::Lines = self.state
            && let Some((host, object)) = object_of_line(line)
            && let Some(known) = self.known.find(object)
            && !self.prefixed.contains_key(host)
            && self.group.is_empty()
        {
            let name = known.name.or(Some(host).filter(|host| !host.is_empty()));
            self.count(known.class, &[], name, nodes);
            return;
        }
        let mut line = line;
        if let State::Object { .. } = self.state {
            if self.is_cut_by(line) {
                self.end_object(nodes);
            } else if let Some((host, why)) = stderr_line(line) {
                let why = LineError::NoAnswer(why.to_owned());
                return self.reject(Some(host), self.number, why, nodes);
            } else {
                line = &line[self.continue_object(line, nodes, matrix)..];
                if let State::Object { .. } = self.state {
                    self.continue_object(b"\n", nodes, matrix);
                    return;
                }
                if line.trim_ascii().is_empty() {
                    return;
                }
            }
        }
        if is_rest && line.trim_ascii().is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(line);
        let mut rest = &*text;
        while let Some(json) = self.read_text(rest, nodes, matrix) {
            let read = self.continue_object(json.as_bytes(), nodes, matrix);
            rest = json.get(read..).unwrap_or_default();
            if let State::Object { .. } = self.state {
                self.continue_object(b"\n", nodes, matrix);
            }
            if rest.trim().is_empty() {
                break;
            }
        }
    }

    /// Whether the object that is read was cut off before this line, which is no part of it.
    fn is_cut_by(&self, line: &[u8]) -> bool {
        let State::Object { items, .. } = &self.state else { return false };
        match line.first() {
            Some(b'{') => items.is_in_object(),
            Some(b'-') => line.starts_with(b"----"),
            Some(c) if c.is_ascii_alphanumeric() => std::str::from_utf8(line)
                .is_ok_and(|line| line.starts_with("NodeName=") || ansible_host(line).is_some()),
            Some(_) | None => false,
        }
    }

    /// Ends an object that was cut off.
    fn end_object(&mut self, nodes: &mut Nodes) {
        if let State::Object { items, host } = std::mem::replace(&mut self.state, State::Lines) {
            let names = self.owners(host.as_deref());
            self.reject_all(&names, items.line, LineError::CutOff, nodes);
        }
    }

    /// Reads bytes of an object, up to its end: how many.
    fn continue_object(&mut self, bytes: &[u8], nodes: &mut Nodes, matrix: &Matrix) -> usize {
        let State::Object { mut items, host } = std::mem::replace(&mut self.state, State::Lines)
        else {
            return 0;
        };
        let mut read = 0;
        while read < bytes.len() {
            let (count, end) = items.push(&bytes[read..], &mut self.number);
            read += count;
            if end == End::Item {
                let line = items.line;
                self.read_item(items.take(), host.as_deref(), line, nodes, matrix);
            }
            if end == End::List || end == End::Item && items.is_one_object() {
                return read;
            }
            if end == End::None {
                break;
            }
        }
        self.state = State::Object { items, host };
        read
    }

    fn read_item(
        &mut self,
        item: Option<Vec<u8>>,
        host: Option<&str>,
        line: u64,
        nodes: &mut Nodes,
        matrix: &Matrix,
    ) {
        match item {
            Some(item) => self.read_object(&item, host, line, nodes, matrix),
            None => self.reject(host, line, LineError::TooLong(MOST_BYTES), nodes),
        }
    }

    /// A line outside an object. The end of the line if it begins an object that may go on, or a list.
    fn read_text<'t>(
        &mut self,
        line: &'t str,
        nodes: &mut Nodes,
        matrix: &Matrix,
    ) -> Option<&'t str> {
        let trimmed = line.trim();
        // A node of Slurm goes on in indented lines.
        if let State::Slurm { text, .. } = &mut self.state {
            if line.starts_with(char::is_whitespace) && !trimmed.is_empty() {
                text.push('\n');
                text.push_str(line);
                return None;
            }
            self.end_block(nodes, matrix);
        }
        let is_rule = trimmed.len() >= 4 && trimmed.bytes().all(|c| c == b'-');
        if let State::Header = self.state {
            if is_rule {
                self.state = State::Lines;
            } else {
                let list = trimmed.split(" (").next().unwrap_or_default();
                self.group = expand(list).unwrap_or_default();
            }
            return None;
        }
        if is_rule {
            self.state = State::Header;
        } else if trimmed.is_empty() {
            if self.sinfo.is_some() {
                self.sinfo = None;
            }
        } else if trimmed.starts_with("NodeName=") {
            self.state = State::Slurm { text: trimmed.to_owned(), line: self.number };
        } else if trimmed.starts_with(['{', '[']) {
            return self.begin_json(trimmed, None, nodes, matrix);
        } else if trimmed.starts_with("NAME ") && trimmed.ends_with(" LABELS") {
            // The header of `kubectl get nodes --show-labels`.
        } else if let Some((name, labels)) = labels_of_row(trimmed) {
            self.read_object(labels.as_bytes(), Some(name), self.number, nodes, matrix);
        } else if let Some(sinfo) = Sinfo::header(trimmed) {
            self.sinfo = Some(sinfo);
        } else if self.sinfo.as_ref().is_some_and(|sinfo| sinfo.nodes(trimmed).is_some()) {
            self.read_sinfo(trimmed, nodes, matrix);
        } else if let Some((host, rest)) = ansible_host(trimmed) {
            return self.read_ansible(host, rest, nodes, matrix);
        } else if let Some((host, rest)) = prefixed_host(line) {
            return self.read_prefixed(host, rest, nodes, matrix);
        } else {
            self.read_other(line, nodes);
        }
        None
    }

    /// A line that no reader knows. It may be of a document about one machine, if nothing else comes.
    fn read_other(&mut self, line: &str, nodes: &mut Nodes) {
        if self.has_nodes || self.other_bytes + line.len() > MOST_TEXT {
            self.reject_lines(&[(self.number, line.to_owned())], nodes);
        } else {
            self.other_bytes += line.len();
            self.other.push((self.number, line.to_owned()));
        }
    }

    /// JSON at the start of a line: an object on this line alone, or one that goes on.
    fn begin_json<'t>(
        &mut self,
        text: &'t str,
        host: Option<&str>,
        nodes: &mut Nodes,
        matrix: &Matrix,
    ) -> Option<&'t str> {
        let is_open = text == "{" || text.starts_with('[');
        if !is_open && !is_list_on_one_line(text) {
            self.read_object(text.as_bytes(), host, self.number, nodes, matrix);
            return None;
        }
        let items = JsonItems::new(self.number);
        self.state = State::Object { items, host: host.map(str::to_owned) };
        Some(text)
    }

    /// `gpu001: {…}`, as pdsh, clush and `srun --label` print lines.
    fn read_prefixed<'t>(
        &mut self,
        host: &str,
        rest: &'t str,
        nodes: &mut Nodes,
        matrix: &Matrix,
    ) -> Option<&'t str> {
        let text = rest.trim();
        if let Some(mut items) = self.prefixed.remove(host) {
            if text.starts_with("{\"format_version\"")
                || rest.trim_end() == "{" && items.is_in_object()
            {
                self.reject(Some(host), items.line, LineError::CutOff, nodes);
            } else {
                let mut bytes = rest.as_bytes();
                while !bytes.is_empty() {
                    let (read, end) = items.push(bytes, &mut self.number);
                    bytes = &bytes[read..];
                    if end == End::Item {
                        let line = items.line;
                        self.read_item(items.take(), Some(host), line, nodes, matrix);
                    }
                    if end == End::List || end == End::Item && items.is_one_object() {
                        return None;
                    }
                }
                items.push(b"\n", &mut self.number);
                self.prefixed.insert(host.to_owned(), items);
                return None;
            }
        }
        if text == "{" || text == "[" {
            let mut items = JsonItems::new(self.number);
            items.push(text.as_bytes(), &mut self.number);
            self.prefixed.insert(host.to_owned(), items);
        } else if text.starts_with('{') {
            self.has_prefixes = true;
            return self.begin_json(text, Some(host), nodes, matrix);
        } else {
            self.read_other(&format!("{host}: {rest}"), nodes);
        }
        None
    }

    /// `gpu001 | SUCCESS => {…}`, `gpu001 | CHANGED | rc=0 >>`, `gpu001 | UNREACHABLE! => {…}`.
    fn read_ansible<'t>(
        &mut self,
        host: &str,
        rest: &'t str,
        nodes: &mut Nodes,
        matrix: &Matrix,
    ) -> Option<&'t str> {
        self.group.clear();
        let has_failed = ["UNREACHABLE", "FAILED"].iter().any(|word| rest.starts_with(word));
        if let Some((_, json)) = rest.split_once("=> ") {
            if has_failed {
                let why = json_message(json)
                    .unwrap_or_else(|| rest.split(' ').next().unwrap_or_default().to_owned());
                self.reject(Some(host), self.number, LineError::NoAnswer(why), nodes);
                // What follows is the rest of the message.
                if json.trim() == "{" {
                    let items = JsonItems::new(self.number);
                    self.state = State::Object { items, host: Some(String::new()) };
                    return Some("{");
                }
                return None;
            }
            return self.begin_json(json.trim(), Some(host), nodes, matrix);
        }
        if let Some((_, json)) = rest.split_once("(stdout) ") {
            return self.begin_json(json.trim(), Some(host), nodes, matrix);
        }
        if rest.ends_with(">>") && !has_failed {
            self.group = vec![host.to_owned()];
        } else {
            let why = rest.chars().take(200).collect();
            self.reject(Some(host), self.number, LineError::NoAnswer(why), nodes);
        }
        None
    }

    fn read_sinfo(&mut self, line: &str, nodes: &mut Nodes, matrix: &Matrix) {
        let row = self.sinfo.as_ref().and_then(|sinfo| sinfo.nodes(line));
        let Some((names, description)) = row else { return };
        self.read_slurm(&names, &description, self.number, nodes, matrix);
    }

    /// Nodes of Slurm by their description, without their names.
    fn read_slurm(
        &mut self,
        names: &[String],
        description: &str,
        line: u64,
        nodes: &mut Nodes,
        matrix: &Matrix,
    ) {
        let known = self.known.document(description);
        let class = known.or_else(|| Some(nodes.class_of(slurm_node(description)?, matrix)));
        if let Some(class) = class {
            self.known.add_document(description, class);
            self.count(class, names, None, nodes);
        } else {
            let name = names.first().map(String::as_str);
            self.reject(name, line, LineError::NoMachine, nodes);
        }
    }

    /// Ends a node of Slurm.
    fn end_block(&mut self, nodes: &mut Nodes, matrix: &Matrix) {
        let State::Slurm { .. } = self.state else { return };
        let State::Slurm { text, line } = std::mem::replace(&mut self.state, State::Lines) else {
            return;
        };
        let (names, description) = super::sinfo::node_of_block(&text);
        self.read_slurm(&names, &description, line, nodes, matrix);
    }

    fn count(&mut self, class: usize, names: &[String], name: Option<&str>, nodes: &mut Nodes) {
        if !self.other.is_empty() {
            let other = self.take_other();
            self.reject_lines(&other, nodes);
        }
        if let Some(first) = self.unnamed.take() {
            nodes.add(None, first);
        } else if names.is_empty() && name.is_none() && !self.has_nodes {
            self.has_nodes = true;
            self.unnamed = Some(class);
            return;
        }
        self.has_nodes = true;
        for name in names {
            nodes.add(Some(name), class);
        }
        if names.is_empty() {
            nodes.add(name, class);
        }
    }

    fn reject(&self, node: Option<&str>, line: u64, why: LineError, nodes: &mut Nodes) {
        // The rest of a message that was reported.
        if node == Some("") {
            return;
        }
        let node = node.filter(|node| is_host_name(node)).map(str::to_owned);
        nodes.reject(Damage { file: self.file.clone(), line, node, why });
    }

    /// The same for the nodes of a group, which is one part of the input.
    fn reject_all(&self, names: &[String], line: u64, why: LineError, nodes: &mut Nodes) {
        self.reject(names.first().map(String::as_str), line, why, nodes);
        nodes.fail(names.get(1..).unwrap_or_default());
    }

    /// The nodes of an answer that has no name: that of the line, or those of the header before it.
    fn owners(&mut self, host: Option<&str>) -> Vec<String> {
        let group = std::mem::take(&mut self.group);
        host.map_or(group, |host| vec![host.to_owned()])
    }

    /// One object.
    fn read_object(
        &mut self,
        bytes: &[u8],
        host: Option<&str>,
        line: u64,
        nodes: &mut Nodes,
        matrix: &Matrix,
    ) {
        if host == Some("") {
            return;
        }
        let host = host.filter(|host| is_host_name(host));
        let text = String::from_utf8_lossy(bytes);
        let reject = |reader: &mut Self, why: LineError, nodes: &mut Nodes| {
            let names = host.map(str::to_owned).or_else(|| node_in_damage(bytes));
            let names = reader.owners(names.as_deref());
            reader.reject_all(&names, line, why, nodes);
        };
        let decisive = match Decisive::of(&text) {
            Ok(decisive) => decisive,
            Err(error) => return reject(self, json_error(&error), nodes),
        };
        let start = |raw: &RawValue| raw.get().chars().take(80).collect::<String>();
        if let Some(other) = decisive.version.filter(|it| !matches!(it.get(), "1" | "null")) {
            return reject(self, LineError::OtherFormat(start(other)), nodes);
        }
        let node = decisive.node.filter(|node| node.get() != "null");
        let name = match node.map(|raw| (raw, serde_json::from_str::<String>(raw.get()))) {
            None => None,
            Some((_, Ok(name))) if is_host_name(&name) => Some(name),
            Some((raw, _)) => return reject(self, LineError::BadName(start(raw)), nodes),
        };
        if let Some(own) = decisive.own() {
            let class = match self.known.document(own) {
                Some(class) => class,
                None => match read_own(&text) {
                    Ok(machine) => {
                        let class = nodes.class_of(machine, matrix);
                        self.known.add_document(own, class);
                        class
                    }
                    Err(error) => {
                        return reject(self, LineError::BadMachine(error.to_string()), nodes);
                    }
                },
            };
            if let Cow::Borrowed(_) = text {
                let (name, gaps) = decisive.gaps();
                self.known.add(bytes, name.as_ref(), &gaps, class);
            }
            let names = self.owners(name.as_deref().or(host));
            return self.count(class, &names, None, nodes);
        }
        // A dynamic slot of HTCondor is a part of a machine with an ad of its own.
        if decisive.text.contains(r#""SlotType":"Dynamic""#) {
            self.has_nodes = true;
            return;
        }
        if decisive.text.contains(r#""gres":"#)
            && let Some((names, description)) = super::sinfo::node_of_json(&decisive.text)
        {
            return self.read_slurm(&names, &description, line, nodes, matrix);
        }
        // The host that Ansible asked comes before the name that it has for itself.
        let is_of_ansible = decisive.text.contains(r#""ansible_facts":"#);
        let own = decisive.name().filter(|name| is_host_name(name));
        let own = own.filter(|_| !(is_of_ansible && host.is_some()));
        let name = name.as_deref().or(own).or(host);
        let class = self.known.document(&decisive.text).or_else(|| {
            let class = nodes.class_of(read_node(&decisive.text)?, matrix);
            self.known.add_document(&decisive.text, class);
            Some(class)
        });
        let class = class.or_else(|| Some(nodes.class_of(read_machine(&text, None).ok()?, matrix)));
        match class {
            Some(class) => {
                let names = self.owners(name);
                self.count(class, &names, None, nodes);
            }
            None => reject(self, LineError::NoMachine, nodes),
        }
    }
}

/// The object of a line and the host before it, if any: `{…}`, `gpu001: {…}`.
fn object_of_line(line: &[u8]) -> Option<(&str, &[u8])> {
    if line.first() == Some(&b'{') {
        return Some(("", line));
    }
    let start = memchr::memchr(b'{', line.get(..line.len().min(256))?)?;
    let host = std::str::from_utf8(&line[..start]).ok()?.trim_end().strip_suffix(':')?;
    is_host_name(host).then(|| (host, &line[start..]))
}

/// A machine as `probe` prints it: its facts for a line, or in full.
fn read_own(text: &str) -> Result<Machine, serde_json::Error> {
    #[derive(Deserialize)]
    struct Printed {
        facts: Option<NodeFacts>,
        machine: Option<Machine>,
    }
    let Printed { facts, machine } = serde_json::from_str(text)?;
    Ok(facts.map(|facts| facts.machine()).or(machine).unwrap_or_default())
}

/// A node of Slurm: one without a GPU among its resources has none for jobs.
fn slurm_node(text: &str) -> Option<Machine> {
    let mut machine = read_node(text)?;
    if machine.gpus.is_empty() {
        machine.gpu_count = Detected::Absent;
        machine.driver = Detected::Absent;
        machine.driver_cuda = Detected::Absent;
    }
    Some(machine)
}

/// The node of a line that is cut off, if it has come so far.
fn node_in_damage(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes.get(..bytes.len().min(512))?);
    let (_, rest) = text.split_once("\"node\":")?;
    let (name, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
    is_host_name(name).then(|| name.to_owned())
}

/// What Ansible says of a host that did not answer.
fn json_message(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Message {
        msg: String,
    }
    let message = serde_json::from_str::<Message>(json).ok()?.msg;
    Some(message.lines().next().unwrap_or_default().chars().take(200).collect())
}

/// A list of nodes on one line: `kubectl get nodes -o json | jq -c`.
fn is_list_on_one_line(text: &str) -> bool {
    // Our own lines begin like this, and are no lists.
    if text.starts_with("{\"format_version\"")
        || !text.contains("\"items\"") && !text.contains("\"nodes\"") && !text.contains("\"sinfo\"")
    {
        return false;
    }
    let start = text.get(..text.floor_char_boundary(4096)).unwrap_or(text);
    let compact: String = start.chars().filter(|c| !c.is_whitespace()).collect();
    let machine = ["\"machine\":", "\"facts\":"].iter().filter_map(|key| compact.find(key)).min();
    let machine = machine.unwrap_or(usize::MAX);
    let lists = ["\"items\":[", "\"nodes\":[", "\"sinfo\":["];
    lists.iter().any(|key| compact.find(key).is_some_and(|at| at < machine))
}

/// A row of `kubectl get nodes --show-labels`: the node, and its labels as an object.
fn labels_of_row(row: &str) -> Option<(&str, String)> {
    let (name, labels) = row.split_once(char::is_whitespace)?;
    let labels = labels.rsplit(char::is_whitespace).next()?;
    if !is_host_name(name) || !labels.contains("kubernetes.io/arch=") {
        return None;
    }
    let labels = labels.split(',').filter_map(|label| label.split_once('='));
    let labels: serde_json::Map<String, serde_json::Value> =
        labels.map(|(key, value)| (key.to_owned(), value.into())).collect();
    let node = serde_json::json!({"kind": "Node", "metadata": {"name": name, "labels": labels}});
    Some((name, node.to_string()))
}

/// `gpu001 | SUCCESS => …`: the host, and what follows the bar.
fn ansible_host(line: &str) -> Option<(&str, &str)> {
    let (host, rest) = line.split_once(" | ")?;
    let words = ["SUCCESS", "CHANGED", "UNREACHABLE!", "FAILED", "FAILED!"];
    let word = rest.split([' ', '|', ':']).next().unwrap_or_default();
    (is_host_name(host) && words.contains(&word)).then_some((host, rest))
}

/// `srun: error: gpu003: task 2: Killed`, `pdsh@login: gpu003: ssh exited with exit code 255`: the node that did not
/// answer, and why.
fn failed_host(line: &str) -> Option<(&str, &str)> {
    let (program, rest) = line.trim().split_once(": ")?;
    let program = program.split('@').next().unwrap_or_default();
    if !["srun", "slurmstepd", "pdsh", "clush"].contains(&program) {
        return None;
    }
    let rest = rest.strip_prefix("error: ").unwrap_or(rest);
    let (host, why) = rest.split_once(": ")?;
    is_host_name(host).then_some((host, why))
}

/// The same in the middle of an object, whose lines begin with blanks, brackets or quotes.
fn stderr_line(line: &[u8]) -> Option<(&str, &str)> {
    let is_text = line.first().is_some_and(u8::is_ascii_alphabetic);
    failed_host(std::str::from_utf8(line).ok().filter(|_| is_text)?)
}

/// `gpu001: …`: the host, and what follows the colon. A number before it is that of a task, not a host.
fn prefixed_host(line: &str) -> Option<(&str, &str)> {
    let (host, rest) = line.trim_start().split_once(':')?;
    let host = host.trim_end();
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    is_host_name(host).then_some((host, rest))
}
