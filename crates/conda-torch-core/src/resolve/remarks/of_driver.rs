//! What is wrong with the parts of the driver, and which of them stands before which.

use crate::types::{Detected, DeviceAccess, LibcudaError, Machine, NvmlError, Vendor};

use crate::diagnostics::{Diagnostic, Trouble};
use crate::resolve::{Survey, told::is_told};

/// The driver's parts. Of a machine that was described, nobody has seen them.
pub(super) fn driver(survey: &Survey<'_, '_>, remarks: &mut Vec<Diagnostic>) {
    let machine = survey.machine;
    if is_told(machine) {
        return;
    }
    let found = mismatch(machine)
        .or_else(|| forward_compatibility(machine))
        .or_else(|| no_permission(machine))
        .or_else(|| not_loaded(survey));
    remarks.extend(found.map(Diagnostic::Trouble));
    wsl(machine, remarks);
}

/// NVML refuses a module of another version; libcuda says 803 to it.
fn mismatch(machine: &Machine) -> Option<Trouble> {
    let parts = &machine.nvidia;
    let module = parts.kernel_module.value().copied();
    let library = parts.nvml_library.value().copied();
    let refused = parts.nvml_error == Some(NvmlError::LibRmVersionMismatch);
    refused.then_some(Trouble::DriverMismatch {
        module,
        library: library.filter(|library| Some(*library) != module),
    })
}

/// A libcuda of another version than a driver that answers: a `compat` folder stands before it.
fn forward_compatibility(machine: &Machine) -> Option<Trouble> {
    let parts = &machine.nvidia;
    let driver = parts.kernel_module.value().copied().or(machine.driver.value().copied());
    let libcuda = parts.libcuda_library.value().copied();
    let differ = driver.is_some() && libcuda.is_some() && driver != libcuda;
    let refused = matches!(
        parts.libcuda_error,
        Some(LibcudaError::DriverMismatch | LibcudaError::CompatNotSupportedOnDevice)
    );
    (!machine.wsl.is_found() && (refused || differ)).then(|| Trouble::ForwardCompatibility {
        libcuda: libcuda.filter(|_| differ),
        driver,
        file: parts.libcuda_file.value().cloned(),
        works: machine.libcuda.is_found(),
    })
}

fn no_permission(machine: &Machine) -> Option<Trouble> {
    let parts = &machine.nvidia;
    let refused = parts.nvml_error == Some(NvmlError::NoPermission);
    let denied = parts.control_device.value() == Some(&DeviceAccess::Denied);
    (refused || denied)
        .then(|| Trouble::NoPermission { group: parts.device_group.value().cloned() })
}

/// A card whose driver's libraries are there, and nothing of it in the kernel.
fn not_loaded(survey: &Survey<'_, '_>) -> Option<Trouble> {
    let machine = survey.machine;
    let parts = &machine.nvidia;
    let card = machine.adapters.iter().find(|card| card.vendor == Vendor::Nvidia)?;
    match card.kernel_driver.as_deref() {
        Some("nouveau") => {
            return Some(Trouble::Nouveau {
                pci_id: card.pci_id.clone(),
                capability: survey.matrix.by_pci_id(&card.pci_id).map(|row| row.capability),
            });
        }
        // Bound to NVIDIA's driver, or given to a virtual machine.
        Some(_) => return None,
        None => {}
    }
    let refused = parts.nvml_error == Some(NvmlError::DriverNotLoaded);
    // In a container the modules' files are the image's.
    if !refused || machine.container.is_found() || parts.kernel_module.is_found() {
        return None;
    }
    Some(match (&parts.module_file, parts.secure_boot.value()) {
        (Detected::Absent, _) => {
            Trouble::ModuleNotBuilt { kernel: machine.kernel.value().cloned() }
        }
        (Detected::Found(_) | Detected::Unknown { .. }, Some(true)) => Trouble::SecureBoot,
        (Detected::Found(_) | Detected::Unknown { .. }, _) => Trouble::ModuleNotLoaded,
    })
}

fn wsl(machine: &Machine, remarks: &mut Vec<Diagnostic>) {
    let Some(version) = machine.wsl.value() else { return };
    if version == "1" {
        remarks.push(Diagnostic::Trouble(Trouble::WslOne));
        return;
    }
    // What a container toolkit hands in lies in the distribution's folder as well.
    if machine.container.is_found() {
        return;
    }
    let outside = |file: &&String| !file.starts_with("/usr/lib/wsl/");
    let shadow = machine.nvidia.libcuda_files.iter().find(outside);
    if let Some(file) = shadow {
        let file = file.clone();
        remarks.push(Diagnostic::Trouble(Trouble::WslDriverShadowed { file }));
    }
    if machine.nvidia_smi == Detected::Absent && machine.driver.is_found() {
        remarks.push(Diagnostic::Trouble(Trouble::WslPath));
    }
}
