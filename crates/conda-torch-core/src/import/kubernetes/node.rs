//! A node of Kubernetes: its labels by NVIDIA's GPU Feature Discovery, and the status that the cluster reports.
//!
//! Source: <https://github.com/NVIDIA/k8s-device-plugin/tree/main/docs/gpu-feature-discovery>.

use serde_json::Value;

use crate::conda::Subdir;
use crate::types::{ComputeCapability, CudaVersion, DriverVersion};

/// A node.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) subdir: Option<Subdir>,
    /// The distribution with its own name.
    pub(super) os: Option<String>,
    pub(super) kernel: Option<String>,
    pub(super) driver: Option<DriverVersion>,
    /// The newest CUDA of the driver, which GPU Feature Discovery calls the runtime.
    pub(super) cuda: Option<CudaVersion>,
    /// Its GPUs, if it has any.
    pub(super) gpu: Option<NodeGpu>,
}

/// The GPUs of a node. The labels describe the first and count all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct NodeGpu {
    pub(super) name: Option<String>,
    pub(super) capability: Option<ComputeCapability>,
    pub(super) memory_mib: Option<u64>,
    pub(super) mig: bool,
    /// Unknown for MIG slices.
    pub(super) count: Option<u32>,
}

/// The labels of a node.
struct Labels<'v>(Option<&'v Value>);

impl<'v> Labels<'v> {
    fn text(&self, key: &str) -> Option<&'v str> {
        self.0?.get(key)?.as_str().filter(|text| !text.is_empty())
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.text(key)?.parse().ok()
    }

    /// A version that is written whole, or in parts under one of two names.
    fn version(&self, whole: &str, parts: &[&[&str]]) -> Option<String> {
        let joined = |keys: &&[&str]| {
            let numbers: Vec<&str> = keys.iter().map_while(|key| self.text(key)).collect();
            (!numbers.is_empty()).then(|| numbers.join("."))
        };
        self.text(whole).map(str::to_owned).or_else(|| parts.iter().find_map(joined))
    }

    fn any(&self, test: impl Fn(&str, &str) -> bool) -> bool {
        let entries = self.0.and_then(Value::as_object).into_iter().flatten();
        entries.filter_map(|(key, value)| Some((key, value.as_str()?))).any(|(k, v)| test(k, v))
    }
}

impl Node {
    /// A node as `kubectl` prints it.
    pub(super) fn of(value: &Value) -> Self {
        let labels = Labels(value["metadata"].get("labels"));
        let info = &value["status"]["nodeInfo"];
        let status = |key: &str| info[key].as_str();
        let arch = labels.text("kubernetes.io/arch").or(labels.text("beta.kubernetes.io/arch"));
        let os = labels.text("kubernetes.io/os").or(labels.text("beta.kubernetes.io/os"));
        Self {
            name: value["metadata"]["name"].as_str().unwrap_or("without a name").to_owned(),
            subdir: subdir(arch.or(status("architecture")), os.or(status("operatingSystem"))),
            os: status("osImage").map(str::to_owned).or_else(|| os_release(&labels)),
            kernel: status("kernelVersion")
                .or(labels.text("feature.node.kubernetes.io/kernel-version.full"))
                .map(str::to_owned),
            driver: driver(&labels),
            cuda: cuda(&labels),
            gpu: gpu(&labels, &value["status"]),
        }
    }

    /// A node of which only the labels were printed.
    pub(super) fn of_labels(labels: &Value) -> Self {
        Self::of(&serde_json::json!({ "metadata": { "labels": labels } }))
    }
}

/// Conda's platform for Go's names.
fn subdir(arch: Option<&str>, os: Option<&str>) -> Option<Subdir> {
    match (arch?, os.unwrap_or("linux")) {
        ("amd64", "linux") => Some(Subdir::Linux64),
        ("arm64", "linux") => Some(Subdir::LinuxAarch64),
        ("ppc64le", "linux") => Some(Subdir::LinuxPpc64le),
        ("s390x", "linux") => Some(Subdir::LinuxS390x),
        ("riscv64", "linux") => Some(Subdir::LinuxRiscv64),
        ("amd64", "windows") => Some(Subdir::Win64),
        ("arm64", "windows") => Some(Subdir::WinArm64),
        _ => None,
    }
}

/// The labels of Node Feature Discovery.
fn os_release(labels: &Labels<'_>) -> Option<String> {
    let id = labels.text("feature.node.kubernetes.io/system-os_release.ID")?;
    let version = labels.text("feature.node.kubernetes.io/system-os_release.VERSION_ID");
    Some(version.map_or(id.to_owned(), |version| format!("{id} {version}")))
}

