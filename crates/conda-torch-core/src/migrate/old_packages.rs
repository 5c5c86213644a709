//! Packages of the old channels and what replaces them on conda-forge: one row a package.

use crate::types::Companion::{self, Torchaudio, Torchvision};

use super::CodeAndMessage;
use Replacement::{
    BaseOnly, CudaVersion, Discontinued, LeftOut, NotThere, Pytorch, Renamed, SameName,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Replacement {
    /// The PyTorch of the recommended build.
    Pytorch,
    Companion(Companion),
    /// The `cuda-version` pin of the recommended build.
    CudaVersion,
    /// The package of the same name; versions of the old channel do not apply to it.
    SameName,
    Renamed(&'static str),
    /// Nothing, because conda-forge does not have it.
    NotThere,
    /// Nothing in a base environment; elsewhere it was requested on purpose.
    BaseOnly,
    /// Nothing, because nobody maintains it.
    Discontinued,
    LeftOut(CodeAndMessage),
}

/// A package, its replacement, and the source of that.
type Row = (&'static str, Replacement, &'static str);

const DEFAULTS_ONLY: Replacement =
    LeftOut(CodeAndMessage::new("of-defaults", "it belongs to Anaconda's channels"));
const INCLUDED: Replacement =
    LeftOut(CodeAndMessage::new("comes-with-pytorch", "PyTorch includes it"));
/// Selects between the builds of the old channel.
pub(super) const SELECTED_BUILD: CodeAndMessage =
    CodeAndMessage::new("chose-build", "it only selected between builds of the old channel");

const ANACONDA: &str =
    "https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-channels.html";
const ANNOUNCEMENT: &str = "https://conda-forge.org/blog/2024/11/20/pytorch-channel-deprecation/";
const AUDIO: &str = "https://github.com/conda-forge/torchaudio-feedstock";
const BUILDER: &str = "https://github.com/pytorch/builder/tree/main/conda";
const CLIENT: &str = "https://github.com/conda-forge/anaconda-client-feedstock";
const CONDA: &str = "https://github.com/conda-forge/conda-feedstock";
const CUDA: &str = "https://github.com/conda-forge/cuda-feedstock";
const CUDA_VERSION: &str = "https://github.com/conda-forge/cuda-version-feedstock";
const FAISS: &str = "https://github.com/conda-forge/faiss-split-feedstock";
const FFMPEG: &str = "https://github.com/conda-forge/ffmpeg-feedstock";
const IGNITE: &str = "https://github.com/conda-forge/pytorch-ignite-feedstock";
const OUTPUTS: &str = "https://github.com/conda-forge/feedstock-outputs/tree/31c6779bb49b5d0f4d53a24923210c97f335aac4/outputs";
const PYG: &str = "https://github.com/conda-forge/pytorch_geometric-feedstock";
const PYTORCH: &str = "https://github.com/conda-forge/pytorch-cpu-feedstock";
const SERVE: &str = "https://github.com/pytorch/serve";
const TRITON: &str = "https://github.com/conda-forge/triton-feedstock";
const VISION: &str = "https://github.com/conda-forge/torchvision-feedstock";

/// Sorted by name.
static ROWS: [Row; 46] = [
    ("_anaconda_depends", DEFAULTS_ONLY, ANACONDA),
    ("anaconda", DEFAULTS_ONLY, ANACONDA),
    ("anaconda-anon-usage", DEFAULTS_ONLY, ANACONDA),
    ("anaconda-client", SameName, CLIENT),
    ("anaconda-navigator", DEFAULTS_ONLY, ANACONDA),
    ("blas", INCLUDED, PYTORCH),
    ("conda", BaseOnly, CONDA),
    ("conda-anaconda-telemetry", DEFAULTS_ONLY, ANACONDA),
    ("conda-anaconda-tos", DEFAULTS_ONLY, ANACONDA),
    ("conda-build", BaseOnly, CONDA),
    ("conda-content-trust", BaseOnly, CONDA),
    ("conda-libmamba-solver", BaseOnly, CONDA),
    ("cpuonly", Pytorch, ANNOUNCEMENT),
    ("cuda-version", CudaVersion, CUDA_VERSION),
    ("cudatoolkit", CudaVersion, CUDA),
    ("cudatoolkit-dev", Renamed("cuda-toolkit"), CUDA),
    ("faiss-cpu", SameName, FAISS),
    ("faiss-gpu", SameName, FAISS),
    ("faiss-gpu-cuvs", Renamed("faiss-gpu"), FAISS),
    ("faiss-gpu-raft", Renamed("faiss-gpu"), FAISS),
    ("ffmpeg", SameName, FFMPEG),
    ("ignite", Renamed("pytorch-ignite"), IGNITE),
    ("libtorch", Pytorch, PYTORCH),
    ("mamba", BaseOnly, CONDA),
    ("pyg", Renamed("pytorch_geometric"), PYG),
    ("pytorch", Pytorch, ANNOUNCEMENT),
    ("pytorch-cpu", Pytorch, PYTORCH),
    ("pytorch-cuda", CudaVersion, ANNOUNCEMENT),
    ("pytorch-gpu", Pytorch, PYTORCH),
    ("pytorch-mutex", LeftOut(SELECTED_BUILD), BUILDER),
    ("pytorch-nightly", Pytorch, ANNOUNCEMENT),
    ("pytorch-nightly-cpu", Pytorch, ANNOUNCEMENT),
    ("pytorch-triton", Renamed("triton"), TRITON),
    ("torch-model-archiver", Discontinued, SERVE),
    ("torch-workflow-archiver", Discontinued, SERVE),
    ("torchaudio", Replacement::Companion(Torchaudio), AUDIO),
    ("torchcsprng", Discontinued, "https://github.com/meta-pytorch/csprng"),
    ("torchdata", SameName, "https://anaconda.org/conda-forge/torchdata"),
    ("torchelastic", NotThere, OUTPUTS),
    ("torchrec", NotThere, OUTPUTS),
    ("torchserve", Discontinued, SERVE),
    ("torchtext", Discontinued, "https://github.com/pytorch/text"),
    ("torchtriton", Renamed("triton"), TRITON),
    ("torchvision", Replacement::Companion(Torchvision), VISION),
    ("torchvision-cpu", Replacement::Companion(Torchvision), VISION),
    ("torchvision-nightly", Replacement::Companion(Torchvision), VISION),
];

/// The packages that a change in place removes first: each of them limits PyTorch to an old version.
pub(super) const REMOVED_FIRST: [&str; 12] = [
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

/// The replacement of a package; `None` for one that is not of the old channels.
pub(super) fn replacement(name: &str) -> Option<&'static Replacement> {
    ROWS.binary_search_by(|(row, ..)| row.cmp(&name)).ok().map(|at| &ROWS[at].1)
}

/// Whether only Anaconda's channels have a package.
pub(super) fn is_of_defaults(name: &str) -> bool {
    replacement(name) == Some(&DEFAULTS_ONLY)
}

pub(super) fn is_only_old(name: &str) -> bool {
    matches!(name, "cpuonly" | "pytorch-cuda" | "pytorch-mutex" | "torchtriton")
        || name.starts_with("pytorch-nightly")
        || matches!(name, "torchvision-cpu" | "torchvision-nightly")
        || name.starts_with("magma-cuda")
        || cuda_of_name(name).is_some()
}

/// The CUDA that a package selects by its name, as before PyTorch 1.1: `cuda92`, `cuda100`.
pub(super) fn cuda_of_name(name: &str) -> Option<crate::types::CudaVersion> {
    let digits = name.strip_prefix("cuda").filter(|digits| (2..=3).contains(&digits.len()))?;
    let number: u16 = digits.parse().ok().filter(|_| !digits.starts_with('0'))?;
    Some(crate::types::CudaVersion::new(number / 10, number % 10))
}

/// Whether `cuda-version` determines the version of a package: one of the CUDA toolkit or tied to it.
pub(super) fn follows_cuda_version(name: &str) -> bool {
    matches!(name, "cuda" | "cudnn" | "cutensor" | "nccl")
        || name.starts_with("cuda-")
        || name.starts_with("libcudnn")
        || is_toolkit_library(name)
}

/// Whether a package of the CUDA toolkit has CUDA's version.
pub(super) fn has_cuda_version(name: &str) -> bool {
    let own = ["cuda-python", "cuda-bindings", "cuda-core", "cuda-pathfinder", "cuda-compat"];
    name == "cuda" || name.starts_with("cuda-") && !own.iter().any(|own| name.starts_with(own))
}

/// Whether a package is a library of the CUDA toolkit with its own version.
pub(super) fn is_toolkit_library(name: &str) -> bool {
    const LIBRARIES: [&str; 10] = [
        "libcublas",
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
    LIBRARIES.iter().any(|library| name.starts_with(library))
}

/// Whether a package installed by pip is PyTorch or one of its dependencies on `PyPI`.
pub(super) fn is_pip_torch(name: &str) -> bool {
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
    fn rows_are_sorted_and_unique_and_have_a_source() {
        assert!(ROWS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(ROWS.iter().all(|(_, _, source)| source.starts_with("https://")));
        assert!(REMOVED_FIRST.iter().all(|name| replacement(name).is_some()));
    }

    #[test]
    fn cuda_version_determines_the_versions_of_toolkit_packages_only() {
        for name in ["cuda", "cuda-nvcc", "libcublas", "libcufft-dev", "cudnn", "libnvjpeg"] {
            assert!(follows_cuda_version(name), "{name}");
        }
        for name in ["cudatoolkit", "cupy", "libcurl", "libcups", "numpy", "cudf"] {
            assert!(!follows_cuda_version(name), "{name}");
        }
    }

    #[test]
    fn old_names_select_cuda() {
        use crate::types::CudaVersion;
        assert_eq!(cuda_of_name("cuda92"), Some(CudaVersion::new(9, 2)));
        assert_eq!(cuda_of_name("cuda100"), Some(CudaVersion::new(10, 0)));
        for name in ["cuda", "cuda-92", "cuda9", "cuda01", "cudnn"] {
            assert_eq!(cuda_of_name(name), None, "{name}");
        }
    }

    #[test]
    fn recognizes_pytorch_and_its_dependencies_from_pip() {
        for name in ["torch", "nvidia-cublas-cu12", "nvidia_cudnn_cu12", "triton"] {
            assert!(is_pip_torch(name), "{name}");
        }
        for name in ["torchmetrics", "nvidia-ml-py", "transformers"] {
            assert!(!is_pip_torch(name), "{name}");
        }
    }
}
