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
    /// conda-forge does not have it.
    NotThere,
    /// It selects builds of the ended channel `pytorch`.
    OldChannel,
}

/// conda-forge's packages and their feedstocks, by which every row is checked: a package that is there, or is not.
/// Source: <https://github.com/conda-forge/feedstock-outputs/tree/31c6779bb49b5d0f4d53a24923210c97f335aac4/outputs>
const ROWS: &[(&str, Tie)] = &[
    ("accelerate", Tie::Python),
    ("apex", Tie::Renamed("nvidia-apex")),
    ("auto-gptq", Tie::NotThere),
    ("autoawq", Tie::Pytorch),
    ("bitsandbytes", Tie::Pytorch),
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
    ("cupy", Tie::Cuda),
    ("cupy-core", Tie::Cuda),
    ("cupy-cuda11x", Tie::Renamed("cupy")),
    ("cupy-cuda12x", Tie::Renamed("cupy")),
    ("cupy-cuda13x", Tie::Renamed("cupy")),
    ("cutensor", Tie::Cuda),
    ("deepspeed", Tie::Pytorch),
    ("detectron2", Tie::Pytorch),
    ("dgl", Tie::Pytorch),
    ("diffusers", Tie::Python),
    ("e3nn", Tie::Python),
    ("einops", Tie::Python),
    ("exllamav2", Tie::NotThere),
    ("fairseq", Tie::Pytorch),
    ("faiss", Tie::Cuda),
    ("faiss-gpu", Tie::Cuda),
    ("faiss-gpu-cu12", Tie::Renamed("faiss-gpu")),
    ("fastai", Tie::Python),
    ("fbgemm-gpu", Tie::NotThere),
    ("flash-attention", Tie::Renamed("flash-attn")),
    ("flash-attn", Tie::Pytorch),
    ("flash_attn", Tie::Renamed("flash-attn")),
    ("flashinfer-python", Tie::NotThere),
    ("gpytorch", Tie::Python),
    ("gsplat", Tie::Pytorch),
    ("horovod", Tie::Cuda),
    ("huggingface-hub", Tie::Renamed("huggingface_hub")),
    ("intel-extension-for-pytorch", Tie::NotThere),
    ("jax", Tie::Cuda),
    ("jaxlib", Tie::Cuda),
    ("kaolin", Tie::Pytorch),
    ("kornia", Tie::Python),
    ("libtorch", Tie::Pytorch),
    ("lightgbm", Tie::Cuda),
    ("lightning", Tie::Python),
    ("llama-cpp-python", Tie::Cuda),
    ("llama.cpp", Tie::Cuda),
    ("magma", Tie::Cuda),
    ("mamba-ssm", Tie::Pytorch),
    ("mamba_ssm", Tie::Renamed("mamba-ssm")),
    ("minkowskiengine", Tie::NotThere),
    ("mmcv", Tie::Pytorch),
    ("mmcv-lite", Tie::NotThere),
    ("mmdet", Tie::Pytorch),
    ("mmengine", Tie::Python),
    ("monai", Tie::Python),
    ("natten", Tie::NotThere),
    ("nccl", Tie::Cuda),
    ("nerfacc", Tie::Pytorch),
    ("numba-cuda", Tie::Cuda),
    ("nvidia-apex", Tie::Pytorch),
    ("nvidia-dali", Tie::NotThere),
    ("onnxruntime", Tie::Cuda),
    ("onnxruntime-gpu", Tie::Renamed("onnxruntime")),
    ("opencv-python", Tie::Renamed("py-opencv")),
    ("openmm", Tie::Cuda),
    ("peft", Tie::Python),
    ("pycuda", Tie::Cuda),
    ("pyg", Tie::Renamed("pytorch_geometric")),
    ("pyg-lib", Tie::Pytorch),
    ("pytorch-cluster", Tie::Renamed("pytorch_cluster")),
    ("pytorch-cuda", Tie::OldChannel),
    ("pytorch-forecasting", Tie::Python),
    ("pytorch-geometric", Tie::Renamed("pytorch_geometric")),
    ("pytorch-ignite", Tie::Python),
    ("pytorch-lightning", Tie::Python),
    ("pytorch-metric-learning", Tie::Python),
    ("pytorch-mutex", Tie::OldChannel),
    ("pytorch-scatter", Tie::Renamed("pytorch_scatter")),
    ("pytorch-sparse", Tie::Renamed("pytorch_sparse")),
    ("pytorch-triton", Tie::Renamed("triton")),
    ("pytorch3d", Tie::Pytorch),
    ("pytorch_cluster", Tie::Pytorch),
    ("pytorch_geometric", Tie::Python),
    ("pytorch_lightning", Tie::Renamed("pytorch-lightning")),
    ("pytorch_scatter", Tie::Pytorch),
    ("pytorch_sparse", Tie::Pytorch),
    ("pytorch_spline_conv", Tie::Pytorch),
    ("rmm", Tie::Cuda),
    ("sentence-transformers", Tie::Python),
    ("sklearn", Tie::Renamed("scikit-learn")),
    ("spconv", Tie::NotThere),
    ("spconv-cu118", Tie::NotThere),
    ("spconv-cu120", Tie::NotThere),
    ("tensorflow", Tie::Cuda),
    ("tensorflow-gpu", Tie::Cuda),
    ("tensorrt", Tie::NotThere),
    ("timm", Tie::Python),
    ("tiny-cuda-nn", Tie::Pytorch),
    ("torch-cluster", Tie::Renamed("pytorch_cluster")),
    ("torch-directml", Tie::NotThere),
    ("torch-geometric", Tie::Python),
    ("torch-scatter", Tie::Pytorch),
    ("torch-sparse", Tie::Renamed("pytorch_sparse")),
    ("torch-spline-conv", Tie::Renamed("pytorch_spline_conv")),
    ("torch-tensorrt", Tie::NotThere),
    ("torch_cluster", Tie::Renamed("pytorch_cluster")),
    ("torch_geometric", Tie::Renamed("pytorch_geometric")),
    ("torch_memory_saver", Tie::Pytorch),
    ("torch_scatter", Tie::Renamed("pytorch_scatter")),
    ("torch_sparse", Tie::Renamed("pytorch_sparse")),
    ("torch_spline_conv", Tie::Renamed("pytorch_spline_conv")),
    ("torchani", Tie::Pytorch),
    ("torchao", Tie::Pytorch),
    ("torchcodec", Tie::Pytorch),
    ("torchdata", Tie::Python),
    ("torchdiffeq", Tie::Python),
    ("torchgeo", Tie::Python),
    ("torchinfo", Tie::Python),
    ("torchio", Tie::Python),
    ("torchmetrics", Tie::Python),
    ("torchrec", Tie::NotThere),
    ("torchsde", Tie::Python),
    ("torchserve", Tie::NotThere),
    ("torchsort", Tie::Pytorch),
    ("torchsparse", Tie::Pytorch),
    ("torchtext", Tie::Pytorch),
    ("torchview", Tie::Python),
    ("transformers", Tie::Python),
    ("triton", Tie::Pytorch),
    ("vllm", Tie::Pytorch),
    ("xformers", Tie::Pytorch),
    ("xgboost", Tie::Cuda),
];

