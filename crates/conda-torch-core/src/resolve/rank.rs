//! The best of the builds that fit, and the rejected ones.

use std::cmp::Reverse;

use crate::conda::Version;
use crate::diagnostics::Diagnostic;
use crate::types::{Accelerator, Blas, Build, CudaVersion, KernelSupport};

use super::Inputs;
use super::advice::{Alternative, Rejected};
use super::candidates::Candidate;
use super::rules;

/// What a candidate is ranked by, in order: the greater is better.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// A GPU before the processor.
    uses_gpu: bool,
    /// More of the machine's GPUs before fewer.
    served_gpus: usize,
    pytorch: Version,
    /// Better kernels on the worst-served GPU first, then on the next.
    kernels: Vec<Option<KernelSupport>>,
    /// If no GPU is known: kernels for more compute capabilities.
    coverage: usize,
    /// A toolkit that the driver supports in full before one on minor-version compatibility.
    full_support: bool,
    toolkit: Option<CudaVersion>,
    /// MKL before generic, the channel's own order.
    blas: Blas,
    build_number: u16,
    /// The lower pin: nearer to the toolkit that the build was tested with.
    pin: Reverse<Option<CudaVersion>>,
}

pub(super) fn best<'c, 'm>(
    inputs: &Inputs<'_, 'm>,
    candidates: &'c [Candidate<'m>],
) -> Option<&'c Candidate<'m>> {
    let fitting = candidates.iter().filter(|candidate| candidate.fits());
    fitting.max_by_key(|candidate| rank(inputs, candidate))
}

/// The rank of a candidate on this machine. Equal only for the same build.
pub(super) fn rank(inputs: &Inputs<'_, '_>, candidate: &Candidate<'_>) -> Rank {
    let build = candidate.build;
    let toolkit = build.accelerator.cuda();
    let mut kernels: Vec<_> = candidate.kernels.iter().map(|gpu| gpu.support).collect();
    kernels.sort_unstable();
    let knows_gpu = inputs.facts.known_capabilities().next().is_some();
    Rank {
        uses_gpu: rules::computes_on(inputs, build) != Accelerator::Cpu,
        served_gpus: candidate.served_gpus(),
        pytorch: build.pytorch,
        kernels,
        coverage: if knows_gpu { 0 } else { coverage(inputs, build) },
        full_support: toolkit.is_none_or(|toolkit| inputs.facts.cuda() >= Some(toolkit)),
        toolkit,
        blas: build.blas,
        build_number: build.build_numbers.1,
        pin: Reverse(candidate.pin),
    }
}

/// The newest build that fits, at least as new as the chosen one, if macOS is too old for its Metal.
pub(super) fn newer_without_metal<'c, 'm>(
    inputs: &Inputs<'_, 'm>,
    candidates: &'c [Candidate<'m>],
    best: &Candidate<'m>,
) -> Option<&'c Candidate<'m>> {
    let newer = candidates.iter().filter(|c| c.fits() && c.build.pytorch >= best.build.pytorch);
    let newest = newer.max_by_key(|c| (c.build.pytorch, c.build.build_numbers.1))?;
    rules::lacks_metal(inputs, newest.build).map(|_| newest)
}

/// Whether a build looks better apart from the machine, so that the answer explains why it was not chosen.
pub(super) fn looks_better(build: &Build, other: &Build) -> bool {
    let look = |build: &Build| {
        let uses_gpu = build.accelerator != Accelerator::Cpu;
        let toolkit = build.accelerator.cuda();
        (uses_gpu, build.pytorch, toolkit, build.blas, build.build_numbers.1)
    };
    look(build) > look(other)
}

/// The candidates that are neither recommended nor an alternative. Takes their blockers instead of copying
/// them: they are most of what a decision allocates.
pub(super) fn rejected<'m>(
    inputs: &Inputs<'_, 'm>,
    candidates: Vec<Candidate<'m>>,
    best: Option<&'m Build>,
    alternatives: &[Alternative<'m>],
) -> Vec<Rejected<'m>> {
    let shown = alternatives.iter().map(|alternative| alternative.choice.build).chain(best);
    let is_shown = |build: &Build| shown.clone().any(|shown| std::ptr::eq(shown, build));
    candidates
        .into_iter()
        .filter(|candidate| !is_shown(candidate.build))
        .map(|Candidate { build, blockers, .. }| {
            let mut blockers: Vec<Diagnostic> =
                blockers.into_iter().map(|it| it.diagnostic).collect();
            let ranks_above =
                !blockers.is_empty() && best.is_none_or(|best| looks_better(build, best));
            if let Some(best) = best.filter(|_| blockers.is_empty()) {
                let leaves_gpu_unused = best.is_cuda() && !build.is_cuda();
                let metal = rules::lacks_metal(inputs, build);
                blockers.push(match metal.filter(|_| build.pytorch > best.pytorch) {
                    _ if leaves_gpu_unused => Diagnostic::LeavesGpuUnused,
                    Some((found, needed)) => {
                        Diagnostic::MetalNeedsNewerMacos { found, needed, newest: None }
                    }
                    None => Diagnostic::Outranked { by: best.pytorch },
                });
            }
            Rejected { build, blockers, ranks_above }
        })
        .collect()
}

/// How many compute capabilities a build has machine code for.
fn coverage(inputs: &Inputs<'_, '_>, build: &Build) -> usize {
    let rows = inputs.matrix.capabilities.iter();
    rows.filter(|row| inputs.matrix.support(build, row.capability) > KernelSupport::Jit).count()
}
