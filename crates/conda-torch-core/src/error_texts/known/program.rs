//! Failures of programs, processors and networks that another installation of PyTorch seldom fixes.

use super::super::{Fix, Judge, KnownError, ROW};

pub(super) const ROWS: &[KnownError] = &[
    KnownError {
        code: "cuda-after-fork",
        patterns: &["cannot re-initialize cuda in forked subprocess"],
        cause: "A process that uses CUDA was forked, and its child uses CUDA too. CUDA does not work after a fork.",
        hint: "start processes with `torch.multiprocessing.set_start_method(\"spawn\")`, or use CUDA in the children only",
        source: "https://github.com/facebookresearch/pycls/issues/183",
        ..ROW
    },
    KnownError {
        code: "illegal-instruction",
        patterns: &[
            "illegal instruction (core dumped)",
            "illegal hardware instruction",
            "received signal sigill",
            "fatal python error: illegal instruction",
        ],
        cause: "The processor lacks an instruction that a library uses, such as AVX. It is old, or a virtual machine hides what the processor can (`QEMU Virtual CPU`).",
        hint: "look for `avx2` in `lscpu`; in a virtual machine, pass the host's processor through (`-cpu host`)",
        source: "https://github.com/pytorch/pytorch/issues/22338",
        ..ROW
    },
    KnownError {
        code: "torch-shadowed",
        patterns: &[
            "partially initialized module torch has no attribute",
            "from partially initialized module torch (most likely due to a circular import) ({library}",
            "torch is not a package",
            "torch.py) consider renaming",
            "/torch.py since it has the same name",
        ],
        cause: "Python imports a file or folder of yours called `torch` instead of PyTorch. A `torch.py` or a folder `torch` lies where the program starts.",
        hint: "rename it, and remove its `__pycache__`; `python -c \"import torch; print(torch.__file__)\"` shows which one is imported",
        source: "https://github.com/ZhendongWang6/Uformer/issues/62",
        ..ROW
    },
    KnownError {
        code: "gpu-memory-full",
        patterns: &[
            "cuda out of memory",
            "mps backend out of memory",
            "hip out of memory",
            "cublas_status_alloc_failed",
        ],
        cause: "The GPU has too little free memory for the program. Another PyTorch does not change that.",
        hint: "`nvidia-smi` shows who holds memory; use a smaller batch, half precision or a smaller model",
        source: "https://github.com/pytorch/pytorch/issues/16417",
        ..ROW
    },
    KnownError {
        code: "device-side-assert",
        patterns: &["device-side assert triggered"],
        cause: "A kernel of the program met a value that is not allowed, mostly an index or a label out of range. PyTorch and the driver work.",
        hint: "run on the CPU, or with `CUDA_LAUNCH_BLOCKING=1`: the message then names the line",
        source: "https://github.com/pytorch/pytorch/issues/74079",
        ..ROW
    },
    KnownError {
        code: "weights-only-load",
        patterns: &["weights only load failed", "weightsunpickler error"],
        cause: "From PyTorch 2.6 on, `torch.load` reads tensors only, and this file has other objects. It is older than that change, or made by another program.",
        hint: "pass `weights_only=False` if you trust the file, which may run code, or update the program that loads it",
        source: "https://github.com/speechbrain/speechbrain/issues/2856",
        ..ROW
    },
    KnownError {
        code: "shared-memory-full",
        patterns: &[
            "dataloader worker*is killed by signal: bus error",
            "unexpected bus error encountered in worker",
            "error while creating shared memory segment /dev/shm",
        ],
        cause: "The shared memory of the container, `/dev/shm`, is full. Docker gives 64 MB, too little for processes that load data or for NCCL.",
        hint: "start the container with `--shm-size=8g` or `--ipc=host`, or load data with `num_workers=0`",
        source: "https://github.com/pytorch/pytorch/issues/5040",
        ..ROW
    },
    KnownError {
        code: "nccl-not-built",
        patterns: &["distributed package doesnt have nccl built in"],
        cause: "The program asks for NCCL, and this PyTorch has none: builds for Windows, macOS and the CPU have not. On Linux, it is a CPU build where a CUDA build is expected.",
        hint: "use the backend `gloo` on Windows and macOS; on Linux, install the CUDA build",
        fix: Fix::GpuEnvironment,
        judge: Judge::Codes(&["cpu-build"]),
        source: "https://github.com/meta-llama/llama3/issues/127",
        ..ROW
    },
    KnownError {
        code: "nccl-invalid-usage",
        patterns: &["ncclinvalidusage", "duplicate gpu detected"],
        cause: "Two processes of a distributed program use the same GPU. There are more processes than GPUs, or each does not select its own.",
        hint: "start as many processes as `nvidia-smi -L` lists GPUs, and call `torch.cuda.set_device(local_rank)` first",
        source: "https://github.com/verl-project/verl/issues/161",
        ..ROW
    },
    KnownError {
        code: "nccl-failed",
        patterns: &[
            "ncclsystemerror",
            "ncclunhandledcudaerror",
            "unhandled system error",
            "unhandled cuda error, nccl version",
            "ncclinternalerror",
            "ncclremoteerror",
        ],
        cause: "NCCL cannot connect the GPUs of a distributed program: a call to the system, the network or CUDA failed. The error itself does not say which.",
        hint: "run again with `NCCL_DEBUG=INFO` and read its last warning; `NCCL_SOCKET_IFNAME` selects the network, `NCCL_P2P_DISABLE=1` avoids direct copies",
        follows: &["shared-memory-full", "nccl-invalid-usage", "gpu-memory-full"],
        source: "https://github.com/NVIDIA/nccl/issues/1657",
        ..ROW
    },
];
