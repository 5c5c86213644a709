//! Which keys of a node's JSON decide its class: the document without the others, so that nodes that differ in those
//! are read once. Free memory, temperatures, images of containers and ids of GPUs decide nothing.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::import::is_read_label;

/// A document about a node, split into what decides its class and the rest.
#[derive(Debug, Default)]
pub(super) struct Decisive<'l> {
    /// The same document without keys that decide nothing, and without the names of the node.
    pub text: String,
    /// `format_version`.
    pub version: Option<&'l RawValue>,
    /// The value of `node`, and where it is.
    pub node: Option<&'l RawValue>,
    /// The names that other programs have for it, those that count first.
    names: [Option<&'l str>; 5],
    /// Where `facts` or `machine` is in `text`, with its key.
    own: Option<Range<usize>>,
    has_facts: bool,
    /// Whether it is a machine without a document around it.
    pub is_bare_machine: bool,
    /// The document as it is given.
    line: &'l str,
    /// Where single values are that decide nothing.
    gaps: Vec<Range<usize>>,
    /// The same at the top of the document: in the program's own, they decide nothing.
    top: Vec<Range<usize>>,
    gpus: u32,
}

/// What a key is for.
#[derive(Clone, Copy)]
enum Use {
    /// Nothing.
    None,
    /// It decides.
    Decides,
    /// An object, or a list of them, of which some keys decide.
    Keys(fn(&str) -> Use),
    /// `facts` or `machine` of the program's own document.
    Own(fn(&str) -> Use),
    /// The first key of a machine.
    Machine,
    Version,
    Node,
    /// A name; of several that with the lowest number counts.
    Name(usize),
    /// One GPU, whose id is in the key.
    Gpu,
    /// A list of ids in a text, of which the number decides.
    Count,
}

/// The most gaps that are of use.
const MOST_GAPS: usize = 100;

fn top(key: &str) -> Use {
    match key {
        "format_version" => Use::Version,
        "node" => Use::Node,
        "facts" => Use::Own(facts),
        "machine" => Use::Own(machine),
        "metadata" => Use::Keys(metadata),
        "status" => Use::Keys(status),
        "ansible_facts" => Use::Keys(ansible),
        "Machine" => Use::Name(0),
        "ansible_nodename" => Use::Name(3),
        "ansible_hostname" => Use::Name(4),
        // A node of Kubernetes, of Slurm.
        "subdir" => Use::Machine,
        "kind" | "gres" | "features" | "architecture" | "operating_system" | "name" | "nodes" => {
            Use::Decides
        }
        // An ad of HTCondor.
        "MyType" | "SlotType" | "Arch" | "OpSys" | "OpSysAndVer" | "OpSysLongName"
        | "TotalGPUs" | "GPUs" => Use::Decides,
        "DetectedGPUs" => Use::Count,
        _ if key.starts_with("GPUs_GPU_") => Use::Gpu,
        _ if key.starts_with("GPUs_") || key.starts_with("CUDA") => {
            condor_gpu(key.trim_start_matches("GPUs_").trim_start_matches("CUDA"))
        }
        // Facts of Ansible without the key around them.
        _ if key.starts_with("ansible_") => ansible(key),
        _ => label(key),
    }
}

fn condor_gpu(key: &str) -> Use {
    match key {
        "DeviceName" | "Capability" | "DriverVersion" => Use::Decides,
        _ => Use::None,
    }
}

/// What of the facts of a node decides; `gpus` has keys of its own. Not why something is unknown.
const FACTS: [&str; 17] = [
    "subdir",
    "glibc",
    "musl",
    "macos",
    "windows",
    "driver",
    "driver_cuda",
    "kernel_driver",
    "libcuda",
    "adapters",
    "container",
    "wsl",
    "jetson",
    "rosetta",
    "silent",
    "nvml_error",
    "libcuda_error",
];