fn driver(labels: &Labels<'_>) -> Option<DriverVersion> {
    let new = [
        "nvidia.com/cuda.driver-version.major",
        "nvidia.com/cuda.driver-version.minor",
        "nvidia.com/cuda.driver-version.revision",
    ];
    // Deprecated, and all that older releases have.
    let old = [
        "nvidia.com/cuda.driver.major",
        "nvidia.com/cuda.driver.minor",
        "nvidia.com/cuda.driver.rev",
    ];
    labels.version("nvidia.com/cuda.driver-version.full", &[&new, &old])?.parse().ok()
}

fn cuda(labels: &Labels<'_>) -> Option<CudaVersion> {
    let new = ["nvidia.com/cuda.runtime-version.major", "nvidia.com/cuda.runtime-version.minor"];
    let old = ["nvidia.com/cuda.runtime.major", "nvidia.com/cuda.runtime.minor"];
    labels.version("nvidia.com/cuda.runtime-version.full", &[&new, &old])?.parse().ok()
}

fn gpu(labels: &Labels<'_>, status: &Value) -> Option<NodeGpu> {
    // Without GPU Feature Discovery the cloud's own label may name it.
    let product = labels
        .text("nvidia.com/gpu.product")
        .or(labels.text("cloud.google.com/gke-accelerator"))
        .or(labels.text("k8s.amazonaws.com/accelerator"));
    let capacity = capacity(status);
    let count = labels.number("nvidia.com/gpu.count");
    let is_present = product.is_some()
        || labels.text("nvidia.com/gpu.present") == Some("true")
        || count.is_some_and(|count| count > 0)
        || capacity > 0
        || labels.any(|key, value| {
            key.starts_with("feature.node.kubernetes.io/pci-")
                && key.ends_with("10de.present")
                && value == "true"
        });
    if !is_present {
        return None;
    }
    let slices = |key: &str, value: &str| {
        let profile = key.strip_prefix("nvidia.com/mig-");
        profile.and_then(|rest| rest.strip_suffix(".count")).is_some() && value != "0"
    };
    let (name, is_slice) = product.map_or((None, false), |product| {
        let (name, is_slice) = card(product);
        (Some(name), is_slice)
    });
    let major = labels.number("nvidia.com/gpu.compute.major");
    let minor = labels.number("nvidia.com/gpu.compute.minor");
    let capability = major.zip(minor).and_then(|(x, y)| format!("{x}.{y}").parse().ok());
    Some(NodeGpu {
        name,
        capability,
        // That of a slice is not the card's.
        memory_mib: labels.number("nvidia.com/gpu.memory").filter(|n| *n > 0 && !is_slice),
        mig: is_slice || labels.any(slices),
        count: count
            .or((capacity > 0).then_some(capacity))
            .filter(|count| *count > 0 && !is_slice)
            .and_then(|count| u32::try_from(count).ok()),
    })
}

/// What the device plugin offers.
fn capacity(status: &Value) -> u64 {
    let entries = status["capacity"].as_object().into_iter().flatten();
    let is_gpu = |key: &str| key == "nvidia.com/gpu" || key.starts_with("nvidia.com/mig-");
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    entries.filter(|(key, _)| is_gpu(key)).filter_map(|(_, value)| number(value)).sum()
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
        let gpu = single.gpu.expect("a GPU");
        assert!(gpu.mig && gpu.count.is_none() && gpu.memory_mib.is_none());
        let mixed = node(&[
            ("nvidia.com/gpu.product", "NVIDIA-A100-SXM4-40GB"),
            ("nvidia.com/gpu.count", "2"),
            ("nvidia.com/mig-1g.5gb.count", "14"),
        ]);
        let gpu = mixed.gpu.expect("a GPU");
        assert!(gpu.mig && gpu.count == Some(2));
    }

    #[test]
    fn a_gpu_is_found_without_its_own_labels() {
        assert!(node(&[("feature.node.kubernetes.io/pci-10de.present", "true")]).gpu.is_some());
        assert!(
            node(&[("feature.node.kubernetes.io/pci-0302_10de.present", "true")]).gpu.is_some()
        );
        let gke = node(&[("cloud.google.com/gke-accelerator", "nvidia-tesla-t4")]);
        assert_eq!(gke.gpu.and_then(|gpu| gpu.name).as_deref(), Some("nvidia tesla t4"));
        assert!(node(&[("kubernetes.io/arch", "amd64")]).gpu.is_none());
        let plugin = serde_json::json!({"status": {"capacity": {"nvidia.com/gpu": "4"}}});
        assert_eq!(Node::of(&plugin).gpu.and_then(|gpu| gpu.count), Some(4));
        let none = serde_json::json!({"status": {"capacity": {"nvidia.com/gpu": "0"}}});
        assert!(Node::of(&none).gpu.is_none());
    }
}
