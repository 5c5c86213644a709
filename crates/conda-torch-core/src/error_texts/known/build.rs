//! Compilers of CUDA extensions.

use super::super::{KnownError, ROW};

pub(super) const ROWS: &[KnownError] = &[
    KnownError {
        code: "toolkit-other-cuda",
        patterns: &[
            "the detected cuda version ({found}) mismatches the version that was used to compile pytorch ({built})",
            "mismatches the version that was used to compile pytorch",
        ],
        cause: "The extension is compiled with the CUDA of `nvcc`[ ({found})], and PyTorch is built for another major version[ ({built})]. `nvcc` comes from the system, not from the environment.",
        hint: "install the compiler of PyTorch's CUDA in the environment, such as `cuda-nvcc` with the same `cuda-version`, and set `CUDA_HOME=$CONDA_PREFIX`",
        source: "https://github.com/pytorch/pytorch/issues/73047",
        ..ROW
    },
    KnownError {
        code: "nvcc-gpu-unsupported",
        patterns: &[
            "nvcc fatal : unsupported gpu architecture compute_{capability}",
            "unsupported gpu architecture compute_{capability}",
        ],
        cause: "The CUDA compiler does not know compute capability {capability}. It is older than the GPU, or so new that it dropped it.",
        hint: "use the compiler of another CUDA version, or leave the capability out of `TORCH_CUDA_ARCH_LIST`",
        source: "https://github.com/zhanghang1989/PyTorch-Encoding/issues/407",
        ..ROW
    },
    KnownError {
        code: "gcc-too-new",
        patterns: &[
            "unsupported gnu version! gcc versions later than {version} are not supported",
            "unsupported gnu version!",
        ],
        cause: "This CUDA compiler does not accept so new a gcc[: the newest is {version}]. The system's gcc is newer than the CUDA toolkit.",
        hint: "install an older compiler in the environment, such as `conda install -c conda-forge gxx=VERSION`, or a newer `cuda-nvcc`",
        source: "https://github.com/pytorch/pytorch/issues/136556",
        ..ROW
    },
    KnownError {
        code: "cuda-home-not-set",
        patterns: &["cuda_home environment variable is not set"],
        cause: "An extension is to be compiled, and no CUDA compiler is found. PyTorch brings CUDA's libraries, but not its compiler `nvcc`.",
        hint: "install `cuda-nvcc` of PyTorch's `cuda-version` in the environment and set `CUDA_HOME=$CONDA_PREFIX`, or install the package from conda-forge, compiled",
        source: "https://github.com/sshaoshuai/PointRCNN/issues/34",
        ..ROW
    },
    KnownError {
        code: "compiler-not-found",
        patterns: &[
            "failed to find c compiler. please specify via cc",
            "compiler: cl is not found",
        ],
        cause: "`torch.compile` and Triton compile code at run time, and find no C compiler. PyTorch's packages bring none.",
        hint: "install one in the environment: `conda install -c conda-forge c-compiler` (on Windows, the Build Tools of Visual Studio)",
        source: "https://github.com/apple/ml-cross-entropy/issues/5",
        ..ROW
    },
    KnownError {
        code: "linker-needs-libcuda",
        patterns: &["cannot find -lcuda:", "cannot find -lcuda collect2", "cannot find -lcuda$"],
        cause: "Triton links a program with the driver's `libcuda.so` and does not find it. The file of that name, without a number, is missing beside `libcuda.so.1`.",
        hint: "find it with `ldconfig -p | grep libcuda`, then make a link to it: `sudo ln -s FOLDER/libcuda.so.1 FOLDER/libcuda.so`",
        source: "https://github.com/pytorch/pytorch/issues/103417",
        ..ROW
    },
];
