//! The answer, as facts. `report` and the program make sentences and commands from it.

use std::cmp::Reverse;

use serde::Serialize;

use crate::conda::{MatchSpec, Version};
use crate::types::{
    Accelerator, Blas, Build, Companion, CompanionBuild, ComputeCapability, CudaVersion,
    DriverVersion, KernelSupport, Machine,
};

use super::request::RequestedAccelerator;
use crate::diagnostics::{Context, Diagnostic};
use crate::matrix::Matrix;

/// The answer for one machine and one request. Every build of the matrix is in it: rejected, or recommended or
/// an alternative. An alternative is a build after a change, so different changes may lead to the same build.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice<'m> {
    /// How good the answer is.
    pub status: Status,
    /// What to install; `None` if nothing satisfies the request, or if that is unknown.
    pub recommended: Option<Choice<'m>>,
    /// Builds that would be better, or nearest to an unsatisfiable request, each with the changes that
    /// unlock it; best first.
    pub alternatives: Vec<Alternative<'m>>,
    /// All other builds for this platform, in the matrix' order.
    pub rejected: Vec<Rejected<'m>>,
    /// The builds for other platforms.
    pub elsewhere: Vec<&'m Build>,
    /// What to know about the machine or the request, most severe first.
    pub diagnostics: Vec<Diagnostic>,
}

impl Advice<'_> {
    /// What messages and hints need to know of the answer.
    pub fn context<'a>(&'a self, machine: &'a Machine, matrix: &'a Matrix) -> Context<'a> {
        let alone = |alternative: &'a Alternative<'_>| match alternative.unlocked_by.as_slice() {
            [unlock] => Some(unlock),
            _ => None,
        };
        let mut unlocks = self.alternatives.iter().filter_map(alone);
        Context {
            machine,
            matrix,
            diagnostics: &self.diagnostics,
            glibc_for_better: unlocks.clone().any(|unlock| matches!(unlock, Unlock::Glibc(_))),
            driver_for_better: unlocks.find_map(|unlock| {
                if let Unlock::Driver(needed) = unlock { Some(*needed) } else { None }
            }),
        }
    }

    /// The same answer with more to know, each diagnostic after those as severe.
    pub fn with(mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) -> Self {
        self.diagnostics.extend(diagnostics);
        self.diagnostics.sort_by_key(|diagnostic| Reverse(diagnostic.severity()));
        self
    }
}

/// How good an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The request is met in full.
    Ok,
    /// There is an answer, but a GPU is unused or facts that matter are unknown.
    Degraded,
    /// Nothing satisfies the request on this machine.
    Unsatisfiable,
    /// The NVIDIA driver did not answer, so whether a build for a GPU runs is unknown.
    Unknown,
}

/// A build together with the specs that select it and nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice<'m> {
    /// The build that a solver chooses.
    pub build: &'m Build,
    /// What it computes on here: the build's accelerator, or the processor if Metal is unavailable.
    pub computes_on: Accelerator,
    /// The pin of `cuda-version`; `None` without CUDA.
    pub cuda_version: Option<CudaVersion>,
    /// The companions that go with it, in the order requested.
    pub companions: Vec<&'m CompanionBuild>,
    /// First and last Python for which the build and all companions exist.
    pub pythons: (Version, Version),
    /// Each GPU on this build, in the machine's order.
    pub kernels: Vec<GpuKernels>,
    /// What to pass to a client, in the order to print.
    pub specs: Vec<MatchSpec>,
    /// The `__cuda` that these specs need; `None` without CUDA.
    pub needs_cuda: Option<CudaVersion>,
    /// Why this build and not a newer or more obvious one, most important first.
    pub reasons: Vec<Reason<'m>>,
}

/// Why a better-looking build was not chosen, or why the chosen one works.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Reason<'m> {
    /// The other build, if the reason is about one.
    pub build: Option<&'m Build>,
    pub diagnostic: Diagnostic,
}

/// One GPU on one build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GpuKernels {
    /// The machine's index of the GPU.
    pub gpu: u32,
    /// What it can execute; `None` if unknown.
    #[serde(rename = "compute_capability")]
    pub capability: Option<ComputeCapability>,
    /// How the build's kernels reach it; `None` if unknown.
    pub support: Option<KernelSupport>,
}

/// A build that would be better, or nearest, after some changes.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Alternative<'m> {
    pub choice: Choice<'m>,
    pub unlocked_by: Vec<Unlock>,
    pub blockers: Vec<Diagnostic>,
}

/// Something that would make a build fit: a driver, glibc or macOS of at least this version, a GPU, or another request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Unlock {
    Driver(DriverVersion),
    /// The package `cuda-compat` of this version in the environment, and its folder in the loader's path.
    CudaCompat(CudaVersion),
    Gpu,
    Glibc(Version),
    Macos(Version),
    Accelerator(RequestedAccelerator),
    CudaVersion(Option<CudaVersion>),
    Pytorch(Version),
    Python(Version),
    Blas(Blas),
    Without(Companion),
}

/// A build that does not fit, or that fits and is not the best.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Rejected<'m> {
    pub build: &'m Build,
    /// Everything that keeps it from fitting, or why another is better; never empty.
    pub blockers: Vec<Diagnostic>,
    /// Whether it would rank above the recommendation if it fitted.
    pub ranks_above: bool,
}
