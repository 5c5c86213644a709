//! Many machines: which nodes are the same, and the fewest environments that serve them all.
//!
//! [`Collector`] reads what `probe --json --node`, `pdsh`, `kubectl`, `scontrol`, `condor_status` or Ansible print about
//! nodes, as a stream. Its memory depends on the number of classes, and takes a bit for each number in a name.
//!
//! ```text
//! bytes ── reader ──▶ nodes (classes, names) ── service ──▶ what each build costs each class
//!                                              └─ cover ──▶ the best environments of each number
//! ```

mod class;
mod cover;
mod curve;
mod decisive_keys;
mod deploy;
mod drift;
mod hosts;
mod json_items;
mod known_lines;
mod nodes;
pub mod picture;
mod plan;
mod reader;
mod service;
mod sinfo;

pub use class::{ClassFacts, DriverFact, GpuKind, Libc};
pub use cover::Cost;
pub use curve::CurvePoint;
pub use deploy::{DeployRefused, Deployment, deploy};
pub use drift::{ChangedFact, FleetDrift, NodeChange, NodesChanged};
pub use hosts::{HostList, HostRange, NoHostList, expand, is_host_name};
pub use nodes::{Damage, LineError};
pub use plan::{DriverUpdate, EnvironmentCount, FleetClass, FleetEnvironment, FleetPlan};
pub use service::Service;

use crate::matrix::Matrix;
use crate::resolve::Request;
use crate::types::Build;

use nodes::Nodes;
use reader::Reader;

/// Reads the nodes of a fleet from bytes.
pub struct Collector<'m> {
    reader: Reader,
    nodes: Nodes,
    matrix: &'m Matrix,
}

impl<'m> Collector<'m> {
    /// One that has read nothing.
    pub fn new(matrix: &'m Matrix) -> Self {
        Self { reader: Reader::new(), nodes: Nodes::default(), matrix }
    }

    /// Names of nodes that should be there: without an answer they are missing.
    pub fn expect(&mut self, names: &[String]) {
        self.nodes.expect(names);
    }

    /// Begins a file; lines are counted from 1 on. `None` for a single input.
    pub fn begin(&mut self, file: Option<&str>) {
        self.reader.begin(file.map(str::to_owned));
    }

    /// Reads bytes: lines and objects may be in parts of any size.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.reader.feed(bytes, &mut self.nodes, self.matrix);
    }

    /// Ends a file. `name` is the node's, if the file is a document about one machine without a name.
    pub fn end(&mut self, name: Option<&str>) {
        self.reader.end(name, &mut self.nodes, self.matrix);
    }

    /// How many nodes were read so far.
    pub fn count(&self) -> u64 {
        self.nodes.count()
    }

    /// How many parts of the input describe no node.
    pub fn damaged(&self) -> u64 {
        self.nodes.damaged
    }

    /// What changed since another collection.
    pub fn drift(&self, before: &Self) -> FleetDrift {
        drift::drift(&before.nodes, &self.nodes)
    }

    /// The answer for the nodes that were read.
    pub fn plan(&self, request: &Request, count: EnvironmentCount) -> FleetPlan<'m> {
        FleetPlan::of(&self.nodes, request, self.matrix, count)
    }
}

/// The builds that serve the nodes of a class: they use as many of their GPUs as any, or the nodes have none.
pub fn builds_for<'m>(
    class: &FleetClass<'_>,
    request: &Request,
    matrix: &'m Matrix,
) -> Vec<&'m Build> {
    let services = service::Services::of(&class.facts, &class.machine, request, matrix);
    services.builds.iter().filter(|it| it.service.is_some()).map(|it| it.build).collect()
}
