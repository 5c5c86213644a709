//! The rule about GPUs: each of them against the kernels in a build.

use crate::model::{Build, ComputeCapability, CudaVersion, KernelSupport};

use super::advice::GpuKernels;
use super::diagnostic::Diagnostic;
use super::fit::Rules;
use super::situation::SituatedGpu;

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
            blockers.append(&mut missing);
        }
    }

    /// How a build's kernels reach a GPU of known capability, or why they do not.
    fn kernels_for(
        &self,
        build: &Build,
        toolkit: CudaVersion,
        gpu: &SituatedGpu,
    ) -> Result<KernelSupport, Diagnostic> {
        let capability = gpu.capability.expect("asked for GPUs of known capability only");
        let (index, name) = (gpu.index, || gpu.name.clone());
        match build.kernels.support(capability, |capability| self.matrix.is_soc(capability)) {
            KernelSupport::Missing => {
                Err(Diagnostic::NoKernels { gpu: index, name: name(), capability, toolkit })
            }
            // The libraries of a toolkit (cuBLAS, cuDNN) know no GPU that came after it.
            KernelSupport::Jit if self.first_toolkit(capability) > Some(toolkit) => {
                let first = self.first_toolkit(capability).unwrap_or(toolkit);
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
                    let needed = self
                        .matrix
                        .toolkit_driver(toolkit, self.situation.family)
                        .unwrap_or_else(|| self.needed_driver(toolkit));
                    Err(Diagnostic::PtxNeedsNewerDriver {
                        gpu: index,
                        name: name(),
                        capability,
                        cuda,
                        toolkit,
                        needed,
                    })
                }
                Some(_) | None => Ok(KernelSupport::Jit),
            },
            support @ (KernelSupport::SameMajor | KernelSupport::Native) => Ok(support),
        }
    }

    /// The first toolkit whose libraries know a GPU. One that is newer than every row is known to none
    /// before the newest that builds were made with, and perhaps not to that.
    fn first_toolkit(&self, capability: ComputeCapability) -> Option<CudaVersion> {
        if let Some(known) = self.matrix.capability(capability) {
            return Some(known.first_toolkit);
        }
        let is_newest = self.matrix.capabilities.iter().all(|row| row.capability < capability);
        let toolkits = self.matrix.builds.iter().filter_map(|build| build.accelerator.cuda());
        toolkits.max().filter(|_| is_newest)
    }
}
