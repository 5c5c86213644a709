//! Clients: downloads, caches, settings, and pip.

use super::super::{Fix, KnownError, ROW};

pub(super) const ROWS: &[KnownError] = &[
    KnownError {
        code: "terms-not-accepted",
        patterns: &["condatosnoninteractiveerror", "terms of service have not been accepted"],
        cause: "conda uses Anaconda's channels (`defaults`), whose terms were not accepted here. conda-forge has no such terms.",
        hint: "add `--override-channels -c conda-forge` to the command, as every command of `conda-torch` has",
        fix: Fix::TorchEnvironment,
        source: "https://github.com/deepfakes/faceswap/issues/1495",
        ..ROW
    },
    KnownError {
        code: "disk-full",
        patterns: &[
            "no space left on device",
            "nospacelefterror",
            "errno 28",
            "disk quota exceeded",
            "not enough space on the disk",
        ],
        cause: "The disk, or your quota on it, is full. A PyTorch for CUDA needs several gigabytes in the package cache, and as much again in the environment if that is on another file system.",
        hint: "look with `df -h` (`quota -s` on a cluster), empty the client's package cache, or install with `-p` on another disk",
        fix: Fix::CleanCache,
        source: "https://github.com/conda/conda/issues/6416",
        ..ROW
    },
    KnownError {
        code: "damaged-package-cache",
        patterns: &[
            "invalidarchiveerror",
            "error with archive",
            "safetyerror: the package for",
            "checksummismatcherror",
            "appears to be corrupted. the path",
        ],
        cause: "A downloaded package is damaged. The download was cut off, the disk is full, or the cache holds an old copy.",
        hint: "look for free space (`df -h`), then empty the client's package cache and install again",
        fix: Fix::CleanCache,
        follows: &["disk-full"],
        source: "https://github.com/conda/conda/issues/8923",
        ..ROW
    },
    KnownError {
        code: "packages-share-files",
        patterns: &["clobbererror"],
        cause: "Two packages of the transaction write the same file. They come from channels that are not built for each other, such as `pytorch` and `defaults`.",
        hint: "create a new environment from one channel",
        fix: Fix::TorchEnvironment,
        source: "https://github.com/pytorch/pytorch/issues/115498",
        ..ROW
    },
    KnownError {
        code: "certificate-not-trusted",
        patterns: &[
            "certificate_verify_failed",
            "certificate verify failed",
            "ssl: certificate problem",
            "self-signed certificate in certificate chain",
            "self signed certificate in certificate chain",
        ],
        cause: "The client does not trust the server's certificate. Mostly a proxy of the network looks into the traffic with a certificate of its own.",
        hint: "give the client the proxy's certificate: `conda config --set ssl_verify /path/to/ca.pem`; do not turn the check off",
        source: "https://github.com/cbfinn/maml_rl/issues/5",
        ..ROW
    },
    KnownError {
        code: "ssl-module-missing",
        patterns: &["cant connect to https url because the ssl module is not available"],
        cause: "The Python of conda does not find its OpenSSL libraries. On Windows, `python` or `conda` runs without the activated environment's folders on `PATH`.",
        hint: "open the Anaconda or Miniforge prompt, or run `conda activate base` first",
        source: "https://github.com/oobabooga/textgen/issues/251",
        ..ROW
    },
    KnownError {
        code: "no-connection",
        patterns: &[
            "http 000 connection failed",
            "network is unreachable",
            "failed to establish a new connection",
            "could not resolve host",
            "temporary failure in name resolution",
        ],
        cause: "The client did not reach the channel's server. The machine has no network, as compute nodes often do, or needs a proxy that is not set.",
        hint: "try `curl -I https://conda.anaconda.org/conda-forge/noarch/repodata.json.zst`; with a proxy, set `HTTPS_PROXY`",
        follows: &["certificate-not-trusted", "ssl-module-missing"],
        source: "https://github.com/pytorch/pytorch/issues/4532",
        ..ROW
    },
    KnownError {
        code: "libmamba-solver-broken",
        patterns: &[
            "error while loading conda entry point: conda-libmamba-solver",
            "error while loading conda plugins from entrypoints: libarchive",
        ],
        cause: "conda's solver libmamba does not load in `base`. Its libraries are of another channel than the solver itself.",
        hint: "run `conda install -n base --solver=classic --override-channels -c conda-forge conda-libmamba-solver libmamba libmambapy libarchive`",
        source: "https://github.com/conda/conda-libmamba-solver/issues/442",
        ..ROW
    },
    KnownError {
        code: "environment-not-writable",
        patterns: &[
            "environmentnotwritableerror",
            "notwritableerror: the current user does not have write permissions",
        ],
        cause: "The command changes an environment that this user may not write, mostly `base` of a shared installation. Nothing was changed.",
        hint: "create an environment of your own: `-n NAME`, which conda puts in `~/.conda/envs`, or `-p FOLDER`",
        fix: Fix::TorchEnvironment,
        source: "https://github.com/lanl/scico/issues/62",
        ..ROW
    },
    KnownError {
        code: "no-wheel",
        patterns: &[
            "could not find a version that satisfies the requirement torch{spec} (from versions: {found}",
            "no matching distribution found for torch{spec}",
            "could not find a version that satisfies the requirement torch (from versions: none)",
        ],
        cause: "pip finds no wheel of that PyTorch for this Python and platform. Wheels exist for few Pythons each, and `+cuNNN` ones only in PyTorch's own index.",
        hint: "install PyTorch with conda instead: `conda-torch advise --pytorch VERSION` says which Python it needs",
        fix: Fix::TorchEnvironment,
        source: "https://github.com/ArtLabss/tennis-tracking/issues/16",
        ..ROW
    },
    KnownError {
        code: "channel-not-there",
        patterns: &[
            "http 404 not found for channel",
            "http 404 unavailable or invalid for channel",
            "unavailableinvalidchannel",
            "the channel is not accessible or is invalid",
        ],
        cause: "The server has no channel of this name[ or address]. A word after `-c` is misspelt, such as a package or a Python, or a configuration file names a channel that is gone.",
        hint: "look at the name after `for channel`; `conda config --show-sources` shows where channels come from; PyTorch needs conda-forge only",
        fix: Fix::TorchEnvironment,
        source: "https://github.com/conda/conda/issues/12785",
        ..ROW
    },
    KnownError {
        code: "shell-not-initialized",
        patterns: &[
            "your shell has not been properly configured to use conda activate",
            "run conda init before conda activate",
        ],
        cause: "`conda activate` needs a function of the shell, which this shell or script has not loaded. The environment itself is whole.",
        hint: "run `conda init` and open a new shell; in scripts, use `conda run -n NAME COMMAND`, or `eval \"$(conda shell.bash hook)\"` first",
        source: "https://github.com/conda/conda/issues/13002",
        ..ROW
    },
];
