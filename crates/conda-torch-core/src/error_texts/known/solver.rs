//! Solvers: libmamba, classic, rattler.

use super::super::{Fix, Judge, KnownError, ROW};

/// Particular reasons of a failed solve.
const REASONS: &[&str] = &[
    "no-virtual-cuda",
    "virtual-glibc-too-old",
    "virtual-glibc-false",
    "virtual-macos-too-old",
    "old-channel-package",
    "package-not-found",
    "channel-priority-excludes",
    "pinned-spec-conflict",
    "python-not-in-range",
];

pub(super) const ROWS: &[KnownError] = &[
    KnownError {
        code: "no-virtual-cuda",
        patterns: &[
            "nothing provides __cuda",
            "nothing provides requested __cuda",
            "__cuda, for which no candidates were found",
            "__cuda{request}, for which no candidates were found",
            "no candidates were found for __cuda",
            "virtual package __cuda does not match any of the available virtual packages",
            "virtual package __cuda{spec} does not match any of the available virtual packages",
            "__cuda{request}, which is missing on the system",
            "__cuda, which is missing on the system",
            "__cuda*your installed version is: not available",
            // `UnsupportedPlatformError` of pixi 0.77, where a manifest declares more than the machine has.
            "missing virtual packages:*__cuda >",
            "unsatisfied requirements:*__cuda >",
            "the installed packages also require:*__cuda",
            "virtual packages this platform does not provide:*__cuda",
            "feature:|@/{platform}::__cuda",
        ],
        cause: "The solver sees no `__cuda`, the virtual package of the driver, which every CUDA build needs. There is no driver here (a login node, `docker build`, CI), or the client does not detect it.",
        hint: "set the CUDA of the machine that will run it, such as `CONDA_OVERRIDE_CUDA=12.9`, for this command, or install the CPU build. pixi solves for what its project declares: `pixi workspace platform edit linux-64 --cuda 12.0`, before pixi 0.71 `[system-requirements] cuda = \"12\"`",
        fix: Fix::GpuEnvironment,
        judge: Judge::VirtualCuda,
        source: "https://github.com/prefix-dev/pixi/issues/1288",
        ..ROW
    },
    KnownError {
        code: "virtual-glibc-too-old",
        patterns: &[
            "nothing provides __glibc {spec}",
            "__glibc >={version}*, for which no candidates were found",
            "__glibc{request}, which is missing on the system",
            "__glibc{request}, which conflicts with any installable versions",
            "virtual package __glibc{spec} does not match any of the available virtual packages",
            "missing virtual packages:*__glibc >",
            "unsatisfied requirements:*__glibc >",
            "the installed packages also require:*__glibc",
            "virtual packages this platform does not provide:*__glibc",
        ],
        cause: "The package needs a newer glibc than the system has, or than `pixi.toml` declares. conda cannot install glibc.",
        hint: "`conda-torch advise` knows the builds for this glibc; in pixi, `libc = \"2.28\"` in `[system-requirements]` if the machines have it",
        fix: Fix::TorchEnvironment,
        judge: Judge::Codes(&["glibc-too-old", "glibc-not-tried"]),
        source: "https://github.com/facebookresearch/pytorch3d/issues/497",
        ..ROW
    },
    KnownError {
        code: "virtual-glibc-false",
        patterns: &[
            "feature:/{platform}::__glibc=={version}",
            "feature:|@/{platform}::__glibc=={version}",
            "feature:/{platform}::__cuda=={version}",
        ],
        cause: "The classic solver found no solution and lists the system's own packages (`__glibc`, `__cuda`) as conflicts. They mostly fit: the conflict is between other packages of the request.",
        hint: "solve with libmamba (`conda install -n base conda-libmamba-solver`, then `--solver=libmamba`), which names the conflict, or install in a new environment",
        follows: &["no-virtual-cuda"],
        source: "https://github.com/conda/conda/issues/12489",
        ..ROW
    },
    KnownError {
        code: "old-channel-package",
        patterns: &[
            "not available from current channels:*- pytorch-cuda",
            "not available from current channels:*- cpuonly",
            "not available from current channels:*- torchtriton",
            "not available from current channels:*- pytorch-mutex",
            "nothing provides requested pytorch-cuda{request}",
            "pytorch-cuda{request} does not exist",
            "no candidates were found for pytorch-cuda",
            "nothing provides requested cpuonly{request}",
            "cpuonly{request} does not exist",
            "no candidates were found for cpuonly",
            "package pytorch-cuda-{version} requires",
            "package pytorch-{version} requires pytorch-cuda",
            "pytorch-cuda {version} would require",
            "pytorch-cuda{request}, which cannot be installed",
            "package pytorch-cuda conflicts for",
            "package pytorch-mutex conflicts for",
            "pytorch-cuda{request} is not installable because",
            "pytorch-cuda{request} conflicts with",
            "pytorch-cuda{request}, which conflicts",
            "were found to be incompatible with*pytorch-cuda",
        ],
        cause: "The request has a package of the old channel `pytorch`, such as `pytorch-cuda` or `cpuonly`, which conda-forge does not have. The channel ended with PyTorch 2.5, and its packages do not fit conda-forge's.",
        hint: "request `pytorch-gpu` and `cuda-version` from conda-forge instead; `conda-torch migrate FILE` rewrites files",
        fix: Fix::TorchEnvironment,
        judge: Judge::Codes(&["channel-ended"]),
        source: "https://github.com/yisol/IDM-VTON/issues/40",
        ..ROW
    },
    KnownError {
        code: "package-not-found",
        patterns: &[
            "not available from current channels: - {spec}",
            "packagesnotfoundinchannelserror*- {spec}",
            "packagesnotfounderror",
            "nothing provides requested {request}",
            "{request} does not exist (perhaps a typo or a missing channel)",
            "no candidates were found for {request}",
            "resolvepackagenotfound: - {spec}",
        ],
        cause: "No channel of the command has the requested package[: `{spec}`][: `{request}`]. The name or the version is wrong, the channel is missing, or it has no build for this platform.",
        hint: "look the package up with `conda search -c conda-forge NAME`; for PyTorch, `conda-torch matrix` lists every build",
        follows: &["old-channel-package", "channel-priority-excludes"],
        is_general: true,
        source: "https://github.com/pytorch/pytorch/issues/118172",
        ..ROW
    },
    KnownError {
        code: "channel-priority-excludes",
        patterns: &[
            "excluded by strict repo priority",
            "due to strict channel priority not using this option from",
            "is excluded because due to strict channel priority",
        ],
        cause: "A channel of higher priority has the package in other versions, and strict priority takes no other channel's. The request mixes channels that are not built for each other.",
        hint: "request everything from conda-forge alone: `--override-channels -c conda-forge`",
        fix: Fix::TorchEnvironment,
        source: "https://github.com/prefix-dev/pixi/issues/1254",
        ..ROW
    },
    KnownError {
        code: "pinned-spec-conflict",
        patterns: &[
            "specsconfigurationconflicterror",
            "requested specs conflict with configured specs",
        ],
        cause: "A pin contradicts the request. Pins are in `conda-meta/pinned` of the environment, or in `pinned_packages` of a configuration file.",
        hint: "`conda config --show-sources` shows the pins; change them, create a new environment, or pass `--no-pin`",
        source: "https://github.com/mikhailklassen/Mining-the-Social-Web-3rd-Edition/issues/26",
        ..ROW
    },
    KnownError {
        code: "python-not-in-range",
        patterns: &[
            "python {version}.* and python_abi",
            "nothing provides python_abi {version}",
            "requires python >={version}*but none of the providers can be installed",
            "requires python_abi {version}",
        ],
        cause: "The packages do not exist for the requested, pinned or installed Python. An environment keeps its Python unless the command names another.",
        hint: "create a new environment with a Python that the build has; `conda-torch advise --python X.Y` says which PyTorch fits one",
        fix: Fix::TorchEnvironment,
        source: "https://github.com/nicklashansen/tdmpc2/issues/13",
        ..ROW
    },
    KnownError {
        code: "unsatisfiable",
        patterns: &[
            "encountered problems while solving",
            "could not solve for environment specs",
            "unsatisfiableerror",
            "cannot solve the request because of",
            "failed to solve the conda requirements",
            "found conflicts! looking for incompatible packages",
        ],
        cause: "No set of packages satisfies the whole request. The lines after this text name the packages in conflict.",
        hint: "request PyTorch and its companions in a new environment, then add the other packages one by one",
        fix: Fix::TorchEnvironment,
        follows: REASONS,
        is_general: true,
        source: "https://github.com/nicklashansen/tdmpc2/issues/13",
        ..ROW
    },
    KnownError {
        code: "virtual-macos-too-old",
        patterns: &[
            "nothing provides __osx {spec}",
            "__osx {spec}, for which no candidates were found",
            "__osx{request}, for which no candidates were found",
            "__osx{request}, which is missing on the system",
            "virtual package __osx{spec} does not match any of the available virtual packages",
            "missing virtual packages:*__osx >",
            "unsatisfied requirements:*__osx >",
            "the installed packages also require:*__osx",
            "virtual packages this platform does not provide:*__osx",
            "feature:/{platform}::__osx=={version}",
            "feature:|@/{platform}::__osx=={version}",
        ],
        cause: "The package needs a newer macOS than this one, or than `pixi.toml` declares. The solver compares it with `__osx`, the virtual package of the system.",
        hint: "update macOS, install the PyTorch that `conda-torch advise` selects for it, or raise `macos` in `[system-requirements]` of pixi",
        fix: Fix::TorchEnvironment,
        judge: Judge::Codes(&["macos-too-old"]),
        source: "https://github.com/conda-forge/pytorch-cpu-feedstock/issues/366",
        ..ROW
    },
];
