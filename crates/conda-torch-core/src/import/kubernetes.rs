//! Nodes of Kubernetes as `kubectl get nodes -o json` prints them, with the labels of NVIDIA's GPU Feature
//! Discovery. Several nodes are read as one machine with the oldest driver: what runs there runs on each node with a
//! GPU.
//!
//! Source: <https://github.com/NVIDIA/k8s-device-plugin/tree/main/docs/gpu-feature-discovery>.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::str::FromStr;

use serde_json::Value;

use super::document::Document;
use super::nvidia_smi::ReportedGpu;
use super::{Recognized, origin, report, set};
use crate::conda::{Os, Subdir};
use crate::types::{CudaVersion, Detected, DriverVersion, Machine, Origin, Outcome};

/// The most GPUs of one kind that are listed.
const MOST: u32 = 64;

/// With more kinds of GPUs, one of each is listed.
const MOST_KINDS: usize = 64;

/// The nodes in a document: one, or the items of a list, or one of which a template printed the labels.
fn nodes(value: &Value) -> Vec<Node> {
    let is_node = |value: &Value| {
        value["kind"] == "Node"
            || value["kind"].is_null() && value["status"].get("nodeInfo").is_some()
    };
    let is_label = |key: &String| key.starts_with("nvidia.com/") || key == "kubernetes.io/arch";
    if value.as_object().is_some_and(|labels| labels.keys().any(is_label)) {
        return vec![Node::of_labels(value)];
    }
    if is_node(value) {
        return vec![Node::of(value)];
    }
    let items = value["items"].as_array().into_iter().flatten();
    let is_list = value["kind"] == "NodeList";
    items.filter(|item| is_list || is_node(item)).map(Node::of).collect()
}

pub(super) fn read(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let nodes = document.value().map(nodes).unwrap_or_default();
    let is_it = !nodes.is_empty()
        || document.is_damaged_with(&["\"nodeInfo\"", "\"nvidia.com/", "kubernetes.io/"]);
    is_it.then(|| document.whole().and_then(|_| fill(&nodes, document.platform, machine)))
}

fn fill(all: &[Node], platform: Option<Subdir>, machine: &mut Machine) -> Result<(), String> {
    let subdir = chosen(all, platform)?;
    let has_gpus = all.iter().any(|node| node.subdir == subdir && node.gpus.is_some());
    let counts = |node: &&Node| node.subdir == subdir && node.gpus.is_some() == has_gpus;
    let used: Vec<&Node> = all.iter().filter(counts).collect();
    let origin = origin(machine);
    set(&mut machine.subdir, subdir, &origin);
    machine.glibc = Detected::unknown("a container has its own");
    machine.os = common(&used, |node| node.os.as_ref(), &origin);
    machine.kernel = common(&used, |node| node.kernel.as_ref(), &origin);
    if has_gpus {
        driver(&used, machine, &origin);
        gpus(&used, machine, &origin);
    } else {
        machine.driver_cuda = Detected::Absent;
        machine.gpu_count = Detected::Absent;
    }
    report_nodes(all, &used, subdir, machine);
    Ok(())
}

/// The platform that counts: the requested one, or that of most nodes with a GPU, or that of most nodes.
fn chosen(nodes: &[Node], requested: Option<Subdir>) -> Result<Option<Subdir>, String> {
    if let Some(requested) = requested {
        let mut platforms = nodes.iter().map(|node| node.subdir);
        // A node that does not report its platform may be of the requested one.
        return match nodes.iter().any(|node| node.subdir == Some(requested)) {
            true => Ok(Some(requested)),
            false if platforms.any(|subdir| subdir.is_none()) => Ok(None),
            false => Err(format!("no node of `{requested}`: {}", platform_counts(nodes))),
        };
    }
    // The first one if several are equal.
    let most = platforms(nodes).into_iter().rev().max_by_key(|(_, counts)| *counts);
    Ok(most.and_then(|(subdir, _)| subdir))
}

