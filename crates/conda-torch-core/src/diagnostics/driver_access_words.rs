//! What is said of a trouble with the driver or the devices, and what to do about it on this machine.

use crate::diagnostics::{Blind, Diagnostic, Severity, Trouble, messages::a_gpu};
use crate::types::{DriverVersion, Machine};

/// What is so.
#[expect(clippy::too_many_lines, reason = "one arm a variant, in one place")]
pub(crate) fn sentence(trouble: &Trouble, machine: &Machine, channel: &str) -> String {
    use Trouble as T;
    let version =
        |version: &Option<DriverVersion>| version.map(|v| format!(" {v}")).unwrap_or_default();
    match trouble {
        T::DriverMismatch { module, library } => format!(
            "the driver was updated and the old one is still loaded: kernel module{}, libraries{}; until that changes nothing can use the GPU",
            version(module),
            library.map_or(" of another version".to_owned(), |library| format!(" {library}"))
        ),
        T::ForwardCompatibility { libcuda, driver, file, works } => {
            let file = file.as_deref().map(|file| format!(" (`{file}`)")).unwrap_or_default();
            let both = format!(
                "libcuda{}{file} is not that of the loaded driver{}",
                version(libcuda),
                version(driver)
            );
            if *works {
                format!(
                    "{both}: a forward-compatibility package; the answer counts on the driver alone"
                )
            } else {
                format!("{both}, and cannot be used with it: PyTorch will find no GPU")
            }
        }
        T::NoPermission { group } => match group {
            Some(group) => format!(
                "this user may not open the NVIDIA devices, which belong to the group `{group}`"
            ),
            None => "this user may not open the NVIDIA devices".to_owned(),
        },
        T::SecureBoot => "NVIDIA's kernel module is there and not loaded, and Secure Boot is on: most likely its signing key is not enrolled".to_owned(),
        T::ModuleNotBuilt { kernel } => format!(
            "the NVIDIA driver's libraries are installed, but there is no kernel module for the running kernel{}",
            kernel.as_deref().map(|kernel| format!(" {kernel}")).unwrap_or_default()
        ),
        T::ModuleNotLoaded => "NVIDIA's kernel module is installed and not loaded".to_owned(),
        T::Nouveau { pci_id, capability } => format!(
            "the NVIDIA card ({pci_id}{}) is held by the free driver `nouveau`, which has no CUDA",
            capability.map_or(String::new(), |c| format!(", compute capability {c}"))
        ),
        T::GpuNotAllocated { installed, in_job } => {
            let to = if *in_job { "this Slurm job" } else { "this program" };
            match installed {
                Some(1) => format!("the machine has an NVIDIA GPU, and {to} was not given it"),
                Some(count) => {
                    format!("the machine has {count} NVIDIA GPUs, and {to} was given none")
                }
                None => format!("{to} was given no NVIDIA GPU"),
            }
        }
        T::ContainerWithoutGpu => "the host has an NVIDIA driver, and this container was started without the GPU: PyTorch will find none".to_owned(),
        T::ContainerWithoutCompute => "this container was given the driver without its compute part: `nvidia-smi` works, and PyTorch will find no GPU".to_owned(),
        T::MigWithoutInstance { made: false } => {
            "MIG is on and no slice was made of the GPU: PyTorch will find none".to_owned()
        }
        T::MigWithoutInstance { made: true } => {
            "MIG is on and none of the GPU's slices can be used here: PyTorch will find no GPU"
                .to_owned()
        }
        T::Mig { slices } if slices.is_empty() => {
            "the GPU is split by MIG; PyTorch uses one slice, with the GPU's compute capability"
                .to_owned()
        }
        T::Mig { slices } => format!(
            "the GPU is split by MIG ({}); PyTorch uses one slice, with the GPU's compute capability",
            slices.join(", ")
        ),
        T::Vgpu { name } => format!(
            "{} is a virtual machine's part of a GPU: its driver goes with the host's vGPU software",
            the(name.as_deref())
        ),
        T::VgpuWithoutCuda { name } => format!(
            "{} is a vGPU with a profile for desktops or applications, which has no CUDA",
            the(name.as_deref())
        ),
        T::GpuHidden { visible: 0, of, .. } => format!(
            "`CUDA_VISIBLE_DEVICES` hides {} from PyTorch; conda does not look at it",
            if *of == 1 { "the GPU".to_owned() } else { format!("all {of} GPUs") }
        ),
        T::GpuHidden { hidden, visible, of, .. } if hidden.is_empty() => {
            format!("`CUDA_VISIBLE_DEVICES` lets PyTorch see {visible} of {of} GPUs")
        }
        T::GpuHidden { hidden, .. } => {
            let numbers: Vec<String> = hidden.iter().map(ToString::to_string).collect();
            format!("`CUDA_VISIBLE_DEVICES` hides GPU {} from PyTorch", numbers.join(", "))
        }
        T::WslOne => "this is WSL 1, in which no program can use a GPU".to_owned(),
        T::WslDriverShadowed { file } => format!(
            "a Linux driver's libcuda (`{file}`) stands in WSL beside the one that Windows brings, and may be taken for it"
        ),
        T::WslPath => {
            "WSL's `nvidia-smi` is in `/usr/lib/wsl/lib`, which is not on PATH".to_owned()
        }
        T::GpuTooOld { gpu, name, capability } => format!(
            "no CUDA build of PyTorch on {channel} was made for a GPU as old as {}",
            a_gpu(*gpu, name.as_deref(), Some(*capability), Some(machine))
        ),
        T::GpuTooNew { gpu, name, capability } => format!(
            "no CUDA build of PyTorch on {channel} has machine code yet for {}",
            a_gpu(*gpu, name.as_deref(), Some(*capability), Some(machine))
        ),
    }
}

