//! The input as a stream: whatever a program of a cluster prints about nodes, one line or one object at a time.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::import::{read_machine, read_node};
use crate::matrix::Matrix;
use crate::types::{Detected, Machine, NodeFacts};

use super::hosts::{expand, is_host_name};
use super::json_items::{End, JsonItems, MOST_BYTES};
use super::known_lines::KnownLines;
use super::nodes::{Damage, LineError, Nodes};
use super::sinfo::Sinfo;

/// The most text without a node that is kept, in bytes: it may be a document about one machine.
const MOST_TEXT: usize = 1 << 20;

/// Reads nodes from bytes, in parts of any size.
pub(super) struct Reader {
    known: KnownLines,
    /// The start of a line whose end has not come.
    line: Vec<u8>,
    is_too_long: bool,
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

/// One object of JSON, as far as its kind is recognized.
#[derive(Deserialize)]
struct Envelope<'a> {
    format_version: Option<u64>,
    #[serde(borrow)]
    node: Option<&'a RawValue>,
    #[serde(borrow)]
    facts: Option<&'a RawValue>,
    #[serde(borrow)]
    machine: Option<&'a RawValue>,
    #[serde(borrow)]
    subdir: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    ansible_facts: Option<&'a RawValue>,
    ansible_hostname: Option<String>,
    ansible_nodename: Option<String>,
    #[serde(rename = "Machine", borrow)]
    condor_machine: Option<&'a RawValue>,
    #[serde(rename = "SlotType", borrow)]
    condor_slot: Option<&'a RawValue>,
    #[serde(borrow)]
    gres: Option<&'a RawValue>,
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
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            bytes = rest;
            if self.line.is_empty() && !self.is_too_long {
                self.read_line(line, nodes, matrix);
            } else {
                self.keep(line);
                self.end_line(nodes, matrix);
            }
        }
        self.keep(bytes);
    }

    fn keep(&mut self, bytes: &[u8]) {
        // An object over several lines, or a list on one, is read as it comes.
        if self.line.len() + bytes.len() > MOST_BYTES {
            self.is_too_long = true;
            self.line.clear();
        } else if !self.is_too_long {
            self.line.extend_from_slice(bytes);
        }
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
        if let State::Object { items, host } = std::mem::replace(&mut self.state, State::Lines) {
            self.reject(host.as_deref(), items.line, LineError::CutOff, nodes);
        }
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
        self.number += 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let State::Lines = self.state
            && let Some((host, object)) = object_of_line(line)
            && let Some(known) = self.known.find(object)
            && !self.prefixed.contains_key(host)
        {
            self.count(known.class, &[], known.name, nodes);
            return;
        }
        if let State::Object { items, .. } = &self.state {
            if !(line.first() == Some(&b'{') && items.is_cut_by_object()) {
                self.continue_object(line, nodes, matrix);
                return;
            }
            // The object before this one never ended.
            if let State::Object { items, host } = std::mem::replace(&mut self.state, State::Lines)
            {
                self.reject(host.as_deref(), items.line, LineError::CutOff, nodes);
            }
        }
        let text = String::from_utf8_lossy(line);
        self.read_text(&text, nodes, matrix);
    }

    fn continue_object(&mut self, line: &[u8], nodes: &mut Nodes, matrix: &Matrix) {
        let State::Object { mut items, host } = std::mem::replace(&mut self.state, State::Lines)
        else {
            return;
        };
        let number = self.number;
        let mut rest: &[u8] = &[];
        let mut has_ended = false;
        for (at, byte) in line.iter().chain(b"\n").enumerate() {
            match items.push(*byte, number) {
                End::None => {}
                End::Item => {
                    let first = items.line;
                    has_ended = items.is_one_object();
                    self.read_item(items.take(), host.as_deref(), first, nodes, matrix);
                }
                End::List => has_ended = true,
            }
            if has_ended {
                rest = line.get(at + 1..).unwrap_or_default();
                break;
            }
        }
        if !has_ended {
            self.state = State::Object { items, host };
        } else if !rest.trim_ascii().is_empty() {
            let rest = String::from_utf8_lossy(rest).into_owned();
            self.read_text(&rest, nodes, matrix);
        }
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

    /// A line outside an object.
    fn read_text(&mut self, line: &str, nodes: &mut Nodes, matrix: &Matrix) {
        let trimmed = line.trim();
        // A node of Slurm goes on in indented lines.
        if let State::Slurm { text, .. } = &mut self.state {
            if line.starts_with(char::is_whitespace) && !trimmed.is_empty() {
                text.push('\n');
                text.push_str(line);
                return;
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
            return;
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
            self.begin_json(trimmed, None, nodes, matrix);
        } else if let Some(sinfo) = Sinfo::header(trimmed) {
            self.sinfo = Some(sinfo);
        } else if self.sinfo.as_ref().is_some_and(|sinfo| sinfo.nodes(trimmed).is_some()) {
            self.read_sinfo(trimmed, nodes, matrix);
        } else if let Some((host, rest)) = ansible_host(trimmed) {
            self.read_ansible(host, rest, nodes, matrix);
        } else if let Some((host, rest)) = prefixed_host(line) {
            self.read_prefixed(host, rest, nodes, matrix);
        } else {
            self.read_other(line, nodes);
        }
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
    fn begin_json(&mut self, text: &str, host: Option<&str>, nodes: &mut Nodes, matrix: &Matrix) {
        let is_open = matches!(text, "{" | "[" | "[{");
        let is_list = text.starts_with('[') || is_list_on_one_line(text);
        if !is_open && !is_list {
            self.read_object(text.as_bytes(), host, self.number, nodes, matrix);
            return;
        }
        let items = JsonItems::new(self.number);
        self.state = State::Object { items, host: host.map(str::to_owned) };
        self.continue_object(text.as_bytes(), nodes, matrix);
    }

    /// `gpu001: {…}`, as pdsh, clush and `srun --label` print lines.
    fn read_prefixed(&mut self, host: &str, rest: &str, nodes: &mut Nodes, matrix: &Matrix) {
        let text = rest.trim();
        if let Some(mut items) = self.prefixed.remove(host) {
            if text.starts_with("{\"format_version\"")
                || rest.trim_end() == "{" && items.is_cut_by_object()
            {
                self.reject(Some(host), items.line, LineError::CutOff, nodes);
            } else {
                for byte in rest.bytes().chain([b'\n']) {
                    if items.push(byte, self.number) == End::Item {
                        let line = items.line;
                        self.read_item(items.take(), Some(host), line, nodes, matrix);
                        return;
                    }
                }
                self.prefixed.insert(host.to_owned(), items);
                return;
            }
        }
        if text == "{" {
            let mut items = JsonItems::new(self.number);
            items.push(b'{', self.number);
            self.prefixed.insert(host.to_owned(), items);
        } else if text.starts_with('{') {
            self.has_prefixes = true;
            self.read_object(text.as_bytes(), Some(host), self.number, nodes, matrix);
        } else {
            self.read_other(&format!("{host}: {rest}"), nodes);
        }
    }

    /// `gpu001 | SUCCESS => {…}`, `gpu001 | CHANGED | rc=0 >>`, `gpu001 | UNREACHABLE! => {…}`.
    fn read_ansible(&mut self, host: &str, rest: &str, nodes: &mut Nodes, matrix: &Matrix) {
        self.group.clear();
        let has_failed = ["UNREACHABLE", "FAILED"].iter().any(|word| rest.starts_with(word));
        if let Some((_, json)) = rest.split_once("=> ") {
            if has_failed {
                let why = json_message(json)
                    .unwrap_or_else(|| rest.split(' ').next().unwrap_or_default().to_owned());
                self.reject(Some(host), self.number, LineError::NoAnswer(why), nodes);
                // What follows is the rest of the message.
                if json.trim() == "{" {
                    self.state = State::Object {
                        items: JsonItems::new(self.number),
                        host: Some(String::new()),
                    };
                    self.continue_object(b"{", nodes, matrix);
                }
                return;
            }
            self.begin_json(json.trim(), Some(host), nodes, matrix);
        } else if let Some((_, json)) = rest.split_once("(stdout) ") {
            self.begin_json(json.trim(), Some(host), nodes, matrix);
        } else if rest.ends_with(">>") && !has_failed {
            self.group = vec![host.to_owned()];
        } else {
            let why = rest.chars().take(200).collect();
            self.reject(Some(host), self.number, LineError::NoAnswer(why), nodes);
        }
    }

    fn read_sinfo(&mut self, line: &str, nodes: &mut Nodes, matrix: &Matrix) {
        let row = self.sinfo.as_ref().and_then(|sinfo| sinfo.nodes(line));
        let Some((names, description)) = row else { return };
        match slurm_node(&description) {
            Some(machine) => self.add(machine, &names, nodes, matrix),
            None => self.reject(
                names.first().map(String::as_str),
                self.number,
                LineError::NoMachine,
                nodes,
            ),
        }
    }

    /// Ends a node of Slurm.
    fn end_block(&mut self, nodes: &mut Nodes, matrix: &Matrix) {
        let State::Slurm { .. } = self.state else { return };
        let State::Slurm { text, line } = std::mem::replace(&mut self.state, State::Lines) else {
            return;
        };
        let name =
            text.trim_start_matches("NodeName=").split_whitespace().next().unwrap_or_default();
        match slurm_node(&text) {
            Some(machine) => {
                let names = expand(name).unwrap_or_default();
                self.add(machine, &names, nodes, matrix);
            }
            None => self.reject(Some(name), line, LineError::NoMachine, nodes),
        }
    }

    fn add(&mut self, machine: Machine, names: &[String], nodes: &mut Nodes, matrix: &Matrix) {
        let class = nodes.class_of(machine, matrix);
        self.count(class, names, None, nodes);
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
        let reject = |reader: &Self, why, nodes: &mut Nodes| {
            let names = host.map(str::to_owned).or_else(|| node_in_damage(bytes));
            reader.reject(names.as_deref(), line, why, nodes);
        };
        let envelope: Envelope<'_> = match serde_json::from_slice(bytes) {
            Ok(envelope) => envelope,
            Err(error) => return reject(self, json_error(&error), nodes),
        };
        if let Some(other) = envelope.format_version.filter(|version| *version != 1) {
            return reject(self, LineError::OtherFormat(other.to_string()), nodes);
        }
        let text = |value: Option<&RawValue>| serde_json::from_str::<String>(value?.get()).ok();
        let name = match envelope.node.map(RawValue::get) {
            None | Some("null") => None,
            Some(raw) => match serde_json::from_str::<Cow<'_, str>>(raw) {
                Ok(name) if is_host_name(&name) => Some(name.into_owned()),
                Ok(_) | Err(_) => {
                    return reject(self, LineError::BadName(raw.chars().take(80).collect()), nodes);
                }
            },
        };
        let group = std::mem::take(&mut self.group);
        let names = |name: Option<String>| match name.or_else(|| host.map(str::to_owned)) {
            Some(name) => vec![name],
            None => group.clone(),
        };
        let whole = || envelope.machine.or(envelope.subdir.and_then(|_| as_raw(bytes)));
        if let Some(raw) = envelope.facts.or_else(whole) {
            let class = match self.known.machine(raw.get().as_bytes()) {
                Some(class) => class,
                None => match read_own(raw.get(), envelope.facts.is_some()) {
                    Ok(machine) => {
                        let class = nodes.class_of(machine, matrix);
                        self.known.add_machine(raw.get().as_bytes(), class);
                        class
                    }
                    Err(error) => {
                        return reject(self, LineError::BadMachine(error.to_string()), nodes);
                    }
                },
            };
            self.known.add(bytes, envelope.node.map(RawValue::get), class);
            self.count(class, &names(name), None, nodes);
            return;
        }
        // A dynamic slot of HTCondor is a part of a machine with an ad of its own.
        if text(envelope.condor_slot).as_deref() == Some("Dynamic") {
            self.has_nodes = true;
            return;
        }
        let own = name
            .or_else(|| text(envelope.condor_machine))
            .or_else(|| metadata_name(envelope.metadata))
            .or_else(|| facts_name(envelope.ansible_facts))
            .or(envelope.ansible_nodename)
            .or(envelope.ansible_hostname)
            .filter(|name| is_host_name(name));
        let object = String::from_utf8_lossy(bytes);
        if envelope.gres.is_some()
            && let Some((names, description)) = super::sinfo::node_of_json(&object)
            && let Some(machine) = slurm_node(&description)
        {
            return self.add(machine, &names, nodes, matrix);
        }
        // The host that was asked comes before the name that it has for itself.
        let is_of_ansible = envelope.ansible_facts.is_some();
        let own = if is_of_ansible && host.is_some() { None } else { own };
        match read_node(&object).or_else(|| read_machine(&object, None).ok()) {
            Some(machine) => self.add(machine, &names(own), nodes, matrix),
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

/// A machine as `probe` prints it: in full, or its facts for a line.
fn read_own(text: &str, is_facts: bool) -> Result<Machine, serde_json::Error> {
    if is_facts {
        serde_json::from_str::<NodeFacts>(text).map(|facts| facts.machine())
    } else {
        serde_json::from_str(text)
    }
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

/// An object as it is written.
fn as_raw(bytes: &[u8]) -> Option<&RawValue> {
    serde_json::from_slice(bytes).ok()
}

/// `{"name": "gpu001", …}` of Kubernetes.
fn metadata_name(metadata: Option<&RawValue>) -> Option<String> {
    #[derive(Deserialize)]
    struct Metadata {
        name: Option<String>,
    }
    serde_json::from_str::<Metadata>(metadata?.get()).ok()?.name
}

/// The name of a host in its facts.
fn facts_name(facts: Option<&RawValue>) -> Option<String> {
    #[derive(Deserialize)]
    struct Facts {
        ansible_nodename: Option<String>,
        ansible_hostname: Option<String>,
    }
    let facts = serde_json::from_str::<Facts>(facts?.get()).ok()?;
    facts.ansible_nodename.or(facts.ansible_hostname)
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

/// `gpu001: …`: the host, and what follows the colon. A number before it is that of a task, not a host.
fn prefixed_host(line: &str) -> Option<(&str, &str)> {
    let (host, rest) = line.trim_start().split_once(':')?;
    let host = host.trim_end();
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    is_host_name(host).then_some((host, rest))
}
