//! Packages that are compiled against one PyTorch or one CUDA, and conda-forge's package instead, one row each.

/// The package on `PyPI` or on a channel of its own, conda-forge's if there is a known one, and the source of that.
type Row = (&'static str, Option<&'static str>, &'static str);

/// Sorted by name, in the spelling of `PyPI`. A name that ends with `-cu` or `-cuda` is followed by a version of CUDA.
static ROWS: [Row; 36] = [
    ("apex", None, "https://github.com/NVIDIA/apex"),
    ("bitsandbytes", Some("bitsandbytes"), "https://github.com/conda-forge/bitsandbytes-feedstock"),
    (
        "causal-conv1d",
        Some("causal-conv1d"),
        "https://github.com/conda-forge/causal-conv1d-feedstock",
    ),
    ("cumm-cu", None, "https://github.com/FindDefinition/cumm"),
    ("cupy-cuda", Some("cupy"), "https://github.com/conda-forge/cupy-feedstock"),
    ("deepspeed", Some("deepspeed"), "https://github.com/conda-forge/deepspeed-feedstock"),
    ("detectron2", Some("detectron2"), "https://github.com/conda-forge/detectron2-feedstock"),
    ("dgl", Some("dgl"), "https://github.com/conda-forge/dgl-feedstock"),
    ("dgl-cu", Some("dgl"), "https://github.com/conda-forge/dgl-feedstock"),
    ("dgl-cuda", Some("dgl"), "https://github.com/conda-forge/dgl-feedstock"),
    ("flash-attn", Some("flash-attn"), "https://github.com/conda-forge/flash-attn-feedstock"),
    ("gsplat", Some("gsplat"), "https://github.com/conda-forge/gsplat-feedstock"),
    ("kaolin", None, "https://github.com/NVIDIAGameWorks/kaolin"),
    ("mamba-ssm", None, "https://github.com/state-spaces/mamba"),
    ("minkowskiengine", None, "https://github.com/NVIDIA/MinkowskiEngine"),
    ("mmcv", Some("mmcv"), "https://github.com/conda-forge/mmcv-recipe-feedstock"),
    ("mmcv-full", Some("mmcv"), "https://github.com/conda-forge/mmcv-recipe-feedstock"),
    ("natten", Some("natten"), "https://github.com/conda-forge/natten-feedstock"),
    ("nvdiffrast", None, "https://github.com/NVlabs/nvdiffrast"),
    (
        "pyg",
        Some("pytorch_geometric"),
        "https://github.com/conda-forge/pytorch_geometric-feedstock",
    ),
    ("pyg-lib", Some("pyg-lib"), "https://github.com/conda-forge/pyg-lib-feedstock"),
    (
        "pytorch-cluster",
        Some("pytorch_cluster"),
        "https://github.com/conda-forge/pytorch_cluster-feedstock",
    ),
    (
        "pytorch-scatter",
        Some("pytorch_scatter"),
        "https://github.com/conda-forge/pytorch_scatter-feedstock",
    ),
    (
        "pytorch-sparse",
        Some("pytorch_sparse"),
        "https://github.com/conda-forge/pytorch_sparse-feedstock",
    ),
    ("pytorch-spline-conv", None, "https://github.com/rusty1s/pytorch_spline_conv"),
    ("pytorch3d", Some("pytorch3d"), "https://github.com/conda-forge/pytorch3d-feedstock"),
    ("spconv", None, "https://github.com/traveller59/spconv"),
    ("spconv-cu", None, "https://github.com/traveller59/spconv"),
    ("tinycudann", Some("tiny-cuda-nn"), "https://github.com/conda-forge/tiny-cuda-nn-feedstock"),
    (
        "torch-cluster",
        Some("pytorch_cluster"),
        "https://github.com/conda-forge/pytorch_cluster-feedstock",
    ),
    (
        "torch-scatter",
        Some("pytorch_scatter"),
        "https://github.com/conda-forge/pytorch_scatter-feedstock",
    ),
    (
        "torch-sparse",
        Some("pytorch_sparse"),
        "https://github.com/conda-forge/pytorch_sparse-feedstock",
    ),
    ("torch-spline-conv", None, "https://github.com/rusty1s/pytorch_spline_conv"),
    ("torchcodec", Some("torchcodec"), "https://github.com/conda-forge/torchcodec-feedstock"),
    ("torchsparse", None, "https://github.com/mit-han-lab/torchsparse"),
    ("xformers", Some("xformers"), "https://github.com/conda-forge/xformers-feedstock"),
];

/// A package that is compiled against one PyTorch or one CUDA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CompiledPackage {
    /// conda-forge's package instead.
    pub conda_forge: Option<&'static str>,
}