const FACTS_OF_GPUS: [&str; 6] =
    ["name", "compute_capability", "count", "mig", "virtualization", "pci_id"];

/// What of a machine decides; `gpus`, `nvidia` and `sources` have keys of their own.
const MACHINE: [&str; 20] = [
    "subdir",
    "os",
    "glibc",
    "musl",
    "macos",
    "windows",
    "driver",
    "driver_cuda",
    "nvml",
    "libcuda",
    "gpu_count",
    "adapters",
    "nvidia_smi_cuda",
    "toolkit_file",
    "container",
    "wsl",
    "jetson",
    "jetson_release",
    "rosetta",
    "document",
];

const GPU: [&str; 6] = ["index", "name", "compute_capability", "mig", "virtualization", "pci_id"];

const DRIVER: [&str; 14] = [
    "kernel_module",
    "kernel_gpus",
    "control_device",
    "gpu_device",
    "nvml_library",
    "libcuda_library",
    "libcuda_cuda",
    "nvml_error",
    "libcuda_error",
    "secure_boot",
    "visible_devices",
    "container_devices",
    "container_capabilities",
    "slurm_job_has_gpu",
];

fn decides(keys: &[&str], key: &str) -> Use {
    if keys.contains(&key) { Use::Decides } else { Use::None }
}

fn facts(key: &str) -> Use {
    match key {
        "gpus" => Use::Keys(|key| decides(&FACTS_OF_GPUS, key)),
        _ => decides(&FACTS, key),
    }
}

fn machine(key: &str) -> Use {
    match key {
        "gpus" => Use::Keys(|key| decides(&GPU, key)),
        "nvidia" => Use::Keys(|key| decides(&DRIVER, key)),
        "sources" => Use::Keys(|key| decides(&["source", "outcome"], key)),
        _ => decides(&MACHINE, key),
    }
}

fn metadata(key: &str) -> Use {
    match key {
        "name" => Use::Name(1),
        "labels" => Use::Keys(label),
        _ => Use::None,
    }
}

fn label(key: &str) -> Use {
    match key {
        "kubernetes.io/hostname" => Use::Name(2),
        _ if is_read_label(key) => Use::Decides,
        _ => Use::None,
    }
}

fn status(key: &str) -> Use {
    match key {
        "capacity" => Use::Keys(capacity),
        "nodeInfo" => Use::Keys(node_info),
        _ => Use::None,
    }
}

fn capacity(key: &str) -> Use {
    if key.starts_with("nvidia.com/") { Use::Decides } else { Use::None }
}

fn node_info(key: &str) -> Use {
    match key {
        "architecture" | "operatingSystem" | "osImage" | "kernelVersion" => Use::Decides,
        _ => Use::None,
    }
}

fn ansible(key: &str) -> Use {
    match key.strip_prefix("ansible_").unwrap_or(key) {
        "nodename" => Use::Name(3),
        "hostname" => Use::Name(4),
        "local" => Use::Keys(local),
        "architecture" | "distribution" | "distribution_version" | "system" | "kernel" => {
            Use::Decides
        }
        _ => Use::None,
    }
}

fn local(key: &str) -> Use {
    if key == "conda_torch" { Use::Keys(own) } else { Use::None }
}

fn own(key: &str) -> Use {
    match key {
        "facts" => Use::Keys(facts),
        "machine" => Use::Keys(machine),
        _ => Use::None,
    }
}

impl<'l> Decisive<'l> {
    /// What decides in a document.
    ///
    /// # Errors
    /// If it is no object of JSON, or has a key twice that can only be there once.
    pub(super) fn of(line: &'l str) -> Result<Self, serde_json::Error> {
        let mut decisive = Self { line, ..Self::default() };
        let mut deserializer = serde_json::Deserializer::from_str(line);
        let all = Part { keys: top, is_top: true, decisive: &mut decisive };
        deserializer.deserialize_map(all)?;
        deserializer.end()?;
        Ok(decisive)
    }

