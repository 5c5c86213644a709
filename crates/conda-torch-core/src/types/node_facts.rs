//! A node as one short line: the facts of a machine that decide which PyTorch runs.
//!
//! `srun` keeps lines of up to 1024 bytes together and mixes longer ones of several nodes.
#![expect(
    clippy::option_option,
    reason = "a key that is missing, null or there: three things in JSON"
)]

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::{
    Adapter, ComputeCapability, CudaVersion, Detected, DriverVersion, Gpu, LibcudaError, Machine,
    NvmlError, Origin, Outcome, SourceReport,
};
use crate::conda::{Subdir, Version};

/// The facts of a node. A fact that is absent is null; one that is unknown is left out, with the reason in `unknown`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct NodeFacts {
    /// Conda's platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subdir: Option<Subdir>,
    /// The version of glibc; null on another libc or system.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    glibc: Option<Option<Version>>,
    /// The version of musl, if that is the system's libc.
    #[serde(skip_serializing_if = "Option::is_none")]
    musl: Option<Version>,
    /// The version of macOS.
    #[serde(skip_serializing_if = "Option::is_none")]
    macos: Option<Version>,
    /// The version of Windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    windows: Option<Version>,
    /// The NVIDIA driver.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    driver: Option<Option<DriverVersion>>,
    /// The newest CUDA that the driver supports.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    driver_cuda: Option<Option<CudaVersion>>,
    /// The kernel's driver, if the libcuda that comes first is of another.
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel_driver: Option<DriverVersion>,
    /// That libcuda.
    #[serde(skip_serializing_if = "Option::is_none")]
    libcuda: Option<DriverVersion>,
    /// The NVIDIA GPUs that the driver shows, each kind once; null: none.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    gpus: Option<Option<Vec<NodeGpus>>>,
    /// NVIDIA's cards and those of other makers on the bus, if the driver shows no GPU.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    adapters: Vec<Adapter>,
    /// The kind of container.
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<String>,
    /// The version of WSL.
    #[serde(skip_serializing_if = "Option::is_none")]
    wsl: Option<String>,
    /// The model of a Jetson.
    #[serde(skip_serializing_if = "Option::is_none")]
    jetson: Option<String>,
    /// Whether this is an x86-64 program on an arm64 Mac.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    rosetta: bool,
    /// Whether the driver was called and did not answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    silent: bool,
    /// Why NVML could not be initialised.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    nvml_error: Option<NvmlError>,
    /// Why libcuda could not be initialised.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    libcuda_error: Option<LibcudaError>,
    /// Why facts are unknown: `driver`, `gpus`, `glibc`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unknown: BTreeMap<String, String>,
}

/// GPUs of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
struct NodeGpus {
    /// The name that the driver reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// What they can execute.
    #[serde(skip_serializing_if = "Option::is_none")]
    compute_capability: Option<ComputeCapability>,
    /// How many.
    count: u32,
    /// Whether they are split into MIG slices.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    mig: bool,
    /// `vgpu` if they are shares of the GPU of a virtual machine's host.
    #[serde(skip_serializing_if = "Option::is_none")]
    virtualization: Option<String>,
    /// PCI vendor and device, if the name or the capability is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pci_id: Option<String>,
}

/// The most GPUs of a kind; no node has as many.
const MOST_GPUS: u32 = 1024;

/// The longest reason, in characters.
const LONGEST: usize = 100;

/// Reads a key that is there: null is a value.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl From<&Machine> for NodeFacts {
    fn from(machine: &Machine) -> Self {
        fn state<T: Copy>(fact: &Detected<T>) -> Option<Option<T>> {
            match fact {
                Detected::Found(fact) => Some(Some(fact.value)),
                Detected::Absent => Some(None),
                Detected::Unknown { .. } => None,
            }
        }
        let mut unknown = BTreeMap::new();
        let mut note = |name: &str, why: Option<&str>| {
            if let Some(why) = why.filter(|why| *why != "not asked") {
                unknown.insert(name.to_owned(), why.chars().take(LONGEST).collect());
            }
        };
        note("driver", why(&machine.driver));
        note("gpus", why(&machine.gpu_count).filter(|_| machine.gpus.is_empty()));
        note("glibc", why(&machine.glibc));
        let gpus = match (&machine.gpu_count, kinds(&machine.gpus)) {
            (Detected::Absent, kinds) if kinds.is_empty() => Some(None),
            (_, kinds) => (!kinds.is_empty()).then_some(Some(kinds)),
        };
        let parts = &machine.nvidia;
        let module = parts.kernel_module.value().copied();
        let libcuda = parts.libcuda_library.value().copied();
        let differ = module.zip(libcuda).filter(|(module, libcuda)| module != libcuda);
        Self {
            subdir: machine.subdir.value().copied(),
            glibc: state(&machine.glibc),
            musl: machine.musl.value().copied(),
            macos: machine.macos.value().copied(),
            windows: machine.windows.value().copied(),
            driver: state(&machine.driver),
            driver_cuda: state(&machine.driver_cuda),
            kernel_driver: differ.map(|(module, _)| module),
            libcuda: differ.map(|(_, libcuda)| libcuda),
            adapters: if matches!(gpus, Some(Some(_))) {
                Vec::new()
            } else {
                machine.adapters.clone()
            },
            gpus,
            container: machine.container.value().cloned(),
            wsl: machine.wsl.value().cloned(),
            jetson: machine.jetson.value().cloned(),
            rosetta: machine.rosetta.value() == Some(&true),
            silent: machine.is_driver_silent(),
            nvml_error: parts.nvml_error.clone(),
            libcuda_error: parts.libcuda_error.clone(),
            unknown,
        }
    }
}

