//! `probe --json`: a machine, and the virtual packages that each client detects on it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::clients::ClientTarget;
use crate::conda::Version;
use crate::types::{ClientKind, Machine, Origin, VirtualPackage};
use crate::virtual_packages::VirtualPackages;

use super::{Document, Tool, write};
use crate::escapes::visible_json;

/// A machine, in the form that `--machine` reads.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Content<'a> {
    /// The machine.
    machine: &'a Machine,
    /// The virtual packages that each client detects, the best client first.
    virtual_packages: Vec<ClientPackages>,
}

/// Writes a machine.
pub fn document(machine: &Machine) -> String {
    let virtual_packages = client_packages(machine, &ClientTarget::all(machine, None));
    write(Content { machine, virtual_packages })
}

/// What `probe --json --node` prints: a line for `fleet`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct NodeContent<'a> {
    /// The name of the node.
    node: &'a str,
    /// The facts that decide which PyTorch runs, in the form of `probe --json`: those that are unknown without a cause
    /// and keys that are null are left out, and so are clients, settings and their files.
    machine: Map<String, Value>,
}

/// The keys of a machine that a line has. What names a person or a path of theirs is not among them.
const NODE_FACTS: [&str; 25] = [
    "subdir",
    "os",
    "kernel",
    "glibc",
    "musl",
    "macos",
    "windows",
    "cpu",
    "driver",
    "driver_cuda",
    "nvml",
    "libcuda",
    "gpu_count",
    "gpus",
    "nvidia",
    "adapters",
    "container",
    "wsl",
    "jetson",
    "jetson_release",
    "rosetta",
    "sources",
    "nvidia_smi_cuda",
    "toolkit_file",
    "contradictions",
];

/// Writes a node as one line.
pub fn node_line(name: &str, machine: &Machine) -> String {
    let facts = serde_json::to_value(machine).unwrap_or_default();
    let mut facts = facts.as_object().cloned().unwrap_or_default();
    facts.retain(|key, _| NODE_FACTS.contains(&key.as_str()));
    // Sources matter if they failed: a driver that was too slow is not a missing one.
    if let Some(Value::Array(sources)) = facts.get_mut("sources") {
        sources.retain(|it| it["outcome"] == "failed" || it["outcome"] == "timed-out");
    }
    let mut facts = Value::Object(facts);
    prune(&mut facts);
    let machine = facts.as_object().cloned().unwrap_or_default();
    let document = Document {
        format_version: 1,
        tool: Tool { name: "conda-torch", version: env!("CARGO_PKG_VERSION") },
        content: NodeContent { node: name, machine },
    };
    let text = serde_json::to_string(&document).unwrap_or_default();
    format!("{}\n", visible_json(&text))
}

/// Removes keys that are null, lists that are empty and facts that were not asked for.
fn prune(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(prune);
            object.retain(|_, value| match value {
                Value::Null => false,
                Value::Array(list) => !list.is_empty(),
                Value::Object(fact) => !fact.is_empty() && !is_not_asked(fact),
                Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
            });
        }
        Value::Array(list) => list.iter_mut().for_each(prune),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether this is the fact that a missing key stands for.
fn is_not_asked(fact: &Map<String, Value>) -> bool {
    fact.get("why").and_then(Value::as_str) == Some("not asked")
}

/// The virtual packages that one client detects.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ClientPackages {
    /// conda, mamba, micromamba, pixi.
    client: ClientKind,
    /// Its version; null if unknown.
    version: Option<Version>,
    /// The path of its program; null if no client was found and this is what a current one would detect.
    path: Option<String>,
    /// Its virtual packages.
    packages: Vec<DetectedPackage>,
    /// Those that could not be determined.
    unknown: Vec<UnknownPackage>,
}

/// A virtual package that a client detects.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct DetectedPackage {
    #[serde(flatten)]
    package: VirtualPackage,
    /// The client's source, in the words of the machine's `origin`.
    source: Origin,
}

/// A virtual package that could not be determined.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct UnknownPackage {
    /// `__cuda`.
    name: String,
    /// Why not; also if the client would stop with an error.
    why: String,
}

/// The same for the client of the commands; one that is not installed is assumed to be current.
pub(super) fn for_installers(machine: &Machine, client: &ClientTarget<'_>) -> Vec<ClientPackages> {
    match client.found {
        Some(found) => client_packages(machine, &ClientTarget::all(machine, Some(found))),
        None => client_packages(machine, &[*client]),
    }
}

fn client_packages(machine: &Machine, clients: &[ClientTarget<'_>]) -> Vec<ClientPackages> {
    let packages = |target: &ClientTarget<'_>| {
        let VirtualPackages { packages, unknown } = VirtualPackages::of(machine, target);
        let packages =
            packages.into_iter().map(|(package, source)| DetectedPackage { package, source });
        let unknown = unknown
            .into_iter()
            .map(|(name, why)| UnknownPackage { name: name.into_owned(), why: why.into_owned() });
        ClientPackages {
            client: target.kind,
            version: target.version,
            path: target.found.map(|client| client.path.clone()),
            packages: packages.collect(),
            unknown: unknown.collect(),
        }
    };
    clients.iter().map(packages).collect()
}
