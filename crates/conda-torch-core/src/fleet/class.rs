//! What nodes have in common: the facts that decide which builds run.

use std::fmt::{self, Write as _};

use crate::conda::{Os, Subdir, Version};
use crate::import::assume_baseline;
use crate::matrix::Matrix;
use crate::types::{ComputeCapability, CudaVersion, Detected, DriverVersion, Gpu, Machine, Vendor};

/// The facts of a node that decide which builds run. Nodes with equal facts are one class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassFacts {
    /// Conda's platform; `None` if unknown.
    pub subdir: Option<Subdir>,
    /// glibc, or another libc.
    pub libc: Libc,
    /// The version of macOS; `None` elsewhere.
    pub macos: Option<Version>,
    /// The NVIDIA driver.
    pub driver: DriverFact,
    /// The newest CUDA of the driver; `None` without a driver, or if unknown.
    pub driver_cuda: Option<CudaVersion>,
    /// The NVIDIA GPUs that the driver shows, each kind with its number.
    pub gpus: Vec<GpuKind>,
    /// Whether the GPUs are known, if only that there is none.
    pub knows_gpus: bool,
    /// Whether an NVIDIA card is there that the driver does not show.
    pub has_hidden_card: bool,
    /// The Jetson's model.
    pub jetson: Option<String>,
    /// The version of WSL.
    pub wsl: Option<String>,
    /// Why the driver's libraries do not answer: a mismatch, a denied device.
    pub(super) fault: Option<String>,
}

/// The C library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Libc {
    /// glibc, by its version.
    Glibc(Version),
    /// musl, or another.
    Other,
    /// Not reported.
    Unknown,
    /// Not Linux.
    None,
}

/// The NVIDIA driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriverFact {
    /// Its version.
    Found(DriverVersion),
    /// None is installed.
    Absent,
    /// Not reported.
    Unknown,
    /// It did not answer: it was too slow, or its process ended.
    Silent,
}

/// GPUs of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuKind {
    /// The name that the driver reports; `None` if unknown.
    pub name: Option<String>,
    /// What it can execute; `None` if unknown.
    pub capability: Option<ComputeCapability>,
    /// Whether it is split into MIG slices.
    pub mig: bool,
    /// Whether it is a virtual machine's share of a GPU.
    vgpu: bool,
    /// How many.
    pub count: u32,
}

impl ClassFacts {
    /// The facts of a machine. Fills what its document lacks, as for one machine.
    pub(super) fn of(machine: &mut Machine, matrix: &Matrix) -> Self {
        assume_baseline(machine);
        matrix.complete(machine);
        Self::read(machine)
    }

    /// The facts of a machine as they were read.
    pub(super) fn read(machine: &Machine) -> Self {
        let subdir = machine.subdir.value().copied();
        let libc = match &machine.glibc {
            Detected::Found(glibc) => Libc::Glibc(glibc.value),
            _ if subdir.is_some_and(|it| it.os() != Os::Linux) => Libc::None,
            Detected::Absent => Libc::Other,
            Detected::Unknown { .. } => Libc::Unknown,
        };
        let driver = match &machine.driver {
            _ if machine.is_driver_silent() && machine.gpus.is_empty() => DriverFact::Silent,
            Detected::Found(driver) => DriverFact::Found(driver.value),
            Detected::Absent => DriverFact::Absent,
            // Without a GPU there is no driver to know of.
            Detected::Unknown { .. } if machine.gpu_count == Detected::Absent => DriverFact::Absent,
            Detected::Unknown { .. } => DriverFact::Unknown,
        };
        let parts = &machine.nvidia;
        let fault = (parts.nvml_error.as_ref().map(|error| format!("{error:?}")))
            .or_else(|| parts.libcuda_error.as_ref().map(|error| format!("{error:?}")));
        let is_nvidia = |vendor: Vendor| vendor == Vendor::Nvidia;
        let knows_gpus =
            !machine.gpus.is_empty() || !matches!(machine.gpu_count, Detected::Unknown { .. });
        let has_card = machine.adapters.iter().any(|adapter| is_nvidia(adapter.vendor));
        Self {
            subdir,
            libc,
            macos: machine.macos.value().copied(),
            driver,
            driver_cuda: machine.driver_cuda.value().copied(),
            gpus: kinds(&machine.gpus),
            knows_gpus,
            has_hidden_card: machine.gpus.is_empty() && has_card,
            jetson: machine.jetson.value().cloned(),
            wsl: machine.wsl.value().cloned(),
            fault,
        }
    }

