//! A build that is installed already, held against a machine by the rules of the advice.

use crate::matrix::Matrix;
use crate::types::{ArchList, Build, KernelSupport, Machine};

use crate::diagnostics::Diagnostic;
use crate::resolve::{advice::GpuKernels, fit::Rules, request::Request, situation::Situation};

/// How a build runs on a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    /// What keeps it from running, or a GPU from being used; empty where nothing does.
    pub findings: Vec<Diagnostic>,
    /// Each GPU on it, in the machine's order; empty without CUDA, or where its kernels are not known.
    pub kernels: Vec<GpuKernels>,
}

/// Holds a build against a machine. Unlike in an advice, every GPU that it has no kernels for is told,
/// also beside others that it serves. A CUDA build whose list of kernels is empty is one whose kernels
/// nobody knows.
#[must_use]
pub fn running(machine: &Machine, build: &Build, matrix: &Matrix) -> Running {
    let request = Request::default();
    let situation = Situation::of(machine, &request, matrix);
    let rules = Rules::new(&situation, &request, matrix);
    let candidate = rules.judge(build);
    let mut findings = candidate.blockers;
    // Of kernels more is told below; a release candidate that is installed runs as releases do.
    findings
        .retain(|finding| !is_about_kernels(finding) && *finding != Diagnostic::ReleaseCandidate);
    if build.kernels == ArchList::default() {
        return Running { findings, kernels: Vec::new() };
    }
    if let Some(toolkit) = build.accelerator.cuda() {
        for (gpu, capability) in situation.known_gpus() {
            match rules.kernels_for(build, toolkit, gpu) {
                Ok(KernelSupport::Jit) => {
                    let (gpu, name) = (gpu.index, gpu.name.clone());
                    findings.push(Diagnostic::PtxJit { gpu, name, capability });
                }
                Ok(KernelSupport::Missing | KernelSupport::SameMajor | KernelSupport::Native) => {}
                Err(diagnostic) => findings.push(diagnostic),
            }
        }
    }
    Running { findings, kernels: candidate.kernels }
}

fn is_about_kernels(finding: &Diagnostic) -> bool {
    matches!(
        finding,
        Diagnostic::NoKernels { .. }
            | Diagnostic::PtxNeedsNewerDriver { .. }
            | Diagnostic::ToolkitTooOldForGpu { .. }
    )
}
