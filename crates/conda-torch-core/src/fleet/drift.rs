//! What changed between two collections of one fleet.

use std::collections::BTreeMap;

use super::class::{ClassFacts, DriverFact};
use super::hosts::{HostList, HostSet};
use super::nodes::Nodes;

/// What changed between two collections. Nodes without a name are not compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetDrift {
    /// Nodes whose facts changed, those of one change together.
    pub changed: Vec<NodesChanged>,
    /// Nodes that answered before and not now.
    pub lost: HostList,
    /// Nodes that answer now and did not before.
    pub added: HostList,
}

/// Nodes with the same changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodesChanged {
    /// Which.
    pub names: HostList,
    /// What changed; never empty.
    pub changes: Vec<NodeChange>,
    /// What they are now.
    pub facts: ClassFacts,
}

/// One fact that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct NodeChange {
    pub what: ChangedFact,
    pub from: String,
    pub to: String,
}

/// Which fact changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ChangedFact {
    Driver,
    Cuda,
    GpuLost,
    GpuAdded,
    Gpu,
    Platform,
    Libc,
    Other,
}

impl ChangedFact {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Driver => "driver",
            Self::Cuda => "cuda",
            Self::GpuLost => "gpu-lost",
            Self::GpuAdded => "gpu-added",
            Self::Gpu => "gpu",
            Self::Platform => "platform",
            Self::Libc => "libc",
            Self::Other => "other",
        }
    }
}

impl FleetDrift {
    /// Whether a node changed or is lost. A new one is no problem.
    pub fn is_problem(&self) -> bool {
        !self.changed.is_empty() || !self.lost.is_empty()
    }

    /// Without names.
    pub fn redacted(mut self) -> Self {
        for changed in &mut self.changed {
            changed.names = changed.names.redacted();
        }
        self.lost = self.lost.redacted();
        self.added = self.added.redacted();
        self
    }
}

pub(super) fn drift(before: &Nodes, now: &Nodes) -> FleetDrift {
    // The names of the first collection are those of the second.
    let mut names = now.names.clone();
    let (before_classes, now_classes) = (before.classes(), now.classes());
    let mut old: Vec<HostSet> = Vec::new();
    for class in &before_classes {
        let mut hosts = HostSet::default();
        for host in class.hosts.hosts() {
            hosts.insert(names.host(&before.names.name(host)));
        }
        old.push(hosts);
    }
    let (mut all_old, mut all_new) = (HostSet::default(), HostSet::default());
    for hosts in &old {
        all_old.extend(hosts);
    }
    for class in &now_classes {
        all_new.extend(&class.hosts);
    }
    let mut moved: BTreeMap<(usize, usize), HostSet> = BTreeMap::new();
    for (from, hosts) in old.iter().enumerate() {
        for (place, word) in hosts.words() {
            for (to, bits) in now.answers(place) {
                if word & bits != 0 {
                    moved.entry((from, *to)).or_default().insert_word(place, word & bits);
                }
            }
        }
    }
    moved.retain(|(from, to), _| before_classes[*from].facts != *now.facts(*to));
    let mut changed: Vec<NodesChanged> = moved
        .into_iter()
        .map(|((from, to), hosts)| {
            let (from, to) = (&before_classes[from].facts, now.facts(to));
            NodesChanged {
                names: names.list(&hosts),
                changes: changes(from, to),
                facts: to.clone(),
            }
        })
        .collect();
    changed.sort_by_key(|it| std::cmp::Reverse(it.names.len()));
    let lost = names.list(&all_old.without(&all_new));
    let added = names.list(&all_new.without(&all_old));
    FleetDrift { changed, lost, added }
}

/// What differs between two classes.
fn changes(from: &ClassFacts, to: &ClassFacts) -> Vec<NodeChange> {
    let mut changes = Vec::new();
    let mut add = |what, from: String, to: String| {
        if from != to {
            changes.push(NodeChange { what, from, to });
        }
    };
    let cuda = |facts: &ClassFacts| facts.driver_cuda.map(|it| it.to_string()).unwrap_or_default();
    let platform = |facts: &ClassFacts| facts.subdir.map(|it| it.to_string()).unwrap_or_default();
    add(ChangedFact::Driver, from.driver.to_string(), to.driver.to_string());
    let is_same_driver = from.driver == to.driver && from.driver != DriverFact::Absent;
    if is_same_driver {
        add(ChangedFact::Cuda, cuda(from), cuda(to));
    }
    let gpus = match from.gpu_count().cmp(&to.gpu_count()) {
        std::cmp::Ordering::Greater => ChangedFact::GpuLost,
        std::cmp::Ordering::Less => ChangedFact::GpuAdded,
        std::cmp::Ordering::Equal => ChangedFact::Gpu,
    };
    add(gpus, from.gpu_text(), to.gpu_text());
    add(ChangedFact::Platform, platform(from), platform(to));
    add(ChangedFact::Libc, from.libc.to_string(), to.libc.to_string());
    if changes.is_empty() {
        let text = |facts: &ClassFacts| {
            let other = [&facts.fault, &facts.jetson, &facts.wsl].map(Clone::clone);
            let other: Vec<String> = other.into_iter().flatten().collect();
            if other.is_empty() { "works".to_owned() } else { other.join(", ") }
        };
        let (what, from, to) = (ChangedFact::Other, text(from), text(to));
        changes.push(NodeChange { what, from, to });
    }
    changes
}