fn why<T>(fact: &Detected<T>) -> Option<&str> {
    match fact {
        Detected::Unknown { why } => Some(why),
        Detected::Found(_) | Detected::Absent => None,
    }
}

/// The kinds of GPUs, in the driver's order.
fn kinds(gpus: &[Gpu]) -> Vec<NodeGpus> {
    let mut kinds: Vec<NodeGpus> = Vec::new();
    for gpu in gpus {
        let name = gpu.name.value().cloned();
        let compute_capability = gpu.compute_capability.value().copied();
        let is_known = name.is_some() && compute_capability.is_some();
        let kind = NodeGpus {
            name,
            compute_capability,
            count: 1,
            mig: gpu.mig.value() == Some(&true),
            virtualization: gpu.virtualization.value().cloned(),
            pci_id: gpu.pci_id.clone().filter(|_| !is_known),
        };
        let is_same = |other: &&mut NodeGpus| NodeGpus { count: 1, ..(*other).clone() } == kind;
        match kinds.iter_mut().find(is_same) {
            Some(other) => other.count += 1,
            None => kinds.push(kind),
        }
    }
    kinds
}

impl NodeFacts {
    /// The machine with these facts.
    pub fn machine(&self) -> Machine {
        let origin = || Origin::Document("node".to_owned());
        let why = |name: &str| {
            self.unknown.get(name).cloned().unwrap_or_else(|| "not reported".to_owned())
        };
        let mut machine = Machine {
            subdir: Detected::found_or(self.subdir, origin(), "not reported"),
            glibc: fact(self.glibc, origin(), why("glibc")),
            musl: found(self.musl, origin()),
            macos: found(self.macos, origin()),
            windows: found(self.windows, origin()),
            driver: fact(self.driver, origin(), why("driver")),
            driver_cuda: fact(self.driver_cuda, origin(), why("driver")),
            container: found(self.container.clone(), origin()),
            wsl: found(self.wsl.clone(), origin()),
            jetson: found(self.jetson.clone(), origin()),
            rosetta: found(self.rosetta.then_some(true), origin()),
            adapters: self.adapters.clone(),
            ..Machine::default()
        };
        match &self.gpus {
            Some(Some(kinds)) => {
                for kind in kinds {
                    for _ in 0..kind.count.clamp(1, MOST_GPUS) {
                        let index = u32::try_from(machine.gpus.len()).unwrap_or(u32::MAX);
                        machine.gpus.push(kind.gpu(index, &origin()));
                    }
                }
                let count = u32::try_from(machine.gpus.len()).unwrap_or(u32::MAX);
                machine.gpu_count = Detected::found(count, origin());
            }
            Some(None) => machine.gpu_count = Detected::Absent,
            None => machine.gpu_count = Detected::unknown(why("gpus")),
        }
        let parts = &mut machine.nvidia;
        parts.kernel_module = Detected::found_or(self.kernel_driver, origin(), "not reported");
        parts.libcuda_library = Detected::found_or(self.libcuda, origin(), "not reported");
        parts.nvml_error.clone_from(&self.nvml_error);
        parts.libcuda_error.clone_from(&self.libcuda_error);
        if self.silent {
            let (source, outcome) = ("nvml".to_owned(), Outcome::TimedOut);
            machine.sources.push(SourceReport { source, outcome, detail: why("driver") });
        }
        machine
    }
}

impl NodeGpus {
    fn gpu(&self, index: u32, origin: &Origin) -> Gpu {
        let mut gpu = Gpu::unknown(index, "not reported");
        gpu.name = Detected::found_or(self.name.clone(), origin.clone(), "not reported");
        gpu.compute_capability =
            Detected::found_or(self.compute_capability, origin.clone(), "not reported");
        gpu.mig = Detected::found(self.mig, origin.clone());
        gpu.virtualization = found(self.virtualization.clone(), origin.clone());
        gpu.pci_id.clone_from(&self.pci_id);
        gpu
    }
}

fn found<T>(value: Option<T>, origin: Origin) -> Detected<T> {
    value.map_or(Detected::Absent, |value| Detected::found(value, origin))
}

fn fact<T>(state: Option<Option<T>>, origin: Origin, why: String) -> Detected<T> {
    match state {
        Some(value) => found(value, origin),
        None => Detected::unknown(why),
    }
}
