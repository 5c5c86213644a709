//! The NVIDIA driver and its GPUs.
//!
//! In this order: what hints at a driver (without a hint nobody is asked); NVML and libcuda, in a
//! process of their own; the kernel module's files; `nvidia-smi`, where neither library answered.
//! What a later source says only fills what the earlier ones left open.

mod heard;
mod jetson;
mod kernel;
mod libraries;
mod places;
mod reasons;
mod smi;
mod toolkit;
mod traces;

use conda_torch_core::conda::Os;
use conda_torch_core::types::{Detected, Gpu, Machine, Outcome, Vendor};

use super::look::Look;

pub(super) use toolkit::look as toolkit;

/// The name under which the search for hints reports.
const HINTS: &str = "nvidia driver";

pub(super) fn look(look: &mut Look<'_>) {
    let os = look.host.target().os();
    if !matches!(os, Some(Os::Linux | Os::Windows)) {
        return without_driver(&mut look.machine);
    }
    jetson::look(look);
    let Some(hint) = places::hint(look) else {
        look.report(HINTS, Outcome::Absent, "no library, kernel module or device of it");
        return without_driver(&mut look.machine);
    };
    look.report(HINTS, Outcome::Ok, format!("hint: {hint}"));
    let answered = libraries::look(look);
    if os == Some(Os::Linux) {
        kernel::look(look);
    }
    smi::look(look, answered);
    if os == Some(Os::Linux) {
        traces::look(look, answered);
    }
    traces::environment(look);
    if answered == Answered::NotLoaded {
        settle(&mut look.machine);
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
    if open && on_bus && bus_was_read && !has_card && !kernel::is_loaded(machine) {
        machine.gpu_count = Detected::Absent;
    }
}
