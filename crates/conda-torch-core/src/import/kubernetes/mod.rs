//! Nodes of Kubernetes as `kubectl get nodes -o json` prints them, with the labels of NVIDIA's GPU
//! Feature Discovery. Several nodes are read as one machine that stands for all that have a GPU: what
//! runs there runs on each of them.

mod node;

use std::fmt::Write as _;

use serde_json::Value;

use crate::conda::Subdir;
use crate::types::{Detected, DriverVersion, Gpu, Machine, Outcome, SourceReport};

use super::document::Document;
use super::said;
use node::{Node, NodeGpu};

/// A card is listed as often as on the node with most of it, and not oftener than this.
const MOST: u32 = 64;

pub(super) fn is_nodes(document: &Document<'_>) -> bool {
    document.value().is_some_and(|value| !nodes(value).is_empty() || is_labels(value))
        || document.is_damaged_with(&["\"nodeInfo\"", "\"nvidia.com/", "kubernetes.io/"])
}

/// The nodes in a document: one, or the items of a list.
fn nodes(value: &Value) -> Vec<&Value> {
    let is_node = |value: &Value| {
        value["kind"] == "Node"
            || value["kind"].is_null() && value["status"].get("nodeInfo").is_some()
    };
    if is_node(value) {
        return vec![value];
    }
    let items = value["items"].as_array().into_iter().flatten();
    let is_list = value["kind"] == "NodeList";
    items.filter(|item| is_list || is_node(item)).collect()
}

/// Labels alone, as a template prints them.
fn is_labels(value: &Value) -> bool {
    let is_label = |key: &String| key.starts_with("nvidia.com/") || key == "kubernetes.io/arch";
    value.as_object().is_some_and(|labels| labels.keys().any(is_label))
}

pub(super) fn read(document: &Document<'_>, machine: &mut Machine) -> Result<(), String> {
    let value = document.whole()?;
    let all: Vec<Node> = if is_labels(value) {
        vec![Node::of_labels(value)]
    } else {
        nodes(value).into_iter().map(Node::of).collect()
    };
    let subdir = chosen(&all, document.platform)?;
    let has_gpus = all.iter().any(|node| node.subdir == subdir && node.gpu.is_some());
    let counts = |node: &&Node| node.subdir == subdir && node.gpu.is_some() == has_gpus;
    let taken: Vec<&Node> = all.iter().filter(counts).collect();
    if let Some(subdir) = subdir {
        machine.subdir = said(subdir, machine);
    }
    machine.glibc = Detected::unknown("a container brings its own");
    machine.os = common(&taken, |node| node.os.clone(), machine);
    machine.kernel = common(&taken, |node| node.kernel.clone(), machine);
    if has_gpus {
        driver(&taken, machine);
        gpus(&taken, machine);
    } else {
        machine.driver_cuda = Detected::Absent;
        machine.gpu_count = Detected::Absent;
    }
    report(&all, &taken, subdir, machine);
    Ok(())
}

/// The platform that counts: the one that was asked for, else the one with most nodes with a GPU,
/// else the one with most nodes.
fn chosen(nodes: &[Node], asked: Option<Subdir>) -> Result<Option<Subdir>, String> {
    if let Some(asked) = asked {
        return match nodes.iter().any(|node| node.subdir.is_none_or(|subdir| subdir == asked)) {
            true if nodes.iter().any(|node| node.subdir == Some(asked)) => Ok(Some(asked)),
            true => Ok(None),
            false => Err(format!("no node is of `{asked}`: {}", platforms(nodes))),
        };
    }
    let weight = |subdir: Option<Subdir>| {
        let of = || nodes.iter().filter(move |node| node.subdir == subdir);
        (of().filter(|node| node.gpu.is_some()).count(), of().count())
    };
    // Of equals the first one.
    let all = nodes.iter().rev().map(|node| node.subdir);
    Ok(all.max_by_key(|subdir| weight(*subdir)).flatten())
}

/// `3 of linux-64, 1 of linux-aarch64`.
fn platforms(nodes: &[Node]) -> String {
    let mut known: Vec<Option<Subdir>> = Vec::new();
    for node in nodes {
        if !known.contains(&node.subdir) {
            known.push(node.subdir);
        }
    }
    let count = |subdir: &Option<Subdir>| {
        let count = nodes.iter().filter(|node| node.subdir == *subdir).count();
        let name = subdir.map_or("a platform that is not told".to_owned(), |s| s.to_string());
        format!("{count} of {name}")
    };
    known.iter().map(count).collect::<Vec<_>>().join(", ")
}

/// What all nodes have in common.
fn common(
    nodes: &[&Node],
    of: impl Fn(&Node) -> Option<String>,
    machine: &Machine,
) -> Detected<String> {
    let mut values = nodes.iter().map(|node| of(node));
    match values.next().flatten() {
        Some(first) if values.all(|value| value.as_ref() == Some(&first)) => said(first, machine),
        Some(_) => Detected::unknown("the nodes differ"),
        None => Detected::unknown("the nodes do not say it"),
    }
}

