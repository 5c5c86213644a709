//! Everything that `nvidia-smi` prints: its banner, `-q`, `-q -x`, `-L`, `--version`, tables of
//! `--query-gpu`, and its messages.
//!
//! `--query-gpu` never has the driver's CUDA version. The XML and the texts have it under a label that driver 610
//! renamed. What a driver does not report (`[N/A]`, `ERR!`) is unknown, not zero.

pub(super) mod banner;
mod columns;
pub mod csv;
pub(super) mod list;
pub(super) mod message;
pub(super) mod query;
mod values;
pub(super) mod xml;

use super::{Recognized, reported, set};
use crate::types::{ComputeCapability, CudaVersion, Detected, DriverVersion, Gpu, Machine};

/// What `nvidia-smi` printed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// The driver's version.
    driver: Option<DriverVersion>,
    /// The newest CUDA that it supports.
    cuda: Option<CudaVersion>,
    /// Whether it prints `N/A` instead of a CUDA version.
    has_no_cuda: bool,
    /// The system, if it shows.
    system: Option<System>,
    /// The number of GPUs, if it is printed.
    count: Option<u32>,
    /// The GPUs in order.
    gpus: Vec<ReportedGpu>,
}

/// The system that a driver runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
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

/// Whether only Windows has a driver model.
fn is_of_windows(model: &str) -> bool {
    ["WDDM", "TCC", "MCDM"].contains(&model)
}

/// Fills a machine with a report.
#[expect(clippy::unnecessary_wraps, reason = "the result of every reader")]
pub(super) fn fill(report: Report, machine: &mut Machine) -> Recognized {
    set(machine, |machine| &mut machine.driver, report.driver);
    set(machine, |machine| &mut machine.driver_cuda, report.cuda);
    // A Jetson prints no driver version, and `N/A` for CUDA even if it has CUDA.
    if report.has_no_cuda && report.driver.is_some() {
        machine.libcuda = Detected::Absent;
    }
    let os = report.system.map(|system| match system {
        System::Windows => "Windows".to_owned(),
        System::Linux | System::Wsl => "Linux".to_owned(),
    });
    set(machine, |machine| &mut machine.os, os);
    if report.system == Some(System::Wsl) {
        machine.wsl = reported("2".to_owned(), machine);
    }
    let shown = u32::try_from(report.gpus.len()).ok();
    match report.count.into_iter().chain(shown).max() {
        Some(count @ 1..) => machine.gpu_count = reported(count, machine),
        Some(0) if report.count == Some(0) => machine.gpu_count = Detected::Absent,
        Some(_) | None => {}
    }
    for (place, gpu) in (0..).zip(report.gpus) {
        let gpu = described(gpu, place, machine);
        if machine.gpus.iter().all(|other| other.index != gpu.index) {
            machine.gpus.push(gpu);
        }
    }
    Some(Ok(()))
}

fn described(gpu: ReportedGpu, place: u32, machine: &Machine) -> Gpu {
    fn fact<T>(value: Option<T>, unknown: Detected<T>, machine: &Machine) -> Detected<T> {
        value.map_or(unknown, |value| reported(value, machine))
    }
    let unknown = Gpu::unknown(gpu.index.unwrap_or(place), "nvidia-smi does not report it");
    Gpu {
        name: fact(gpu.name, unknown.name, machine),
        compute_capability: fact(gpu.capability, unknown.compute_capability, machine),
        memory_mib: fact(gpu.memory, unknown.memory_mib, machine),
        mig: fact(gpu.mig, unknown.mig, machine),
        pci_id: gpu.pci_id,
        ..unknown
    }
}
