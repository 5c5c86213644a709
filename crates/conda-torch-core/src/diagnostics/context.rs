//! What messages and hints need beside their own facts, and the parts that they share.

use std::fmt::Display;

use crate::conda::{Os, Subdir};
use crate::matrix::Matrix;
use crate::types::{
    ComputeCapability, Detected, DriverVersion, Gpu, KnownGpu, Machine, Origin, Outcome,
};

use super::Diagnostic;

/// The answer that a diagnostic is part of, as plain facts.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The machine.
    pub machine: &'a Machine,
    /// The rows of the answer: with `--live` not those of the program.
    pub matrix: &'a Matrix,
    /// All diagnostics of the answer.
    pub diagnostics: &'a [Diagnostic],
    /// The driver that alone allows a better build. Only then a newer driver helps: it may have dropped the
    /// GPU, and a newer build may have no kernels for it.
    pub driver_for_better: Option<DriverVersion>,
    /// Whether a newer glibc alone allows a better build.
    pub glibc_for_better: bool,
}

impl Context<'static> {
    /// That of the examples: Linux, and nothing else known.
    pub(super) fn example() -> Self {
        static MACHINE: std::sync::LazyLock<Machine> = std::sync::LazyLock::new(|| Machine {
            subdir: Detected::found(Subdir::Linux64, Origin::System),
            driver: Detected::found(DriverVersion::new(&[580, 65, 6]), Origin::Nvml),
            ..Machine::default()
        });
        Self::new(&MACHINE, Matrix::embedded())
    }
}

impl<'a> Context<'a> {
    /// That of a diagnostic which is part of no answer.
    pub const fn new(machine: &'a Machine, matrix: &'a Matrix) -> Self {
        let (driver_for_better, glibc_for_better) = (None, false);
        Self { machine, matrix, diagnostics: &[], driver_for_better, glibc_for_better }
    }

    pub(super) fn channel(&self) -> &str {
        &self.matrix.channel
    }

    /// `compute capability 6.1 (NVIDIA GeForce GTX 1080 Ti)`, with its number where there are several.
    pub fn gpu(&self, gpu: &KnownGpu) -> String {
        let text = describe_gpu(gpu.name.as_deref(), gpu.capability);
        if self.machine.gpus.len() > 1 { format!("GPU {}, {text}", gpu.index) } else { text }
    }

    /// `driver 535.183.01` where that was found; the one that belongs to a CUDA version is only concluded.
    pub fn driver(&self, driver: Option<DriverVersion>) -> String {
        match driver.filter(|_| self.machine.driver.is_found()) {
            _ if self.is_cuda_overridden() => "the driver of `CONDA_OVERRIDE_CUDA`".to_owned(),
            Some(driver) => format!("driver {driver}"),
            None => "the driver".to_owned(),
        }
    }

    /// Whether a variable gives the driver's CUDA.
    pub(super) fn is_cuda_overridden(&self) -> bool {
        matches!(self.machine.driver_cuda.origin(), Some(Origin::Env(_)))
    }

    /// The release of `JetPack` that includes a driver: a Jetson's cannot be installed alone.
    pub fn jetpack(&self, driver: DriverVersion) -> String {
        let release = self.matrix.jetpack(driver).map(|row| format!(" {}", row.release));
        format!("JetPack{}", release.unwrap_or_default())
    }

    pub(super) fn in_container(&self) -> bool {
        self.machine.container.is_found()
    }

    pub(super) fn is_described(&self) -> bool {
        let subdir = self.machine.subdir.fact();
        self.machine.document.is_some()
            || subdir.is_some_and(|fact| matches!(fact.origin, Origin::Flag(_)))
    }

    /// Whether the driver is the machine's own, and not that of a container's host or of Windows.
    pub(super) fn owns_its_driver(&self) -> bool {
        !self.in_container()
            && !self.machine.wsl.is_found()
            && matches!(
                self.machine.subdir.value().map(|it| it.os()),
                Some(Os::Linux | Os::Windows)
            )
    }

    /// Whether the driver may only have been too slow.
    pub(super) fn is_driver_slow(&self) -> bool {
        self.machine.sources.iter().any(|report| report.outcome == Outcome::TimedOut)
            && self.machine.is_driver_silent()
    }

    fn uses_nouveau(&self) -> bool {
        let cards = &self.machine.adapters;
        cards.iter().any(|card| card.kernel_driver.as_deref() == Some("nouveau"))
    }

    /// The last driver branch that supports a GPU; `None` where drivers still do.
    fn last_branch_of(&self, capability: Option<ComputeCapability>) -> Option<u32> {
        self.matrix.capability(capability?)?.last_branch
    }