/// The oldest driver and the oldest CUDA: what runs with them runs on every node.
fn driver(nodes: &[&Node], machine: &mut Machine) {
    let older = |a: DriverVersion, b: DriverVersion| if a.is_at_least(b) { b } else { a };
    if let Some(driver) = nodes.iter().filter_map(|node| node.driver).reduce(older) {
        machine.driver = said(driver, machine);
    }
    // A node that tells its driver alone may have the oldest CUDA: then it follows from the driver.
    let is_partial = nodes.iter().any(|node| node.driver.is_some() && node.cuda.is_none());
    if is_partial {
        machine.driver_cuda = Detected::unknown("not every node says it");
    } else if let Some(cuda) = nodes.iter().filter_map(|node| node.cuda).min() {
        machine.driver_cuda = said(cuda, machine);
    }
}

/// Every kind of GPU, as often as on the node with most of it.
fn gpus(nodes: &[&Node], machine: &mut Machine) {
    let mut kinds: Vec<NodeGpu> = Vec::new();
    for gpu in nodes.iter().filter_map(|node| node.gpu.as_ref()) {
        let same = |kind: &&mut NodeGpu| NodeGpu { count: gpu.count, ..(*kind).clone() } == *gpu;
        match kinds.iter_mut().find(same) {
            Some(kind) => kind.count = kind.count.max(gpu.count),
            None => kinds.push(gpu.clone()),
        }
    }
    let is_counted = kinds.iter().all(|kind| kind.count.is_some());
    for kind in &kinds {
        for _ in 0..kind.count.unwrap_or(1).min(MOST) {
            let gpu = gpu(kind, machine);
            machine.gpus.push(gpu);
        }
    }
    machine.gpu_count = match u32::try_from(machine.gpus.len()) {
        Ok(count) if is_counted => said(count, machine),
        Ok(_) | Err(_) => Detected::unknown("the labels do not count them"),
    };
}

fn gpu(kind: &NodeGpu, machine: &Machine) -> Gpu {
    fn told<T>(value: Option<T>, machine: &Machine) -> Detected<T> {
        value.map_or(Detected::unknown("no label says it"), |value| said(value, machine))
    }
    Gpu {
        index: u32::try_from(machine.gpus.len()).unwrap_or(u32::MAX),
        name: told(kind.name.clone(), machine),
        compute_capability: told(kind.capability, machine),
        memory_mib: told(kind.memory_mib, machine),
        mig: said(kind.mig, machine),
        mig_slices: Detected::unknown("no label says it"),
        virtualization: Detected::unknown("no label says it"),
        pci_id: None,
    }
}

/// What each node says, and which were left out.
fn report(all: &[Node], taken: &[&Node], subdir: Option<Subdir>, machine: &mut Machine) {
    let mut push = |source: String, outcome: Outcome, detail: String| {
        machine.sources.push(SourceReport { source, outcome, detail });
    };
    let name = subdir.map_or("a platform that is not told".to_owned(), |s| s.to_string());
    if all.len() > 1 {
        let others = all.iter().filter(|node| node.subdir != subdir).count();
        let without = all.len() - taken.len() - others;
        let with = if taken.iter().any(|node| node.gpu.is_some()) { " with a GPU" } else { "" };
        let mut text = format!("one machine for {} of {name}{with}", taken.len());
        if without > 0 {
            let _ = write!(text, "; left out {without} without a GPU");
        }
        if others > 0 {
            let _ = write!(text, "; left out {others} of another platform (see `--platform`)");
        }
        push("nodes".to_owned(), Outcome::Ok, text);
    }
    for node in all {
        let is_taken = taken.iter().any(|taken| std::ptr::eq(*taken, node));
        let (outcome, detail) = match (&node.gpu, node.subdir == subdir) {
            (_, false) => {
                let other = node.subdir.map_or("not told".to_owned(), |subdir| subdir.to_string());
                (Outcome::Skipped, format!("platform {other}, not {name}"))
            }
            (Some(gpu), true) => (Outcome::Ok, describe(node, gpu)),
            (None, true) if is_taken => (Outcome::Ok, "no GPU".to_owned()),
            (None, true) => (Outcome::Skipped, "no GPU".to_owned()),
        };
        push(format!("node {}", node.name), outcome, detail);
    }
}

/// `4 x NVIDIA H100 80GB HBM3, compute capability 9.0, driver 550.54.15, CUDA 12.4`.
fn describe(node: &Node, gpu: &NodeGpu) -> String {
    let count = gpu.count.map_or(String::new(), |count| format!("{count} x "));
    let mut text = format!("{count}{}", gpu.name.as_deref().unwrap_or("a GPU that is not named"));
    if gpu.mig {
        text.push_str(" split by MIG");
    }
    if let Some(capability) = gpu.capability {
        let _ = write!(text, ", compute capability {capability}");
    }
    match node.driver {
        Some(driver) => {
            let _ = write!(text, ", driver {driver}");
        }
        None => text.push_str(", driver not told"),
    }
    if let Some(cuda) = node.cuda {
        let _ = write!(text, ", CUDA {cuda}");
    }
    text
}
