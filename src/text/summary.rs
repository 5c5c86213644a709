//! Short descriptions of machines and changes.

use conda_torch_core::conda::Os;
use conda_torch_core::diagnostics::Context;
use conda_torch_core::resolve::Unlock;
use conda_torch_core::types::{Detected, Gpu, Machine, Vendor};

/// What must change for a build that does not fit.
pub(super) fn unlock(unlock: &Unlock, context: &Context<'_>) -> String {
    match unlock {
        Unlock::Driver(version) if context.machine.jetson.is_found() => {
            format!("{} or newer", context.jetpack(*version))
        }
        Unlock::Driver(version) => format!("NVIDIA driver ≥ {version}"),
        Unlock::Gpu => "an NVIDIA GPU".to_owned(),
        Unlock::Glibc(version) => format!("glibc ≥ {version}"),
        Unlock::Macos(version) => format!("macOS ≥ {version}"),
        Unlock::Accelerator(accelerator) => format!("`--accelerator {}`", accelerator.as_str()),
        Unlock::CudaVersion(Some(version)) => format!("`--cuda-version {version}`"),
        Unlock::CudaVersion(None) => "no `--cuda-version`".to_owned(),
        Unlock::Pytorch(version) => format!("`--pytorch {version}`"),
        Unlock::Python(version) => format!("`--python {version}`"),
        Unlock::Blas(blas) => format!("`--blas {blas}`"),
        Unlock::Without(package) => format!("no {package}"),
    }
}

/// Whether a change is one of the request, which the user can make now.
pub(super) const fn changes_request(unlock: &Unlock) -> bool {
    !matches!(unlock, Unlock::Driver(_) | Unlock::Gpu | Unlock::Glibc(_) | Unlock::Macos(_))
}

/// The GPUs and the driver: `NVIDIA A100 (compute capability 8.0)`, `driver 580.95.05 (CUDA 13.0)`.
/// Empty if there is nothing to say.
pub(super) fn graphics(machine: &Machine) -> Vec<String> {
    let driver = driver(machine);
    if !machine.gpus.is_empty() {
        return gpus(&machine.gpus).into_iter().chain(driver).collect();
    }
    let adapters = || machine.adapters.iter();
    let card = adapters().find(|adapter| adapter.vendor == Vendor::Nvidia).map(|card| {
        let driver = match (&machine.driver, card.kernel_driver.as_deref()) {
            (Detected::Found(_), _) | (_, Some("nvidia")) => String::new(),
            (Detected::Absent | Detected::Unknown { .. }, Some(other)) => {
                format!(", kernel driver `{other}`")
            }
            (Detected::Absent | Detected::Unknown { .. }, None) => ", no driver".to_owned(),
        };
        format!("NVIDIA card {}{driver}", card.pci_id)
    });
    if card.is_some() || driver.is_some() {
        let none = match machine.gpu_count {
            Detected::Absent => Some("no GPU detected".to_owned()),
            Detected::Found(_) | Detected::Unknown { .. } => Some("GPU unknown".to_owned()),
        };
        let driver = driver.map(|driver| format!("NVIDIA {driver}"));
        return driver.into_iter().chain(card.or(none)).collect();
    }
    other_graphics(machine).into_iter().collect()
}

/// The graphics of a machine without an NVIDIA card and driver.
fn other_graphics(machine: &Machine) -> Option<String> {
    let other = machine.adapters.iter().find_map(|adapter| match adapter.vendor {
        Vendor::Amd => Some(format!("AMD GPU {}", adapter.pci_id).trim_end().to_owned()),
        Vendor::Intel => Some(format!("Intel GPU {}", adapter.pci_id).trim_end().to_owned()),
        Vendor::Nvidia | Vendor::Other => None,
    });
    other.or_else(|| match (&machine.driver, machine.subdir.value()) {
        (_, Some(subdir)) if subdir.os() == Os::Macos => None,
        // A client that detects no GPU cannot detect a driver without one.
        (Detected::Unknown { .. }, _) if is_without_gpu(machine) => {
            Some("no NVIDIA GPU".to_owned())
        }
        (Detected::Unknown { .. }, _) => Some("NVIDIA driver unknown".to_owned()),
        (Detected::Absent | Detected::Found(_), _) => Some("no NVIDIA GPU".to_owned()),
    })
}

/// Whether a document reports no GPU.
fn is_without_gpu(machine: &Machine) -> bool {
    machine.document.is_some()
        && machine.driver_cuda == Detected::Absent
        && machine.gpu_count == Detected::Absent
}

/// `driver 580.95.05 (CUDA 13.0)`.
fn driver(machine: &Machine) -> Option<String> {
    match (machine.driver.value(), machine.driver_cuda.value()) {
        // A libcuda of another driver has the CUDA of that driver.
        (Some(driver), Some(_)) if has_other_libcuda(machine) => Some(format!("driver {driver}")),
        (Some(driver), Some(cuda)) => Some(format!("driver {driver} (CUDA {cuda})")),
        (Some(driver), None) => Some(format!("driver {driver}")),
        (None, Some(cuda)) => Some(format!("driver with CUDA {cuda}")),
        (None, None) => None,
    }
}

fn has_other_libcuda(machine: &Machine) -> bool {
    let (module, libcuda) = (&machine.nvidia.kernel_module, &machine.nvidia.libcuda_library);
    let differ = module.is_found() && libcuda.is_found() && module.value() != libcuda.value();
    differ && machine.nvidia.nvml_error.is_none()
}

/// All GPUs, equal ones once: `2 × NVIDIA A100 (compute capability 8.0)`.
fn gpus(gpus: &[Gpu]) -> Vec<String> {
    let mut kinds: Vec<(String, u32)> = Vec::new();
    for gpu in gpus {
        let name = gpu.name.value().map_or("NVIDIA GPU", String::as_str);
        let text = match gpu.compute_capability.value() {
            Some(capability) => format!("{name} (compute capability {capability})"),
            None => format!("{name} (compute capability unknown)"),
        };
        match kinds.iter_mut().find(|(kind, _)| *kind == text) {
            Some((_, count)) => *count += 1,
            None => kinds.push((text, 1)),
        }
    }
    let text = |(text, count)| if count > 1 { format!("{count} × {text}") } else { text };
    kinds.into_iter().map(text).collect()
}

/// The system: `Debian GNU/Linux 12`, `linux-64`, `glibc 2.36`.
pub(super) fn system(machine: &Machine) -> Vec<String> {
    let mut parts = Vec::new();
    match (machine.os.value(), machine.jetson.value()) {
        (Some(os), Some(model)) => parts.push(format!("{model}, {os}")),
        (Some(os), None) => parts.push(os.clone()),
        (None, Some(model)) => parts.push(model.clone()),
        (None, None) => {}
    }
    parts.push(match machine.subdir.value() {
        Some(subdir) => subdir.to_string(),
        None => "unknown platform".to_owned(),
    });
    let mut version = |name: &str, version: Option<String>| {
        parts.extend(version.map(|version| format!("{name}{version}")));
    };
    version("glibc ", machine.glibc.value().map(ToString::to_string));
    version("musl ", machine.musl.value().map(ToString::to_string));
    if machine.os.value().is_none() {
        version("macOS ", machine.macos.value().map(ToString::to_string));
    }
    version("WSL ", machine.wsl.value().cloned());
    version("in ", machine.container.value().cloned());
    if machine.rosetta.value() == Some(&true) {
        parts.push("under Rosetta".to_owned());
    }
    parts
}
