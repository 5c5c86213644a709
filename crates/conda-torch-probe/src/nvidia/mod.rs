//! The NVIDIA driver and its GPUs.
//!
//! In this order: what hints at a driver (without a hint nobody is asked); NVML and libcuda, in a
//! process of their own; the kernel module's files; `nvidia-smi`, where neither library answered.
//! What a later source says only fills what the earlier ones left open.

mod driver_facts;
mod driver_files;
mod driver_report;
mod error_codes;
mod installation;
mod jetson;
mod kernel_module;
mod nvidia_smi;
mod toolkit;

use conda_torch_core::conda::Os;
use conda_torch_core::types::{Detected, Gpu, Machine, Outcome, Vendor};

use crate::probe::Probe;

pub(super) use toolkit::detect as toolkit;

/// The name under which the search for hints reports.
const HINTS: &str = "nvidia driver";

pub(super) fn detect(probe: &mut Probe<'_>) {
    let os = probe.host.target().os();
    if !matches!(os, Some(Os::Linux | Os::Windows)) {
        return without_driver(&mut probe.machine);
    }
    jetson::detect(probe);
    let Some(hint) = driver_files::hint(probe) else {
        probe.report(HINTS, Outcome::Absent, "no library, kernel module or device of it");
        return without_driver(&mut probe.machine);
    };
    probe.report(HINTS, Outcome::Ok, format!("hint: {hint}"));
    let answered = driver_facts::detect(probe);
    if os == Some(Os::Linux) {
        kernel_module::detect(probe);
    }
    nvidia_smi::detect(probe, answered);
    if os == Some(Os::Linux) {
        installation::detect(probe, answered);
    }
    installation::environment(probe);
    if answered == Answered::NotLoaded {
        settle(&mut probe.machine);
    }
}

/// Whether the libraries answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answered {
    /// One of them at least.
    Yes,
    /// None.
    No,
    /// None, because there is none of them, or because the kernel module is not loaded.
    NotLoaded,
    /// None, because the driver hangs: nobody else should ask it.
    Hangs,
}

fn without_driver(machine: &mut Machine) {
    machine.driver = Detected::Absent;
    machine.driver_cuda = Detected::Absent;
    machine.nvml = Detected::Absent;
    machine.libcuda = Detected::Absent;
    machine.gpu_count = Detected::Absent;
    machine.jetson = match std::mem::take(&mut machine.jetson) {
        found @ Detected::Found(_) => found,
        Detected::Absent | Detected::Unknown { .. } => Detected::Absent,
    };
}

/// Takes `new` where nothing was found yet and something is found now.
fn improve<T>(slot: &mut Detected<T>, new: Detected<T>) {
    if !slot.is_found() && new.is_found() {
        *slot = new;
    }
}

/// The GPU with the driver's number `index`, new where it was not known yet.
fn gpu(machine: &mut Machine, index: u32) -> &mut Gpu {
    let position = machine.gpus.partition_point(|gpu| gpu.index < index);
    if machine.gpus.get(position).is_none_or(|gpu| gpu.index != index) {
        machine.gpus.insert(position, Gpu { index, ..Gpu::default() });
    }
    &mut machine.gpus[position]
}

/// Leftover libraries without a kernel module and without a card on a bus that could be read are
/// not an unknown number of GPUs: there is none. Any other failure leaves it unknown.
fn settle(machine: &mut Machine) {
    let bus_was_read = super::pci::was_read(machine);
    let has_card = machine.adapters.iter().any(|adapter| adapter.vendor == Vendor::Nvidia);
    // WSL's and Jetson's GPUs are not on the bus.
    let on_bus = !machine.wsl.is_found() && !machine.jetson.is_found();
    let open = matches!(machine.gpu_count, Detected::Unknown { .. });
    if open && on_bus && bus_was_read && !has_card && !kernel_module::is_loaded(machine) {
        machine.gpu_count = Detected::Absent;
    }
}
