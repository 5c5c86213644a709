//! GPUs: which builds have kernels for them, and what keeps a program from them.

use crate::types::KnownGpu;

pub(super) fn hidden_gpus(hidden: &[u32], visible: u32, of: u32) -> String {
    if visible == 0 {
        let gpus = if of == 1 { "the GPU".to_owned() } else { format!("all {of} GPUs") };
        format!("`CUDA_VISIBLE_DEVICES` hides {gpus} from PyTorch; conda ignores it")
    } else if hidden.is_empty() {
        format!("`CUDA_VISIBLE_DEVICES` lets PyTorch see {visible} of {of} GPUs")
    } else {
        format!("`CUDA_VISIBLE_DEVICES` hides GPU {} from PyTorch", super::list(hidden))
    }
}

pub(super) fn gpu_example(name: &str, capability: &str) -> KnownGpu {
    KnownGpu { index: 0, name: Some(name.to_owned()), capability: Some(super::example(capability)) }
}

pub(super) const REQUEST_GPU: &str =
    "request a GPU for the job: `srun --gres=gpu:1 …` or `#SBATCH --gres=gpu:1`";

macro_rules! gpu { ($next:ident $($more:tt)*) => { $next! { $($more)* Gpu {

/// The build has no machine code for this GPU, and none that the driver could compile for it. PyTorch installs,
/// and fails at the first operation.
/// Why: each build is compiled for a list of compute capabilities. CUDA 13 dropped everything before 7.5 (Maxwell,
/// Pascal, Volta). conda's metadata does not say so: a solver installs such a build without a warning.
/// What to do: install the recommended build. A newer driver does not help.
NoKernels { gpu: KnownGpu, toolkit: CudaVersion } = "no-kernels", Error;
message(c): format!("the builds with CUDA {toolkit} have no kernels for {}", c.gpu(gpu));
symptom: Some("CUDA error: no kernel image is available for execution on the device".to_owned());
gpu: gpu.index;
example: { gpu: gpu_example("NVIDIA GeForce GTX 1080 Ti", "6.1"), toolkit: example("13.0") };

/// The build supports this GPU only through intermediate code (PTX), and the driver is too old to compile it.
/// Why: a driver compiles PTX only up to its own CUDA version. Minor-version compatibility does not cover it.
/// What to do: update the driver, or install the recommended build.
PtxNeedsNewerDriver { gpu: KnownGpu, cuda: CudaVersion, toolkit: CudaVersion, needed: DriverVersion }
    = "ptx-needs-newer-driver", Error;
message(c): format!(
    "the builds with CUDA {toolkit} run on {} only through JIT compilation, which needs driver {needed} or newer",
    c.gpu(gpu)
);
hint(c): c.better_driver("update the NVIDIA driver to");
symptom: Some("the provided PTX was compiled with an unsupported toolchain".to_owned());
gpu: gpu.index;
example: {
    gpu: KnownGpu { index: 0, name: None, capability: Some(example("13.0")) },
    cuda: example("12.2"),
    toolkit: example("12.9"),
    needed: example("575.51.03")
};

/// The CUDA libraries of the build are older than the GPU.
/// Why: PyTorch's own kernels can be compiled for a newer GPU, but those of cuBLAS and cuDNN are not reliable there.
/// What to do: install the recommended build, which has a newer toolkit if there is one.
ToolkitTooOldForGpu { gpu: KnownGpu, toolkit: CudaVersion, first: CudaVersion } = "toolkit-too-old-for-gpu", Error;
message(c): format!(
    "the libraries of CUDA {toolkit} are older than {}, which needs CUDA {first} or newer",
    c.gpu(gpu)
);
symptom: Some("CUDA error: no kernel image is available for execution on the device".to_owned());
gpu: gpu.index;
example: { gpu: gpu_example("NVIDIA GeForce RTX 5090", "12.0"), toolkit: example("12.6"), first: example("12.8") };

/// The build runs on this GPU through JIT compilation: the driver compiles the kernels when they are first used.
/// What to do: nothing. The first run takes minutes; the result is cached in `~/.nv/ComputeCache`.
PtxJit { gpu: KnownGpu } = "ptx-jit", Warning;
message(c): format!("{} runs through JIT compilation; the first run takes minutes", c.gpu(gpu));
gpu: gpu.index;
installed: Info;
example: { gpu: gpu_example("NVIDIA H100", "9.0") };

/// The build works, but only on the CPU, and the machine has a GPU.
/// What to do: nothing; or request it with `--accelerator cpu`.
LeavesGpuUnused = "leaves-gpu-unused", Info;
message: "the build works, but does not use the GPU";

/// The machine has an NVIDIA GPU, or may have one, that the recommended build does not use. The messages that follow say
/// why. The status is `degraded`.
/// What to do: see those messages. With `--accelerator cpu` there is nothing to do. With `--accelerator cuda` no
/// CPU build is recommended instead: the exit code is 3.
GpuNotUsed { requested: bool, certain: bool } = "gpu-not-used", Error;
message: match (*requested, *certain) {
    (true, _) => "the NVIDIA GPU is not used, as `--accelerator cpu` requests",
    (false, true) => "the NVIDIA GPU is not used",
    (false, false) => "if the machine has an NVIDIA GPU, it is not used",
};
example: { requested: false, certain: true };

/// There is an NVIDIA driver, but its GPU is unknown. The recommended build supports the most GPUs.
/// What to do: name the GPU with `--gpu "RTX 4090"` or `--compute-capability 8.9`.
GpuNotKnown { served: Vec<ComputeCapability> } = "gpu-not-known", Warning;
message: format!("unknown GPU; the build supports compute capability {}", list(served));
hint: Some("pass `--gpu NAME` or `--compute-capability X.Y`".to_owned());
degrades: true;
example: { served: vec![example("7.5"), example("8.0"), example("8.6"), example("9.0")] };

/// A GPU is newer than the built-in data, or its compute capability is unknown.
/// What to do: if the compute capability is missing, pass `--compute-capability X.Y`
/// (<https://developer.nvidia.com/cuda-gpus>). Otherwise update `conda-torch`.
CapabilityNotKnown { gpu: KnownGpu } = "capability-not-known", Warning;
message(c): if gpu.capability.is_some() {
    format!("{} is newer than the built-in data; assuming NVIDIA's general rules", c.gpu(gpu))
} else {
    format!("the compute capability of {} is unknown; assuming that the build supports it", c.gpu(gpu))
};
hint: gpu.capability.is_none().then(|| "pass `--compute-capability X.Y` to override".to_owned());
gpu: gpu.index;
degrades: gpu.capability.is_none();
example: { gpu: gpu_example("NVIDIA RX 9000", "13.0") };

/// The recommended build has no kernels for this GPU. No build supports all GPUs of the machine.
/// What to do: hide the GPU with `CUDA_VISIBLE_DEVICES` from programs that would use it; or describe it alone and
/// create a second environment.
GpuLeftOut { gpu: KnownGpu } = "gpu-left-out", Warning;
message(c): format!("the build has no kernels for {}; it runs on the other GPUs", c.gpu(gpu));
hint: Some("hide it with `CUDA_VISIBLE_DEVICES` from programs that would use it".to_owned());
gpu: gpu.index;
degrades: true;
example: { gpu: gpu_example("Tesla K80", "3.7") };

/// The driver's branch no longer supports the GPU.
/// Why: branches after 470 dropped Kepler; those after 580 dropped Maxwell, Pascal and Volta.
/// What to do: install a driver of the branch in the message.
DriverDroppedGpu { gpu: KnownGpu, driver: DriverVersion, last_branch: u32 } = "driver-dropped-gpu", Warning;
message(c): format!(
    "driver {driver} no longer supports {}; branch {last_branch} was the last that did",
    c.gpu(gpu)
);
gpu: gpu.index;
degrades: true;
example: { gpu: gpu_example("NVIDIA GeForce GTX 1080 Ti", "6.1"), driver: example("590.44.01"), last_branch: 580 };

/// No CUDA build of PyTorch on conda-forge for this platform ever supported so old a GPU.
/// What to do: use the build for the CPU, or another GPU.
GpuTooOld { gpu: KnownGpu } = "gpu-too-old", Error;
message(c): format!("no CUDA build of PyTorch on {} supports a GPU as old as {}", c.channel(), c.gpu(gpu));
gpu: gpu.index;
degrades: true;
covers: [NoKernels, DriverTooOld, PtxNeedsNewerDriver];
example: { gpu: gpu_example("GeForce GTX 680", "3.0") };

/// No CUDA build of PyTorch on conda-forge supports so new a GPU yet, not even through JIT compilation.
/// What to do: if a hint names a driver, update to it: a newer driver can compile the kernels. Otherwise wait for a
/// build, or try PyTorch's own wheels.
GpuTooNew { gpu: KnownGpu } = "gpu-too-new", Error;
message(c): format!("no CUDA build of PyTorch on {} supports {} yet", c.channel(), c.gpu(gpu));
// A newer driver helps at once.
hint(c): c
    .driver_for_better
    .is_none()
    .then(|| "wait for a build, or try PyTorch's own wheels: https://pytorch.org".to_owned());
gpu: gpu.index;
degrades: true;
covers: [NoKernels, ToolkitTooOldForGpu, CapabilityNotKnown];
example: { gpu: gpu_example("NVIDIA X100", "14.0") };

/// The machine has NVIDIA GPUs or their driver, but this program was given none.
/// Why: Slurm, Kubernetes and Docker give a job the devices that it requests, and no others.
/// What to do: request one, in Slurm with `--gres=gpu:1`, in Docker with `--gpus all`; or describe the GPU.
GpuNotAllocated { installed: Option<u32>, in_job: bool } = "gpu-not-allocated", Warning;
message: {
    let program = if *in_job { "this Slurm job" } else { "this program" };
    match installed {
        Some(1) => format!("the machine has an NVIDIA GPU, but {program} was not given it"),
        Some(count) => format!("the machine has {count} NVIDIA GPUs, but {program} was given none"),
        None => format!("{program} was given no NVIDIA GPU"),
    }
};
hint(c): Some(if *in_job {
    REQUEST_GPU.to_owned()
} else if c.in_container() {
    c.start_container()
} else {
    "run this in a job that requests a GPU, or describe the GPU: `--gpu NAME`".to_owned()
});
degrades: true;
covers: [NoGpu, LibcudaMissing];
example: { installed: Some(8), in_job: true };

/// The GPU is in MIG mode, but has no slices, or this program was given none.
/// What to do: create one (`nvidia-smi mig -lgip`, `nvidia-smi mig -cgi ID -C`), request one for the job or pod, or
/// turn MIG off with `nvidia-smi -mig 0`.
MigWithoutInstance { has_slices: bool } = "mig-without-instance", Warning;
message: if *has_slices {
    "MIG is on, but none of the GPU's slices is available here: PyTorch will find no GPU"
} else {
    "MIG is on, but the GPU has no slices: PyTorch will find no GPU"
};
hint(c): {
    let host = if c.in_container() { "on the host, " } else { "" };
    Some(if c.machine.container.value().map(String::as_str) == Some("kubernetes") {
        "request a slice in the pod's limits, such as `nvidia.com/mig-1g.5gb: 1`".to_owned()
    } else if !has_slices {
        format!("{host}`sudo nvidia-smi mig -lgip` lists the sizes, `sudo nvidia-smi mig -cgi ID -C` creates a slice; `sudo nvidia-smi -mig 0` turns MIG off")
    } else if c.in_container() {
        "give the container a slice: `--gpus device=0:0`".to_owned()
    } else {
        "`nvidia-smi -L` lists the slices; run this in a job that requests one".to_owned()
    })
};
degrades: true;
covers: [LibcudaMissing, NoGpu];
example: { has_slices: false };

/// MIG splits the GPU. A program uses one slice, which has the compute capability of the whole GPU.
/// What to do: nothing; or choose a slice with `CUDA_VISIBLE_DEVICES=MIG-…`.
Mig { slices: Vec<String> } = "mig", Info;
message: format!(
    "MIG splits the GPU{}; PyTorch uses one slice, with the GPU's compute capability",
    if slices.is_empty() { String::new() } else { format!(" ({})", slices.join(", ")) }
);
hint: (slices.len() > 1).then(|| {
    "choose a slice by the UUID that `nvidia-smi -L` prints: `CUDA_VISIBLE_DEVICES=MIG-…`".to_owned()
});
example: { slices: vec![example("1g.5gb"), example("2g.10gb")] };

/// The GPU is a vGPU: a virtual machine's part of the host's GPU.
/// Why: the guest's driver must be of a release that matches the host's vGPU software.
/// What to do: nothing. For a newer driver, ask the host's administrator.
Vgpu { name: Option<String> } = "vgpu", Info;
message: format!("{} is a vGPU: its driver must match the host's vGPU software", describe_gpu(name.as_deref(), None));
example: { name: Some(example("GRID V100D-16Q")) };

/// The vGPU has a profile of the A or B series, for applications and desktops. These do not support CUDA.
/// What to do: ask the host's administrator for a profile of the Q or C series.
VgpuWithoutCuda { name: Option<String> } = "vgpu-without-cuda", Warning;
message: format!(
    "{} is a vGPU with a profile for desktops or applications, which does not support CUDA",
    describe_gpu(name.as_deref(), None)
);
hint: Some("ask the host's administrator for a profile that supports CUDA: one that ends in Q or C".to_owned());
degrades: true;
covers: [NoGpu, LibcudaMissing];
example: { name: Some(example("NVIDIA A40-8A")) };

/// `CUDA_VISIBLE_DEVICES` hides GPUs. PyTorch reads it; conda does not, and installs for all GPUs. A note in a job
/// that has a GPU.
/// What to do: unset it if PyTorch is to use all GPUs. In a job, where the scheduler sets it, request more.
GpuHidden { hidden: Vec<u32>, visible: u32, of: u32, in_job: bool }
    = "gpu-hidden", if *in_job && *visible > 0 { Info } else { Warning };
message: hidden_gpus(hidden, *visible, *of);
hint: match (*in_job, *visible) {
    (true, 0) => Some(REQUEST_GPU.to_owned()),
    (false, 0) => Some("unset `CUDA_VISIBLE_DEVICES` before you start PyTorch".to_owned()),
    (false, _) => Some("unset `CUDA_VISIBLE_DEVICES` to use all GPUs".to_owned()),
    (true, _) => None,
};
degrades: *visible == 0;
example: { hidden: Vec::new(), visible: 0, of: 1, in_job: false };

/// The machine has an AMD GPU, but conda-forge has no PyTorch with ROCm.
/// What to do: use this build on the CPU, or PyTorch's own wheels for ROCm (<https://pytorch.org>).
AmdGpu = "amd-gpu", Warning;
message(c): format!("the AMD GPU is not used: {} has no ROCm builds", c.channel());
hint: Some(ROCM_ELSEWHERE.to_owned());
degrades: true;

/// The machine has an Intel GPU, but conda-forge has no PyTorch with XPU.
/// What to do: use this build on the CPU, or PyTorch's own wheels for XPU (<https://pytorch.org>).
IntelGpu = "intel-gpu", Info;
message(c): format!("the Intel GPU is not used: {} has no XPU builds", c.channel());
hint: Some(XPU_ELSEWHERE.to_owned());

/// conda-forge has no build for the GPU of this NVIDIA Jetson that its system runs.
/// Why: the builds for Jetson start with Orin on JetPack 6 (glibc 2.34 and CUDA 12). With JetPack 7 the ordinary CUDA
/// 13 builds run.
/// What to do: update JetPack if the board has a newer one, or use NVIDIA's own containers.
JetsonWithoutBuild { model: String } = "jetson-without-build", Warning;
message(c): format!("{} has no build for the GPU of this Jetson (`{model}`)", c.channel());
covers: [DriverUnknown];
example: { model: example("NVIDIA Jetson AGX Xavier Developer Kit") };

/// The builds for arm64 Macs use Apple's GPU through Metal.
/// What to do: use the device `mps` in PyTorch. `torch.backends.mps.is_available()` tells whether this macOS is new
/// enough.
MetalIncluded = "metal-included", Info;
message(c): {
    let condition = if c.machine.macos.is_found() { "" } else { " if macOS is new enough" };
    format!("the build uses Apple's GPU through Metal (device `mps`){condition}")
};

/// The build can use Apple's GPU through Metal, but this macOS is too old: it runs on the CPU.
/// Why: PyTorch up to 2.4 needs macOS 12.3 for Metal, from 2.5 on 13.0, from 2.9 on 14.0. The packages install on older
/// systems and run on the CPU.
/// What to do: install the newest PyTorch that uses Metal on this macOS (the recommended one unless another was
/// requested), or update macOS.
MetalNeedsNewerMacos { found: Version, needed: Version, newest: Option<Version> }
    = "metal-needs-newer-macos", Info;
message: {
    let newest = newest.map_or(String::new(), |it| format!(", PyTorch {it} on the GPU"));
    format!("Apple's GPU needs macOS {needed} or newer; on {found} the build runs on the CPU{newest}")
};
installed: Warning;
example: { found: example("13.7"), needed: example("14.0"), newest: Some(example("2.8.0")) };

} } } }
