//! What the old channels had, and what takes its place on conda-forge: one row a package.

/// What becomes of a package that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The choice's own specs take its place.
    Choice,
    /// The choice's pin of `cuda-version` takes its place.
    CudaVersion,
    /// conda-forge has it under the same name; versions of the old channel do not count there.
    SameName,
    /// conda-forge calls it so.
    Renamed(&'static str),
    /// It has no place there.
    Dropped(Dropped),
}

/// Why a package is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// It only told the old channel's builds apart.
    ChoseBuild,
    /// Development ended.
    Ended,
    /// It comes with PyTorch.
    ComesWithPytorch,
    /// It belongs to `defaults` alone.
    OfDefaults,
    /// It belongs to the base environment alone.
    OfBase,
}

/// A package and its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The package.
    pub name: &'static str,
    /// What becomes of it.
    pub rule: Rule,
    /// Where that is written.
    pub source: &'static str,
}

const ANNOUNCEMENT: &str = "https://conda-forge.org/blog/2024/11/20/pytorch-channel-deprecation/";
const PYTORCH: &str = "https://github.com/conda-forge/pytorch-cpu-feedstock";
const CUDA: &str = "https://github.com/conda-forge/cuda-feedstock";

const fn row(name: &'static str, rule: Rule, source: &'static str) -> Row {
    Row { name, rule, source }
}

/// Sorted by name.
pub const ROWS: [Row; 39] = [
    row("_anaconda_depends", Rule::Dropped(Dropped::OfDefaults), ANACONDA),
    row("anaconda", Rule::Dropped(Dropped::OfDefaults), ANACONDA),
    row("anaconda-anon-usage", Rule::Dropped(Dropped::OfDefaults), ANACONDA),
    row(
        "anaconda-client",
        Rule::SameName,
        "https://github.com/conda-forge/anaconda-client-feedstock",
    ),
    row("anaconda-navigator", Rule::Dropped(Dropped::OfDefaults), ANACONDA),
    row("blas", Rule::Dropped(Dropped::ComesWithPytorch), PYTORCH),
    row("conda", Rule::Dropped(Dropped::OfBase), CONDA),
    row("conda-anaconda-telemetry", Rule::Dropped(Dropped::OfDefaults), ANACONDA),
    row("conda-anaconda-tos", Rule::Dropped(Dropped::OfDefaults), ANACONDA),
    row("conda-build", Rule::Dropped(Dropped::OfBase), CONDA),
    row("conda-content-trust", Rule::Dropped(Dropped::OfBase), CONDA),
    row("conda-libmamba-solver", Rule::Dropped(Dropped::OfBase), CONDA),
    row("cpuonly", Rule::Choice, ANNOUNCEMENT),
    row("cuda-version", Rule::CudaVersion, "https://github.com/conda-forge/cuda-version-feedstock"),
    row("cudatoolkit", Rule::CudaVersion, CUDA),
    row("cudatoolkit-dev", Rule::Renamed("cuda-toolkit"), CUDA),
    row("faiss-cpu", Rule::SameName, FAISS),
    row("faiss-gpu", Rule::SameName, FAISS),
    row("faiss-gpu-cuvs", Rule::Renamed("faiss-gpu"), FAISS),
    row("faiss-gpu-raft", Rule::Renamed("faiss-gpu"), FAISS),
    row("ffmpeg", Rule::SameName, "https://github.com/conda-forge/ffmpeg-feedstock"),
    row("libtorch", Rule::Choice, PYTORCH),
    row("mamba", Rule::Dropped(Dropped::OfBase), CONDA),
    row(
        "pyg",
        Rule::Renamed("pytorch_geometric"),
        "https://github.com/conda-forge/pytorch_geometric-feedstock",
    ),
    row("pytorch", Rule::Choice, ANNOUNCEMENT),
    row("pytorch-cpu", Rule::Choice, PYTORCH),
    row("pytorch-cuda", Rule::CudaVersion, ANNOUNCEMENT),
    row("pytorch-gpu", Rule::Choice, PYTORCH),
    row(
        "pytorch-mutex",
        Rule::Dropped(Dropped::ChoseBuild),
        "https://github.com/pytorch/builder/tree/main/conda",
    ),
    row(
        "pytorch-triton",
        Rule::Renamed("triton"),
        "https://github.com/conda-forge/triton-feedstock",
    ),
    row("torch-model-archiver", Rule::Dropped(Dropped::Ended), SERVE),
    row("torch-workflow-archiver", Rule::Dropped(Dropped::Ended), SERVE),
    row("torchaudio", Rule::Choice, "https://github.com/conda-forge/torchaudio-feedstock"),
    row("torchcsprng", Rule::Dropped(Dropped::Ended), "https://github.com/meta-pytorch/csprng"),
    row("torchdata", Rule::SameName, "https://anaconda.org/conda-forge/torchdata"),
    row("torchserve", Rule::Dropped(Dropped::Ended), SERVE),
    row("torchtext", Rule::Dropped(Dropped::Ended), "https://github.com/pytorch/text"),
    row("torchtriton", Rule::Renamed("triton"), "https://github.com/conda-forge/triton-feedstock"),
    row("torchvision", Rule::Choice, "https://github.com/conda-forge/torchvision-feedstock"),
];

