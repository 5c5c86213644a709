//! The rule about GPUs: each of them against the kernels in a build.

use crate::types::{Build, CudaVersion, KernelSupport};

use crate::diagnostics::Diagnostic;
use crate::resolve::{advice::GpuKernels, fit::Rules, situation::SituatedGpu};

impl Rules<'_, '_> {
    /// Notes how each GPU is reached. That one is not is a blocker only where none is: the others can
    /// be used all the same.
    pub(super) fn gpus(
        &self,
        build: &Build,
        blockers: &mut Vec<Diagnostic>,
        kernels: &mut Vec<GpuKernels>,
    ) {
        let Some(toolkit) = build.accelerator.cuda() else { return };
        let mut missing = Vec::new();
        for gpu in &self.situation.gpus {
            let support = gpu.capability.map(|_| match self.kernels_for(build, toolkit, gpu) {
                Ok(support) => support,
                Err(diagnostic) => {
                    missing.push(diagnostic);
                    KernelSupport::Missing
                }
            });
            kernels.push(GpuKernels { gpu: gpu.index, capability: gpu.capability, support });
        }
        let serves_some = kernels.iter().any(|gpu| gpu.support > Some(KernelSupport::Missing));
        if !serves_some {
            // Of a toolkit that is not known the rule about drivers has said it, or another GPU has.
            missing.retain(|finding| !blockers.contains(finding));
            missing.dedup();
            blockers.append(&mut missing);
        }
    }

    /// How a build's kernels reach a GPU of known capability, or why they do not.
    pub(super) fn kernels_for(
        &self,
        build: &Build,
        toolkit: CudaVersion,
        gpu: &SituatedGpu,
    ) -> Result<KernelSupport, Diagnostic> {
        let capability = gpu.capability.expect("asked for GPUs of known capability only");
        let (index, name) = (gpu.index, || gpu.name.clone());
        let known = self.matrix.capability(capability);
        match build.kernels.support(capability, |capability| self.matrix.is_soc(capability)) {
            KernelSupport::Missing => {
                Err(Diagnostic::NoKernels { gpu: index, name: name(), capability, toolkit })
            }
            // The libraries of a toolkit (cuBLAS, cuDNN) know no GPU that came after it.
            KernelSupport::Jit if known.is_some_and(|known| known.first_toolkit > toolkit) => {
                let first = known.map_or(toolkit, |known| known.first_toolkit);
                Err(Diagnostic::ToolkitTooOldForGpu {
                    gpu: index,
                    name: name(),
                    capability,
                    toolkit,
                    first,
                })
            }
            // Minor-version compatibility does not cover the translation of PTX.
            KernelSupport::Jit => match self.situation.cuda() {
                Some(cuda) if cuda < toolkit => {
                    let own = self.matrix.toolkit_driver(toolkit, self.situation.family);
                    Err(match own {
                        Some(needed) => Diagnostic::PtxNeedsNewerDriver {
                            gpu: index,
                            name: name(),
                            capability,
                            cuda,
                            toolkit,
                            needed,
                        },
                        None => Diagnostic::ToolkitNotKnown { toolkit },
                    })
                }
                Some(_) | None => Ok(KernelSupport::Jit),
            },
            support @ (KernelSupport::SameMajor | KernelSupport::Native) => Ok(support),
        }
    }
}
