//! Failures of programs and processors that no other installation of PyTorch fixes.

use super::super::{KnownError, ROW};

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
];
