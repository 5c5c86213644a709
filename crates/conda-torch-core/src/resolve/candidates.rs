//! A build of the platform, with everything that keeps it from working.

use crate::conda::Version;
use crate::diagnostics::Diagnostic;
use crate::types::{Build, CompanionBuild, CudaVersion, KernelSupport};

use super::advice::{GpuKernels, Unlock};

/// A build of the platform, checked against every rule.
#[derive(Debug)]
pub(super) struct Candidate<'m> {
    pub(super) build: &'m Build,
    pub(super) blockers: Vec<Blocker>,
    pub(super) kernels: Vec<GpuKernels>,
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

    pub(super) fn diagnostics(&self) -> impl Iterator<Item = Diagnostic> {
        self.blockers.iter().map(|blocker| blocker.diagnostic.clone())
    }
}
