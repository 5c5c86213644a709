//! Which of the builds that fit is best.

use std::cmp::{Ordering, Reverse};

use crate::conda::Version;
use crate::matrix::Matrix;
use crate::types::{Accelerator, CudaVersion, KernelSupport};

use crate::resolve::{fit::Candidate, situation::Situation};

/// The order of preference.
#[derive(Debug)]
pub(super) struct Ranking<'a> {
    pub(super) situation: &'a Situation,
    pub(super) matrix: &'a Matrix,
}

/// What a candidate is ranked by, weightiest first. The order of the fields is the rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// A GPU before the processor.
    uses_gpu: bool,
    /// More of the machine's GPUs before fewer.
    served: usize,
    /// The newest PyTorch.
    pytorch: Version,
    /// Better kernels on the worst-served GPU first, then on the next.
    kernels: Vec<Option<KernelSupport>>,
    /// Where no GPU is known: kernels for more kinds of card.
    coverage: usize,
    /// A toolkit that the driver supports in full before one on minor-version compatibility.
    full_support: bool,
    /// The newer toolkit.
    toolkit: Option<CudaVersion>,
    /// MKL before generic, the channel's own order.
    blas: crate::types::Blas,
    /// The latest build.
    build_number: u16,
    /// The lower pin: nearer to the toolkit that the build was tested with.
    pin: Reverse<Option<CudaVersion>>,
}

impl Ranking<'_> {
    /// Compares two candidates; the greater is better. Equal only for the same build.
    pub(super) fn compare(&self, a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
        // The first two decide nearly always, and cost nothing.
        let quick = |c: &Candidate<'_>| {
            (c.build.accelerator != Accelerator::Cpu, c.served(), c.build.pytorch)
        };
        quick(a).cmp(&quick(b)).then_with(|| self.rank(a).cmp(&self.rank(b)))
    }

    /// Whether `a` looks better than `b` to someone who does not look at the machine: what a person
    /// would ask "why not that one?" about.
    pub(super) fn looks_better(a: &Candidate<'_>, b: &Candidate<'_>) -> bool {
        let quick = |candidate: &Candidate<'_>| {
            (candidate.build.accelerator != Accelerator::Cpu, candidate.build.pytorch)
        };
        let rest = |candidate: &Candidate<'_>| {
            let build = candidate.build;
            (build.accelerator.cuda(), build.blas, build.build_numbers.1)
        };
        quick(a).cmp(&quick(b)).then_with(|| rest(a).cmp(&rest(b))).is_gt()
    }

    fn rank(&self, candidate: &Candidate<'_>) -> Rank {
        let build = candidate.build;
        let toolkit = build.accelerator.cuda();
        let mut kernels: Vec<_> = candidate.kernels.iter().map(|gpu| gpu.support).collect();
        kernels.sort_unstable();
        Rank {
            uses_gpu: build.accelerator != Accelerator::Cpu,
            served: candidate.served(),
            pytorch: build.pytorch,
            coverage: if self.situation.known_gpus().next().is_none() {
                self.coverage(candidate)
            } else {
                0
            },
            kernels,
            full_support: toolkit.is_none_or(|toolkit| self.situation.cuda() >= Some(toolkit)),
            toolkit,
            blas: build.blas,
            build_number: build.build_numbers.1,
            pin: Reverse(candidate.pin),
        }
    }

    /// How many kinds of desktop or server card a build has kernels for.
    fn coverage(&self, candidate: &Candidate<'_>) -> usize {
        if !candidate.build.is_cuda() {
            return 0;
        }
        let served = |row: &&crate::matrix::Capability| {
            let kernels = &candidate.build.kernels;
            !row.soc
                && kernels.support(row.capability, |c| self.matrix.is_soc(c)) > KernelSupport::Jit
        };
        self.matrix.capabilities.iter().filter(served).count()
    }
}
