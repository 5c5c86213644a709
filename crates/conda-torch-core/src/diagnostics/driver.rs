//! The NVIDIA driver: missing, too old, unknown, or out of a program's reach.

use crate::types::DriverVersion;

/// ` 535.183.01`, or nothing.
pub(super) fn version(version: Option<DriverVersion>) -> String {
    version.map_or(String::new(), |version| format!(" {version}"))
}

pub(super) fn folder(file: &str) -> Option<&str> {
    file.rsplit_once('/').map(|(folder, _)| folder).filter(|folder| !folder.is_empty())
}

pub(super) fn versions(module: Option<DriverVersion>, library: Option<DriverVersion>) -> String {
    let module = module.map(|version| format!("kernel module {version}"));
    let library = library.map(|version| format!("libraries {version}"));
    let known: Vec<String> = module.into_iter().chain(library).collect();
    if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) }
}

macro_rules! driver { ($next:ident $($more:tt)*) => { $next! { $($more)* Driver {

/// No NVIDIA driver was found, so no CUDA build runs on this machine.
/// Why: the driver is the one part of CUDA that conda cannot install. The packages include everything else, the
/// toolkit's libraries among it.
/// What to do: install NVIDIA's driver, at least the version in the message. A container uses the driver of its
/// host: start it with `docker run --gpus all`. WSL uses the driver of Windows: install it there, not in WSL. For
/// the commands of another machine, describe it, for example
/// `conda-torch advise --platform linux-64 --driver 580 --gpu "RTX 4090"`.
NoDriver { needed: DriverVersion } = "no-driver", Error;
message: format!("no NVIDIA driver found; CUDA needs driver {needed} or newer");
hint(c): if c.in_container() {
    c.start_container_unless_nouveau()
} else if !c.machine.gpus.is_empty() {
    c.better_driver("install NVIDIA driver")
} else {
    let elsewhere = "if the GPU is in another machine, describe it: `--gpu NAME --driver VERSION`";
    c.machine.document.is_some().then(|| elsewhere.to_owned())
};
url: "https://www.nvidia.com/en-us/drivers/";
symptom: Some("Found no NVIDIA driver on your system".to_owned());
example: { needed: example("580.65.06") };

/// The NVIDIA driver is installed, but shows no GPU.
/// Why: typical for the login node of a cluster, a container that has the driver's files but no device, or an empty
/// `CUDA_VISIBLE_DEVICES`.
/// What to do: run `conda-torch` where the GPU is, for example in a job, or describe the GPU with `--gpu` or
/// `--compute-capability`.
NoGpu = "no-gpu", Error;
message: "the NVIDIA driver shows no GPU";
hint(c): if c.in_container() {
    c.start_container_unless_nouveau()
} else {
    let text = "run this on the machine with the GPU, or describe it: `--gpu NAME` or `--compute-capability X.Y`";
    (c.machine.driver.is_found() && !c.is_described()).then(|| text.to_owned())
};
symptom: Some("No CUDA GPUs are available".to_owned());
installed: Warning;

/// The kernel has an NVIDIA driver, but its compute library `libcuda` is missing or finds no device. The answer
/// is for the GPU; PyTorch finds none until this is fixed.
/// Why: a container sees the kernel of its host. Started without the GPU, it has none of the driver's libraries;
/// started with the capability `utility` alone, it has `nvidia-smi` but not `libcuda`. `nvidia-smi` then prints `N/A` or
/// `ERR!` as the CUDA version. In WSL a driver for Linux hides the `libcuda` of Windows' driver, or WSL is too old for it.
/// What to do: start the container with `--gpus all` and `NVIDIA_DRIVER_CAPABILITIES=compute,utility`; in
/// Kubernetes, request `nvidia.com/gpu`. In WSL, remove the driver for Linux (`sudo apt remove --purge '*nvidia-*'`),
/// run `wsl --update` and `wsl --shutdown` in Windows.
LibcudaMissing = "libcuda-missing", Warning;
message: "the kernel has an NVIDIA driver, but `libcuda` is missing or finds no device: PyTorch will find no GPU";
hint(c): if c.in_container() {
    Some("start the container with the GPU: `--gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,utility`".to_owned())
} else if c.machine.wsl.is_found() {
    Some("in WSL, use only the driver of Windows: remove `libnvidia-*` packages, then run `wsl --update` and `wsl --shutdown` in Windows".to_owned())
} else {
    // Outside of containers, distributions split the driver into packages.
    let text = "install the driver's compute library: Debian `libcuda1`, Ubuntu `libnvidia-compute-NNN`, Fedora `xorg-x11-drv-nvidia-cuda`";
    let is_split = c.owns_its_driver() && !c.machine.jetson.is_found();
    (is_split && c.machine.nvidia.libcuda_error.is_none()).then(|| text.to_owned())
};
symptom: Some("No CUDA GPUs are available".to_owned());
degrades: true;

/// Cannot tell whether there is an NVIDIA driver: a source that should know failed or did not answer.
/// Why: the first program after a boot waits for the driver to initialize every GPU, which takes seconds on a server
/// without persistence mode (`sudo nvidia-smi -pm 1`). A driver that is damaged or was just updated may never answer.
/// What to do: allow more time with `--driver-timeout SECONDS`. `conda-torch probe` lists every source with its reason.
/// If the driver was just updated, reboot. Otherwise pass `--driver VERSION`, or `--accelerator cpu` for the CPU build.
DriverUnknown { why: String } = "driver-unknown", Error;
message: format!("cannot tell what the NVIDIA driver supports: {why}");
hint(c): if c.is_driver_slow() {
    let text = "allow more time with `--driver-timeout SECONDS`, or pass `--driver VERSION`";
    Some(text.to_owned())
} else if c.in_container() {
    c.start_container_unless_nouveau()
} else if c.machine.document.is_some() {
    Some("pass `--driver VERSION`, or `--cuda X.Y` for the CUDA that it supports".to_owned())
} else {
    Some("`conda-torch probe` shows what failed; pass `--driver VERSION` to override".to_owned())
};
installed: Warning;
example: { why: example("NVML: no answer within 10 seconds") };

/// The build needs a newer NVIDIA driver than this machine has.
/// Why: a driver runs every toolkit of the major versions that it supports. A driver that supports CUDA 12.2 runs
/// builds with CUDA 12.9, but none with 13. conda enforces the same (`__cuda >=13`).
/// What to do: the recommended build works with this driver. Update the driver only for the newer build, and first
/// check that newer drivers still support the GPU (`driver-dropped-gpu`).
DriverTooOld { driver: Option<DriverVersion>, cuda: CudaVersion, toolkit: CudaVersion, needed: DriverVersion }
    = "driver-too-old", Error;
message(c): format!(
    "{} supports CUDA {cuda} at most; builds with CUDA {toolkit} need driver {needed} or newer",
    c.driver(*driver)
);
hint(c): c.better_driver("update the NVIDIA driver to");
url: "https://www.nvidia.com/en-us/drivers/";
symptom: {
    // As PyTorch prints it: 12040 for 12.4.
    let found = u32::from(cuda.major) * 1000 + u32::from(cuda.minor) * 10;
    Some(format!("The NVIDIA driver on your system is too old (found version {found})"))
};
example: {
    driver: Some(example("535.183.01")),
    cuda: example("12.2"),
    toolkit: example("13.0"),
    needed: example("580.65.06")
};

/// The channel has a build for a CUDA that is newer than the built-in data (`--live`). The driver that it needs is
/// unknown, and the driver here does not support that CUDA.
/// What to do: install the recommended build. If the driver supports the new CUDA, pass `--cuda X.Y`; otherwise
/// update `conda-torch`.
ToolkitNotKnown { toolkit: CudaVersion } = "toolkit-not-known", Error;
message: format!("CUDA {toolkit} is newer than the built-in data; the driver that it needs is unknown");
example: { toolkit: example("14.0") };

/// The machine has an NVIDIA card without NVIDIA's driver.
/// Why: no driver is installed, the free driver `nouveau` uses the card, or the card is passed to a virtual machine
/// (`vfio-pci`).
/// What to do: install NVIDIA's driver, at least the version in the message, and run `conda-torch` again. If a hint
/// names a branch, later drivers do not support the card.
CardWithoutDriver {
    pci_id: String,
    capability: Option<ComputeCapability>,
    kernel_driver: Option<String>,
    needed: DriverVersion,
} = "card-without-driver", Warning;
message: format!(
    "the NVIDIA card ({pci_id}{}) {}; CUDA needs NVIDIA driver {needed} or newer",
    with_capability(*capability),
    match kernel_driver {
        Some(driver) => format!("uses the kernel driver `{driver}`"),
        None => "has no driver".to_owned(),
    }
);
hint(c): c.install_driver(*needed, *capability);
url: "https://www.nvidia.com/en-us/drivers/";
example: {
    pci_id: example("10de:1b06"),
    capability: Some(example("6.1")),
    kernel_driver: Some(example("vfio-pci")),
    needed: example("525.60.13")
};

/// No driver is given for the described machine; the answer assumes a current one.
/// What to do: pass `--driver VERSION`.
DriverAssumed { driver: DriverVersion } = "driver-assumed", Info;
message: format!("no driver given; assuming {driver}");
hint: Some("pass `--driver VERSION` to override".to_owned());
example: { driver: example("580.65.06") };

/// Only the driver's branch is given, such as `580`. The answer assumes a current release of that branch.
/// What to do: pass the full version, as `nvidia-smi` prints it.
DriverBranchAssumed { driver: DriverVersion } = "driver-branch-assumed", Info;
message: format!("only the driver branch {driver} is given; assuming a current release of it");
hint: Some("pass the full version with `--driver VERSION` to override".to_owned());
example: { driver: example("580") };

/// `--cuda` is not the CUDA that the driver of `--driver` supports. The driver decides.
///
/// Why: each driver supports one version of CUDA at most, which `nvidia-smi` shows; from 525.60.13 on it also runs
/// every newer toolkit of the same major version.
///
/// What to do: leave out `--cuda`, or correct `--driver`.
CudaOfOtherDriver { driver: DriverVersion, supports: CudaVersion, cuda: CudaVersion }
    = "cuda-of-other-driver", Warning;
message: format!("`--cuda {cuda}` contradicts `--driver {driver}`, which supports CUDA {supports}; using the driver");
hint: Some("leave out `--cuda`, or correct `--driver`".to_owned());
example: { driver: example("535"), supports: example("12.2"), cuda: example("13.0") };

/// The driver's libraries and the loaded kernel module have different versions: no program can use the GPU.
/// Why: the driver was updated, often automatically, and the old module stays loaded until a reboot. `nvidia-smi`
/// reports "Driver/library version mismatch".
/// What to do: reboot. For a container, reboot its host, then restart the container.
DriverMismatch { module: Option<DriverVersion>, library: Option<DriverVersion> } = "driver-mismatch", Warning;
message: format!(
    "the NVIDIA driver was updated, but the old kernel module is still loaded{}: no program can use the GPU",
    versions(*module, *library)
);
hint(c): Some(if c.in_container() {
    "reboot the host; if it was rebooted already, restart this container".to_owned()
} else {
    "reboot to load the new driver".to_owned()
});
degrades: true;
covers: [DriverUnknown, LibcudaMissing];
example: { module: Some(example("580.126.09")), library: Some(example("580.159.03")) };

/// The libcuda that programs load is not that of the loaded driver. A note if it works.
/// Why: NVIDIA's `cuda-compat` (the folder `compat` of a toolkit, also in many container images) has a newer
/// libcuda. It works on data center GPUs and Jetson. On other GPUs it fails with error 804, and with a driver that it
/// does not support, with 803. In both cases the answer relies on the driver's own CUDA: such a build runs with and
/// without the package.
/// What to do: if it fails, remove the folder from `LD_LIBRARY_PATH` and the loader's list.
ForwardCompatibility {
    libcuda: Option<DriverVersion>,
    driver: Option<DriverVersion>,
    file: Option<String>,
    works: bool,
} = "forward-compatibility", if *works { Info } else { Warning };
message: format!(
    "libcuda{}{} is not from the loaded driver{}{}",
    version(*libcuda),
    file.as_deref().map(|file| format!(" (`{file}`)")).unwrap_or_default(),
    version(*driver),
    if *works {
        ": a forward-compatibility package; the answer relies on the driver alone"
    } else {
        " and does not work with it: PyTorch will find no GPU"
    }
);
hint: (!works).then(|| match file.as_deref().and_then(folder) {
    Some(folder) => {
        format!("remove `{folder}` from `LD_LIBRARY_PATH` and the loader's list (`ldconfig`)")
    }
    None => "remove the folder `compat` of a CUDA toolkit from `LD_LIBRARY_PATH`".to_owned(),
});
degrades: !works;
covers: [LibcudaMissing];
example: {
    libcuda: Some(example("575.51.03")),
    driver: Some(example("535.183.01")),
    file: Some(example("/usr/local/cuda/compat/libcuda.so.575.51.03")),
    works: false
};

/// This user has no permission to open the driver's devices, `/dev/nvidiactl` and `/dev/nvidia0`.
/// Why: the system restricts them to a group (`NVreg_DeviceFileMode`), often `video` or `render`.
/// What to do: add the user to the group, then log in again.
NoPermission { group: Option<String> } = "no-permission", Warning;
message: match group {
    Some(group) => format!("no permission to open the NVIDIA devices, which belong to the group `{group}`"),
    None => "no permission to open the NVIDIA devices".to_owned(),
};
hint(c): Some(if c.in_container() {
    c.start_container()
} else {
    let group = group.as_deref().unwrap_or("video");
    format!("run `sudo usermod -aG {group} $USER`, then log in again")
});
degrades: true;
covers: [DriverUnknown, LibcudaMissing];
example: { group: Some(example("video")) };

/// NVIDIA's kernel module is installed but not loaded, and the firmware's Secure Boot is on.
/// Why: with Secure Boot the kernel loads only signed modules. A module that was built on this machine is signed with
/// a key that must be enrolled in the firmware once. `sudo modprobe nvidia` reports "Key was rejected by service".
/// What to do: run `sudo mokutil --import` with the key, reboot, and confirm in the blue menu; or turn Secure Boot off
/// in the firmware's settings.
SecureBoot = "secure-boot", Warning;
message: "NVIDIA's kernel module is installed but not loaded, and Secure Boot is on: its signing key is probably not enrolled";
hint: Some("enroll the key (`sudo mokutil --import`, then reboot and confirm): Ubuntu has it at `/var/lib/shim-signed/mok/MOK.der`, DKMS at `/var/lib/dkms/mok.pub`; or turn Secure Boot off".to_owned());
degrades: true;
covers: [DriverUnknown, LibcudaMissing, CardWithoutDriver, NoDriver];

/// The driver's libraries are installed, but the running kernel has no module for it.
/// Why: the kernel was updated and the module was not rebuilt: the kernel's headers are missing, or the driver is too
/// old for it.
/// What to do: install the kernel's headers, then run `sudo dkms autoinstall`; its log says why it failed.
ModuleNotBuilt { kernel: Option<String> } = "module-not-built", Warning;
message: format!(
    "the NVIDIA driver's libraries are installed, but there is no kernel module for the running kernel{}",
    kernel.as_deref().map(|kernel| format!(" {kernel}")).unwrap_or_default()
);
hint: Some("install the headers of the running kernel, then run `sudo dkms autoinstall` and `sudo modprobe nvidia`; if a newer kernel is installed, reboot".to_owned());
degrades: true;
covers: [DriverUnknown, LibcudaMissing, CardWithoutDriver, NoDriver];
example: { kernel: Some(example("6.8.0-64-generic")) };

/// NVIDIA's kernel module is installed for the running kernel, but not loaded.
/// What to do: run `sudo modprobe nvidia`. If it fails, its message and `dmesg` say why.
ModuleNotLoaded = "module-not-loaded", Warning;
message: "NVIDIA's kernel module is installed but not loaded";
hint: Some("run `sudo modprobe nvidia`; if it fails, its message says why".to_owned());
degrades: true;
covers: [DriverUnknown, LibcudaMissing, CardWithoutDriver, NoDriver];

/// The free driver `nouveau`, which does not support CUDA, uses the NVIDIA card.
/// Why: Linux includes it and uses it where NVIDIA's driver is not installed.
/// What to do: install NVIDIA's driver, which disables `nouveau`, and reboot. For a container, do so on its host.
Nouveau { pci_id: String, capability: Option<ComputeCapability> } = "nouveau", Warning;
message: format!(
    "the NVIDIA card ({pci_id}{}) uses the free driver `nouveau`, which does not support CUDA",
    with_capability(*capability)
);
// The card's own diagnostic names the driver that it can have.
hint(c): c
    .diagnostics
    .iter()
    .find(|other| matches!(other, Diagnostic::CardWithoutDriver { .. }))
    .and_then(|card| card.hint(c));
degrades: true;
covers: [CardWithoutDriver, DriverUnknown, LibcudaMissing, NoDriver];
example: { pci_id: example("10de:1b06"), capability: Some(example("6.1")) };

/// The host has an NVIDIA driver, but this container was started without the GPU.
/// What to do: start it with the GPU: `docker run --gpus all`, `podman run --device nvidia.com/gpu=all`,
/// `apptainer exec --nv`, in Kubernetes `nvidia.com/gpu: 1` in the limits.
ContainerWithoutGpu = "container-without-gpu", Warning;
message: "the host has an NVIDIA driver, but this container was started without the GPU: PyTorch will find none";
hint(c): c.in_container().then(|| c.start_container());
degrades: true;
covers: [LibcudaMissing];

/// The container has `nvidia-smi` and NVML, but no libcuda.
/// Why: without `NVIDIA_DRIVER_CAPABILITIES`, an image gets `utility` alone.
/// What to do: start it with `NVIDIA_DRIVER_CAPABILITIES=compute,utility`.
ContainerWithoutCompute = "container-without-compute", Warning;
message: "this container has `nvidia-smi`, but not the driver's compute library: PyTorch will find no GPU";
hint(c): {
    let variable = "NVIDIA_DRIVER_CAPABILITIES=compute,utility";
    Some(match c.machine.container.value().map(String::as_str) {
        Some("kubernetes") => format!("set `{variable}` in the pod's environment"),
        Some("apptainer") => "start the container with `--nv` and without `--nvccli`".to_owned(),
        Some("podman") => "start the container with `--device nvidia.com/gpu=all`".to_owned(),
        Some("lxc") => "set `nvidia.driver.capabilities=compute,utility` for the container".to_owned(),
        Some(_) | None => format!("restart the container with `docker run --gpus all -e {variable} …`"),
    })
};
degrades: true;
covers: [LibcudaMissing];

/// WSL 1 does not support GPUs.
/// What to do: if Windows has an NVIDIA GPU, run `wsl --set-version NAME 2` in PowerShell.
WslOne = "wsl-1", Info;
message: "WSL 1 does not support GPUs";
hint: Some("if Windows has an NVIDIA GPU, run `wsl --set-version NAME 2` in PowerShell".to_owned());

/// A Linux driver is installed in WSL. Programs may load its libcuda, which finds no device, instead of the one from
/// Windows.
/// What to do: remove its packages from the distribution. A toolkit does no harm: the package `cuda` includes a
/// driver, `cuda-toolkit` does not.
WslDriverShadowed { file: String } = "wsl-driver-shadowed", Warning;
message: format!("a Linux driver's libcuda (`{file}`) is installed in WSL and may be loaded instead of the one from Windows");
hint: Some("remove the NVIDIA driver packages from this distribution (`nvidia-driver-*`, `libnvidia-compute-*`): Windows provides the driver".to_owned());
degrades: true;
covers: [LibcudaMissing];
example: { file: example("/usr/lib/x86_64-linux-gnu/libcuda.so.1") };

/// WSL's `nvidia-smi` is in `/usr/lib/wsl/lib`, which is not on `PATH`.
/// Why: programs that ask `nvidia-smi` detect no GPU.
/// What to do: add the folder to `PATH`.
WslPath = "wsl-path", Info;
message: "`/usr/lib/wsl/lib`, which has WSL's `nvidia-smi`, is not on `PATH`";
hint: Some("run `export PATH=\"$PATH:/usr/lib/wsl/lib\"`".to_owned());

/// A newer build would run under this driver with conda-forge's package `cuda-compat`, NVIDIA's forward compatibility.
/// Why: the package has a newer libcuda, which works with older drivers. NVIDIA supports that on data center GPUs alone,
/// never on consumer cards, and only for the driver branches that it lists. Graphics do not work with it.
/// What to do: nothing, if the recommended build is new enough; a newer driver is the better way. Else request the
/// package, set `CONDA_OVERRIDE_CUDA` when you install, and `LD_LIBRARY_PATH` when you start PyTorch.
CudaCompatPossible { driver: DriverVersion, cuda: CudaVersion, toolkit: CudaVersion }
    = "cuda-compat-possible", Info;
message: format!(
    "on data center GPUs, `cuda-compat={cuda}` from conda-forge runs CUDA {toolkit} builds under driver {driver}"
);
hint: Some(format!(
    "add `cuda-compat={cuda}`, set `CONDA_OVERRIDE_CUDA={cuda}` to install and `LD_LIBRARY_PATH=$CONDA_PREFIX/cuda-compat` to run"
));
url: "https://docs.nvidia.com/deploy/cuda-compatibility/forward-compatibility.html";
example: { driver: example("535.183.01"), cuda: example("13.2"), toolkit: example("13.0") };

/// The recommended build uses a newer CUDA than the driver's, and works.
/// Why: NVIDIA calls this minor-version compatibility: from one driver on, every toolkit of a major version works.
/// What to do: nothing. Do not pin `cuda-version` to the driver's CUDA (`cuda-version-holds-back`).
MinorVersionCompatibility { cuda: CudaVersion, toolkit: CudaVersion, floor: DriverVersion }
    = "minor-version-compatibility", Info;
message(c): format!(
    "CUDA {toolkit} works with {} (CUDA {cuda}): drivers from {floor} on run every CUDA {}.x build",
    if c.is_cuda_overridden() { "the driver of `CONDA_OVERRIDE_CUDA`" } else { "this driver" },
    toolkit.major
);
url: "https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html";
example: { cuda: example("12.4"), toolkit: example("12.9"), floor: example("525.60.13") };

} } } }
