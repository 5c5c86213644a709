//! Everything that `nvidia-smi` prints: its banner, `-q`, `-q -x`, `-L`, `--version`, tables of
//! `--query-gpu`, and what it says where it fails.
//!
//! `--query-gpu` never has the driver's CUDA; the XML and the texts have it under a label that was
//! renamed with driver 610. What a driver would not tell (`[N/A]`, `ERR!`) is unknown, not zero.

pub(super) mod banner;
mod columns;
pub mod csv;
pub(super) mod list;
pub(super) mod message;
pub(super) mod query;
mod values;
pub(super) mod xml;

use crate::types::{ComputeCapability, CudaVersion, Detected, DriverVersion, Gpu, Machine};

use super::said;

/// What `nvidia-smi` was heard to say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Report {
    /// The driver's version.
    pub driver: Option<DriverVersion>,
    /// The newest CUDA that it supports.
    pub cuda: Option<CudaVersion>,
    /// Whether it says that there is no CUDA, in contrast to saying nothing.
    pub has_no_cuda: bool,
    /// What it tells of the system.
    pub system: Option<System>,
    /// How many GPUs it says there are, where it says so.
    pub count: Option<u32>,
    /// The GPUs, in order.
    pub gpus: Vec<ReportedGpu>,
}

/// The system that a driver runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum System {
    /// Windows: its driver models are WDDM, MCDM and TCC.
    Windows,
    /// Linux of any kind.
    Linux,
    /// Linux on the driver of Windows.
    Wsl,
}

/// A GPU.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ReportedGpu {
    /// The driver's number.
    pub index: Option<u32>,
    /// The name; from the banner perhaps with `...` for its end.
    pub name: Option<String>,
    /// What it can execute.
    pub capability: Option<ComputeCapability>,
    /// Its memory in MiB.
    pub memory: Option<u64>,
    /// Whether it is split.
    pub mig: Option<bool>,
    /// PCI vendor and device, `10de:1b06`.
    pub pci_id: Option<String>,
}

/// Whether a driver model is one that Windows alone has.
fn is_of_windows(model: &str) -> bool {
    ["WDDM", "TCC", "MCDM"].contains(&model)
}

/// Puts what was told into a machine.
fn fill(told: Report, machine: &mut Machine) {
    if let Some(driver) = told.driver {
        machine.driver = said(driver, machine);
    }
    if let Some(cuda) = told.cuda {
        machine.driver_cuda = said(cuda, machine);
    }
    // A Jetson's has no version, and says so of CUDA too where there is one.
    if told.has_no_cuda && told.driver.is_some() {
        machine.libcuda = Detected::Absent;
    }
    match told.system {
        Some(System::Windows) => machine.os = said("Windows".to_owned(), machine),
        Some(System::Linux) => machine.os = said("Linux".to_owned(), machine),
        Some(System::Wsl) => {
            machine.os = said("Linux".to_owned(), machine);
            machine.wsl = said("2".to_owned(), machine);
        }
        None => {}
    }
    let shown = u32::try_from(told.gpus.len()).ok();
    match told.count.into_iter().chain(shown).max() {
        Some(count @ 1..) => machine.gpu_count = said(count, machine),
        Some(0) if told.count == Some(0) => machine.gpu_count = Detected::Absent,
        Some(_) | None => {}
    }
    for (place, gpu) in (0..).zip(told.gpus) {
        let gpu = gpu_of(gpu, place, machine);
        if machine.gpus.iter().all(|other| other.index != gpu.index) {
            machine.gpus.push(gpu);
        }
    }
}

fn gpu_of(gpu: ReportedGpu, place: u32, machine: &Machine) -> Gpu {
    fn fact<T>(value: Option<T>, machine: &Machine) -> Detected<T> {
        let unknown = || Detected::unknown("nvidia-smi does not say it");
        value.map_or_else(unknown, |value| said(value, machine))
    }
    Gpu {
        index: gpu.index.unwrap_or(place),
        name: fact(gpu.name, machine),
        compute_capability: fact(gpu.capability, machine),
        memory_mib: fact(gpu.memory, machine),
        mig: fact(gpu.mig, machine),
        mig_slices: Detected::unknown("nvidia-smi does not say it"),
        virtualization: Detected::unknown("nvidia-smi does not say it"),
        pci_id: gpu.pci_id,
    }
}