/// What to do. Inside a container only its start, and for the rest its host, can be changed.
pub(crate) fn hint(trouble: &Trouble, machine: &Machine) -> Option<String> {
    use Trouble as T;
    let in_container = machine.container.is_found();
    let host = if in_container { "on the host: " } else { "" };
    let text = match trouble {
        T::DriverMismatch { .. } if in_container => {
            "restart the host, or this container where the host was restarted already".to_owned()
        }
        T::DriverMismatch { .. } => "reboot, and the new driver is loaded".to_owned(),
        T::ForwardCompatibility { works: false, file, .. } => match file.as_deref().and_then(folder) {
            Some(folder) => {
                format!("take `{folder}` off `LD_LIBRARY_PATH` and the loader's list (`ldconfig`)")
            }
            None => {
                "take the folder `compat` of a CUDA toolkit off `LD_LIBRARY_PATH`".to_owned()
            }
        },
        T::NoPermission { .. } if in_container => start_container(machine),
        T::NoPermission { group } => format!(
            "`sudo usermod -aG {} $USER`, then log in again",
            group.as_deref().unwrap_or("video")
        ),
        T::SecureBoot => "enrol the key (`sudo mokutil --import`, then reboot and confirm): Ubuntu has it at `/var/lib/shim-signed/mok/MOK.der`, DKMS at `/var/lib/dkms/mok.pub`; or turn Secure Boot off".to_owned(),
        T::ModuleNotBuilt { .. } => "install the headers of the running kernel, then `sudo dkms autoinstall` and `sudo modprobe nvidia`; or reboot, if a newer kernel was installed".to_owned(),
        T::ModuleNotLoaded => {
            "`sudo modprobe nvidia` loads it, or says why it does not".to_owned()
        }
        T::GpuNotAllocated { in_job: true, .. } => {
            "ask the job for one: `srun --gres=gpu:1 …` or `#SBATCH --gres=gpu:1`".to_owned()
        }
        T::GpuNotAllocated { .. } | T::ContainerWithoutGpu if in_container => {
            start_container(machine)
        }
        T::GpuNotAllocated { .. } => {
            "run this in a job that asks for a GPU, or describe it: `--gpu NAME`".to_owned()
        }
        T::ContainerWithoutCompute => with_compute(machine),
        T::MigWithoutInstance { .. } if machine.container.value().map(String::as_str) == Some("kubernetes") => {
            "ask for a slice in the pod's limits, such as `nvidia.com/mig-1g.5gb: 1`".to_owned()
        }
        T::MigWithoutInstance { made: true } if in_container => {
            "give the container a slice: `--gpus device=0:0`".to_owned()
        }
        T::MigWithoutInstance { made: true } => {
            "`nvidia-smi -L` lists the slices; run this in a job that asks for one".to_owned()
        }
        T::MigWithoutInstance { made: false } => format!(
            "{host}`sudo nvidia-smi mig -lgip` lists the sizes, `sudo nvidia-smi mig -cgi ID -C` makes one; `sudo nvidia-smi -mig 0` turns MIG off"
        ),
        T::Mig { slices } if slices.len() > 1 => {
            "choose one by the UUID that `nvidia-smi -L` prints: `CUDA_VISIBLE_DEVICES=MIG-…`"
                .to_owned()
        }
        T::VgpuWithoutCuda { .. } => {
            "ask who runs the host for a profile that computes: one that ends in Q or C".to_owned()
        }
        T::GpuHidden { visible: 0, in_job: true, .. } => {
            "ask the job for a GPU: `srun --gres=gpu:1 …` or `#SBATCH --gres=gpu:1`".to_owned()
        }
        T::GpuHidden { in_job: false, visible: 0, .. } => {
            "unset `CUDA_VISIBLE_DEVICES` before PyTorch is started".to_owned()
        }
        T::GpuHidden { in_job: false, .. } => {
            "unset `CUDA_VISIBLE_DEVICES` where PyTorch is to use all of them".to_owned()
        }
        T::WslOne => {
            "where Windows has an NVIDIA GPU, in PowerShell: `wsl --set-version NAME 2`".to_owned()
        }
        T::WslDriverShadowed { .. } => {
            "remove the NVIDIA driver's packages from this distribution (`nvidia-driver-*`, `libnvidia-compute-*`): Windows brings the driver".to_owned()
        }
        T::WslPath => "`export PATH=\"$PATH:/usr/lib/wsl/lib\"`".to_owned(),
        T::GpuTooNew { .. } => {
            "wait for a build, or try PyTorch's own wheels: https://pytorch.org".to_owned()
        }
        // What works; what the job was given; nouveau, whose card says the driver that ends it.
        T::ForwardCompatibility { works: true, .. }
        | T::ContainerWithoutGpu
        | T::GpuHidden { in_job: true, .. }
        | T::Nouveau { .. }
        | T::Mig { .. }
        | T::Vgpu { .. }
        | T::GpuTooOld { .. } => return None,
    };
    Some(text)
}

