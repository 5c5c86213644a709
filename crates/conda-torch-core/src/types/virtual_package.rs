//! Virtual packages: how a client describes the machine to its solver.

use serde::{Deserialize, Serialize};

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
    /// `0` if its presence is all it says.
    pub version: String,
    /// `0` for all but `__archspec`.
    pub build: String,
}
