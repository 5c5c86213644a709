//! Nodes of Kubernetes as `kubectl get nodes -o json` prints them, with the labels of NVIDIA's GPU Feature
//! Discovery. Several nodes are read as one machine that stands for all with a GPU: what runs there runs on each of
//! them.

mod node;

use std::fmt::Write as _;

use serde_json::Value;

use super::document::Document;
use super::{Recognized, report, reported};
use crate::conda::Subdir;
use crate::types::{Detected, DriverVersion, Gpu, Machine, Outcome};
use node::{Node, NodeGpu};

/// The most GPUs of one kind that are listed.
const MOST: u32 = 64;

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

pub(super) fn read(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let is_nodes = document.value().is_some_and(|it| !nodes(it).is_empty() || is_labels(it))
        || document.is_damaged_with(&["\"nodeInfo\"", "\"nvidia.com/", "kubernetes.io/"]);
    is_nodes.then(|| fill(document.whole()?, document.platform, machine))
}

fn fill(value: &Value, platform: Option<Subdir>, machine: &mut Machine) -> Result<(), String> {
    let all: Vec<Node> = if is_labels(value) {
        vec![Node::of_labels(value)]
    } else {
        nodes(value).into_iter().map(Node::of).collect()
    };
    let subdir = chosen(&all, platform)?;
    let has_gpus = all.iter().any(|node| node.subdir == subdir && node.gpu.is_some());
    let counts = |node: &&Node| node.subdir == subdir && node.gpu.is_some() == has_gpus;
    let used: Vec<&Node> = all.iter().filter(counts).collect();
    if let Some(subdir) = subdir {
        machine.subdir = reported(subdir, machine);
    }
    machine.glibc = Detected::unknown("a container has its own");
    machine.os = common(&used, |node| node.os.clone(), machine);
    machine.kernel = common(&used, |node| node.kernel.clone(), machine);
    if has_gpus {
        driver(&used, machine);
        gpus(&used, machine);
    } else {
        machine.driver_cuda = Detected::Absent;
        machine.gpu_count = Detected::Absent;
    }
    report_nodes(&all, &used, subdir, machine);
    Ok(())
}

/// The platform that counts: the requested one, or that of most nodes with a GPU, or that of most nodes.
fn chosen(nodes: &[Node], asked: Option<Subdir>) -> Result<Option<Subdir>, String> {
    if let Some(asked) = asked {
        return match nodes.iter().any(|node| node.subdir.is_none_or(|subdir| subdir == asked)) {
            true if nodes.iter().any(|node| node.subdir == Some(asked)) => Ok(Some(asked)),
            true => Ok(None),
            false => Err(format!("no node of `{asked}`: {}", platforms(nodes))),
        };
    }
    let weight = |subdir: Option<Subdir>| {
        let of = || nodes.iter().filter(move |node| node.subdir == subdir);
        (of().filter(|node| node.gpu.is_some()).count(), of().count())
    };
    // The first one if several are equal.
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
        format!("{count} of {}", platform_name(*subdir))
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
        Some(first) if values.all(|value| value.as_ref() == Some(&first)) => {
            reported(first, machine)
        }
        Some(_) => Detected::unknown("the nodes differ"),
        None => Detected::unknown("the nodes do not report it"),
    }
}

/// The oldest driver and the oldest CUDA: what runs with them runs on every node.
fn driver(nodes: &[&Node], machine: &mut Machine) {
    let older = |a: DriverVersion, b: DriverVersion| if a.is_at_least(b) { b } else { a };
    if let Some(driver) = nodes.iter().filter_map(|node| node.driver).reduce(older) {
        machine.driver = reported(driver, machine);
    }
    // A node that only reports its driver may have the oldest CUDA: then it follows from the driver.
    let is_partial = nodes.iter().any(|node| node.driver.is_some() && node.cuda.is_none());
    if is_partial {
        machine.driver_cuda = Detected::unknown("not every node reports it");
    } else if let Some(cuda) = nodes.iter().filter_map(|node| node.cuda).min() {
        machine.driver_cuda = reported(cuda, machine);
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
        Ok(count) if is_counted => reported(count, machine),
        Ok(_) | Err(_) => Detected::unknown("the labels have no count"),
    };
}

fn gpu(kind: &NodeGpu, machine: &Machine) -> Gpu {
    fn fact<T>(value: Option<T>, unknown: Detected<T>, machine: &Machine) -> Detected<T> {
        value.map_or(unknown, |value| reported(value, machine))
    }
    let index = u32::try_from(machine.gpus.len()).unwrap_or(u32::MAX);
    let unknown = Gpu::unknown(index, "no label reports it");
    Gpu {
        name: fact(kind.name.clone(), unknown.name, machine),
        compute_capability: fact(kind.capability, unknown.compute_capability, machine),
        memory_mib: fact(kind.memory_mib, unknown.memory_mib, machine),
        mig: reported(kind.mig, machine),
        ..unknown
    }
}

/// Reports each node, and which nodes were left out.
fn report_nodes(all: &[Node], used: &[&Node], subdir: Option<Subdir>, machine: &mut Machine) {
    let name = platform_name(subdir);
    if all.len() > 1 {
        let others = all.iter().filter(|node| node.subdir != subdir).count();
        let without = all.len() - used.len() - others;
        let with = if used.iter().any(|node| node.gpu.is_some()) { " with a GPU" } else { "" };
        let mut text = format!("one machine for {} of {name}{with}", used.len());
        if without > 0 {
            let _ = write!(text, "; left out {without} without a GPU");
        }
        if others > 0 {
            let _ = write!(text, "; left out {others} of another platform (see `--platform`)");
        }
        report(machine, "nodes", Outcome::Ok, text);
    }
    for node in all {
        let is_used = used.iter().any(|used| std::ptr::eq(*used, node));
        let (outcome, detail) = if node.subdir == subdir {
            let detail = node.gpu.as_ref().map(|gpu| describe(node, gpu));
            let outcome = if is_used || detail.is_some() { Outcome::Ok } else { Outcome::Skipped };
            (outcome, detail.unwrap_or_else(|| "no GPU".to_owned()))
        } else {
            (Outcome::Skipped, format!("platform {}, not {name}", platform_name(node.subdir)))
        };
        report(machine, &format!("node {}", node.name), outcome, detail);
    }
}

fn platform_name(subdir: Option<Subdir>) -> String {
    subdir.map_or("an unknown platform".to_owned(), |subdir| subdir.to_string())
}

/// `4 x NVIDIA H100 80GB HBM3, compute capability 9.0, driver 550.54.15, CUDA 12.4`.
fn describe(node: &Node, gpu: &NodeGpu) -> String {
    let count = gpu.count.map(|count| format!("{count} x ")).unwrap_or_default();
    let name = gpu.name.as_deref().unwrap_or("a GPU without a name");
    let mig = if gpu.mig { " with MIG" } else { "" };
    let capability = gpu.capability.map(|it| format!(", compute capability {it}"));
    let driver = node.driver.map_or("unknown".to_owned(), |driver| driver.to_string());
    let cuda = node.cuda.map(|cuda| format!(", CUDA {cuda}")).unwrap_or_default();
    format!("{count}{name}{mig}{}, driver {driver}{cuda}", capability.unwrap_or_default())
}
