//! What a build computes on.

use super::super::{Fix, Judge, KnownError, ROW};

pub(super) const ROWS: &[KnownError] = &[
    KnownError {
        code: "gpu-not-in-build",
        patterns: &[
            "{gpu} with cuda capability sm_{capability} is not compatible with the current pytorch installation",
            "with cuda capability sm_{capability} is not compatible with the current pytorch installation",
            "sm_{capability} is not compatible with the current pytorch installation",
        ],
        cause: "The PyTorch build has no kernels for this GPU[ (compute capability {capability})]. PyTorch warns at the first use of CUDA, and the first computation fails.",
        hint: "install a build with kernels for the GPU",
        fix: Fix::GpuEnvironment,
        judge: Judge::Kernels,
        source: "https://github.com/pytorch/pytorch/issues/150733",
        ..ROW
    },
    KnownError {
        code: "gpu-too-old-for-build",
        patterns: &[
            "found gpu{number} {gpu} which is of *cuda capability {capability}",
            "pytorch no longer supports this gpu because it is too old",
        ],
        cause: "This PyTorch has no kernels for a GPU this old[ (compute capability {capability})]. Later builds drop old GPUs, those of conda-forge for CUDA 12 keep them longest.",
        hint: "install conda-forge's build for CUDA 12.9, which has kernels from compute capability 5.0 on",
        fix: Fix::GpuEnvironment,
        judge: Judge::Kernels,
        source: "https://github.com/AUTOMATIC1111/stable-diffusion-webui/issues/3003",
        ..ROW
    },
    KnownError {
        code: "no-kernel-image",
        patterns: &[
            "no kernel image is available for execution on the device",
            "cudaerrornokernelimagefordevice",
            "cuda_error_no_binary_for_gpu",
            "device kernel image is invalid",
        ],
        cause: "A CUDA library was asked to compute on a GPU that it has no kernels for. It is PyTorch, or a package with kernels of its own, such as flash-attn, xformers or bitsandbytes.",
        hint: "install a PyTorch with kernels for the GPU; if it has them, the package in the traceback's last lines lacks them",
        fix: Fix::GpuEnvironment,
        judge: Judge::Kernels,
        follows: &["gpu-not-in-build", "gpu-too-old-for-build"],
        source: "https://github.com/pytorch/pytorch/issues/31285",
        ..ROW
    },
    KnownError {
        code: "unsupported-ptx",
        patterns: &[
            "the provided ptx was compiled with an unsupported toolchain",
            "cudaerrorunsupportedptxversion",
            "cuda_error_unsupported_ptx_version",
        ],
        cause: "The build supports this GPU only through intermediate code (PTX), and the driver is older than the toolkit that made it. An older driver cannot compile it.",
        hint: "update the NVIDIA driver, or install a build for an older CUDA",
        fix: Fix::GpuEnvironment,
        judge: Judge::Driver,
        source: "https://github.com/pytorch/pytorch/issues/146056",
        ..ROW
    },
    KnownError {
        code: "triton-gpu-unknown",
        patterns: &["value sm_{capability} is not defined for option gpu-name"],
        cause: "Triton's compiler `ptxas` is older than this GPU[ (compute capability {capability})]. PyTorch itself may run; `torch.compile` does not.",
        hint: "set `TRITON_PTXAS_PATH` to the `ptxas` of a newer CUDA toolkit, or install a newer PyTorch",
        judge: Judge::Never,
        source: "https://github.com/triton-lang/triton/issues/8539",
        ..ROW
    },
    KnownError {
        code: "flash-attention-gpu",
        patterns: &["flashattention only supports ampere gpus or newer"],
        cause: "FlashAttention 2 has no kernels for GPUs before compute capability 8.0. No PyTorch build changes that.",
        hint: "let the model use another attention, such as `attn_implementation=\"sdpa\"`",
        source: "https://github.com/Dao-AILab/flash-attention/issues/762",
        ..ROW
    },
    KnownError {
        code: "cpu-only-build",
        patterns: &["torch not compiled with cuda enabled"],
        cause: "The program asks for CUDA, and the PyTorch that it runs is a build without it. A solver that detects no GPU selects the CPU build, and PyTorch for macOS never has CUDA.",
        hint: "install the CUDA build on a machine with an NVIDIA GPU; elsewhere, let the program use `device=\"cpu\"`",
        fix: Fix::GpuEnvironment,
        judge: Judge::CudaBuild,
        source: "https://github.com/nlpyang/PreSumm/issues/159",
        ..ROW
    },
    KnownError {
        code: "model-saved-on-cuda",
        patterns: &[
            "attempting to deserialize object on a cuda device but torch.cuda.is_available() is false",
        ],
        cause: "The file was saved on a GPU, and PyTorch finds none here. The build is for the CPU, or the driver shows no GPU.",
        hint: "load it with `torch.load(…, map_location=\"cpu\")`, or install the CUDA build on a machine with an NVIDIA GPU",
        fix: Fix::GpuEnvironment,
        judge: Judge::CudaBuild,
        follows: &[
            "cpu-only-build",
            "driver-not-found",
            "driver-older-than-build",
            "driver-mismatched",
        ],
        source: "https://github.com/hkchengrex/Cutie/issues/37",
        ..ROW
    },
    KnownError {
        code: "macos-without-metal",
        patterns: &["the mps backend is supported on macos {version}+"],
        cause: "PyTorch finds no Metal: this version needs macOS {version} or newer. The same text appears on newer systems where a sandbox or a virtual machine hides the GPU.",
        hint: "compare the macOS version (`sw_vers`) with the text: update macOS, or install the PyTorch that `conda-torch advise` recommends for it",
        judge: Judge::Metal,
        source: "https://github.com/pytorch/pytorch/issues/164943",
        ..ROW
    },
    KnownError {
        code: "devices-busy",
        patterns: &[
            "cuda-capable devices are busy or unavailable",
            "cuda-capable device(s) is/are busy or unavailable",
            "cudaerrordevicesunavailable",
            "cudaerrordeviceunavailable",
        ],
        cause: "The driver refuses to open the GPU for this process. Another process has it exclusively (compute mode), or the GPU or its vGPU license is in a bad state.",
        hint: "look at `nvidia-smi -q -d COMPUTE` and at the processes in `nvidia-smi`; end the other process, or reboot",
        source: "https://github.com/pytorch/pytorch/issues/100691",
        ..ROW
    },
    KnownError {
        code: "no-cuda-gpus",
        patterns: &[
            "no cuda gpus are available",
            "no cuda-capable device is detected",
            "cudaerrornodevice",
        ],
        cause: "PyTorch is built for CUDA, but the driver shows no GPU. A variable, a scheduler, a container or a driver problem hides it.",
        hint: "run `nvidia-smi -L`, and unset `CUDA_VISIBLE_DEVICES`; on a cluster, ask the scheduler for a GPU",
        judge: Judge::Codes(&[
            "gpu-hidden",
            "gpu-not-allocated",
            "mig-without-instance",
            "container-without-gpu",
            "container-without-compute",
            "driver-mismatch",
            "forward-compatibility",
            "no-permission",
            "libcuda-missing",
            "no-gpu",
            "vgpu-without-cuda",
        ]),
        follows: &["driver-mismatched", "cuda-error-804", "cuda-error-803", "container-lost-gpu"],
        source: "https://github.com/pytorch/pytorch/issues/134542",
        ..ROW
    },
    KnownError {
        code: "hip-no-kernels",
        patterns: &[
            "hip error: invalid device function",
            "hip error: no kernel image is available",
            "hiperrornobinaryforgpu",
            "tensilelibrary*for gpu arch : {arch}",
        ],
        cause: "A ROCm build of PyTorch has no kernels for this AMD GPU[ ({arch})]. Each ROCm build supports a list of GPUs, and conda-forge has no ROCm build.",
        hint: "compare the `gfx` of `rocminfo` with the build; a near relative may work with `HSA_OVERRIDE_GFX_VERSION`, such as 10.3.0 or 11.0.0",
        source: "https://github.com/pytorch/pytorch/issues/164346",
        ..ROW
    },
    KnownError {
        code: "no-hip-gpus",
        patterns: &[
            "no hip gpus are available",
            "hip error: hiperrornodevice",
            "unable to open /dev/kfd",
        ],
        cause: "A ROCm build of PyTorch finds no AMD GPU that it may use. The driver `amdgpu` is not loaded, the user may not open `/dev/kfd`, or the machine has an NVIDIA GPU and needs another build.",
        hint: "run `rocminfo`; join the groups `render` and `video` if it is not permitted; in a container, pass `--device /dev/kfd --device /dev/dri`; for an NVIDIA GPU, install a CUDA build",
        fix: Fix::GpuEnvironment,
        source: "https://github.com/pytorch/pytorch/issues/70036",
        ..ROW
    },
    KnownError {
        code: "mps-operator-missing",
        patterns: &[
            "is not currently implemented for the mps device",
            "is not current implemented for the mps device",
        ],
        cause: "The operation has no implementation for Apple's GPU in this PyTorch. Newer versions have more of them.",
        hint: "install a newer PyTorch, or set `PYTORCH_ENABLE_MPS_FALLBACK=1` before the start, which computes it on the CPU",
        source: "https://github.com/pytorch/pytorch/issues/77764",
        ..ROW
    },
    KnownError {
        code: "mps-not-built",
        patterns: &[
            "pytorch is not linked with support for mps devices",
            "torch not compiled with mps enabled",
        ],
        cause: "The program asks for `mps`, Apple's GPU, and this PyTorch is built without it. Only builds for Macs with an Apple chip have it; Linux, also in a container on a Mac, has not.",
        hint: "run the program on the Mac itself with a build for osx-arm64, or use `device=\"cpu\"`",
        source: "https://github.com/s-kostyaev/reranker/issues/4",
        ..ROW
    },
    KnownError {
        code: "bfloat16-gpu",
        patterns: &["bfloat16 is only supported on gpus with compute capability of at least"],
        cause: "The model computes in bfloat16, which GPUs before compute capability 8.0 lack. No PyTorch build changes that.",
        hint: "let the program use float16, such as `--dtype half`",
        source: "https://github.com/vllm-project/vllm/issues/1157",
        ..ROW
    },
    KnownError {
        code: "xpu-not-built",
        patterns: &["torch not compiled with xpu enabled"],
        cause: "The program asks for `xpu`, an Intel GPU, and this PyTorch is built without it. conda-forge has no build for Intel GPUs.",
        hint: "install PyTorch for XPU with pip (https://docs.pytorch.org/docs/stable/notes/get_start_xpu.html), or let the program use the CPU",
        source: "https://github.com/vladmandic/sdnext/issues/3547",
        ..ROW
    },
    KnownError {
        code: "no-such-gpu-number",
        patterns: &[
            "cuda error: invalid device ordinal",
            "cuda runtime error (10) : invalid device ordinal",
        ],
        cause: "The program asks for a GPU by a number that is not there. Numbers begin at 0, and `CUDA_VISIBLE_DEVICES` hides GPUs and counts the others anew.",
        hint: "compare the number in the program with `nvidia-smi -L`; with one GPU, it is `cuda:0`",
        source: "https://github.com/pytorch/pytorch/issues/29516",
        ..ROW
    },
];
