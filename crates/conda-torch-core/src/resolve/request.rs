//! What the user requests, apart from the machine.

use serde::Serialize;

use crate::conda::Version;
use crate::types::{Blas, Companion, CudaVersion};

/// What to look for. The default is the best that the machine runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Request {
    pub accelerator: RequestedAccelerator,
    /// A version of PyTorch, or a prefix: `2.9` is any 2.9.x.
    pub pytorch: Option<Version>,
    pub python: Option<Version>,
    pub cuda_version: Option<CudaVersion>,
    pub blas: Option<Blas>,
    /// Packages to install with PyTorch, each once, in order.
    pub companions: Vec<Companion>,
}

/// What to compute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum RequestedAccelerator {
    /// A GPU if one is usable, else the processor.
    #[default]
    Auto,
    /// The processor, even if a GPU is usable.
    Cpu,
    /// An NVIDIA GPU or nothing.
    Cuda,
}

crate::conda::words!(RequestedAccelerator { Auto = "auto", Cpu = "cpu", Cuda = "cuda" });

impl Request {
    /// Whether only builds with CUDA satisfy it.
    pub(super) const fn wants_cuda(&self) -> bool {
        match self.accelerator {
            RequestedAccelerator::Cpu => false,
            RequestedAccelerator::Cuda => true,
            RequestedAccelerator::Auto => self.cuda_version.is_some(),
        }
    }
}