    /// The text of `facts` or `machine` that decides: the document is of the program.
    pub(super) fn own(&self) -> Option<&str> {
        self.text.get(self.own.clone()?)
    }

    /// The name that another program has for the node.
    pub(super) fn name(&self) -> Option<&'l str> {
        self.names.iter().flatten().next().copied()
    }

    /// Where the name is in the line, and where single values are that decide nothing, the name among them.
    pub(super) fn gaps(self) -> (Option<Range<usize>>, Vec<Range<usize>>) {
        let name = self.node.map(RawValue::get).filter(|node| node.starts_with('"'));
        let name = name.and_then(|name| self.place(name));
        let (mut gaps, top) = (self.gaps, self.top);
        gaps.extend(top);
        gaps.extend(name.clone());
        gaps.sort_unstable_by_key(|gap| gap.start);
        (name, gaps)
    }

    /// Where a part is in the line.
    fn place(&self, part: &str) -> Option<Range<usize>> {
        // It is a part: both come from one parser.
        let at = (part.as_ptr() as usize).checked_sub(self.line.as_ptr() as usize)?;
        Some(at..at + part.len())
    }

    /// Notes the single values of a value that decides nothing.
    fn skip(&mut self, value: &'l RawValue) {
        if self.gaps.len() > MOST_GAPS {
            return;
        }
        let text = value.get();
        let Some(Range { start, .. }) = self.place(text) else { return };
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() && self.gaps.len() <= MOST_GAPS {
            let rest = &bytes[at..];
            let length = match bytes[at] {
                b'"' => string_length(rest),
                b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                    let is_end =
                        |c: &u8| matches!(c, b',' | b'}' | b']') || c.is_ascii_whitespace();
                    rest.iter().position(is_end).unwrap_or(rest.len())
                }
                _ => {
                    at += 1;
                    continue;
                }
            };
            let after = rest[length..].iter().find(|c| !c.is_ascii_whitespace());
            if after != Some(&b':') {
                self.gaps.push(start + at..start + at + length);
            }
            at += length;
        }
    }

    fn key(&mut self, key: &str) {
        if !self.text.ends_with('{') {
            self.text.push(',');
        }
        self.text.push('"');
        if key.bytes().all(|c| c >= b' ' && c != b'"' && c != b'\\') {
            self.text.push_str(key);
        } else {
            self.text.extend(key.escape_default());
        }
        self.text.push_str("\":");
    }

    fn plain(&mut self, value: &impl serde::Serialize) {
        self.text.push_str(&serde_json::to_string(value).unwrap_or_default());
    }
}

/// How long a string is, with its quotes.
fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        if text[at + found] == b'"' {
            return at + found + 1;
        }
        at += found + 2;
    }
    text.len()
}

/// A part of a document of which some keys decide.
struct Part<'d, 'l> {
    keys: fn(&str) -> Use,
    is_top: bool,
    decisive: &'d mut Decisive<'l>,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'l>(#[serde(borrow)] Cow<'l, str>);

impl<'l> DeserializeSeed<'l> for Part<'_, 'l> {
    type Value = ();

