//! Every build of the matrix: those of the platform with all that the rules have against them.

use crate::conda::Version;
use crate::diagnostics::Diagnostic;
use crate::types::{Build, CompanionBuild, CudaVersion, KernelSupport};

use super::advice::{Alternative, GpuKernels, Rejected, Unlock};
use super::{Inputs, rank, rules};

/// A build of the platform, checked against every rule.
#[derive(Debug)]
pub(super) struct Candidate<'m> {
    pub(super) build: &'m Build,
    /// What keeps it from working or from being what was requested. Empty: it fits.
    pub(super) blockers: Vec<Blocker>,
    /// How its kernels reach each GPU.
    pub(super) kernels: Vec<GpuKernels>,
    /// What `cuda-version` is pinned to.
    pub(super) pin: Option<CudaVersion>,
    /// The companions that go with it, in the order requested.
    pub(super) companions: Vec<&'m CompanionBuild>,
    /// The Pythons for which all of it exists.
    pub(super) pythons: (Version, Version),
}

/// One rule that a build breaks.
#[derive(Debug, Clone)]
pub(super) struct Blocker {
    pub(super) diagnostic: Diagnostic,
    pub(super) cause: Cause,
    /// The changes that lift it; empty if nothing that a person can change does.
    pub(super) unlocks: Vec<Unlock>,
}

/// Whose limit a blocker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    Machine,
    Request,
    /// The build is for the other kind of aarch64 machine, or not a release.
    Build,
}

impl Blocker {
    pub(super) fn machine(diagnostic: Diagnostic, unlocks: Vec<Unlock>) -> Self {
        Self { diagnostic, cause: Cause::Machine, unlocks }
    }

    pub(super) fn request(diagnostic: Diagnostic, unlock: Unlock) -> Self {
        Self { diagnostic, cause: Cause::Request, unlocks: vec![unlock] }
    }

    pub(super) fn build(diagnostic: Diagnostic) -> Self {
        Self { diagnostic, cause: Cause::Build, unlocks: Vec::new() }
    }

    /// Whether a newer driver, or any, is what is missing.
    pub(super) fn is_about_driver(&self) -> bool {
        matches!(self.diagnostic, Diagnostic::DriverTooOld { .. } | Diagnostic::NoDriver { .. })
    }
}

impl Candidate<'_> {
    pub(super) fn fits(&self) -> bool {
        self.blockers.is_empty()
    }

    /// How many GPUs it has kernels for.
    pub(super) fn served_gpus(&self) -> usize {
        self.kernels.iter().filter(|gpu| gpu.support > Some(KernelSupport::Missing)).count()
    }

    /// What is against it.
    pub(super) fn diagnostics(&self) -> impl Iterator<Item = Diagnostic> {
        self.blockers.iter().map(|blocker| blocker.diagnostic.clone())
    }
}

/// The builds for the machine's platform, in the matrix' order.
pub(super) fn candidates<'m>(inputs: &Inputs<'_, 'm>) -> Vec<Candidate<'m>> {
    let builds = inputs.matrix.builds.iter();
    let here = builds.filter(|build| Some(build.subdir) == inputs.facts.subdir);
    here.map(|build| rules::check(inputs, build)).collect()
}

/// The builds for other platforms.
pub(super) fn elsewhere<'m>(inputs: &Inputs<'_, 'm>) -> Vec<&'m Build> {
    let builds = inputs.matrix.builds.iter();
    builds.filter(|build| Some(build.subdir) != inputs.facts.subdir).collect()
}

/// The candidates that are neither recommended nor an alternative.
pub(super) fn rejected<'m>(
    candidates: &[Candidate<'m>],
    best: Option<&Candidate<'m>>,
    alternatives: &[Alternative<'m>],
) -> Vec<Rejected<'m>> {
    let best = best.map(|best| best.build);
    let is_shown = |build: &Build| {
        best.into_iter()
            .chain(alternatives.iter().map(|alternative| alternative.choice.build))
            .any(|shown| std::ptr::eq(shown, build))
    };
    let others = candidates.iter().filter(|candidate| !is_shown(candidate.build));
    others
        .map(|candidate| {
            let build = candidate.build;
            let mut blockers: Vec<Diagnostic> = candidate.diagnostics().collect();
            let ranks_above =
                !blockers.is_empty() && best.is_none_or(|best| rank::looks_better(build, best));
            if let Some(best) = best.filter(|_| blockers.is_empty()) {
                let leaves_gpu_unused = best.is_cuda() && !build.is_cuda();
                blockers.push(if leaves_gpu_unused {
                    Diagnostic::LeavesGpuUnused
                } else {
                    Diagnostic::Outranked { by: best.pytorch }
                });
            }
            Rejected { build, blockers, ranks_above }
        })
        .collect()
}
