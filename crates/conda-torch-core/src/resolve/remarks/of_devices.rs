//! What keeps a program from GPUs that a driver serves, and which kind of GPU that is.

use crate::types::{Detected, DeviceAccess, Gpu, KernelSupport, LibcudaError, Machine, Origin};

use crate::diagnostics::{Diagnostic, Trouble};
use crate::resolve::{Survey, fit::Candidate, told::is_told};

pub(super) fn devices(survey: &Survey<'_, '_>, remarks: &mut Vec<Diagnostic>) {
    let machine = survey.machine;
    // Most machines have no trace of a driver.
    if machine.driver == Detected::Absent && machine.gpus.is_empty() {
        return;
    }
    let by_flag = |gpu: &Gpu| {
        gpu.compute_capability.fact().is_some_and(|fact| matches!(fact.origin, Origin::Flag(_)))
    };
    if is_told(machine) || machine.gpus.iter().any(by_flag) {
        return;
    }
    let kinds = [not_given(machine), mig(machine), vgpu(machine), hidden(machine)];
    remarks.extend(kinds.into_iter().flatten().map(Diagnostic::Trouble));
}

/// A driver in the kernel, and no device or no library of it for this program.
fn not_given(machine: &Machine) -> Option<Trouble> {
    let parts = &machine.nvidia;
    if !machine.driver.is_found() || machine.wsl.is_found() {
        return None;
    }
    let by_nvml = |origin: &Origin| *origin == Origin::Nvml;
    let nvml_answers = machine.driver.fact().is_some_and(|fact| by_nvml(&fact.origin));
    // libcuda that says "no device" is there.
    let is_missing = machine.libcuda == Detected::Absent && parts.libcuda_error.is_none();
    let shows_none = machine.gpu_count == Detected::Absent;
    let denied = parts.gpu_device.value() == Some(&DeviceAccess::Denied)
        && parts.control_device.value() != Some(&DeviceAccess::Denied);
    let installed = parts.kernel_gpus.value().copied();
    let in_job = parts.slurm_job_has_gpu.is_some();
    let without_gpu = parts.slurm_job_has_gpu == Some(false);
    if machine.container.is_found() && is_missing && !machine.jetson.is_found() {
        Some(if nvml_answers && !shows_none {
            Trouble::ContainerWithoutCompute
        } else {
            Trouble::ContainerWithoutGpu
        })
    } else if denied || shows_none && (installed.is_some() || without_gpu) {
        Some(Trouble::GpuNotAllocated { installed, in_job })
    } else {
        None
    }
}

fn mig(machine: &Machine) -> Option<Trouble> {
    let is_split = |gpu: &&Gpu| gpu.mig.value() == Some(&true);
    let slices: Vec<String> = machine
        .gpus
        .iter()
        .filter_map(|gpu| gpu.mig_slices.value())
        .flatten()
        .map(|name| name.rsplit_once(" MIG ").map_or(name.as_str(), |(_, slice)| slice).to_owned())
        .collect();
    let split = machine.gpus.iter().filter(is_split).count();
    let all_split = split > 0 && split == machine.gpus.len();
    let none_made = all_split && machine.gpus.iter().all(|gpu| gpu.mig_slices == Detected::Absent);
    let none_seen = all_split && machine.nvidia.libcuda_error == Some(LibcudaError::NoDevice);
    if none_made || none_seen {
        Some(Trouble::MigWithoutInstance { made: !slices.is_empty() })
    } else {
        (split > 0).then_some(Trouble::Mig { slices })
    }
}

fn vgpu(machine: &Machine) -> Option<Trouble> {
    let gpu = machine.gpus.iter().find(|gpu| gpu.is_vgpu())?;
    let name = gpu.name.value().cloned();
    Some(if machine.gpus.iter().all(is_without_cuda) {
        Trouble::VgpuWithoutCuda { name }
    } else {
        Trouble::Vgpu { name }
    })
}

/// Whether a vGPU's profile is one of those for desktops and applications, which do not compute.
pub(in super::super) fn is_without_cuda(gpu: &Gpu) -> bool {
    gpu.is_vgpu() && matches!(gpu.vgpu_profile(), Some('A' | 'B'))
}

/// What the variable hides. Conda does not read it, PyTorch does.
fn hidden(machine: &Machine) -> Option<Trouble> {
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
    let is_hidden = |index: &u32| !variable.indices[..beyond].contains(index);
    let hidden = if sure { (0..of).filter(is_hidden).collect() } else { Vec::new() };
    Some(Trouble::GpuHidden { hidden, visible, of, in_job })
}

/// GPUs that no build on the platform reaches, whatever the driver: older or newer than all of them.
pub(super) fn out_of_range(
    survey: &Survey<'_, '_>,
    candidates: &[Candidate<'_>],
    best: Option<&Candidate<'_>>,
    remarks: &mut Vec<Diagnostic>,
) {
    if survey.situation.gpus.is_empty() || best.is_some_and(|best| best.build.is_cuda()) {
        return;
    }
    let with_cuda = || candidates.iter().map(|c| c.build).filter(|build| build.is_cuda());
    if with_cuda().next().is_none() {
        return;
    }
    let mut found = Vec::new();
    for (gpu, capability) in survey.situation.known_gpus() {
        let support = |capability| {
            with_cuda()
                .map(|build| build.kernels.support(capability, |c| survey.matrix.is_soc(c)))
                .max()
        };
        let known = survey.matrix.capabilities.iter().map(|row| row.capability);
        let mut reached = known.filter(|c| support(*c) > Some(KernelSupport::Jit)).peekable();
        let is_out = support(capability) < Some(KernelSupport::SameMajor);
        let first = reached.peek().copied();
        let last = reached.last();
        let (index, name) = (gpu.index, gpu.name.clone());
        if is_out && first.is_some_and(|first| capability < first) {
            found.push(Trouble::GpuTooOld { gpu: index, name, capability });
        } else if is_out && last.is_some_and(|last| capability > last) {
            found.push(Trouble::GpuTooNew { gpu: index, name, capability });
        }
    }
    // Where another GPU is only out of this driver's reach, that is what to say.
    if found.len() == survey.situation.gpus.len() {
        remarks.extend(found.into_iter().map(Diagnostic::Trouble));
    }
}
