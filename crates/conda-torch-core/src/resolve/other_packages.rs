//! Packages besides PyTorch: what ties them to PyTorch or CUDA, one row a package. Nothing is known of their builds.

use crate::conda::MatchSpec;

/// What ties a package to PyTorch or CUDA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tie {
    /// Each of its builds is compiled against one PyTorch.
    Pytorch,
    /// Its GPU builds bring CUDA libraries, for one range of `cuda-version`.
    Cuda,
    /// Its version is that of the CUDA toolkit.
    Toolkit,
    /// None: it is Python code.
    Python,
    /// conda-forge has it under another name.
    Renamed(&'static str),
    /// conda-forge does not have it. Other channels or `PyPI` have builds, each for one PyTorch or one CUDA; with
    /// conda-forge's package instead, if it has one.
    Elsewhere(Option<&'static str>),
    /// conda-forge does not have it.
    NotThere,
    /// It selects builds of the ended channel `pytorch`.
    OldChannel,
}

/// Packages in conda-forge's spelling, sorted as [`letters`] compares them. A name that ends with `-cu` or `-cuda` is
/// followed by a version of CUDA.
///
/// Which packages conda-forge has, and in which feedstocks:
/// <https://github.com/conda-forge/feedstock-outputs/tree/31c6779bb49b5d0f4d53a24923210c97f335aac4/outputs>, and for the
/// newer `natten` <https://github.com/conda-forge/natten-feedstock/tree/326ad95f58e3694d6e9c099babc906a15546e35c>. What
/// ties one: the `host` requirements in the recipe of its feedstock.
const ROWS: &[(&str, Tie)] = &[
    ("accelerate", Tie::Python),
    ("apex", Tie::Renamed("nvidia-apex")),
    ("auto_gptq", Tie::Pytorch),
    ("autoawq", Tie::Pytorch),
    ("bitsandbytes", Tie::Cuda),
    ("botorch", Tie::Python),
    ("captum", Tie::Python),
    ("causal-conv1d", Tie::Pytorch),
    ("cuda", Tie::Toolkit),
    ("cuda-compiler", Tie::Toolkit),
    ("cuda-cudart", Tie::Toolkit),
    ("cuda-cudart-dev", Tie::Toolkit),
    ("cuda-cupti", Tie::Toolkit),
    ("cuda-libraries", Tie::Toolkit),
    ("cuda-libraries-dev", Tie::Toolkit),
    ("cuda-nvcc", Tie::Toolkit),
    ("cuda-nvrtc", Tie::Toolkit),
    ("cuda-python", Tie::Cuda),
    ("cuda-runtime", Tie::Toolkit),
    ("cuda-toolkit", Tie::Toolkit),
    ("cudatoolkit", Tie::Toolkit),
    ("cudatoolkit-dev", Tie::Toolkit),
    ("cudnn", Tie::Cuda),
    ("cumm", Tie::Elsewhere(None)),
    ("cumm-cu", Tie::Elsewhere(None)),
    ("cupy", Tie::Cuda),
    ("cupy-core", Tie::Cuda),
    ("cupy-cuda", Tie::Elsewhere(Some("cupy"))),
    ("cutensor", Tie::Cuda),
    ("deepspeed", Tie::Pytorch),
    ("detectron2", Tie::Pytorch),
    ("dgl", Tie::Pytorch),
    ("dgl-cu", Tie::Elsewhere(Some("dgl"))),
    ("dgl-cuda", Tie::Elsewhere(Some("dgl"))),
    ("dgllife", Tie::Python),
    ("diff-gaussian-rasterization", Tie::Elsewhere(None)),
    ("diffusers", Tie::Python),
    ("e3nn", Tie::Python),
    ("einops", Tie::Python),
    ("exllamav2", Tie::Elsewhere(None)),
    ("fairseq", Tie::Pytorch),
    ("faiss", Tie::Cuda),
    ("faiss-gpu", Tie::Cuda),
    ("faiss-gpu-cu", Tie::Elsewhere(Some("faiss-gpu"))),
    ("faiss-gpu-cuvs", Tie::Renamed("faiss-gpu")),
    ("faiss-gpu-raft", Tie::Renamed("faiss-gpu")),
    ("fastai", Tie::Python),
    ("fbgemm-gpu", Tie::Elsewhere(None)),
    ("flash-attention", Tie::Renamed("flash-attn")),
    ("flash-attn", Tie::Pytorch),
    ("flash-attn-fused-dense", Tie::Pytorch),
    ("flash-attn-layer-norm", Tie::Pytorch),
    ("flashinfer-python", Tie::Elsewhere(None)),
    ("functorch", Tie::Pytorch),
    ("gpytorch", Tie::Python),
    ("gsplat", Tie::Pytorch),
    ("horovod", Tie::Cuda),
    ("huggingface_hub", Tie::Python),
    ("ignite", Tie::Renamed("pytorch-ignite")),
    ("intel-extension-for-pytorch", Tie::Elsewhere(None)),
    ("jax", Tie::Cuda),
    ("jaxlib", Tie::Cuda),
    ("k2", Tie::Elsewhere(None)),
    ("kaldifeat", Tie::Elsewhere(None)),
    ("kaolin", Tie::Pytorch),
    ("kornia", Tie::Python),
    ("libtorch", Tie::Pytorch),
    ("lietorch", Tie::Elsewhere(None)),
    ("lightgbm", Tie::Cuda),
    ("lightning", Tie::Python),
    ("llama.cpp", Tie::Cuda),
    ("llama-cpp-python", Tie::Cuda),
    ("magma", Tie::Cuda),
    ("mamba-ssm", Tie::Pytorch),
    ("minkowskiengine", Tie::Elsewhere(None)),
    ("mmcv", Tie::Pytorch),
    ("mmcv-full", Tie::Renamed("mmcv")),
    ("mmcv-lite", Tie::NotThere),
    ("mmdet", Tie::Python),
    ("mmengine", Tie::Python),
    ("monai", Tie::Python),
    ("natten", Tie::Pytorch),
    ("nccl", Tie::Cuda),
    ("nerfacc", Tie::Pytorch),
    ("numba-cuda", Tie::Cuda),
    ("nvdiffrast", Tie::Elsewhere(None)),
    ("nvidia-apex", Tie::Pytorch),
    ("nvidia-dali", Tie::NotThere),
    ("onnxruntime", Tie::Cuda),
    ("onnxruntime-gpu", Tie::Renamed("onnxruntime")),
    ("opencv-python", Tie::Renamed("py-opencv")),
    ("openmm", Tie::Cuda),
    ("peft", Tie::Python),
    ("pointnet2-ops", Tie::Elsewhere(None)),
    ("pycuda", Tie::Cuda),
    ("pyg", Tie::Elsewhere(Some("pytorch_geometric"))),
    ("pyg-lib", Tie::Pytorch),
    ("pytorch_cluster", Tie::Pytorch),
    ("pytorch-cuda", Tie::OldChannel),
    ("pytorch-forecasting", Tie::Python),
    ("pytorch_geometric", Tie::Python),
    ("pytorch-ignite", Tie::Python),
    ("pytorch-lightning", Tie::Python),
    ("pytorch-metric-learning", Tie::Python),
    ("pytorch-mutex", Tie::OldChannel),
    ("pytorch_scatter", Tie::Pytorch),
    ("pytorch_sparse", Tie::Pytorch),
    ("pytorch_spline_conv", Tie::Pytorch),
    ("pytorch-triton", Tie::Renamed("triton")),
    ("pytorch3d", Tie::Pytorch),
    ("rmm", Tie::Cuda),
    ("sageattention", Tie::Elsewhere(None)),
    ("sentence-transformers", Tie::Python),
    ("simple-knn", Tie::Elsewhere(None)),
    ("sklearn", Tie::Renamed("scikit-learn")),
    ("spconv", Tie::Elsewhere(None)),
    ("spconv-cu", Tie::Elsewhere(None)),
    ("tensorflow", Tie::Cuda),
    ("tensorflow-gpu", Tie::Cuda),
    ("tensorrt", Tie::NotThere),
    ("timm", Tie::Python),
    ("tiny-cuda-nn", Tie::Pytorch),
    ("tinycudann", Tie::Elsewhere(Some("tiny-cuda-nn"))),
    ("torch-cluster", Tie::Renamed("pytorch_cluster")),
    ("torch-directml", Tie::NotThere),
    ("torch-geometric", Tie::Python),
    ("torch_memory_saver", Tie::Cuda),
    ("torch-model-archiver", Tie::NotThere),
    ("torch-scatter", Tie::Renamed("pytorch_scatter")),
    ("torch-sparse", Tie::Renamed("pytorch_sparse")),
    ("torch-spline-conv", Tie::Renamed("pytorch_spline_conv")),
    ("torch-tensorrt", Tie::Elsewhere(None)),
    ("torch-workflow-archiver", Tie::NotThere),
    ("torchani", Tie::Pytorch),
    ("torchao", Tie::Pytorch),
    ("torchcodec", Tie::Pytorch),
    ("torchcsprng", Tie::NotThere),
    ("torchdata", Tie::Python),
    ("torchdiffeq", Tie::Python),
    ("torchelastic", Tie::NotThere),
    ("torchgeo", Tie::Python),
    ("torchinfo", Tie::Python),
    ("torchio", Tie::Python),
    ("torchmd-net", Tie::Pytorch),
    ("torchmetrics", Tie::Python),
    ("torchrec", Tie::NotThere),
    ("torchsde", Tie::Python),
    ("torchserve", Tie::NotThere),
    ("torchsort", Tie::Pytorch),
    ("torchsparse", Tie::Pytorch),
    ("torchtext", Tie::Pytorch),
    ("torchview", Tie::Python),
    ("transformer-engine", Tie::Elsewhere(None)),
    ("transformers", Tie::Python),
    ("triton", Tie::Pytorch),
    ("vllm", Tie::Pytorch),
    ("xformers", Tie::Pytorch),
    ("xgboost", Tie::Cuda),
];

/// A name without what spellings differ in: `Flash_Attn` is `flash-attn`.
fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().map(|byte| match byte {
        b'_' | b'.' => b'-',
        byte => byte.to_ascii_lowercase(),
    })
}