const ANACONDA: &str =
    "https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-channels.html";
const CONDA: &str = "https://github.com/conda-forge/conda-feedstock";
const FAISS: &str = "https://github.com/conda-forge/faiss-split-feedstock";
const SERVE: &str = "https://github.com/pytorch/serve";

/// The names that are taken out first when an environment is changed in place: whatever of them is
/// left holds the old PyTorch fast.
pub(super) const OLD_NAMES: [&str; 12] = [
    "cpuonly",
    "cudatoolkit",
    "libtorch",
    "pytorch",
    "pytorch-cuda",
    "pytorch-mutex",
    "pytorch-triton",
    "torchaudio",
    "torchdata",
    "torchtext",
    "torchtriton",
    "torchvision",
];

/// The rule for a package; `None` for one that the old channels have no part in.
#[must_use]
pub(super) fn rule(name: &str) -> Option<&'static Row> {
    ROWS.binary_search_by(|row| row.name.cmp(name)).ok().map(|at| &ROWS[at])
}

/// Whether a package's version is that of a CUDA toolkit, or tied to one: the choice's
/// `cuda-version` decides it.
#[must_use]
pub(super) fn follows_cuda_version(name: &str) -> bool {
    const BEGINNINGS: [&str; 12] = [
        "cuda-",
        "libcublas",
        "libcudnn",
        "libcufft",
        "libcufile",
        "libcurand",
        "libcusolver",
        "libcusparse",
        "libnpp",
        "libnvfatbin",
        "libnvjitlink",
        "libnvjpeg",
    ];
    matches!(name, "cuda" | "cudnn" | "cutensor" | "nccl")
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// Whether a package that pip installed is PyTorch or comes with it.
#[must_use]
pub(super) fn is_torch_of_pip(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['_', '.'], "-");
    matches!(
        name.as_str(),
        "torch"
            | "torchvision"
            | "torchaudio"
            | "torchtext"
            | "triton"
            | "triton-windows"
            | "pytorch-triton"
    ) || name.starts_with("nvidia-")
        && (name.ends_with("-cu11") || name.ends_with("-cu12") || name.ends_with("-cu13"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_each_name_once_with_a_source() {
        assert!(ROWS.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(ROWS.iter().all(|row| row.source.starts_with("https://")));
        assert!(OLD_NAMES.iter().all(|name| rule(name).is_some()));
    }

    #[test]
    fn libraries_of_a_toolkit_follow_its_version_and_others_do_not() {
        for name in ["cuda", "cuda-nvcc", "libcublas", "libcufft-dev", "cudnn", "libnvjpeg"] {
            assert!(follows_cuda_version(name), "{name}");
        }
        for name in ["cudatoolkit", "cupy", "libcurl", "libcups", "numpy", "cudf"] {
            assert!(!follows_cuda_version(name), "{name}");
        }
    }

    #[test]
    fn torch_of_pip_is_left_to_conda() {
        for name in ["torch", "nvidia-cublas-cu12", "nvidia_cudnn_cu12", "triton"] {
            assert!(is_torch_of_pip(name), "{name}");
        }
        for name in ["torchmetrics", "nvidia-ml-py", "transformers"] {
            assert!(!is_torch_of_pip(name), "{name}");
        }
    }
}
