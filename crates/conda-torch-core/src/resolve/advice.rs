//! The answer, as facts. Sentences and commands are made of it in `report` and by the program.

use std::cmp::Reverse;

use crate::conda::{MatchSpec, Version};
use crate::types::{
    Accelerator, Blas, Build, Companion, CompanionBuild, ComputeCapability, CudaVersion,
    DriverVersion, KernelSupport,
};

use crate::diagnostics::Diagnostic;
use crate::resolve::request::RequestedAccelerator;

/// The answer for one machine and one request. Every build of the matrix is in it exactly once.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice<'m> {
    /// How good the answer is.
    pub status: Status,
    /// What to install; `None` where nothing satisfies the request.
    pub recommended: Option<Choice<'m>>,
    /// Builds that would be better, or nearest to an unsatisfiable request, and what unlocks each;
    /// best first.
    pub alternatives: Vec<Alternative<'m>>,
    /// All other builds for this platform, in the matrix' order, each with everything that speaks
    /// against it.
    pub rejected: Vec<Rejected<'m>>,
    /// The builds for other platforms: that they are is all that speaks against them.
    pub elsewhere: Vec<&'m Build>,
    /// What to know about the machine or the request, gravest first.
    pub diagnostics: Vec<Diagnostic>,
}

impl Advice<'_> {
    /// Adds what is to be known, by how grave it is.
    pub fn add(&mut self, remark: Diagnostic) {
        let severity = Reverse(remark.severity());
        let at = self.diagnostics.partition_point(|other| Reverse(other.severity()) <= severity);
        self.diagnostics.insert(at, remark);
    }
}

/// How good an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The request is met in full.
    Ok,
    /// There is an answer, but a GPU stays unused or facts that matter are missing.
    Degraded,
    /// Nothing satisfies the request on this machine.
    Unsatisfiable,
}

/// A build together with the specs that select it and nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice<'m> {
    /// The build that a solve ends on.
    pub build: &'m Build,
    /// What it computes on here: the build's accelerator, or the processor where Metal is out of reach.
    pub computes_on: Accelerator,
    /// The last build number of that build that a solve ends on.
    pub build_number: u16,
    /// The pin of `cuda-version`; `None` without CUDA.
    pub cuda_version: Option<CudaVersion>,
    /// The companions that go with it, in the order asked.
    pub companions: Vec<&'m CompanionBuild>,
    /// First and last Python for which the build and all companions exist.
    pub pythons: (Version, Version),
    /// Each GPU on this build, in the machine's order.
    pub kernels: Vec<GpuKernels>,
    /// What to tell a client, in the order to print it.
    pub specs: Vec<MatchSpec>,
    /// `__cuda` as a client must see it for these specs to be solvable; `None` without CUDA.
    pub needs_cuda: Option<CudaVersion>,
    /// Why this build and not a newer or more obvious one, most telling first.
    pub reasons: Vec<Reason<'m>>,
}

/// Why a better-looking build was not chosen, or why the chosen one works.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason<'m> {
    /// What it is about: another build where one is named.
    pub build: Option<&'m Build>,
    /// The fact.
    pub diagnostic: Diagnostic,
}

/// One GPU on one build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpuKernels {
    /// The machine's index of the GPU.
    pub gpu: u32,
    /// What it can execute; `None` where that is not known.
    pub capability: Option<ComputeCapability>,
    /// How the build's kernels reach it; `None` where that is not known.
    pub support: Option<KernelSupport>,
}

/// A build that the machine or the request does not reach today.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative<'m> {
    /// The build, as it would be chosen.
    pub choice: Choice<'m>,
    /// All that must change.
    pub unlocked_by: Vec<Unlock>,
    /// What speaks against it as things are.
    pub findings: Vec<Diagnostic>,
}

/// Something that would make a build fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unlock {
    /// An NVIDIA driver of at least this version.
    Driver(DriverVersion),
    /// An NVIDIA GPU that the driver shows to this program.
    Gpu,
    /// A glibc of at least this version.
    Glibc(Version),
    /// A macOS of at least this version.
    Macos(Version),
    /// Another `--accelerator`.
    Accelerator(RequestedAccelerator),
    /// Another `--cuda-version`, or none.
    CudaVersion(Option<CudaVersion>),
    /// Another `--pytorch`.
    Pytorch(Version),
    /// Another `--python`.
    Python(Version),
    /// Another `--blas`.
    Blas(Blas),
    /// Leaving out a package.
    Without(Companion),
}

/// A build that does not fit, or that fits and is not the best.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected<'m> {
    /// The build.
    pub build: &'m Build,
    /// Everything that speaks against it; never empty.
    pub findings: Vec<Diagnostic>,
    /// Whether it would rank above the recommendation if nothing spoke against it.
    pub ranks_above: bool,
}