    fn deserialize<D: Deserializer<'l>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'l> Visitor<'l> for Part<'_, 'l> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'l>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { keys, is_top, decisive } = self;
        decisive.text.push('{');
        while let Some(Key(key)) = map.next_key()? {
            match keys(&key) {
                Use::None => {
                    let value = map.next_value()?;
                    decisive.skip(value);
                }
                Use::Decides => {
                    let value: &RawValue = map.next_value()?;
                    decisive.key(&key);
                    decisive.text.push_str(value.get());
                    if is_top && !value.get().starts_with(['{', '[']) {
                        let place = decisive.place(value.get());
                        decisive.top.extend(place);
                    }
                }
                Use::Keys(keys) => {
                    decisive.key(&key);
                    map.next_value_seed(Part { keys, is_top: false, decisive })?;
                }
                Use::Own(keys) => {
                    if decisive.own.is_some() && (key == "facts") == decisive.has_facts {
                        return Err(A::Error::custom(format_args!("duplicate field `{key}`")));
                    }
                    decisive.key(&key);
                    let (start, value) = (decisive.text.len() - key.len() - 3, decisive.text.len());
                    map.next_value_seed(Part { keys, is_top: false, decisive })?;
                    // The facts count before a machine.
                    if !decisive.has_facts && &decisive.text[value..] != "null" {
                        decisive.own = Some(start..decisive.text.len());
                        decisive.has_facts = key == "facts";
                    }
                }
                Use::Machine => {
                    decisive.skip(map.next_value()?);
                    decisive.is_bare_machine = true;
                }
                Use::Version if decisive.version.is_some() => {
                    return Err(A::Error::duplicate_field("format_version"));
                }
                Use::Version => decisive.version = Some(map.next_value()?),
                Use::Node if decisive.node.is_some() => {
                    return Err(A::Error::duplicate_field("node"));
                }
                Use::Node => decisive.node = Some(map.next_value()?),
                Use::Name(rank) => {
                    let value: &RawValue = map.next_value()?;
                    // A host's name has no escapes.
                    let name = value.get().strip_prefix('"').and_then(|it| it.strip_suffix('"'));
                    if let Some(slot) = decisive.names.get_mut(rank) {
                        *slot = name.or(*slot);
                    }
                    decisive.skip(value);
                }
                Use::Gpu => {
                    decisive.gpus += 1;
                    let name = format!("GPUs_GPU_{}", decisive.gpus);
                    decisive.key(&name);
                    map.next_value_seed(Part { keys: condor_gpu, is_top: false, decisive })?;
                }
                Use::Count => {
                    let value: &RawValue = map.next_value()?;
                    let list = value.get().trim_matches('"').trim();
                    decisive.key(&key);
                    if list.is_empty() || list.bytes().all(|c| c.is_ascii_digit()) {
                        decisive.text.push_str(value.get());
                    } else {
                        decisive.plain(&list.split(',').count());
                    }
                }
            }
        }
        decisive.text.push('}');
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'l>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { keys, decisive, .. } = self;
        decisive.text.push('[');
        let start = decisive.text.len();
        loop {
            let before = decisive.text.len();
            if before > start {
                decisive.text.push(',');
            }
            if list.next_element_seed(Part { keys, is_top: false, decisive })?.is_none() {
                decisive.text.truncate(before);
                break;
            }
        }
        decisive.text.push(']');
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.decisive.plain(&value);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.decisive.plain(&value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.decisive.plain(&value);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.decisive.plain(&value);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.decisive.plain(&value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.decisive.plain(&());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decisive(text: &str) -> String {
        Decisive::of(text).expect("JSON").text
    }

    #[test]
    fn what_differs_on_every_node_decides_nothing() {
        for (text, expected) in [
            (
                r#"{"format_version":1,"node":"n1","boot":"x","facts":{"driver":"580.1","unknown":{"gpus":"x"},"gpus":null}}"#,
                r#"{"facts":{"driver":"580.1","gpus":null}}"#,
            ),
            (
                r#"{"kind": "Node", "metadata": {"name": "n1", "uid": "7", "labels": {"kubernetes.io/arch": "amd64", "nvidia.com/gfd.timestamp": "9", "a": "b"}},
                "status": {"capacity": {"memory": "1", "nvidia.com/gpu": "8"}, "images": [{}], "nodeInfo": {"bootID": "x", "osImage": "Ubuntu"}}}"#,
                r#"{"kind":"Node","metadata":{"labels":{"kubernetes.io/arch":"amd64"}},"status":{"capacity":{"nvidia.com/gpu":"8"},"nodeInfo":{"osImage":"Ubuntu"}}}"#,
            ),
            (
                r#"{"MyType":"Machine","Machine":"e1","LoadAvg":0.5,"DetectedGPUs":"GPU-1, GPU-2","GPUs_GPU_1a":{"Id":"GPU-1","Capability":8.0},"GPUs_DriverVersion":12.4}"#,
                r#"{"MyType":"Machine","DetectedGPUs":2,"GPUs_GPU_1":{"Capability":8.0},"GPUs_DriverVersion":12.4}"#,
            ),
            (
                r#"{"machine":{"gpus":[{"memory_mib":5,"pci_id":"10de:1"},{"memory_mib":6,"pci_id":"10de:1"}],"sources":[{"source":"nvml","detail":"17 ms"}],"cpu":{"value":"x"}}}"#,
                r#"{"machine":{"gpus":[{"pci_id":"10de:1"},{"pci_id":"10de:1"}],"sources":[{"source":"nvml"}]}}"#,
            ),
            (
                r#"{"ansible_facts":{"ansible_hostname":"h","ansible_uptime_seconds":7,"ansible_architecture":"x86_64","ansible_local":{"conda_torch":{"node":"h","facts":{"driver":null}}}}}"#,
                r#"{"ansible_facts":{"ansible_architecture":"x86_64","ansible_local":{"conda_torch":{"facts":{"driver":null}}}}}"#,
            ),
            (r#"{"a": [1, {"b": "\""}], "kind": "x"}"#, r#"{"kind":"x"}"#),
        ] {
            assert_eq!(decisive(text), expected);
        }
    }

    /// A new key of a machine is listed here or above.
    #[test]
    fn every_key_of_a_machine_decides_or_does_not() {
        const NOT: [&str; 21] = [
            // Of the facts of a node, of a machine.
            "unknown",
            "kernel",
            "cpu",
            "processor",
            "nvidia_smi",
            "clients",
            "client_parts",
            "settings",
            "config_files",
            "shell",
            "contradictions",
            // Of a GPU, of a source, of the parts of the driver.
            "memory_mib",
            "mig_slices",
            "detail",
            "module_file",
            "device_group",
            "libcuda_file",
            "nvml_path",
            "libcuda_path",
            "libcuda_files",
            "",
        ];
        let properties = |schema: schemars::Schema| {
            let value = schema.to_value();
            let keys = value["properties"].as_object().expect("properties").keys();
            keys.cloned().collect::<Vec<String>>()
        };
        let check = |schema, of: fn(&str) -> Use| {
            for key in properties(schema) {
                let is_listed = !matches!(of(&key), Use::None);
                assert!(is_listed != NOT.contains(&&*key), "{key}");
            }
        };
        check(schemars::schema_for!(crate::types::NodeFacts), facts);
        check(schemars::schema_for!(crate::types::Machine), machine);
        check(schemars::schema_for!(crate::types::Gpu), |key| decides(&GPU, key));
        check(schemars::schema_for!(crate::types::DriverParts), |key| decides(&DRIVER, key));
    }

    #[test]
    fn gaps_are_the_single_values_that_decide_nothing() {
        let line =
            r#"{"node":"n1","load":[0.5,{"\"a":"b \" c"}],"facts":{"driver":null},"name":"x"}"#;
        let (name, gaps) = Decisive::of(line).expect("JSON").gaps();
        let texts: Vec<&str> = gaps.iter().map(|gap| &line[gap.clone()]).collect();
        assert_eq!(texts, [r#""n1""#, "0.5", r#""b \" c""#, r#""x""#]);
        assert_eq!(&line[name.expect("a name")], r#""n1""#);
    }

    #[test]
    fn a_name_or_facts_cannot_be_there_twice() {
        for text in [r#"{"node":"a","node":"b"}"#, r#"{"facts":{},"facts":{}}"#, "[]", "7", "{} {}"]
        {
            assert!(Decisive::of(text).is_err(), "{text}");
        }
    }
}
