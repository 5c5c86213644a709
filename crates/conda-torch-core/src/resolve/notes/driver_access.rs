//! Problems with the NVIDIA driver, and what keeps a program from GPUs that a driver serves.

use std::collections::BTreeSet;

use crate::diagnostics::Diagnostic;
use crate::resolve::{
    Inputs,
    advice::{Alternative, Unlock},
    facts::{Driver, is_by_flag, is_driver_named, is_graphics_only_vgpu},
};
use crate::types::{
    Detected, DeviceAccess, Fact, LibcudaError, Machine, NvmlError, Origin, Vendor,
};

/// Problems with the parts of the driver; none if the driver was named and not detected.
pub(super) fn driver(inputs: &Inputs<'_, '_>) -> Vec<Diagnostic> {
    let machine = inputs.machine;
    if is_driver_named(machine) {
        return Vec::new();
    }
    // The first explains the others.
    let problems = [
        mismatch(machine),
        forward_compatibility(machine),
        no_permission(machine),
        not_loaded(inputs),
    ];
    problems.into_iter().flatten().take(1).chain(wsl(machine)).collect()
}

/// That an alternative runs with the package `cuda-compat`.
pub(super) fn cuda_compat(
    inputs: &Inputs<'_, '_>,
    alternatives: &[Alternative<'_>],
) -> Option<Diagnostic> {
    let Driver::Present { version: Some(driver), .. } = inputs.facts.driver else { return None };
    alternatives.iter().find_map(|alternative| {
        let mut unlocks = alternative.unlocked_by.iter();
        let cuda = unlocks.find_map(|unlock| {
            if let Unlock::CudaCompat(cuda) = unlock { Some(*cuda) } else { None }
        })?;
        let toolkit = alternative.choice.build.accelerator.cuda()?;
        Some(Diagnostic::CudaCompatPossible { driver, cuda, toolkit })
    })
}

/// What keeps a program from GPUs, and which kind of GPU that is.
pub(super) fn devices(machine: &Machine) -> Vec<Diagnostic> {
    let has_driver = machine.driver != Detected::Absent || !machine.gpus.is_empty();
    let is_named = || {
        is_driver_named(machine)
            || machine.gpus.iter().any(|gpu| is_by_flag(&gpu.compute_capability))
    };
    if !has_driver || is_named() {
        return Vec::new();
    }
    let problems = [not_given(machine), mig(machine), vgpu(machine), hidden(machine)];
    problems.into_iter().flatten().collect()
}

/// NVML and libcuda (error 803) refuse a kernel module of another version.
fn mismatch(machine: &Machine) -> Option<Diagnostic> {
    let parts = &machine.nvidia;
    let module = parts.kernel_module.value().copied();
    let library = parts.nvml_library.value().copied();
    let refused = parts.nvml_error == Some(NvmlError::LibRmVersionMismatch);
    refused.then_some(Diagnostic::DriverMismatch {
        module,
        library: library.filter(|library| Some(*library) != module),
    })
}

/// A libcuda of another version than the driver: a `compat` folder comes first in the search path.
fn forward_compatibility(machine: &Machine) -> Option<Diagnostic> {
    let parts = &machine.nvidia;
    let driver = parts.kernel_module.value().copied().or(machine.driver.value().copied());
    let libcuda = parts.libcuda_library.value().copied();
    let differ = driver.is_some() && libcuda.is_some() && driver != libcuda;
    let refused = matches!(
        parts.libcuda_error,
        Some(LibcudaError::DriverMismatch | LibcudaError::CompatNotSupportedOnDevice)
    );
    (!machine.wsl.is_found() && (refused || differ)).then(|| Diagnostic::ForwardCompatibility {
        libcuda: libcuda.filter(|_| differ),
        driver,
        file: parts.libcuda_file.value().cloned(),
        works: machine.libcuda.is_found(),
    })
}

fn no_permission(machine: &Machine) -> Option<Diagnostic> {
    let parts = &machine.nvidia;
    let refused = parts.nvml_error == Some(NvmlError::NoPermission);
    let denied = parts.control_device.value() == Some(&DeviceAccess::Denied);
    (refused || denied)
        .then(|| Diagnostic::NoPermission { group: parts.device_group.value().cloned() })
}

/// A card whose driver's libraries are installed, but no driver is loaded in the kernel.
fn not_loaded(inputs: &Inputs<'_, '_>) -> Option<Diagnostic> {
    let machine = inputs.machine;
    let parts = &machine.nvidia;
    let card = machine.adapters.iter().find(|card| card.vendor == Vendor::Nvidia)?;
    if let Some(kernel_driver) = &card.kernel_driver {
        // Others: bound to NVIDIA's driver, or given to a virtual machine.
        return (kernel_driver == "nouveau").then(|| Diagnostic::Nouveau {
            pci_id: card.pci_id.clone(),
            capability: inputs.matrix.by_pci_id(&card.pci_id).map(|row| row.capability),
        });
    }
    let refused = parts.nvml_error == Some(NvmlError::DriverNotLoaded);
    // In a container the modules' files are the image's.
    if !refused || machine.container.is_found() || parts.kernel_module.is_found() {
        return None;
    }
    Some(if parts.module_file == Detected::Absent {
        Diagnostic::ModuleNotBuilt { kernel: machine.kernel.value().cloned() }
    } else if parts.secure_boot.value() == Some(&true) {
        Diagnostic::SecureBoot
    } else {
        Diagnostic::ModuleNotLoaded
    })
}

fn wsl(machine: &Machine) -> Vec<Diagnostic> {
    let Some(version) = machine.wsl.value() else { return Vec::new() };
    if version == "1" {
        return vec![Diagnostic::WslOne];
    }
    // A container toolkit mounts the driver into the distribution's folder as well.
    if machine.container.is_found() {
        return Vec::new();
    }
    let is_outside = |file: &&String| !file.starts_with("/usr/lib/wsl/");
    let shadow = machine.nvidia.libcuda_files.iter().find(is_outside).cloned();
    let lacks_smi = machine.nvidia_smi == Detected::Absent && machine.driver.is_found();
    let shadowed = shadow.map(|file| Diagnostic::WslDriverShadowed { file });
    shadowed.into_iter().chain(lacks_smi.then_some(Diagnostic::WslPath)).collect()
}

/// The kernel has a driver, but this program has no device or no library of it.
fn not_given(machine: &Machine) -> Option<Diagnostic> {
    let parts = &machine.nvidia;
    if !machine.driver.is_found() || machine.wsl.is_found() {
        return None;
    }
    let nvml_answers = matches!(machine.driver.fact(), Some(Fact { origin: Origin::Nvml, .. }));
    // A libcuda with an error is there.
    let is_missing = machine.libcuda == Detected::Absent && parts.libcuda_error.is_none();
    let shows_none = machine.gpu_count == Detected::Absent;
    let denied = parts.gpu_device.value() == Some(&DeviceAccess::Denied)
        && parts.control_device.value() != Some(&DeviceAccess::Denied);
    let installed = parts.kernel_gpus.value().copied();
    let in_job = parts.slurm_job_has_gpu.is_some();
    let without_gpu = parts.slurm_job_has_gpu == Some(false);
    if machine.container.is_found() && is_missing && !machine.jetson.is_found() {
        Some(if nvml_answers && !shows_none {
            Diagnostic::ContainerWithoutCompute
        } else {
            Diagnostic::ContainerWithoutGpu
        })
    } else if denied || shows_none && (installed.is_some() || without_gpu) {
        Some(Diagnostic::GpuNotAllocated { installed, in_job })
    } else {
        None
    }
}

fn mig(machine: &Machine) -> Option<Diagnostic> {
    let split = machine.gpus.iter().filter(|gpu| gpu.mig.value() == Some(&true)).count();
    let names = machine.gpus.iter().filter_map(|gpu| gpu.mig_slices.value()).flatten();
    let slice = |name: &String| name.rsplit(" MIG ").next().unwrap_or_default().to_owned();
    let slices: Vec<String> = names.map(slice).collect();
    let all_split = split > 0 && split == machine.gpus.len();
    let none_made = all_split && machine.gpus.iter().all(|gpu| gpu.mig_slices == Detected::Absent);
    let none_seen = all_split && machine.nvidia.libcuda_error == Some(LibcudaError::NoDevice);
    if none_made || none_seen {
        Some(Diagnostic::MigWithoutInstance { has_slices: !slices.is_empty() })
    } else {
        (split > 0).then_some(Diagnostic::Mig { slices })
    }
}

fn vgpu(machine: &Machine) -> Option<Diagnostic> {
    let gpu = machine.gpus.iter().find(|gpu| gpu.is_vgpu())?;
    let name = gpu.name.value().cloned();
    Some(if machine.gpus.iter().all(is_graphics_only_vgpu) {
        Diagnostic::VgpuWithoutCuda { name }
    } else {
        Diagnostic::Vgpu { name }
    })
}

/// What `CUDA_VISIBLE_DEVICES` hides. Conda does not read it, PyTorch does.
fn hidden(machine: &Machine) -> Option<Diagnostic> {
    let variable = machine.nvidia.visible_devices.as_ref()?;
    let of = u32::try_from(machine.gpus.len()).ok().filter(|of| *of > 0)?;
    let in_job = machine.nvidia.slurm_job_has_gpu.is_some();
    let named = u32::try_from(variable.count()).unwrap_or(u32::MAX);
    // Past the last, CUDA stops reading. The slices of MIG have no numbers.
    let beyond = variable.indices.iter().take_while(|index| **index < of).count();
    let visible = if variable.uuids > 0 { named.min(of) } else { u32::try_from(beyond).ok()? };
    if visible >= of {
        return None;
    }
    let alike = machine.gpus.windows(2).all(|pair| pair[0].name == pair[1].name);
    let sure = variable.uuids == 0 && (variable.in_bus_order || alike) && visible > 0;
    let shown: BTreeSet<u32> = variable.indices[..beyond].iter().copied().collect();
    let is_hidden = |index: &u32| !shown.contains(index);
    let hidden = if sure { (0..of).filter(is_hidden).collect() } else { Vec::new() };
    Some(Diagnostic::GpuHidden { hidden, visible, of, in_job })
}
