//! Everything that `nvidia-smi` prints: its banner, `-q`, `-q -x`, `-L`, `--version`, tables of
//! `--query-gpu`, and its messages.
//!
//! `--query-gpu` never has the driver's CUDA version. The XML and the texts have it under a label that driver 610
//! renamed. What a driver does not report (`[N/A]`, `ERR!`) is unknown, not zero.

pub(super) mod banner;
pub mod csv;
pub(super) mod message;
pub(super) mod query;
mod values;
pub(super) mod xml;

use super::document::Document;
use super::{Recognized, origin, set};
use crate::types::{ComputeCapability, CudaVersion, Detected, DriverVersion, Gpu, Machine, Origin};

/// What `nvidia-smi` printed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The driver's version.
    pub driver: Option<DriverVersion>,
    /// The newest CUDA that it supports.
    cuda: Option<CudaVersion>,
    /// Whether it prints `N/A` instead of a CUDA version.
    has_no_cuda: bool,
    /// The system, if the output shows it.
    os: Option<&'static str>,
    /// Whether the driver is the one of Windows, and the program runs in WSL.
    is_wsl: bool,
    /// The number of GPUs, if it is printed.
    count: Option<u32>,
    /// The GPUs in order.
    pub gpus: Vec<ReportedGpu>,
}

/// A value that several forms of the output have. UUIDs and serial numbers are `Other` and not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Index,
    Count,
    Name,
    Driver,
    Capability,
    Memory,
    PciId,
    Mig,
    DriverModel,
    Other,
}

impl Report {
    /// Sets a value; one of a GPU for the last GPU.
    fn set(&mut self, field: Field, text: &str) {
        match (field, self.gpus.last_mut()) {
            (Field::Driver, _) => self.driver = self.driver.or(values::parsed(text)),
            (Field::Count, _) => self.count = self.count.or(text.parse().ok()),
            (Field::DriverModel, _) if is_of_windows(text) => self.os = Some("Windows"),
            (Field::Index, Some(gpu)) => gpu.index = text.parse().ok(),
            (Field::Name, Some(gpu)) => gpu.name = values::known(text).map(str::to_owned),
            (Field::Capability, Some(gpu)) => gpu.capability = values::parsed(text),
            (Field::Memory, Some(gpu)) => gpu.memory = values::mib(text),
            (Field::PciId, Some(gpu)) => gpu.pci_id = values::pci_id(text).or(gpu.pci_id.take()),
            (Field::Mig, Some(gpu)) => gpu.mig = values::switch(text),
            _ => {}
        }
    }
}

/// A GPU.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ReportedGpu {
    /// The driver's index.
    pub index: Option<u32>,
    /// The name; in the banner its end may be `...`.
    pub name: Option<String>,
    /// The compute capability.
    pub capability: Option<ComputeCapability>,
    /// The memory in MiB.
    pub memory: Option<u64>,
    /// Whether MIG is on.
    pub mig: Option<bool>,
    /// PCI vendor and device, `10de:1b06`.
    pub pci_id: Option<String>,
}

impl ReportedGpu {
    /// The facts about a GPU at a place in a list. `why` is the reason for values that are not reported.
    pub fn describe(self, place: u32, why: &str, origin: &Origin) -> Gpu {
        let mut gpu = Gpu::unknown(self.index.unwrap_or(place), why);
        set(&mut gpu.name, self.name, origin);
        set(&mut gpu.compute_capability, self.capability, origin);
        set(&mut gpu.memory_mib, self.memory, origin);
        set(&mut gpu.mig, self.mig, origin);
        gpu.pci_id = self.pci_id;
        gpu
    }
}

/// Whether only Windows has a driver model.
fn is_of_windows(model: &str) -> bool {
    ["WDDM", "TCC", "MCDM"].contains(&model)
}

/// Reads a document whose format `parse` recognizes.
pub(super) fn read(
    parse: fn(&str) -> Option<Report>,
    document: &Document<'_>,
    machine: &mut Machine,
) -> Recognized {
    let report = parse(&document.plain)?;
    let origin = origin(machine);
    // A Jetson prints no driver version, and `N/A` for CUDA even if it has CUDA.
    if report.has_no_cuda && report.driver.is_some() {
        machine.libcuda = Detected::Absent;
    }
    set(&mut machine.driver, report.driver, &origin);
    set(&mut machine.driver_cuda, report.cuda, &origin);
    set(&mut machine.os, report.os.map(str::to_owned), &origin);
    set(&mut machine.wsl, report.is_wsl.then(|| "2".to_owned()), &origin);
    let shown = u32::try_from(report.gpus.len()).ok();
    match report.count.into_iter().chain(shown).max() {
        Some(count @ 1..) => machine.gpu_count = Detected::found(count, origin.clone()),
        Some(0) if report.count == Some(0) => machine.gpu_count = Detected::Absent,
        Some(_) | None => {}
    }
    for (place, gpu) in (0..).zip(report.gpus) {
        let gpu = gpu.describe(place, "nvidia-smi does not report it", &origin);
        if machine.gpus.iter().all(|other| other.index != gpu.index) {
            machine.gpus.push(gpu);
        }
    }
    Some(Ok(()))
}
