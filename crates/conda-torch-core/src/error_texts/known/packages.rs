//! Packages that are installed and do not fit together.

use super::super::{Fix, Judge, KnownError, ROW};

/// What shows that a package is compiled for another PyTorch or CUDA than the one installed.
const OTHER_COMPANION: &[&str] = &[
    "companion-mismatch",
    "companion-other-channel",
    "companion-accelerator",
    "pip-torch-on-top",
    "wheel-on-top",
];

pub(super) const ROWS: &[KnownError] = &[
    KnownError {
        code: "numpy-too-new",
        patterns: &[
            "a module that was compiled using numpy 1.x cannot be run in numpy {version}",
            "numpy is not available",
            "failed to initialize numpy: _array_api not found",
        ],
        cause: "PyTorch, or another package of the traceback, is compiled for NumPy 1 and the environment has NumPy 2. PyTorch 2.3 and newer accept both.",
        hint: "install `numpy<2` in the environment, or a newer PyTorch",
        fix: Fix::Spec("numpy<2"),
        judge: Judge::Codes(&["package-fails", "wheel-on-top"]),
        source: "https://github.com/securefederatedai/openfederatedlearning/issues/999",
        ..ROW
    },
    KnownError {
        code: "torchvision-other-pytorch",
        patterns: &[
            "operator torchvision::nms does not exist",
            "no such operator torchvision::nms",
            "couldnt load custom c++ ops",
        ],
        cause: "torchvision's compiled part does not load. It is built for another PyTorch than the installed one, or is a CPU build beside a CUDA one.",
        hint: "install PyTorch and torchvision together, from one channel",
        fix: Fix::NewEnvironment,
        judge: Judge::Codes(OTHER_COMPANION),
        source: "https://github.com/pytorch/vision/issues/8985",
        ..ROW
    },
    KnownError {
        code: "torchvision-without-cuda",
        patterns: &["could not run torchvision::{symbol} with arguments from the cuda backend"],
        cause: "torchvision is a CPU build, and PyTorch a CUDA one. Its operators have no CUDA code.",
        hint: "install PyTorch and torchvision together, from one channel",
        fix: Fix::NewEnvironment,
        judge: Judge::Codes(&["companion-accelerator", "companion-other-channel"]),
        source: "https://github.com/pytorch/vision/issues/8985",
        ..ROW
    },
    KnownError {
        code: "companion-other-cuda",
        patterns: &[
            "pytorch and {symbol} were compiled with different cuda major versions. pytorch has cuda version={built} and {symbol} has cuda version={found}",
            "pytorch and {symbol} were compiled with different cuda",
        ],
        cause: "PyTorch and the other package are compiled for different CUDA versions[ ({built} and {found})]. They come from different sources, or one was replaced alone.",
        hint: "install PyTorch and its companions together, from one channel",
        fix: Fix::NewEnvironment,
        judge: Judge::Codes(OTHER_COMPANION),
        source: "https://github.com/deforum/deforum-stable-diffusion/issues/348",
        ..ROW
    },
    KnownError {
        code: "xformers-other-pytorch",
        patterns: &[
            "xformers was built for: pytorch {built} *(you have {found})",
            "xformers cant load c++/cuda extensions",
        ],
        cause: "xformers is compiled for one PyTorch build[ ({built})], and another[ ({found})] is installed. Its kernels are off, and what needs them fails.",
        hint: "install `xformers` of conda-forge beside conda-forge's PyTorch, or the wheel for the installed one",
        source: "https://github.com/facebookresearch/xformers/issues/874",
        ..ROW
    },
    KnownError {
        code: "bitsandbytes-without-cuda",
        patterns: &[
            "cuda setup failed despite {symbol} being available",
            "libbitsandbytes_{symbol}: cannot open",
            "could not find the bitsandbytes cuda binary",
        ],
        cause: "bitsandbytes has no library for this CUDA version, or does not find the CUDA runtime. PyTorch itself is not the cause.",
        hint: "install `bitsandbytes` of conda-forge beside conda-forge's PyTorch, and unset `BNB_CUDA_VERSION` and `LD_LIBRARY_PATH`",
        source: "https://github.com/bitsandbytes-foundation/bitsandbytes/issues/1559",
        ..ROW
    },
    KnownError {
        code: "triton-not-found",
        patterns: &["cannot find a working triton installation", "no module named triton"],
        cause: "`torch.compile` needs Triton, which is not installed or is too old. On Windows PyTorch comes without it.",
        hint: "on Linux, install `triton` of conda-forge; on Windows, leave `torch.compile` out, or use WSL",
        source: "https://github.com/pytorch/pytorch/issues/136361",
        ..ROW
    },
    KnownError {
        code: "torch-not-found",
        patterns: &["no module named torch$"],
        cause: "The Python that runs the program has no PyTorch. It is not installed there, or a notebook or an editor runs another environment's Python.",
        hint: "install PyTorch in that Python's environment; in a notebook, `import sys; print(sys.executable)` shows which it is",
        fix: Fix::NewEnvironment,
        judge: Judge::Installed,
        source: "https://github.com/pytorch/pytorch/issues/4827",
        ..ROW
    },
    KnownError {
        code: "torch-module-not-found",
        patterns: &[
            "no module named torch.{symbol}",
            "no module named torchvision.{symbol}",
            "no module named torchaudio.{symbol}",
        ],
        cause: "The package is found, but has no part of this name: it is another version than the program was written for, or is not whole. Examples are `torch._six` (until 1.13) and `torchvision.transforms.functional_tensor` (until 0.16).",
        hint: "update the program that imports it, or install the PyTorch that it was written for; for `torch._C`, start Python in another folder than PyTorch's sources",
        follows: &["torch-shadowed"],
        source: "https://github.com/XPixelGroup/BasicSR/issues/663",
        ..ROW
    },
    KnownError {
        code: "torch-attribute-missing",
        patterns: &[
            "module torch has no attribute {symbol}",
            "module torch.{module} has no attribute {symbol}",
        ],
        cause: "The program uses a part of PyTorch that this version does not have. It was written for a newer one, or for one that still had it.",
        hint: "install a newer PyTorch (`conda-torch advise`), or the versions that the program's documentation names",
        fix: Fix::TorchEnvironment,
        follows: &["torch-shadowed"],
        is_general: true,
        source: "https://github.com/huggingface/transformers/issues/32185",
        ..ROW
    },
    KnownError {
        code: "companion-not-found",
        patterns: &["no module named torchvision$", "no module named torchaudio$"],
        cause: "The Python that runs the program has no torchvision or torchaudio. Each release of them fits one PyTorch.",
        hint: "install it with its PyTorch: `conda-torch advise torchvision`",
        source: "https://github.com/pytorch/pytorch/issues/12525",
        ..ROW
    },
    KnownError {
        code: "numpy-too-old",
        patterns: &["numpy.dtype size changed, may indicate binary incompatibility. expected 96"],
        cause: "A package of the traceback is compiled for NumPy 2, and the environment has NumPy 1. Mostly pip put one of them beside the other.",
        hint: "update NumPy and the package together, best both from conda-forge, or install a release of the package for NumPy 1",
        source: "https://github.com/seung-lab/igneous/issues/203",
        ..ROW
    },
];
