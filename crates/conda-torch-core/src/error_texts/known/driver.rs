//! The driver, and containers that do or do not have it.

use super::super::{Fix, Judge, KnownError, ROW};

/// The ways in which programs write the number of a CUDA error, and other texts of it.
macro_rules! error {
    ($number:literal $(, $text:literal)*) => {
        &[
            concat!("cuda error ", $number),
            concat!("cuda error: ", $number),
            concat!("cuda failure ", $number),
            concat!("cuda failure: ", $number),
            concat!("cuda runtime error (", $number, ")"),
            concat!("cuda driver error: ", $number),
            concat!("cudaerror ", $number),
            concat!("cudasuccess (", $number, " vs. 0)"),
            concat!("code=", $number, "("),
            $($text,)*
        ]
    };
}

pub(super) const ROWS: &[KnownError] = &[
    KnownError {
        code: "driver-not-found",
        patterns: &["found no nvidia driver on your system"],
        cause: "PyTorch is built for CUDA, but finds no NVIDIA driver. None is installed, or this container or job was started without the GPU.",
        hint: "install the NVIDIA driver on the host, and start the container with the GPU (`docker run --gpus all`)",
        judge: Judge::NoDriver(&[
            "card-without-driver",
            "container-without-gpu",
            "container-without-compute",
            "nouveau",
            "secure-boot",
            "module-not-built",
            "module-not-loaded",
            "libcuda-missing",
            "wsl-driver-shadowed",
            "gpu-not-allocated",
            "no-driver",
            "cuda-build-idle",
        ]),
        source: "https://github.com/facebookresearch/pytorch3d/issues/1259",
        ..ROW
    },
    KnownError {
        code: "driver-older-than-build",
        patterns: &[
            "the nvidia driver on your system is too old (found version {number})",
            "the nvidia driver on your system is too old",
        ],
        cause: "The build needs a newer CUDA than the driver supports[ ({number}: major × 1000 + minor × 10)]. Drivers run every build of their own CUDA's major version, and of older ones.",
        hint: "update the NVIDIA driver, or install a build for an older CUDA",
        fix: Fix::GpuEnvironment,
        judge: Judge::Driver,
        source: "https://github.com/lllyasviel/Fooocus/issues/1313",
        ..ROW
    },
    KnownError {
        code: "driver-insufficient",
        patterns: error!(
            "35",
            "cuda driver version is insufficient for cuda runtime version",
            "cudaerrorinsufficientdriver"
        ),
        cause: "A CUDA library is newer than the driver allows. The library is PyTorch's, or one that another package brings.",
        hint: "update the NVIDIA driver, or install a build for an older CUDA",
        fix: Fix::GpuEnvironment,
        judge: Judge::Driver,
        source: "https://github.com/nagadomi/nunif/issues/702",
        ..ROW
    },
    KnownError {
        code: "driver-mismatched",
        patterns: &[
            "driver/library version mismatch",
            "nvml: driver/library version mismatch",
            "nvml_error_lib_rm_version_mismatch",
        ],
        cause: "The driver's libraries and its loaded kernel module have different versions. The driver was updated, and the old module is still loaded.",
        hint: "reboot (in a container: the host); it loads the new module",
        judge: Judge::Codes(&["driver-mismatch"]),
        source: "https://github.com/NVIDIA/ubuntu-packaging-nvidia-driver/issues/3",
        ..ROW
    },
    KnownError {
        code: "cuda-error-803",
        patterns: error!(
            "803",
            "error 803: system",
            "system has unsupported display driver / cuda driver combination",
            "cudaerrorsystemdrivermismatch"
        ),
        cause: "The libcuda that the program loads does not belong to the loaded kernel driver. The driver was updated without a reboot, or an image brings a libcuda of its own (`compat`).",
        hint: "reboot if the driver was updated; else remove the folder `compat` of a CUDA toolkit from `LD_LIBRARY_PATH`",
        judge: Judge::Codes(&["driver-mismatch", "forward-compatibility"]),
        follows: &["driver-mismatched"],
        source: "https://github.com/NVIDIA/nvidia-docker/issues/1256",
        ..ROW
    },
    KnownError {
        code: "cuda-error-804",
        patterns: error!(
            "804",
            "error 804: forward",
            "forward compatibility was attempted on non supported hw",
            "cudaerrorcompatnotsupportedondevice"
        ),
        cause: "The program loads the libcuda of a forward-compatibility package (`compat`), which only works on data center GPUs. Container images often bring it.",
        hint: "remove the folder `compat` of a CUDA toolkit from `LD_LIBRARY_PATH`, or update the driver of the host",
        judge: Judge::Codes(&["forward-compatibility", "driver-mismatch"]),
        source: "https://github.com/gpustack/gpustack/issues/1254",
        ..ROW
    },
    KnownError {
        code: "cuda-error-802",
        patterns: error!(
            "802",
            "error 802: system", "system not yet initialized", "cudaerrorsystemnotready"
        ),
        cause: "The GPUs are connected by NVSwitch, and its Fabric Manager does not run. CUDA waits for it on such machines.",
        hint: "on the host, install `nvidia-fabricmanager` of the driver's very version, then run `sudo systemctl enable --now nvidia-fabricmanager`",
        source: "https://github.com/pytorch/pytorch/issues/35710",
        ..ROW
    },
    KnownError {
        code: "cuda-error-999",
        patterns: error!(
            "999",
            "error 999: unknown error",
            "cuda unknown error - this may be due to an incorrectly set up environment",
            "found an unknown error - this may be due to an incorrectly set up environment",
            "cudaerrorunknown"
        ),
        cause: "The driver fails to start CUDA and does not say why. Often the module `nvidia_uvm` is not loaded or is in a bad state after suspend.",
        hint: "run `sudo modprobe nvidia_uvm`; after a suspend, `sudo rmmod nvidia_uvm && sudo modprobe nvidia_uvm`; else reboot",
        judge: Judge::Codes(&["driver-mismatch", "forward-compatibility", "no-permission"]),
        source: "https://github.com/pytorch/pytorch/issues/49327",
        ..ROW
    },
    KnownError {
        code: "device-count-failed",
        patterns: &["unexpected error from cudagetdevicecount()"],
        cause: "CUDA failed to start. The number or the words after this text say why.",
        hint: "run `conda-torch probe` on that machine, which asks the driver itself",
        judge: Judge::Codes(&[
            "driver-mismatch",
            "forward-compatibility",
            "no-permission",
            "libcuda-missing",
        ]),
        follows: &[
            "cuda-error-802",
            "cuda-error-803",
            "cuda-error-804",
            "cuda-error-999",
            "driver-insufficient",
        ],
        is_general: true,
        source: "https://github.com/PKU-YuanGroup/Video-LLaVA/issues/22",
        ..ROW
    },
    KnownError {
        code: "smi-no-driver",
        patterns: &["nvidia-smi has failed because it couldnt communicate with the nvidia driver"],
        cause: "`nvidia-smi` is installed, but the driver's kernel module is not loaded. It was not built for the running kernel, or Secure Boot refuses it.",
        hint: "run `sudo modprobe nvidia`; if it fails, its message says why",
        judge: Judge::Codes(&[
            "secure-boot",
            "module-not-built",
            "module-not-loaded",
            "nouveau",
            "card-without-driver",
        ]),
        source: "https://github.com/CachyOS/linux-cachyos/issues/118",
        ..ROW
    },
    KnownError {
        code: "container-lost-gpu",
        patterns: &["failed to initialize nvml: unknown error"],
        cause: "The container lost the right to open the GPU. `systemctl daemon-reload` on the host, also by an update, resets the devices of running containers.",
        hint: "restart the container; it has the GPU again",
        source: "https://github.com/NVIDIA/nvidia-docker/issues/1730",
        ..ROW
    },
    KnownError {
        code: "wsl-gpu-blocked",
        patterns: &["gpu access blocked by the operating system"],
        cause: "Windows does not give WSL the GPU: its driver works in TCC mode, or driver and WSL do not fit. A Linux driver in WSL does it too.",
        hint: "in PowerShell, run `wsl --update`, then `wsl --shutdown`; a data center GPU needs the mode WDDM, and WSL no Linux driver",
        judge: Judge::Codes(&["wsl-driver-shadowed", "wsl-1"]),
        source: "https://github.com/microsoft/WSL/issues/9938",
        ..ROW
    },
    KnownError {
        code: "docker-without-toolkit",
        patterns: &[
            "could not select device driver {driver} with capabilities: [[gpu]]",
            "could not select device driver with capabilities: [[gpu]]",
        ],
        cause: "Docker does not know how to give a container a GPU. The NVIDIA Container Toolkit is missing, or Docker was not restarted after it.",
        hint: "install `nvidia-container-toolkit`, then run `sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker`",
        source: "https://github.com/NVIDIA/nvidia-docker/issues/1034",
        ..ROW
    },
    KnownError {
        code: "image-needs-newer-driver",
        patterns: &[
            "requirement error: unsatisfied condition: cuda>={version}",
            "unsatisfied condition: cuda >= {version}",
        ],
        cause: "The container image asks for a driver that supports CUDA {version}, and the host's is older. PyTorch of conda-forge brings its own CUDA and needs no such image.",
        hint: "update the driver of the host, or start from an image without CUDA and install what `conda-torch advise --format dockerfile` prints",
        source: "https://github.com/NVIDIA/nvidia-container-toolkit/issues/152",
        ..ROW
    },
    KnownError {
        code: "libcuda-not-found",
        patterns: &[
            "libcuda.so{suffix}: cannot open",
            "libcuda.so: cannot open",
            "libcuda.so cannot found",
            "importerror: libcuda.so.1:",
        ],
        cause: "The driver's library `libcuda` is not found. There is no driver here, the container was started without it, or a program looks for `libcuda.so` without its number.",
        hint: "start the container with the GPU; in WSL, run `export LD_LIBRARY_PATH=/usr/lib/wsl/lib:$LD_LIBRARY_PATH`",
        judge: Judge::Codes(&[
            "container-without-gpu",
            "container-without-compute",
            "libcuda-missing",
            "wsl-path",
            "wsl-driver-shadowed",
            "no-driver",
        ]),
        source: "https://github.com/open-mmlab/mmdetection3d/issues/2132",
        ..ROW
    },
    KnownError {
        code: "docker-without-driver",
        patterns: &[
            "load library failed: libnvidia-ml.so.1",
            "nvidia-container-cli: initialization error: nvml error: driver not loaded",
        ],
        cause: "Docker was asked for a GPU, and the host has no NVIDIA driver that works. A container uses the driver of its host.",
        hint: "install the NVIDIA driver on the host (with Docker Desktop: on Windows), until `nvidia-smi` works there",
        source: "https://github.com/NVIDIA/libnvidia-container/issues/231",
        ..ROW
    },
    KnownError {
        code: "gpu-lost",
        patterns: &[
            "gpu has fallen off the bus",
            "unable to determine the device handle for gpu",
            "gpu is lost. reboot the system",
        ],
        cause: "The GPU does not answer any more: it left the PCI bus. Heat, power, a loose card or a fault of the firmware are the usual reasons, not PyTorch.",
        hint: "reboot; if it comes again, look at `sudo dmesg | grep -i xid`, at temperatures and at the power supply",
        source: "https://github.com/NVIDIA/open-gpu-kernel-modules/issues/507",
        ..ROW
    },
];
