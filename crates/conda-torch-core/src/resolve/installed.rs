//! A build that is installed already, checked against a machine by the rules of the advice.

use crate::diagnostics::Diagnostic;
use crate::matrix::Matrix;
use crate::types::{ArchList, Build, KernelSupport, Machine};

use super::advice::GpuKernels;
use super::facts::Facts;
use super::request::Request;
use super::{Inputs, rules};

/// How a build runs on a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct InstalledCheck {
    /// What keeps it from running, or a GPU from being used; empty if nothing does.
    pub problems: Vec<Diagnostic>,
    /// How it reaches each GPU, in the machine's order; empty without CUDA or with unknown kernels.
    pub kernels: Vec<GpuKernels>,
}

/// Checks a build against a machine. Unlike in an advice, every GPU without kernels is a problem, even
/// if others have them. A CUDA build with an empty list of kernels has unknown kernels.
pub fn check_installed(machine: &Machine, build: &Build, matrix: &Matrix) -> InstalledCheck {
    let request = Request::default();
    let facts = Facts::new(machine, &request, matrix);
    let inputs = Inputs { machine, request: &request, matrix, facts: &facts };
    let blockers = rules::driver(&inputs, build).into_iter().chain(rules::system(&inputs, build));
    let mut problems: Vec<Diagnostic> = blockers.map(|blocker| blocker.diagnostic).collect();
    let metal = rules::lacks_metal(&inputs, build);
    problems.extend(metal.map(|(found, needed)| Diagnostic::MetalNeedsNewerMacos {
        found,
        needed,
        newest: None,
    }));
    let mut kernels = Vec::new();
    if build.kernels == ArchList::default() {
        return InstalledCheck { problems, kernels };
    }
    for gpu in &facts.gpus {
        let Some((its_kernels, blocker)) = rules::kernels(&inputs, build, gpu) else { break };
        let is_jit = its_kernels.support == Some(KernelSupport::Jit);
        let jit = is_jit.then(|| Diagnostic::PtxJit { gpu: gpu.clone() });
        let problem = blocker.map(|blocker| blocker.diagnostic).or(jit);
        let may_add = problems.len() < rules::MOST_GPUS;
        problems.extend(problem.filter(|problem| may_add && !problems.contains(problem)));
        kernels.push(its_kernels);
    }
    InstalledCheck { problems, kernels }
}