    /// The same in one text: equal for equal facts.
    pub(super) fn key(&self) -> String {
        format!("{self:?}")
    }

    /// How many GPUs the driver shows.
    pub fn gpu_count(&self) -> u32 {
        self.gpus.iter().map(|kind| kind.count).sum()
    }
}

/// The kinds of GPUs, those with most first.
fn kinds(gpus: &[Gpu]) -> Vec<GpuKind> {
    let mut kinds: Vec<GpuKind> = Vec::new();
    for gpu in gpus {
        let kind = GpuKind {
            name: gpu.name.value().cloned(),
            capability: gpu.compute_capability.value().copied(),
            mig: gpu.mig.value() == Some(&true),
            vgpu: gpu.is_vgpu(),
            count: 1,
        };
        let is_same = |other: &&mut GpuKind| GpuKind { count: 1, ..(*other).clone() } == kind;
        match kinds.iter_mut().find(is_same) {
            Some(other) => other.count += 1,
            None => kinds.push(kind),
        }
    }
    kinds.sort_by(|a, b| (b.count, b.capability, &b.name).cmp(&(a.count, a.capability, &a.name)));
    kinds
}

/// `4 x NVIDIA H100 80GB HBM3 (9.0)`.
impl fmt::Display for GpuKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or("GPU without a name");
        if self.count > 1 {
            write!(f, "{} x ", self.count)?;
        }
        f.write_str(name)?;
        if let Some(capability) = self.capability {
            write!(f, " ({capability})")?;
        }
        if self.mig { f.write_str(" with MIG") } else { Ok(()) }
    }
}

impl fmt::Display for Libc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Glibc(version) => write!(f, "glibc {version}"),
            Self::Other => f.write_str("no glibc"),
            Self::Unknown => f.write_str("unknown libc"),
            Self::None => Ok(()),
        }
    }
}

impl fmt::Display for DriverFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(version) => write!(f, "driver {version}"),
            Self::Absent => f.write_str("no driver"),
            Self::Unknown => f.write_str("unknown driver"),
            Self::Silent => f.write_str("the driver did not answer"),
        }
    }
}

impl ClassFacts {
    /// The GPUs: `4 x NVIDIA H100 80GB HBM3 (9.0)`, `no GPU`.
    pub fn gpu_text(&self) -> String {
        let mut text = String::new();
        for kind in &self.gpus {
            let _ = write!(text, "{}{kind}", if text.is_empty() { "" } else { " + " });
        }
        if !text.is_empty() {
            return text;
        }
        let text = match &self.jetson {
            Some(model) => model,
            None if self.has_hidden_card => "an NVIDIA card that no driver shows",
            None if !self.knows_gpus => "unknown GPUs",
            None => "no GPU",
        };
        text.to_owned()
    }

    /// The system: `linux-64, glibc 2.28, driver 580.65.06`.
    pub fn system_text(&self) -> String {
        let mut parts =
            vec![self.subdir.map_or("unknown platform".to_owned(), |subdir| subdir.to_string())];
        match (self.libc, self.macos) {
            (Libc::None, Some(macos)) => parts.push(format!("macOS {macos}")),
            (Libc::None, None) => {}
            (libc, _) => parts.push(libc.to_string()),
        }
        if self.driver != DriverFact::Absent || !self.gpus.is_empty() || self.has_hidden_card {
            parts.push(self.driver.to_string());
        }
        parts.join(", ")
    }
}