    /// `step` to a driver that allows a better build, if a newer driver alone does.
    pub(super) fn better_driver(&self, step: &str) -> Option<String> {
        let capabilities = self.machine.gpus.iter().map(|gpu| gpu.compute_capability.value());
        let branches =
            capabilities.filter_map(|capability| self.last_branch_of(capability.copied()));
        self.get_driver(step, self.driver_for_better?, branches.min())
    }

    /// How to start this container with the GPU; `None` where the card uses `nouveau`, which only the host can
    /// change.
    pub(super) fn start_container_unless_nouveau(&self) -> Option<String> {
        (!self.uses_nouveau()).then(|| self.start_container())
    }

    pub(super) fn start_container(&self) -> String {
        let start = match self.machine.container.value().map(String::as_str) {
            Some("kubernetes") => {
                return "request it in the pod's limits: `nvidia.com/gpu: 1`".to_owned();
            }
            Some("lxc") => {
                let add = "`lxc config device add NAME gpu gpu` and `nvidia.runtime=true`";
                return format!("give the container the GPU: {add}");
            }
            Some("podman") => "podman run --device nvidia.com/gpu=all …",
            Some("apptainer") => "apptainer exec --nv …",
            Some(_) | None => "docker run --gpus all …",
        };
        format!("start the container with the GPU: `{start}`")
    }

    /// `step` to a driver from `needed` to `last_branch`, in the words of the machine.
    fn get_driver(
        &self,
        step: &str,
        needed: DriverVersion,
        last_branch: Option<u32>,
    ) -> Option<String> {
        let range = driver_range(needed, last_branch);
        Some(if self.machine.jetson.is_found() {
            let on_host = if self.in_container() { "on the host, " } else { "" };
            let jetpack = self.jetpack(needed);
            format!("{on_host}update to {jetpack} or newer, which includes the driver")
        } else if self.machine.gpus.iter().any(Gpu::is_vgpu) {
            format!("ask the host's administrator for a vGPU release with driver {needed} or newer")
        } else if self.in_container() {
            format!("the host, not the container, needs NVIDIA driver {range}")
        } else if self.machine.wsl.is_found() {
            format!("{step} {range} in Windows, not in WSL")
        } else if self.owns_its_driver() {
            format!("{step} {range}")
        } else {
            return None;
        })
    }

    pub(super) fn install_driver(
        &self,
        needed: DriverVersion,
        capability: Option<ComputeCapability>,
    ) -> Option<String> {
        let last_branch = self.last_branch_of(capability);
        if !self.in_container() {
            self.get_driver("install NVIDIA driver", needed, last_branch)
        } else if self.uses_nouveau() {
            let range = driver_range(needed, last_branch);
            Some(format!(
                "on the host, install NVIDIA driver {range}; then start the container with the GPU"
            ))
        } else {
            Some(self.start_container())
        }
    }
}

/// `525.60.13 or newer, up to branch 580`: later branches dropped the GPU.
fn driver_range(needed: DriverVersion, last_branch: Option<u32>) -> String {
    match last_branch {
        Some(last) => format!("{needed} or newer, up to branch {last}"),
        None => format!("{needed} or newer"),
    }
}

/// A GPU by its compute capability and name.
pub fn describe_gpu(name: Option<&str>, capability: Option<ComputeCapability>) -> String {
    match (name, capability) {
        (Some(name), Some(capability)) => format!("compute capability {capability} ({name})"),
        (None, Some(capability)) => format!("compute capability {capability}"),
        (Some(name), None) => format!("the {name}"),
        (None, None) => "the GPU".to_owned(),
    }
}

/// `a, b and c`.
pub fn with_and(texts: &[String]) -> String {
    match texts {
        [most @ .., last] if !most.is_empty() => format!("{} and {last}", most.join(", ")),
        few => few.concat(),
    }
}

pub(super) fn list<T: Display>(values: &[T]) -> String {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

/// `, compute capability 6.1`, or nothing.
pub(super) fn with_capability(capability: Option<ComputeCapability>) -> String {
    capability.map_or(String::new(), |capability| format!(", compute capability {capability}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_use_the_matrix_of_the_answer() {
        let mut matrix = Matrix::embedded().clone();
        for row in matrix.capabilities.to_mut() {
            row.last_branch = Some(999);
        }
        let card = (crate::diagnostics::entry("card-without-driver").expect("an entry").example)();
        let context = Context { matrix: &matrix, ..Context::example() };
        let hint = card.hint(&context).expect("a hint");
        assert_eq!(hint, "install NVIDIA driver 525.60.13 or newer, up to branch 999");
    }
}
