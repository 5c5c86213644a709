//! The NVIDIA driver and its GPUs.
//!
//! In this order: signs of a driver (without one the rest is skipped); NVML and libcuda, in a separate process; the
//! kernel module's files; `nvidia-smi`, if neither library answered; the driver's parts. A later source only sets
//! facts that the earlier ones left unknown.

mod driver_files;
mod driver_report;
mod installation;
mod jetson;
mod kernel_module;
mod nvidia_smi;
mod toolkit;

use conda_torch_core::conda::Os;
use conda_torch_core::types::{Detected, Gpu, Machine, Outcome};

use crate::pci;
use crate::probe::Probe;

pub(super) fn detect(probe: &mut Probe<'_>) {
    let is_linux = probe.is_on(Os::Linux);
    if !is_linux && !probe.is_on(Os::Windows) {
        probe.machine.jetson = Detected::Absent;
        return without_driver(&mut probe.machine, None);
    }
    jetson::detect(probe);
    let source = "nvidia driver";
    let Some(sign) = driver_files::sign_of_driver(probe) else {
        probe.report(source, Outcome::Absent, "no library, kernel module or device");
        if !probe.machine.jetson.is_found() {
            probe.machine.jetson = Detected::Absent;
        }
        return without_driver(&mut probe.machine, None);
    };
    probe.report(source, Outcome::Ok, format!("found {sign}"));
    let status = driver_report::detect(probe);
    if is_linux {
        kernel_module::detect(probe);
    }
    nvidia_smi::detect(probe, status);
    if is_linux {
        installation::detect(probe, status);
    }
    installation::detect_environment(probe);
    if status == DriverStatus::NotLoaded {
        settle_gpu_count(&mut probe.machine);
    }
}

pub(super) fn detect_client_sources(probe: &mut Probe<'_>) {
    nvidia_smi::detect_client_query(probe);
    toolkit::detect(probe);
}

/// Whether the driver's libraries answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DriverStatus {
    Answers,
    /// None.
    Silent,
    /// None: there are none, or the kernel module is not loaded.
    NotLoaded,
    /// None: the driver hangs, and must not be called again.
    Hangs,
}

/// Sets every fact about the driver to unknown for a reason, or to absent.
fn without_driver(machine: &mut Machine, why: Option<&str>) {
    fn fact<T>(why: Option<&str>) -> Detected<T> {
        why.map_or(Detected::Absent, |why| Detected::unknown(why.to_owned()))
    }
    machine.driver = fact(why);
    machine.driver_cuda = fact(why);
    machine.nvml = fact(why);
    machine.libcuda = fact(why);
    machine.gpu_count = fact(why);
}

/// Sets a fact to `new` if only `new` is found.
fn improve<T>(fact: &mut Detected<T>, new: Detected<T>) {
    if !fact.is_found() && new.is_found() {
        *fact = new;
    }
}

/// The GPU with the driver's number `index`, added if it was not known yet.
fn gpu(machine: &mut Machine, index: u32) -> &mut Gpu {
    let position = machine.gpus.partition_point(|gpu| gpu.index < index);
    if machine.gpus.get(position).is_none_or(|gpu| gpu.index != index) {
        machine.gpus.insert(position, Gpu { index, ..Gpu::default() });
    }
    &mut machine.gpus[position]
}

/// Without a kernel module and a card there is no GPU, whatever libraries exist.
fn settle_gpu_count(machine: &mut Machine) {
    let has_card = machine.has_nvidia_card();
    // The GPUs of WSL and Jetson are not on the bus.
    let is_on_bus = !machine.wsl.is_found() && !machine.jetson.is_found();
    let is_open = matches!(machine.gpu_count, Detected::Unknown { .. });
    let no_card = is_on_bus && pci::are_known(machine) && !has_card;
    if is_open && no_card && !kernel_module::is_loaded(machine) {
        machine.gpu_count = Detected::Absent;
    }
}
