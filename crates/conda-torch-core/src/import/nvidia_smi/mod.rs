//! Everything that `nvidia-smi` prints: its banner, `-q`, `-q -x`, `-L`, `--version`, tables of
//! `--query-gpu`, and its messages.
//!
//! `--query-gpu` never has the driver's CUDA version. The XML and the texts have it under a label that driver 610
//! renamed. What a driver does not report (`[N/A]`, `ERR!`) is unknown, not zero.

pub(super) mod banner;
pub mod csv;
pub(super) mod query;
mod values;
pub(super) mod xml;

use std::collections::HashSet;

use super::document::Document;
use super::{Recognized, origin, report, set};
use crate::types::{
    ComputeCapability, CudaVersion, Detected, DriverVersion, Gpu, MOST_GPUS, Machine, Origin,
    Outcome,
};

/// What `nvidia-smi` printed.
#[derive(Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Report {
    pub driver: Option<DriverVersion>,
    /// The newest CUDA that it supports.
    cuda: Option<CudaVersion>,
    /// Whether it prints `N/A`, `ERR!` or nothing instead of a CUDA version.
    has_no_cuda: bool,
    /// The system, if the output shows it.
    os: Option<&'static str>,
    /// Whether a GPU has a persistence mode, which Windows prints as `N/A`.
    has_persistence: bool,
    /// Whether the driver is the one of Windows, and the program runs in WSL.
    is_wsl: bool,
    /// The number of GPUs, if it is printed.
    count: Option<u32>,
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
    Persistence,
    Other,
}

impl Report {
    /// Sets a value; one of a GPU for the last GPU.
    fn set(&mut self, field: Field, text: &str) {
        match (field, self.gpus.last_mut()) {
            (Field::Driver, _) => self.driver = self.driver.or(values::parsed(text)),
            (Field::Count, _) => self.count = self.count.or(text.parse().ok()),
            (Field::DriverModel, _) if is_of_windows(text) => self.os = Some("Windows"),
            (Field::Persistence, _) => self.has_persistence |= values::switch(text).is_some(),
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

#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ReportedGpu {
    pub index: Option<u32>,
    /// The name; in the banner its end may be `...`.
    pub name: Option<String>,
    pub capability: Option<ComputeCapability>,
    /// The memory in MiB.
    pub memory: Option<u64>,
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

pub(super) fn read(
    parse: fn(&str) -> Option<Report>,
    document: &Document<'_>,
    machine: &mut Machine,
) -> Recognized {
    let Report { driver, cuda, has_no_cuda, os, is_wsl, count, gpus, .. } = parse(&document.plain)?;
    let origin = origin(machine);
    // A Jetson prints no driver version, and `N/A` for CUDA even if it has CUDA.
    if has_no_cuda && driver.is_some() {
        machine.libcuda = Detected::Absent;
        machine.driver_cuda = Detected::unknown("the driver does not answer for CUDA");
    }
    set(&mut machine.driver, driver, &origin);
    set(&mut machine.driver_cuda, cuda, &origin);
    set(&mut machine.os, os.map(str::to_owned), &origin);
    set(&mut machine.wsl, is_wsl.then(|| "2".to_owned()), &origin);
    let shown = u32::try_from(gpus.len()).ok();
    match count.into_iter().chain(shown).max() {
        Some(count @ 1..) => machine.gpu_count = Detected::found(count, origin.clone()),
        Some(0) if count == Some(0) => machine.gpu_count = Detected::Absent,
        Some(_) | None => {}
    }
    let described = (0..).zip(gpus.into_iter().take(MOST_GPUS));
    let described =
        described.map(|(place, gpu)| gpu.describe(place, "nvidia-smi does not report it", &origin));
    let mut indices = HashSet::new();
    machine.gpus.extend(described.filter(|gpu| indices.insert(gpu.index)));
    Some(Ok(()))
}

const NO_DEVICES: &str = "No devices were found";
const MISMATCH: &str = "Driver/library version mismatch";

/// Messages and what they mean, the most specific first.
const MESSAGES: [(&str, &str); 5] = [
    (NO_DEVICES, "no devices were found"),
    (MISMATCH, "the driver's kernel module and its libraries differ: the machine needs a restart"),
    (
        "couldn't communicate with the NVIDIA driver",
        "the driver is not running: its kernel module is not loaded, or not built for this kernel",
    ),
    (
        "couldn't find libnvidia-ml.so",
        "the driver's library is missing: a broken installation, or a container without the GPU",
    ),
    ("Failed to initialize NVML", "the driver's library cannot be used"),
];

/// Reads a message of `nvidia-smi` that has nothing to show.
pub(super) fn read_message(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    // On one line, with a plain apostrophe: terminals break lines, and forms change apostrophes.
    let words: Vec<&str> = document.plain.split_whitespace().collect();
    let text = words.join(" ").replace('’', "'");
    let (message, meaning) = MESSAGES.into_iter().find(|(message, _)| text.contains(message))?;
    if message == NO_DEVICES {
        machine.gpu_count = Detected::Absent;
    }
    // The driver exists: `nvidia-smi` is a part of it. What it supports is unknown.
    machine.driver = Detected::unknown(meaning);
    machine.driver_cuda = Detected::unknown(meaning);
    // The library is of the driver that the next start of the machine loads.
    let library = text.split_once("NVML library version:").filter(|_| message == MISMATCH);
    let driver = library.and_then(|(_, version)| values::parsed(version.trim_start()));
    let origin = origin(machine);
    set(&mut machine.driver, driver, &origin);
    report(machine, "nvidia-smi", Outcome::Failed, meaning);
    Some(Ok(()))
}