/// How to start a container of this kind with the GPU.
pub(crate) fn start_container(machine: &Machine) -> String {
    match machine.container.value().map(String::as_str) {
        Some("kubernetes") => "ask for it in the pod's limits: `nvidia.com/gpu: 1`".to_owned(),
        Some("podman") => {
            "start the container with the GPU: `podman run --device nvidia.com/gpu=all …`".to_owned()
        }
        Some("apptainer") => {
            "start the container with the GPU: `apptainer exec --nv …`".to_owned()
        }
        Some("lxc") => {
            "give the container the GPU: `lxc config device add NAME gpu gpu` and `nvidia.runtime=true`"
                .to_owned()
        }
        Some(_) | None => "start the container with the GPU: `docker run --gpus all …`".to_owned(),
    }
}

/// How to get libcuda into a container that has the rest.
fn with_compute(machine: &Machine) -> String {
    let variable = "NVIDIA_DRIVER_CAPABILITIES=compute,utility";
    match machine.container.value().map(String::as_str) {
        Some("kubernetes") => format!("set `{variable}` in the pod's environment"),
        Some("apptainer") => "start the container with `--nv` and no `--nvccli`".to_owned(),
        Some("podman") => "start the container with `--device nvidia.com/gpu=all`".to_owned(),
        Some("lxc") => {
            "set `nvidia.driver.capabilities=compute,utility` for the container".to_owned()
        }
        Some(_) | None => {
            format!("start the container anew: `docker run --gpus all -e {variable} …`")
        }
    }
}

/// Whether another remark says the same with more in it: a person need not read both.
pub fn is_said_better(remark: &Diagnostic, all: &[Diagnostic]) -> bool {
    let no_board = |other: &Diagnostic| matches!(other, Diagnostic::JetsonWithoutBuild { .. });
    // For a Jetson without a build no driver would help.
    if matches!(remark, Diagnostic::DriverUnknown { .. }) && all.iter().any(no_board) {
        return true;
    }
    // That libcuda shows no device to a client either follows from what is wrong with the machine.
    let is_told = |other: &Diagnostic| matches!(other, Diagnostic::Trouble(trouble) if trouble.severity() >= Severity::Warning);
    if matches!(remark, Diagnostic::ClientSeesNoCuda { why: Blind::NoLibcuda, .. })
        && all.iter().any(is_told)
    {
        return true;
    }
    all.iter().any(|other| {
        matches!(other, Diagnostic::Trouble(trouble) if trouble.says_more_than().contains(&remark.code()))
    })
}

/// The GPU that it is about, as the driver counts.
pub(crate) fn gpu(trouble: &Trouble) -> Option<u32> {
    if let Trouble::GpuTooOld { gpu, .. } | Trouble::GpuTooNew { gpu, .. } = trouble {
        Some(*gpu)
    } else {
        None
    }
}

fn the(name: Option<&str>) -> String {
    name.map_or("the GPU".to_owned(), |name| format!("the {name}"))
}

fn folder(file: &str) -> Option<&str> {
    file.rsplit_once('/').map(|(folder, _)| folder).filter(|folder| !folder.is_empty())
}