/// Whether a version of CUDA follows the name of a row.
fn needs_version((name, tie): (&str, Tie)) -> bool {
    matches!(tie, Tie::Elsewhere(_)) && (name.ends_with("-cu") || name.ends_with("-cuda"))
}

/// The row of a package, by its name in any spelling.
fn row(name: &str) -> Option<(&'static str, Tie)> {
    let find = |name: &str| {
        let at = ROWS.binary_search_by(|row| letters(row.0).cmp(letters(name))).ok()?;
        Some(ROWS[at])
    };
    // `dgl-cuda11.7`, `cupy-cuda12x`
    let without_version =
        name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | 'x'));
    let whole = find(name).filter(|row| !needs_version(*row));
    whole.or_else(|| {
        let is_shorter = without_version.len() < name.len();
        find(without_version).filter(|row| is_shorter && needs_version(*row))
    })
}

/// What ties a package, by its name in any spelling; `None` without a row.
pub(super) fn tie(name: &str) -> Option<Tie> {
    row(name).map(|(_, tie)| tie)
}

/// The spec as conda-forge has the package; `None` if it has none.
pub(super) fn on_conda_forge(spec: &MatchSpec) -> Option<MatchSpec> {
    let name = match row(&spec.name) {
        Some((_, Tie::Elsewhere(None) | Tie::NotThere | Tie::OldChannel)) => return None,
        Some(
            (_, Tie::Renamed(name) | Tie::Elsewhere(Some(name)))
            | (name, Tie::Pytorch | Tie::Cuda | Tie::Toolkit | Tie::Python),
        ) => name,
        None => &spec.name,
    };
    Some(MatchSpec { name: name.to_owned(), ..spec.clone() })
}

