//! Virtual packages: what a client takes the machine to be.

use serde::{Deserialize, Serialize};

use super::{Client, ClientKind, CudaVersion, Detected, Machine, Origin, Version};

/// A package that is not installed and that a client derives from the machine: `__cuda 12.9`.
///
/// The version and the build are texts as the client writes them: mamba's build of `__archspec` is
/// `x86_64_v3`, conda's version of `__cuda` may be anything that `CONDA_OVERRIDE_CUDA` holds.
/// Source: <https://conda.org/learn/ceps/cep-0030>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VirtualPackage {
    /// With the two underscores.
    pub name: String,
    /// `0` where there is nothing to say but that it is there.
    pub version: String,
    /// `0` for all but `__archspec`.
    pub build: String,
}

/// A client's own idea of `__cuda`, in contrast to what the driver supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenCuda {
    /// It will see this version.
    Sees(CudaVersion),
    /// It will see none.
    None,
    /// It cannot be told from what is known.
    Unknown,
}

/// Predicts `__cuda` as `client` computes it on `machine`.
///
/// - conda, and mamba 1, which is conda's Python: libcuda, initialised.
/// - mamba and micromamba from 2.1: `/usr/local/cuda/version.json` first, then what `nvidia-smi`
///   says (<https://github.com/mamba-org/mamba/pull/3700>); before that `nvidia-smi` alone.
/// - pixi solves for what the manifest declares and not for the machine.
/// - `CONDA_OVERRIDE_CUDA` beats all of them.
#[must_use]
pub fn seen_cuda(machine: &Machine, client: &Client) -> SeenCuda {
    if let Detected::Found(cuda) = &machine.driver_cuda
        && matches!(&cuda.origin, Origin::Env(name) if name == "CONDA_OVERRIDE_CUDA")
    {
        return SeenCuda::Sees(cuda.value);
    }
    // What it said itself, where its own `info` was read.
    if let Some(packages) = &client.sees {
        let cuda = packages.iter().find(|package| package.name == "__cuda");
        return match cuda.map(|package| bare_or_whole(&package.version)) {
            Some(Some(cuda)) => SeenCuda::Sees(cuda),
            Some(None) => SeenCuda::Unknown,
            None => SeenCuda::None,
        };
    }
    let by_libcuda = || match &machine.libcuda {
        Detected::Found(cuda) => SeenCuda::Sees(cuda.value),
        Detected::Absent => SeenCuda::None,
        Detected::Unknown { .. } => SeenCuda::Unknown,
    };
    let by_nvidia_smi = || match (&machine.nvidia_smi, &machine.driver_cuda) {
        (Detected::Found(_), Detected::Found(cuda)) => SeenCuda::Sees(cuda.value),
        (Detected::Absent, _) | (Detected::Found(_), Detected::Absent) => SeenCuda::None,
        (Detected::Unknown { .. }, _) | (Detected::Found(_), Detected::Unknown { .. }) => {
            SeenCuda::Unknown
        }
    };
    let is_below = |parts: &[u16]| matches!(&client.version, Detected::Found(v) if v.value < Version::new(parts));
    match client.kind {
        ClientKind::Conda | ClientKind::Pixi => by_libcuda(),
        ClientKind::Mamba if is_below(&[2]) => by_libcuda(),
        ClientKind::Mamba | ClientKind::Micromamba => match &machine.toolkit_file {
            Detected::Found(toolkit) if !is_below(&[2, 1]) => SeenCuda::Sees(toolkit.value),
            Detected::Unknown { .. } => SeenCuda::Unknown,
            Detected::Found(_) | Detected::Absent => by_nvidia_smi(),
        },
    }
}

/// A bare `12` is 12.0 for every client.
fn bare_or_whole(version: &str) -> Option<CudaVersion> {
    version.parse().ok().or_else(|| format!("{version}.0").parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_said_that_it_sees_counts_more_than_what_it_would_see() {
        let machine = Machine {
            libcuda: Detected::found(CudaVersion::new(13, 0), Origin::Libcuda),
            ..Machine::default()
        };
        let seen = |packages: Option<&[(&str, &str)]>| {
            let package = |(name, version): &(&str, &str)| VirtualPackage {
                name: (*name).to_owned(),
                version: (*version).to_owned(),
                build: "0".to_owned(),
            };
            let client = Client {
                kind: ClientKind::Conda,
                version: Detected::Absent,
                path: "conda".to_owned(),
                root_prefix: None,
                subdir: None,
                environments: Vec::new(),
                sees: packages.map(|packages| packages.iter().map(package).collect()),
            };
            seen_cuda(&machine, &client)
        };
        assert_eq!(seen(None), SeenCuda::Sees(CudaVersion::new(13, 0)));
        assert_eq!(seen(Some(&[])), SeenCuda::None);
        assert_eq!(seen(Some(&[("__cuda", "12")])), SeenCuda::Sees(CudaVersion::new(12, 0)));
        assert_eq!(seen(Some(&[("__cuda", "N/A")])), SeenCuda::Unknown);
    }
}
