//! Shared libraries that are missing, or are not those that a program was linked with.

use super::super::{Fix, Judge, KnownError, ROW};

/// What shows that libraries of several channels, or of conda and pip, are in one process.
const MIXED_LIBRARIES: &[&str] = &[
    "mixed-channels",
    "companion-mismatch",
    "companion-other-channel",
    "pip-torch-on-top",
    "wheel-on-top",
];

pub(super) const ROWS: &[KnownError] = &[
    KnownError {
        code: "cudnn-not-found",
        patterns: &[
            "could not load library libcudnn{suffix}",
            "unable to load any of *libcudnn",
            "libcudnn{suffix}: cannot open",
            "importerror: libcudnn{suffix}:",
            "oserror: libcudnn{suffix}:",
        ],
        cause: "A program does not find cuDNN, or not the version that it is built for. conda-forge's PyTorch brings it as the package `cudnn`, a wheel in `site-packages/nvidia/cudnn`, where only PyTorch looks.",
        hint: "if the program is not PyTorch (faster-whisper, onnxruntime, TensorFlow), install its conda package beside PyTorch; unset `LD_LIBRARY_PATH`",
        judge: Judge::Library(&["cudnn", "libcudnn"]),
        follows: &["libcuda-not-found"],
        source: "https://github.com/pytorch/pytorch/issues/74779",
        ..ROW
    },
    KnownError {
        code: "cudnn-not-initialized",
        patterns: &["cudnn_status_not_initialized", "cublas_status_not_initialized"],
        cause: "cuDNN or cuBLAS fails to start on the GPU. Its memory is full, or `LD_LIBRARY_PATH` gives PyTorch another version of them than its own.",
        hint: "`nvidia-smi` shows who holds memory; unset `LD_LIBRARY_PATH` and try `torch.zeros(1, device=\"cuda\")` alone",
        judge: Judge::Codes(&[
            "driver-too-old",
            "no-kernels",
            "mixed-channels",
            "pip-torch-on-top",
        ]),
        follows: &[
            "no-kernel-image",
            "driver-insufficient",
            "cudnn-other-version",
            "cudnn-not-found",
            "gpu-not-in-build",
        ],
        source: "https://github.com/microsoft/TRELLIS.2/issues/154",
        ..ROW
    },
    KnownError {
        code: "cudnn-other-version",
        patterns: &[
            "cudnn version incompatibility: pytorch was compiled against {built} but",
            "cudnn version incompatibility: pytorch was compiled against",
            "cudnn version mismatch: pytorch was compiled against",
        ],
        cause: "PyTorch loads another cuDNN than the one it came with. `LD_LIBRARY_PATH` leads to an older one.",
        hint: "unset `LD_LIBRARY_PATH`, or remove the folder with cuDNN from it",
        source: "https://github.com/pytorch/pytorch/issues/80637",
        ..ROW
    },
    KnownError {
        code: "cuda-library-not-found",
        patterns: &[
            "libcudart.so{suffix}: cannot open",
            "libcublas{suffix}: cannot open",
            "libcufft{suffix}: cannot open",
            "libcusparse{suffix}: cannot open",
            "libcusolver{suffix}: cannot open",
            "libcurand{suffix}: cannot open",
            "libnvrtc{suffix}: cannot open",
            "libnvjitlink{suffix}: cannot open",
            "libcupti{suffix}: cannot open",
            "libnccl{suffix}: cannot open",
            "libnvtoolsext{suffix}: cannot open",
        ],
        cause: "A program does not find a library of the CUDA toolkit that it is linked with. It is built for another CUDA than the environment has, or the library is not installed.",
        hint: "install the program's conda package, whose solver brings the right CUDA libraries; for a wheel, the one for this CUDA",
        source: "https://github.com/AlexeyAB/darknet/issues/8601",
        ..ROW
    },
    KnownError {
        code: "nvjitlink-mismatch",
        patterns: &["undefined symbol: __nvjitlink{symbol}", "__nvjitlinkadddata_{symbol}"],
        cause: "libcusparse loads the libnvJitLink of another CUDA. `LD_LIBRARY_PATH` leads to an older toolkit, such as `/usr/local/cuda/lib64`.",
        hint: "unset `LD_LIBRARY_PATH`, or remove the folders of the CUDA toolkit from it",
        source: "https://github.com/pytorch/pytorch/issues/111469",
        ..ROW
    },
    KnownError {
        code: "nccl-mismatch",
        patterns: &["undefined symbol: nccl{symbol}"],
        cause: "PyTorch loads another NCCL than the one it is built for. A second package brings one, or `LD_LIBRARY_PATH` leads to one.",
        hint: "unset `LD_LIBRARY_PATH`, and remove other packages with NCCL (`pip list` shows several `nvidia-nccl-cu*`)",
        fix: Fix::NewEnvironment,
        judge: Judge::Codes(&["pip-torch-on-top", "wheel-on-top", "mixed-channels"]),
        source: "https://github.com/pytorch/pytorch/issues/119932",
        ..ROW
    },
    KnownError {
        code: "mkl-too-new",
        patterns: &["ijit_notifyevent"],
        cause: "This PyTorch uses a symbol that MKL 2024.1 no longer has. PyTorch 2.4 and newer do not need it.",
        hint: "install `mkl<2024.1` in the environment, or a newer PyTorch",
        fix: Fix::Spec("mkl<2024.1"),
        judge: Judge::Codes(&["package-fails"]),
        source: "https://github.com/pytorch/pytorch/issues/123097",
        ..ROW
    },
    KnownError {
        code: "mkl-not-loaded",
        patterns: &[
            "intel mkl fatal error: cannot load",
            "intel mkl fatal error: error on loading function",
        ],
        cause: "MKL does not find its own parts. Its libraries are of different versions, partly from pip and partly from conda, or partly from conda-forge and `defaults`.",
        hint: "create a new environment from one channel",
        fix: Fix::NewEnvironment,
        judge: Judge::Codes(&["mixed-channels", "wheel-on-top", "pip-torch-on-top"]),
        source: "https://github.com/pytorch/pytorch/issues/29711",
        ..ROW
    },
    KnownError {
        code: "mkl-threading-layer",
        patterns: &["mkl_threading_layer=intel is incompatible with libgomp"],
        cause: "Two OpenMP libraries are in one process: MKL wants Intel's, and GNU's was loaded first. Packages of different channels each brought theirs.",
        hint: "create a new environment from conda-forge alone; until then, `export MKL_THREADING_LAYER=GNU`",
        fix: Fix::NewEnvironment,
        judge: Judge::Codes(&["mixed-channels", "wheel-on-top", "pip-torch-on-top"]),
        source: "https://github.com/pytorch/pytorch/issues/37377",
        ..ROW
    },
    KnownError {
        code: "two-openmp-loaded",
        patterns: &["omp: error #15", "error #15: initializing lib"],
        cause: "Two OpenMP libraries are in one process, and Intel's stops it. A wheel of PyTorch brings one, and conda's packages another.",
        hint: "create a new environment in which PyTorch is a conda package; `KMP_DUPLICATE_LIB_OK` can give wrong results",
        fix: Fix::NewEnvironment,
        judge: Judge::Codes(&["two-openmp", "mixed-channels", "pip-torch-on-top", "wheel-on-top"]),
        source: "https://github.com/HiLab-git/MIDeepSeg/issues/4",
        ..ROW
    },
    KnownError {
        code: "static-tls",
        patterns: &["cannot allocate memory in static tls block"],
        cause: "A library is loaded too late to get its memory for threads (TLS), mostly libgomp on aarch64. Another import before it took the room.",
        hint: "import torch before other packages, or start with `LD_PRELOAD` set to the library that the text names",
        source: "https://github.com/NVIDIA-AI-IOT/trt_pose/issues/111",
        ..ROW
    },
    KnownError {
        code: "glibc-not-found",
        patterns: &["version glibc_{version} not found"],
        cause: "A library needs glibc {version}, and this system's is older. glibc cannot be installed by conda.",
        hint: "install a build for this glibc: `conda-torch advise` knows which; for others, use a container with a newer system",
        fix: Fix::NewEnvironment,
        judge: Judge::Glibc,
        source: "https://github.com/pytorch/pytorch/issues/150724",
        ..ROW
    },
    KnownError {
        code: "libstdcxx-not-found",
        patterns: &["version glibcxx_{version} not found", "version cxxabi_{version} not found"],
        cause: "A program loads an older libstdc++ than it is linked with. The system's is found before the environment's, through `LD_LIBRARY_PATH` or a program that loads it first.",
        hint: "activate the environment and unset `LD_LIBRARY_PATH`; if it is conda's that is too old, install `libstdcxx` of conda-forge in it",
        source: "https://github.com/pytorch/pytorch/issues/157709",
        ..ROW
    },
    KnownError {
        code: "executable-stack",
        patterns: &["cannot enable executable stack"],
        cause: "The library is marked as needing an executable stack, which glibc 2.41 and newer, and hardened systems, refuse. conda-forge's builds are without the mark from 2.4.1 #6, 2.5.1 #13 and 2.6.0 on.",
        hint: "install a newer build; to keep this one, `patchelf --clear-execstack` on the library that the text names",
        fix: Fix::NewEnvironment,
        judge: Judge::Codes(&["glibc-too-new"]),
        source: "https://github.com/conda-forge/pytorch-cpu-feedstock/issues/350",
        ..ROW
    },
    KnownError {
        code: "extension-other-pytorch",
        patterns: &[
            "{library}: undefined symbol: _zn2at{symbol}",
            "{library}: undefined symbol: _znk2at{symbol}",
            "{library}: undefined symbol: _zn3c10{symbol}",
            "{library}: undefined symbol: _znk3c10{symbol}",
            "{library}: undefined symbol: _zn5torch{symbol}",
            "{library}: undefined symbol: _znk5torch{symbol}",
            "symbol not found in flat namespace __zn2at{symbol}",
            "symbol not found in flat namespace __zn3c10{symbol}",
            "symbol not found in flat namespace __zn5torch{symbol}",
            "symbol not found: __zn2at{symbol}",
            "symbol not found: __znk2at{symbol}",
            "symbol not found: __zn3c10{symbol}",
            "symbol not found: __znk3c10{symbol}",
            "symbol not found: __zn5torch{symbol}",
        ],
        cause: "A package[ (`{library}`)] is compiled for another PyTorch, or for the other C++ ABI. Wheels of such packages fit one PyTorch only, and mostly upstream's, not conda-forge's.",
        hint: "install the package from conda-forge too, where it is compiled for that PyTorch; a wheel must be rebuilt (`pip install --no-build-isolation --no-binary :all: PACKAGE`)",
        judge: Judge::Codes(&[
            "companion-mismatch",
            "companion-other-channel",
            "pip-torch-on-top",
            "wheel-on-top",
        ]),
        source: "https://github.com/Dao-AILab/flash-attention/issues/931",
        ..ROW
    },
    KnownError {
        code: "other-cxx-abi",
        patterns: &["{library}: undefined symbol: _z{symbol}"],
        cause: "`{library}` is linked with another version of a C++ library, or with one of the other C++ ABI. Packages of different channels, or of pip and conda, are mixed.",
        hint: "install the package and what it is linked with from one channel",
        judge: Judge::Codes(MIXED_LIBRARIES),
        is_general: true,
        source: "https://github.com/pytorch/pytorch/issues/32638",
        ..ROW
    },
    KnownError {
        code: "libtorch-not-found",
        patterns: &[
            "libtorch{suffix}: cannot open",
            "libc10{suffix}: cannot open",
            "library not loaded: @rpath/libtorch{suffix}",
            "library not loaded: @rpath/libc10{suffix}",
        ],
        cause: "A package is linked with PyTorch's libraries and does not find them. It was imported before torch, or is compiled for another PyTorch, which names them otherwise.",
        hint: "import torch first; if it still fails, install the package for this PyTorch, from conda-forge",
        judge: Judge::Codes(&[
            "companion-mismatch",
            "companion-other-channel",
            "companion-accelerator",
        ]),
        source: "https://github.com/SeanNaren/deepspeech.pytorch/issues/584",
        ..ROW
    },
    KnownError {
        code: "dll-not-found",
        patterns: &[
            "[winerror 126]*error loading",
            "[winerror 126]*\\torch\\lib\\",
            "error loading *torch\\lib\\fbgemm.dll or one of its dependencies",
        ],
        cause: "Windows does not find a library that PyTorch's DLL needs. For wheels of 2.4 and newer it often is `libomp140.x86_64.dll` or the Visual C++ runtime.",
        hint: "install the Visual C++ Redistributable (`winget install Microsoft.VCRedist.2015+.x64`), or PyTorch from conda-forge, which brings what it needs",
        fix: Fix::NewEnvironment,
        judge: Judge::Codes(&["pip-torch", "pip-torch-on-top"]),
        source: "https://github.com/pytorch/pytorch/issues/129568",
        ..ROW
    },
    KnownError {
        code: "dll-failed",
        patterns: &["[winerror 1114]*error loading", "[winerror 1114]"],
        cause: "A DLL of PyTorch was found, but its start failed. Mostly the Visual C++ runtime is older than the build needs, or another program loaded an older one first.",
        hint: "install the newest Visual C++ Redistributable (`winget install Microsoft.VCRedist.2015+.x64`), and import torch before other packages",
        source: "https://github.com/nagadomi/nunif/issues/701",
        ..ROW
    },
    KnownError {
        code: "module-dll-not-found",
        patterns: &[
            "dll load failed while importing {symbol}: the specified module could not be found",
            "dll load failed: the specified module could not be found",
        ],
        cause: "Windows does not find a DLL that a compiled module[ (`{symbol}`)] needs, such as one of CUDA, of PyTorch or of the Visual C++ runtime. In a conda environment that is not activated, `Library\\bin` is not on `PATH`.",
        hint: "activate the environment; import torch before its extensions; install the Visual C++ Redistributable (`winget install Microsoft.VCRedist.2015+.x64`)",
        follows: &["dll-not-found"],
        judge: Judge::Codes(&["companion-mismatch", "companion-other-channel", "pip-torch-on-top"]),
        source: "https://github.com/pytorch/pytorch/issues/28363",
        ..ROW
    },
    KnownError {
        code: "dll-other-version",
        patterns: &[
            "[winerror 127]",
            "dll load failed while importing {symbol}: the specified procedure could not be found",
            "dll load failed: the specified procedure could not be found",
        ],
        cause: "A DLL lacks a function that another DLL needs of it. Versions are mixed: an extension is compiled for another PyTorch, or packages of different channels, or of pip and conda, share the environment.",
        hint: "install PyTorch and its extensions from one channel in a new environment",
        fix: Fix::TorchEnvironment,
        judge: Judge::Codes(MIXED_LIBRARIES),
        source: "https://github.com/facebookresearch/pytorch3d/issues/1872",
        ..ROW
    },
    KnownError {
        code: "other-architecture",
        patterns: &[
            "mach-o file, but is an incompatible architecture (have {found}, need {built})",
            "mach-o file, but is an incompatible architecture",
        ],
        cause: "Python and the package are for different processors[: the package for {found}, Python for {built}]. One of them is for Intel Macs and runs under Rosetta.",
        hint: "install Miniforge for arm64, and create the environment with it",
        judge: Judge::Codes(&["environment-translated", "rosetta"]),
        source: "https://github.com/invoke-ai/InvokeAI/issues/2152",
        ..ROW
    },
    KnownError {
        code: "library-not-found",
        patterns: &[
            "{library}: cannot open shared object file",
            "{library}: kann die shared-object-datei nicht öffnen",
            "{library}: no se puede abrir el archivo",
            "{library}: ne peut ouvrir le fichier",
            "{library}: 无法打开共享对象文件",
        ],
        cause: "The shared library `{library}` is not found. It is not installed, or the program does not run in the environment that has it.",
        hint: "activate the environment, and install the conda package that has it",
        is_general: true,
        source: "https://github.com/hasktorch/hasktorch/issues/293",
        ..ROW
    },
    KnownError {
        code: "rocm-library-not-found",
        patterns: &[
            "libamdhip64.so{suffix}: cannot open",
            "libhsa-runtime64.so{suffix}: cannot open",
            "libmiopen.so{suffix}: cannot open",
            "librocblas.so{suffix}: cannot open",
            "libc10_hip.so: cannot open",
            "libtorch_hip.so: cannot open",
        ],
        cause: "A ROCm build of PyTorch, or a package compiled for one, does not find the libraries of ROCm. ROCm is not installed here, or in another version than the build needs.",
        hint: "install the ROCm that the build was made for; without an AMD GPU, install a build for CUDA or the CPU",
        fix: Fix::TorchEnvironment,
        source: "https://github.com/ROCm/legacy-rocm-build/issues/1753",
        ..ROW
    },
    KnownError {
        code: "nvrtc-builtins-not-found",
        patterns: &[
            "failed to open libnvrtc-builtins.so{suffix}",
            "failed to open nvrtc-builtins64{suffix}",
        ],
        cause: "CUDA's run-time compiler does not find its second library, `libnvrtc-builtins`. Their versions differ, or a wheel gave the file another name.",
        hint: "install PyTorch from conda-forge, whose package `cuda-nvrtc` has both; unset `LD_LIBRARY_PATH`",
        fix: Fix::TorchEnvironment,
        source: "https://github.com/pytorch/pytorch/issues/93134",
        ..ROW
    },
    KnownError {
        code: "paging-file-too-small",
        patterns: &["winerror 1455", "os error 1455"],
        cause: "Windows has too little memory to load the libraries: its paging file is too small. Each process that imports PyTorch for CUDA reserves several gigabytes.",
        hint: "let Windows manage the paging file, or make it larger; load data with fewer processes (`num_workers`)",
        source: "https://github.com/pytorch/pytorch/issues/59904",
        ..ROW
    },
];