/// The row of a package; its name in any spelling.
pub(super) fn compiled_package(name: &str) -> Option<CompiledPackage> {
    let name = name.to_ascii_lowercase().replace(['_', '.'], "-");
    // `dgl-cuda11.7`, `spconv-cu118`
    let without_version =
        name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-' || c == 'x');
    let names = [name.as_str(), without_version];
    let row = names.into_iter().find_map(|name| {
        let is_whole = name == names[0] && (name.ends_with("-cu") || name.ends_with("-cuda"));
        let at = ROWS.binary_search_by(|row| row.0.cmp(name)).ok().filter(|_| !is_whole)?;
        (name == names[0] || name.ends_with("-cu") || name.ends_with("-cuda")).then_some(at)
    })?;
    Some(CompiledPackage { conda_forge: ROWS[row].1 })
}

/// The tag or index in a requirement of pip's that binds it to one PyTorch or one CUDA: `cu118` in
/// `torch-2.0.1+cu118`, `pt20cu118`, `/whl/cu118`.
pub(super) fn cuda_tag(text: &str) -> Option<&str> {
    let mut at = 0;
    while let Some(start) = text[at..].find("cu1").map(|start| at + start) {
        let digits = text[start + 2..].bytes().take_while(u8::is_ascii_digit).count();
        at = start + 3;
        let before = text[..start].chars().next_back();
        let is_tag =
            before.is_none_or(|c| matches!(c, '+' | '/' | '-' | '_') || c.is_ascii_digit());
        if is_tag && (2..=3).contains(&digits) {
            return Some(&text[start..start + 2 + digits]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_unique_and_have_a_source() {
        assert!(ROWS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(ROWS.iter().all(|(_, _, source)| source.starts_with("https://")));
    }

    #[test]
    fn finds_packages_in_any_spelling() {
        for (name, conda_forge) in [
            ("dgl-cuda11.7", Some("dgl")),
            ("dgl", Some("dgl")),
            ("torch_scatter", Some("pytorch_scatter")),
            ("spconv-cu118", None),
            ("cupy-cuda11x", Some("cupy")),
            ("MinkowskiEngine", None),
            ("mmcv-full", Some("mmcv")),
        ] {
            assert_eq!(compiled_package(name), Some(CompiledPackage { conda_forge }), "{name}");
        }
        for name in ["cupy", "numpy", "torchmetrics", "spconv-cu", "xformers2", "dgl-life"] {
            assert_eq!(compiled_package(name), None, "{name}");
        }
    }

    #[test]
    fn finds_the_tags_of_wheels_and_indexes() {
        for (text, tag) in [
            ("https://data.pyg.org/whl/torch-2.0.1+cu118.html", Some("cu118")),
            ("natten==0.14.6+torch200cu118", Some("cu118")),
            ("torch-scatter==2.1.1+pt20cu117", Some("cu117")),
            ("https://data.dgl.ai/wheels/torch-2.3/cu121/repo.html", Some("cu121")),
            (
                "https://download.openmmlab.com/mmcv/dist/cu113/torch1.10.0/index.html",
                Some("cu113"),
            ),
            ("spconv-cu118", Some("cu118")),
            ("focus10", None),
            ("accu100", None),
            ("numpy", None),
        ] {
            assert_eq!(cuda_tag(text), tag, "{text}");
        }
    }
}