/// Every platform in the order of the nodes, how many of its nodes have a GPU, and how many it has.
fn platforms(nodes: &[Node]) -> Vec<(Option<Subdir>, (usize, usize))> {
    let mut platforms: Vec<(Option<Subdir>, (usize, usize))> = Vec::new();
    for node in nodes {
        let known = platforms.iter().position(|(subdir, _)| *subdir == node.subdir);
        let at = known.unwrap_or(platforms.len());
        platforms.resize(platforms.len().max(at + 1), (node.subdir, (0, 0)));
        let (with_gpus, all) = &mut platforms[at].1;
        *with_gpus += usize::from(node.gpus.is_some());
        *all += 1;
    }
    platforms
}

/// `3 of linux-64, 1 of linux-aarch64`, in the order of the nodes.
fn platform_counts(nodes: &[Node]) -> String {
    let text = |(subdir, (_, count))| format!("{count} of {}", platform_name(subdir));
    platforms(nodes).into_iter().map(text).collect::<Vec<_>>().join(", ")
}

fn common(
    nodes: &[&Node],
    of: impl Fn(&Node) -> Option<&String>,
    origin: &Origin,
) -> Detected<String> {
    match nodes.first().and_then(|node| of(node)) {
        Some(first) if nodes.iter().all(|node| of(node) == Some(first)) => {
            Detected::found(first.clone(), origin.clone())
        }
        Some(_) => Detected::unknown("the nodes differ"),
        None => Detected::unknown("the nodes do not report it"),
    }
}

/// The oldest driver and the oldest CUDA: what runs with them runs on every node.
fn driver(nodes: &[&Node], machine: &mut Machine, origin: &Origin) {
    let older = |a: DriverVersion, b: DriverVersion| if a.is_at_least(b) { b } else { a };
    let driver = nodes.iter().filter_map(|node| node.driver).reduce(older);
    set(&mut machine.driver, driver, origin);
    set(&mut machine.driver_cuda, nodes.iter().filter_map(|node| node.cuda).min(), origin);
    // A node that only reports its driver may have the oldest CUDA: then it follows from the driver.
    if nodes.iter().any(|node| node.driver.is_some() && node.cuda.is_none()) {
        machine.driver_cuda = Detected::unknown("not every node reports it");
    }
}

/// Every kind of GPU, as often as on the node with most of it.
fn gpus(nodes: &[&Node], machine: &mut Machine, origin: &Origin) {
    let mut kinds: Vec<NodeGpus> = Vec::new();
    let mut places: HashMap<&ReportedGpu, usize> = HashMap::new();
    for gpus in nodes.iter().filter_map(|node| node.gpus.as_ref()) {
        let at = *places.entry(&gpus.gpu).or_insert(kinds.len());
        match kinds.get_mut(at) {
            Some(kind) => kind.count = kind.count.max(gpus.count),
            None => kinds.push(gpus.clone()),
        }
    }
    for kind in &kinds {
        let most = if kinds.len() > MOST_KINDS { 1 } else { MOST };
        for _ in 0..kind.count.unwrap_or(1).min(most) {
            let index = u32::try_from(machine.gpus.len()).unwrap_or(u32::MAX);
            machine.gpus.push(kind.gpu.clone().describe(index, "no label reports it", origin));
        }
    }
    machine.gpu_count = match u32::try_from(machine.gpus.len()) {
        Ok(count) if kinds.iter().all(|kind| kind.count.is_some()) => {
            Detected::found(count, origin.clone())
        }
        Ok(_) | Err(_) => Detected::unknown("the labels have no count"),
    };
}