/// Whether conda-forge has a package, under its own name or another; `true` for one without a row.
pub(crate) fn is_on_conda_forge(name: &str) -> bool {
    on_conda_forge(&MatchSpec::named(name)).is_some()
}

/// A package that is compiled against one PyTorch or one CUDA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CompiledPackage {
    /// Whether its name has the version of CUDA.
    pub(crate) names_cuda: bool,
    /// conda-forge's package instead.
    pub(crate) conda_forge: Option<&'static str>,
}

impl CompiledPackage {
    /// By its name in any spelling, on `PyPI`, on conda-forge or on a channel of its own.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let (row_name, row_tie) = row(name)?;
        let conda_forge = match row_tie {
            Tie::Pytorch => Some(row_name),
            Tie::Renamed(other) if tie(other) == Some(Tie::Pytorch) => Some(other),
            Tie::Elsewhere(other) => other,
            Tie::Renamed(_)
            | Tie::Cuda
            | Tie::Toolkit
            | Tie::Python
            | Tie::NotThere
            | Tie::OldChannel => return None,
        };
        Some(Self { names_cuda: needs_version((row_name, row_tie)), conda_forge })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_lead_to_packages() {
        assert!(ROWS.windows(2).all(|pair| letters(pair[0].0).lt(letters(pair[1].0))));
        for (name, row) in ROWS {
            if let Tie::Renamed(other) | Tie::Elsewhere(Some(other)) = row {
                let leads = matches!(
                    tie(other),
                    None | Some(Tie::Pytorch | Tie::Cuda | Tie::Toolkit | Tie::Python)
                );
                assert!(leads, "{name}");
            }
        }
    }

