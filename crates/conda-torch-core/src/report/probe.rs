//! `probe --json`: a machine, and the virtual packages that each client detects on it.

use serde::Serialize;

use crate::clients::ClientTarget;
use crate::conda::Version;
use crate::escapes::visible_json;
use crate::types::{ClientKind, Machine, NodeFacts, Origin, VirtualPackage};
use crate::virtual_packages::VirtualPackages;

use super::write;

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
    /// 1.
    format_version: u32,
    /// The name of the node.
    node: &'a str,
    /// Its facts.
    facts: NodeFacts,
}

/// Writes a node as one line, without users, paths, settings and ids.
pub fn node_line(name: &str, machine: &Machine) -> String {
    let content = NodeContent { format_version: 1, node: name, facts: machine.into() };
    let text = serde_json::to_string(&content).unwrap_or_default();
    format!("{}\n", visible_json(&text))
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