/// Reports each node, and which nodes were left out.
fn report_nodes(all: &[Node], used: &[&Node], subdir: Option<Subdir>, machine: &mut Machine) {
    let name = platform_name(subdir);
    let has_gpus = used.iter().any(|node| node.gpus.is_some());
    if all.len() > 1 {
        let others = all.iter().filter(|node| node.subdir != subdir).count();
        let without = all.len() - used.len() - others;
        let with = if has_gpus { " with a GPU" } else { "" };
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
        let (outcome, detail) = if node.subdir == subdir {
            let detail = node.gpus.as_ref().map(|gpus| describe(node, gpus));
            // If no node has a GPU, those without one are described.
            let is_used = detail.is_some() || !has_gpus;
            let outcome = if is_used { Outcome::Ok } else { Outcome::Skipped };
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
fn describe(node: &Node, NodeGpus { gpu, count }: &NodeGpus) -> String {
    let count = count.map(|count| format!("{count} x ")).unwrap_or_default();
    let name = gpu.name.as_deref().unwrap_or("a GPU without a name");
    let mig = if gpu.mig == Some(true) { " with MIG" } else { "" };
    let capability = gpu.capability.map(|it| format!(", compute capability {it}"));
    let driver = node.driver.map_or("unknown".to_owned(), |driver| driver.to_string());
    let cuda = node.cuda.map(|cuda| format!(", CUDA {cuda}")).unwrap_or_default();
    format!("{count}{name}{mig}{}, driver {driver}{cuda}", capability.unwrap_or_default())
}

#[derive(Debug, Default)]
struct Node {
    name: String,
    subdir: Option<Subdir>,
    os: Option<String>,
    kernel: Option<String>,
    driver: Option<DriverVersion>,
    /// The newest CUDA of the driver, which GPU Feature Discovery calls the runtime.
    cuda: Option<CudaVersion>,
    gpus: Option<NodeGpus>,
}

/// The GPUs of a node. The labels describe the first and count all.
#[derive(Debug, Clone, Default)]
struct NodeGpus {
    gpu: ReportedGpu,
    /// Unknown for MIG slices.
    count: Option<u32>,
}

/// Labels that name the GPU of a cloud's machine if GPU Feature Discovery does not: of GKE, EKS and Karpenter.
///
/// Source: <https://cloud.google.com/kubernetes-engine/docs/how-to/gpus>,
/// <https://github.com/aws/karpenter-provider-aws/blob/main/website/content/en/docs/concepts/scheduling.md>.
const PRODUCTS: [&str; 3] = [
    "cloud.google.com/gke-accelerator",
    "k8s.amazonaws.com/accelerator",
    "karpenter.k8s.aws/instance-gpu-name",
];
const MAKER: &str = "karpenter.k8s.aws/instance-gpu-manufacturer";
const COUNT: &str = "karpenter.k8s.aws/instance-gpu-count";

/// Whether this reader looks at a label.
pub(crate) fn is_read_label(key: &str) -> bool {
    const PREFIXES: [&str; 4] = [
        "nvidia.com/",
        "feature.node.kubernetes.io/system-os_release.",
        "feature.node.kubernetes.io/kernel-version.full",
        "feature.node.kubernetes.io/pci-",
    ];
    match key {
        "nvidia.com/gfd.timestamp" => false,
        "kubernetes.io/arch"
        | "kubernetes.io/os"
        | "beta.kubernetes.io/arch"
        | "beta.kubernetes.io/os"
        | MAKER
        | COUNT => true,
        _ => PRODUCTS.contains(&key) || PREFIXES.iter().any(|prefix| key.starts_with(prefix)),
    }
}

/// The labels of a node that have a value.
type Labels<'v> = BTreeMap<&'v str, &'v str>;

impl Node {
    /// A node as `kubectl` prints it.
    fn of(value: &Value) -> Self {
        let labels = value["metadata"]["labels"].as_object().into_iter().flatten();
        let labels = labels.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
        let labels: Labels<'_> = labels.filter(|(_, value)| !value.is_empty()).collect();
        let label = |key: &str| labels.get(key).copied();
        let info = |key: &str| value["status"]["nodeInfo"][key].as_str();
        let arch = label("kubernetes.io/arch").or(label("beta.kubernetes.io/arch"));
        let os = label("kubernetes.io/os").or(label("beta.kubernetes.io/os"));
        let os = Os::of(os.or(info("operatingSystem")).unwrap_or("linux"));
        // Labels of Node Feature Discovery.
        let id = label("feature.node.kubernetes.io/system-os_release.ID");
        let version = label("feature.node.kubernetes.io/system-os_release.VERSION_ID");
        let release =
            id.map(|id| version.map_or(id.to_owned(), |version| format!("{id} {version}")));
        let kernel = label("feature.node.kubernetes.io/kernel-version.full");
        Self {
            name: value["metadata"]["name"].as_str().unwrap_or("without a name").to_owned(),
            subdir: arch.or(info("architecture")).and_then(|arch| Subdir::of(os?, arch)),
            os: info("osImage").map(str::to_owned).or(release),
            kernel: info("kernelVersion").or(kernel).map(str::to_owned),
            driver: version_of(&labels, "driver"),
            cuda: version_of(&labels, "runtime"),
            gpus: node_gpus(&labels, &value["status"]),
        }
    }

    /// A node of which only the labels were printed.
    fn of_labels(labels: &Value) -> Self {
        Self::of(&serde_json::json!({ "metadata": { "labels": labels } }))
    }
}

/// The version of the driver or the CUDA runtime, in one label or else in parts. The old labels are
/// deprecated: `cuda.driver.rev` is now `cuda.driver-version.revision`.
fn version_of<T: FromStr>(labels: &Labels<'_>, name: &str) -> Option<T> {
    let number = |part: &str| labels.get(&*format!("nvidia.com/cuda.{name}{part}")).copied();
    let joined = |parts: [&str; 3]| {
        let numbers: Vec<&str> = parts.into_iter().map_while(number).collect();
        (!numbers.is_empty()).then(|| numbers.join("."))
    };
    let whole = number("-version.full").map(str::to_owned);
    let new = || joined(["-version.major", "-version.minor", "-version.revision"]);
    whole.or_else(new).or_else(|| joined([".major", ".minor", ".rev"]))?.parse().ok()
}

fn node_gpus(labels: &Labels<'_>, status: &Value) -> Option<NodeGpus> {
    let label = |key: &str| labels.get(key).copied();
    let number = |key: &str| labels.get(key)?.parse::<u64>().ok();
    let of_cloud = PRODUCTS.iter().find_map(|key| label(key));
    let of_cloud = of_cloud.filter(|_| label(MAKER).is_none_or(|maker| maker == "nvidia"));
    let product = label("nvidia.com/gpu.product").or(of_cloud);
    let is_gpu = |key: &str| key == "nvidia.com/gpu" || key == "nvidia.com/gpu.shared";
    let capacity_of_slices = capacity(status, |key| key.starts_with("nvidia.com/mig-"));
    let capacity = capacity(status, is_gpu);
    let of_cloud = of_cloud.and_then(|_| number(COUNT));
    let count = number("nvidia.com/gpu.count").or(of_cloud).filter(|count| *count > 0);
    let is_on_bus = |(key, value): (&&str, &&str)| {
        key.starts_with("feature.node.kubernetes.io/pci-")
            && key.ends_with("10de.present")
            && *value == "true"
    };
    let is_present = product.is_some()
        || label("nvidia.com/gpu.present") == Some("true")
        || count.or(capacity).or(capacity_of_slices).is_some()
        || labels.iter().any(is_on_bus);
    if !is_present {
        return None;
    }
    let has_slices = |(key, value): (&&str, &&str)| {
        let profile = key.strip_prefix("nvidia.com/mig-");
        profile.and_then(|rest| rest.strip_suffix(".count")).is_some() && *value != "0"
    };
    let (mut name, is_slice) = product.map(card).unzip();
    if label("nvidia.com/vgpu.present") == Some("true") {
        name = name.map(|name| vgpu(&name));
    }
    let is_slice = is_slice.unwrap_or(false);
    let major = label("nvidia.com/gpu.compute.major");
    let minor = label("nvidia.com/gpu.compute.minor");
    let gpu = ReportedGpu {
        name,
        capability: major.zip(minor).and_then(|(x, y)| format!("{x}.{y}").parse().ok()),
        // That of a slice is not the card's.
        memory: number("nvidia.com/gpu.memory").filter(|n| *n > 0 && !is_slice),
        mig: Some(is_slice || labels.iter().any(has_slices) || capacity_of_slices.is_some()),
        ..ReportedGpu::default()
    };
    let count = count.or(capacity).filter(|_| !is_slice);
    Some(NodeGpus { gpu, count: count.and_then(|count| u32::try_from(count).ok()) })
}

/// What the device plugin offers of some resources.
fn capacity(status: &Value, is_it: impl Fn(&str) -> bool) -> Option<u64> {
    let entries = status["capacity"].as_object().into_iter().flatten();
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let sum = entries.filter(|(key, _)| is_it(key)).filter_map(|(_, value)| number(value)).sum();
    Some(sum).filter(|sum| *sum > 0)
}

/// `GRID A100 10C`: a vGPU's name has its profile after a dash, `GRID A100-10C`.
fn vgpu(name: &str) -> String {
    let is_profile = |text: &str| {
        let digits = text.trim_end_matches(['A', 'B', 'C', 'Q']);
        digits.len() + 1 == text.len() && digits.parse::<u32>().is_ok()
    };
    match name.rsplit_once(' ') {
        Some((card, profile)) if is_profile(profile) => format!("{card}-{profile}"),
        Some(_) | None => name.to_owned(),
    }
}

/// `NVIDIA-A100-SXM4-40GB-MIG-1g.5gb-SHARED`: the card, and whether this is a slice of it. A label has
/// no spaces.
fn card(product: &str) -> (String, bool) {
    let product = product.split("-SHARED").next().unwrap_or(product);
    let (card, is_slice) = match product.split_once("-MIG-") {
        Some((card, _)) => (card, true),
        None => (product, false),
    };
    (card.replace('-', " "), is_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(labels: &[(&str, &str)]) -> Node {
        let labels: serde_json::Map<String, Value> =
            labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
        Node::of_labels(&Value::Object(labels))
    }

    #[test]
    fn a_product_is_a_card_or_a_slice() {
        let expected = ("NVIDIA A100 SXM4 40GB".to_owned(), true);
        assert_eq!(card("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb-SHARED"), expected);
        assert_eq!(card("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb"), expected);
        assert_eq!(card("Tesla-T4-SHARED"), ("Tesla T4".to_owned(), false));
        assert_eq!(card("NVIDIA-GeForce-RTX-4090").0, "NVIDIA GeForce RTX 4090");
    }

    #[test]
    fn a_version_is_read_from_the_new_labels_or_the_old() {
        let new = node(&[("nvidia.com/cuda.driver-version.full", "575.57.08")]);
        assert_eq!(new.driver.map(|d| d.to_string()).as_deref(), Some("575.57.08"));
        let parts = node(&[
            ("nvidia.com/cuda.driver-version.major", "610"),
            ("nvidia.com/cuda.driver-version.minor", "57"),
            ("nvidia.com/cuda.runtime-version.major", "13"),
            ("nvidia.com/cuda.runtime-version.minor", "3"),
        ]);
        assert_eq!(parts.driver.map(|d| d.to_string()).as_deref(), Some("610.57"));
        assert_eq!(parts.cuda, Some(CudaVersion::new(13, 3)));
        let old = node(&[
            ("nvidia.com/cuda.driver.major", "470"),
            ("nvidia.com/cuda.driver.minor", "57"),
            ("nvidia.com/cuda.driver.rev", "02"),
            ("nvidia.com/cuda.runtime.major", "11"),
            ("nvidia.com/cuda.runtime.minor", "4"),
        ]);
        assert_eq!(old.driver.map(|d| d.to_string()).as_deref(), Some("470.57.02"));
        assert_eq!(old.cuda, Some(CudaVersion::new(11, 4)));
    }

    #[test]
    fn mig_slices_do_not_count_cards() {
        let single = node(&[
            ("nvidia.com/gpu.product", "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb"),
            ("nvidia.com/gpu.count", "7"),
            ("nvidia.com/gpu.memory", "4864"),
        ]);
        let NodeGpus { gpu, count } = single.gpus.expect("GPUs");
        assert_eq!((gpu.mig, count, gpu.memory), (Some(true), None, None));
        let mixed = node(&[
            ("nvidia.com/gpu.product", "NVIDIA-A100-SXM4-40GB"),
            ("nvidia.com/gpu.count", "2"),
            ("nvidia.com/mig-1g.5gb.count", "14"),
        ]);
        let NodeGpus { gpu, count } = mixed.gpus.expect("GPUs");
        assert_eq!((gpu.mig, count), (Some(true), Some(2)));
    }

    #[test]
    fn slices_that_the_device_plugin_offers_do_not_count_cards() {
        let status = serde_json::json!({"status": {"capacity": {"nvidia.com/gpu": "0", "nvidia.com/mig-1g.5gb": "14"}}});
        let NodeGpus { gpu, count } = Node::of(&status).gpus.expect("GPUs");
        assert_eq!((gpu.mig, count), (Some(true), None));
        let both = serde_json::json!({"status": {"capacity": {"nvidia.com/gpu": 1, "nvidia.com/mig-3g.40gb": 2}}});
        let NodeGpus { gpu, count } = Node::of(&both).gpus.expect("GPUs");
        assert_eq!((gpu.mig, count), (Some(true), Some(1)));
    }

    /// As GPU Feature Discovery labels a virtual machine of vSphere.
    #[test]
    fn a_vgpu_has_its_profile_in_its_name() {
        let labels =
            [("nvidia.com/gpu.product", "GRID-A100-10C"), ("nvidia.com/vgpu.present", "true")];
        let name = |labels: &[_]| node(labels).gpus.and_then(|gpus| gpus.gpu.name);
        assert_eq!(name(&labels).as_deref(), Some("GRID A100-10C"));
        let card = [("nvidia.com/gpu.product", "NVIDIA-A40"), ("nvidia.com/vgpu.present", "true")];
        assert_eq!(name(&card).as_deref(), Some("NVIDIA A40"));
    }

    #[test]
    fn labels_of_karpenter_name_gpus_of_nvidia_alone() {
        let labels = |maker| {
            node(&[
                ("karpenter.k8s.aws/instance-gpu-name", "a10g"),
                ("karpenter.k8s.aws/instance-gpu-count", "4"),
                (MAKER, maker),
            ])
        };
        let NodeGpus { gpu, count } = labels("nvidia").gpus.expect("GPUs");
        assert_eq!((gpu.name.as_deref(), count), (Some("a10g"), Some(4)));
        assert!(labels("amd").gpus.is_none());
    }

    #[test]
    fn a_gpu_is_found_without_its_own_labels() {
        assert!(node(&[("feature.node.kubernetes.io/pci-10de.present", "true")]).gpus.is_some());
        assert!(
            node(&[("feature.node.kubernetes.io/pci-0302_10de.present", "true")]).gpus.is_some()
        );
        let gke = node(&[("cloud.google.com/gke-accelerator", "nvidia-tesla-t4")]);
        assert_eq!(gke.gpus.and_then(|gpus| gpus.gpu.name).as_deref(), Some("nvidia tesla t4"));
        assert!(node(&[("kubernetes.io/arch", "amd64")]).gpus.is_none());
        let plugin = serde_json::json!({"status": {"capacity": {"nvidia.com/gpu": "4"}}});
        assert_eq!(Node::of(&plugin).gpus.and_then(|gpus| gpus.count), Some(4));
        let none = serde_json::json!({"status": {"capacity": {"nvidia.com/gpu": "0"}}});
        assert!(Node::of(&none).gpus.is_none());
    }
}