    #[test]
    fn packages_have_the_names_of_conda_forge() {
        let there = |text: &str| {
            let spec = MatchSpec::parse(text).expect("a spec");
            on_conda_forge(&spec).map(|spec| spec.to_string())
        };
        for (text, name) in [
            ("pyg=2.6", Some("pytorch_geometric=2.6")),
            ("xformers", Some("xformers")),
            ("numpy<2", Some("numpy<2")),
            ("natten", Some("natten")),
            ("flash_attn=2.8", Some("flash-attn=2.8")),
            ("pytorch-lightning", Some("pytorch-lightning")),
            ("pytorch_lightning", Some("pytorch-lightning")),
            ("auto-gptq", Some("auto_gptq")),
            ("torch_scatter", Some("pytorch_scatter")),
            ("cupy-cuda12x", Some("cupy")),
            ("faiss-gpu-cu12", Some("faiss-gpu")),
            ("apex", Some("nvidia-apex")),
            ("spconv-cu120", None),
            ("minkowskiengine", None),
            ("pytorch-cuda=12.1", None),
        ] {
            assert_eq!(there(text).as_deref(), name, "{text}");
        }
    }

    #[test]
    fn compiled_packages_are_found_in_any_spelling() {
        for (name, names_cuda, conda_forge) in [
            ("dgl-cuda11.7", true, Some("dgl")),
            ("dgl", false, Some("dgl")),
            ("torch_scatter", false, Some("pytorch_scatter")),
            ("spconv-cu118", true, None),
            ("cupy-cuda11x", true, Some("cupy")),
            ("MinkowskiEngine", false, None),
            ("mmcv-full", false, Some("mmcv")),
            ("apex", false, Some("nvidia-apex")),
            ("kaolin", false, Some("kaolin")),
            ("mamba_ssm", false, Some("mamba-ssm")),
            ("torch-spline-conv", false, Some("pytorch_spline_conv")),
            ("natten", false, Some("natten")),
            ("pyg", false, Some("pytorch_geometric")),
        ] {
            let package = CompiledPackage { names_cuda, conda_forge };
            assert_eq!(CompiledPackage::named(name), Some(package), "{name}");
        }
        for name in [
            "cupy",
            "numpy",
            "torchmetrics",
            "spconv-cu",
            "xformers2",
            "dgl-life",
            "torch-geometric",
        ] {
            assert_eq!(CompiledPackage::named(name), None, "{name}");
        }
    }
}