/// What ties a package, by its name in lower case; `None` without a row.
pub(super) fn tie(name: &str) -> Option<Tie> {
    let at = ROWS.binary_search_by_key(&name, |(name, _)| name).ok()?;
    Some(ROWS[at].1)
}

/// The spec as conda-forge has the package; `None` if it has none.
pub(super) fn on_conda_forge(spec: &MatchSpec) -> Option<MatchSpec> {
    match tie(&spec.name) {
        Some(Tie::NotThere | Tie::OldChannel) => None,
        Some(Tie::Renamed(name)) => Some(MatchSpec { name: name.to_owned(), ..spec.clone() }),
        Some(Tie::Pytorch | Tie::Cuda | Tie::Toolkit | Tie::Python) | None => Some(spec.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_lead_to_packages() {
        assert!(ROWS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (name, row) in ROWS {
            if let Tie::Renamed(other) = row {
                assert!(!matches!(tie(other), Some(Tie::Renamed(_) | Tie::NotThere)), "{name}");
            }
        }
    }

    #[test]
    fn packages_have_the_names_of_conda_forge() {
        let there = |text: &str| {
            let spec = MatchSpec::parse(text).expect("a spec");
            on_conda_forge(&spec).map(|spec| spec.to_string())
        };
        assert_eq!(there("pyg=2.6"), Some("pytorch_geometric=2.6".to_owned()));
        assert_eq!(there("xformers"), Some("xformers".to_owned()));
        assert_eq!(there("numpy<2"), Some("numpy<2".to_owned()));
        assert_eq!(there("natten"), None);
        assert_eq!(there("pytorch-cuda=12.1"), None);
    }
}
