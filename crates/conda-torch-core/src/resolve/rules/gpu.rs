//! The rule about GPUs: each of them against the kernels in a build.

use crate::diagnostics::Diagnostic;
use crate::resolve::{
    Inputs,
    advice::{GpuKernels, Unlock},
    candidates::Blocker,
    facts::KnownGpu,
};
use crate::types::{Build, ComputeCapability, CudaVersion, KernelSupport};

use super::driver::unknown_toolkit;

/// How a build's kernels reach a GPU, and if they do not, why.
pub(in crate::resolve) struct Kernels {
    pub(in crate::resolve) kernels: GpuKernels,
    pub(in crate::resolve) blocker: Option<Blocker>,
}

/// Checks one GPU; `None` for builds without CUDA.
pub(in crate::resolve) fn kernels(
    inputs: &Inputs<'_, '_>,
    build: &Build,
    gpu: &KnownGpu,
) -> Option<Kernels> {
    let toolkit = build.accelerator.cuda()?;
    let mut kernels = GpuKernels { gpu: gpu.index, capability: gpu.capability, support: None };
    let Some(capability) = gpu.capability else { return Some(Kernels { kernels, blocker: None }) };
    let (support, blocker) = match support(inputs, build, toolkit, gpu, capability) {
        Ok(support) => (support, None),
        Err(blocker) => (KernelSupport::Missing, Some(blocker)),
    };
    kernels.support = Some(support);
    Some(Kernels { kernels, blocker })
}

fn support(
    inputs: &Inputs<'_, '_>,
    build: &Build,
    toolkit: CudaVersion,
    gpu: &KnownGpu,
    capability: ComputeCapability,
) -> Result<KernelSupport, Blocker> {
    let (index, name) = (gpu.index, gpu.name.clone());
    match inputs.matrix.support(build, capability) {
        KernelSupport::Missing => {
            let diagnostic = Diagnostic::NoKernels { gpu: index, name, capability, toolkit };
            Err(Blocker::machine(diagnostic, Vec::new()))
        }
        KernelSupport::Jit => {
            // The libraries of a toolkit (cuBLAS, cuDNN) know no GPU that came after it.
            let first = inputs.matrix.capability(capability).map(|row| row.first_toolkit);
            if let Some(first) = first.filter(|first| *first > toolkit) {
                let diagnostic = Diagnostic::ToolkitTooOldForGpu {
                    gpu: index,
                    name,
                    capability,
                    toolkit,
                    first,
                };
                return Err(Blocker::machine(diagnostic, Vec::new()));
            }
            // Minor-version compatibility does not cover the compilation of PTX.
            let Some(cuda) = inputs.facts.cuda().filter(|cuda| *cuda < toolkit) else {
                return Ok(KernelSupport::Jit);
            };
            let family = inputs.facts.driver_family;
            let Some(needed) = inputs.matrix.toolkit_driver(toolkit, family) else {
                return Err(unknown_toolkit(toolkit));
            };
            let diagnostic = Diagnostic::PtxNeedsNewerDriver {
                gpu: index,
                name,
                capability,
                cuda,
                toolkit,
                needed,
            };
            Err(Blocker::machine(diagnostic, vec![Unlock::Driver(needed)]))
        }
        support @ (KernelSupport::SameMajor | KernelSupport::Native) => Ok(support),
    }
}
