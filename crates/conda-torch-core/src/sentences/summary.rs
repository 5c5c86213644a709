//! Short descriptions of machines and changes.

use std::fmt::Display;

use crate::conda::Os;
use crate::diagnostics::Context;
use crate::resolve::Unlock;
use crate::types::{Adapter, CudaVersion, Detected, Fact, Gpu, Machine, Origin, Vendor};

use super::grouped;

/// A change that unlocks a build: `NVIDIA driver ≥ 580.65.06`.
pub fn unlock(unlock: &Unlock, context: &Context<'_>) -> String {
    match unlock {
        Unlock::Driver(version) if context.machine.jetson.is_found() => {
            format!("{} or newer", context.jetpack(*version))
        }
        Unlock::Driver(version) => format!("NVIDIA driver ≥ {version}"),
        Unlock::CudaCompat(version) => format!("`cuda-compat={version}`, see the note"),
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
pub const fn changes_request(unlock: &Unlock) -> bool {
    !matches!(
        unlock,
        Unlock::Driver(_)
            | Unlock::CudaCompat(_)
            | Unlock::Gpu
            | Unlock::Glibc(_)
            | Unlock::Macos(_)
    )
}

/// The GPUs and the driver, if any: `NVIDIA A100 (compute capability 8.0)`, `driver 580.95.05 (CUDA 13.0)`.
pub fn graphics(machine: &Machine) -> Vec<String> {
    let driver = driver(machine);
    if !machine.gpus.is_empty() {
        return gpus(&machine.gpus).into_iter().chain(driver).collect();
    }
    let card = machine.adapters.iter().find(|adapter| adapter.vendor == Vendor::Nvidia);
    let card = card.map(|card| {
        let driver = match card.kernel_driver.as_deref() {
            Some(other) if other != "nvidia" && !machine.driver.is_found() => {
                format!(", kernel driver `{other}`")
            }
            None if !machine.driver.is_found() => ", no driver".to_owned(),
            Some(_) | None => String::new(),
        };
        format!("NVIDIA card {}{driver}", card.pci_id)
    });
    let by_variable = |fact: &Fact<CudaVersion>| matches!(fact.origin, Origin::Env(_));
    if let Some(fact) = machine.driver_cuda.fact().filter(|fact| by_variable(fact))
        && !machine.driver.is_found()
    {
        let text = format!("CUDA {} by `CONDA_OVERRIDE_CUDA`, no driver detected", fact.value);
        return card.into_iter().chain([text]).collect();
    }
    if card.is_some() || driver.is_some() {
        let is_none = machine.gpu_count == Detected::Absent;
        let none = if is_none { "no GPU detected" } else { "GPU unknown" };
        let driver = driver.map(|driver| format!("NVIDIA {driver}"));
        return driver.into_iter().chain([card.unwrap_or(none.to_owned())]).collect();
    }
    other_graphics(machine).into_iter().collect()
}

fn other_graphics(machine: &Machine) -> Option<String> {
    let is_other = |adapter: &&Adapter| matches!(adapter.vendor, Vendor::Amd | Vendor::Intel);
    if let Some(adapter) = machine.adapters.iter().find(is_other) {
        let vendor = vendor(adapter.vendor);
        if let Some(name) = &adapter.name {
            let maker = if name.contains(vendor) { String::new() } else { format!("{vendor} ") };
            return Some(format!("{maker}{name}"));
        }
        return Some(format!("{vendor} GPU {}", adapter.pci_id).trim_end().to_owned());
    }
    // A client that detects no GPU cannot detect a driver without one.
    let is_document_without_gpu = machine.document.is_some()
        && machine.driver_cuda == Detected::Absent
        && machine.gpu_count == Detected::Absent;
    let is_unknown = matches!(machine.driver, Detected::Unknown { .. });
    let is_unknown = is_unknown && !is_document_without_gpu;
    let text = if is_unknown { "NVIDIA driver unknown" } else { "no NVIDIA GPU" };
    let is_macos = machine.subdir.value().is_some_and(|subdir| subdir.os() == Os::Macos);
    (!is_macos).then(|| text.to_owned())
}

/// The name of a maker.
pub const fn vendor(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Nvidia => "NVIDIA",
        Vendor::Amd => "AMD",
        Vendor::Intel => "Intel",
        Vendor::Other => "other",
    }
}

/// `driver 580.95.05 (CUDA 13.0)`.
fn driver(machine: &Machine) -> Option<String> {
    let (module, libcuda) = (&machine.nvidia.kernel_module, &machine.nvidia.libcuda_library);
    // A libcuda of another driver has the CUDA of that driver.
    let is_other_libcuda = machine.nvidia.nvml_error.is_none()
        && module.is_found()
        && libcuda.is_found()
        && module.value() != libcuda.value();
    let is_overridden = matches!(machine.driver_cuda.origin(), Some(Origin::Env(_)));
    match (machine.driver.value(), machine.driver_cuda.value()) {
        (Some(driver), Some(cuda)) if is_overridden => {
            Some(format!("driver {driver} (CUDA {cuda} by `CONDA_OVERRIDE_CUDA`)"))
        }
        (Some(driver), Some(cuda)) if !is_other_libcuda => {
            Some(format!("driver {driver} (CUDA {cuda})"))
        }
        (Some(driver), _) => Some(format!("driver {driver}")),
        (None, Some(cuda)) => Some(format!("driver with CUDA {cuda}")),
        (None, None) => None,
    }
}

/// All GPUs, equal ones once: `2 × NVIDIA A100 (compute capability 8.0)`.
fn gpus(gpus: &[Gpu]) -> Vec<String> {
    let texts = gpus.iter().map(|gpu| {
        let name = gpu.name.value().map_or("NVIDIA GPU", String::as_str);
        let capability = gpu.compute_capability.value();
        let capability = capability.map_or("unknown".to_owned(), ToString::to_string);
        (format!("{name} (compute capability {capability})"), ())
    });
    let text = |(text, equal): (String, Vec<()>)| match equal.len() {
        1 => text,
        count => format!("{count} × {text}"),
    };
    grouped(texts).into_iter().map(text).collect()
}

/// The system: `Debian GNU/Linux 12`, `linux-64`, `glibc 2.36`.
pub fn system(machine: &Machine) -> Vec<String> {
    fn labeled<T: Display>(label: &str, fact: &Detected<T>) -> Option<String> {
        fact.value().map(|value| format!("{label} {value}"))
    }
    let names = [&machine.jetson, &machine.os].into_iter().filter_map(Detected::value);
    let name = names.map(String::as_str).collect::<Vec<_>>().join(", ");
    let subdir = machine.subdir.value().map(ToString::to_string);
    let macos = labeled("macOS", &machine.macos);
    let parts = [
        Some(name).filter(|name| !name.is_empty()),
        Some(subdir.unwrap_or_else(|| "unknown platform".to_owned())),
        labeled("glibc", &machine.glibc),
        labeled("musl", &machine.musl),
        macos.filter(|_| !machine.os.is_found()),
        labeled("WSL", &machine.wsl),
        labeled("in", &machine.container),
        (machine.rosetta.value() == Some(&true)).then(|| "under Rosetta".to_owned()),
    ];
    parts.into_iter().flatten().collect()
}
