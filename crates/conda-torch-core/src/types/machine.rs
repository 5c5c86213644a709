//! A machine, as far as it matters for PyTorch.

use serde::{Deserialize, Serialize};

use super::{
    Client, ClientPart, ComputeCapability, ConfigFile, CudaVersion, Detected, DriverParts,
    DriverVersion, Origin, Setting, Shell,
};
use crate::conda::{Os, Subdir, Version};

/// Everything that is known about a machine: every finding is kept, nothing is decided.
///
/// Its JSON is what `conda-torch probe --json` prints and `--machine` reads.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Machine {
    /// Conda's platform.
    pub subdir: Detected<Subdir>,
    /// The distribution or OS, as it names itself: `Debian GNU/Linux 12`.
    pub os: Detected<String>,
    /// The kernel's release.
    pub kernel: Detected<String>,
    /// The version of glibc. Absent on musl and outside Linux.
    pub glibc: Detected<Version>,
    /// The version of musl, if that is the system's libc.
    pub musl: Detected<Version>,
    /// The version of macOS. Absent elsewhere.
    pub macos: Detected<Version>,
    /// The version of Windows. Absent elsewhere.
    pub windows: Detected<Version>,
    /// The processor, as it names itself.
    pub cpu: Detected<String>,
    /// What the processor can do, in the system's own words: clients derive its name from it.
    pub processor: Detected<Processor>,
    /// The NVIDIA kernel driver's version, not the CUDA that it supports.
    pub driver: Detected<DriverVersion>,
    /// The newest CUDA that the driver supports, not a toolkit's version.
    pub driver_cuda: Detected<CudaVersion>,
    /// The CUDA that NVML reports, which pixi reads first. Absent without NVML, or if it reports none.
    pub nvml: Detected<CudaVersion>,
    /// The CUDA that libcuda reports if it can be initialised, which conda reads.
    pub libcuda: Detected<CudaVersion>,
    /// How many NVIDIA GPUs the driver shows. Absent: none, with or without a driver.
    pub gpu_count: Detected<u32>,
    /// Every NVIDIA GPU that the driver shows, or that a flag names.
    pub gpus: Vec<Gpu>,
    /// The parts of the NVIDIA driver, one by one.
    pub nvidia: DriverParts,
    /// Display adapters on the bus, of every maker, driver or not.
    pub adapters: Vec<Adapter>,
    /// `nvidia-smi`'s path.
    pub nvidia_smi: Detected<String>,
    /// The text of `cuda_version` in the output of `nvidia-smi --query -u -x`, which mamba reads. Also
    /// unknown if it was not run because NVML had answered.
    pub nvidia_smi_cuda: Detected<String>,
    /// The toolkit in `/usr/local/cuda/version.json`, which mamba 2 reports as the driver's CUDA. Also
    /// absent if mamba ignores the file; unknown if mamba fails on it.
    pub toolkit_file: Detected<CudaVersion>,
    /// The kind of container: docker, podman, apptainer, kubernetes, …
    pub container: Detected<String>,
    /// The version of WSL, "1" or "2".
    pub wsl: Detected<String>,
    /// The model of an NVIDIA Jetson, from the device tree.
    pub jetson: Detected<String>,
    /// The release of a Jetson's system (L4T): `36.4.3`, which is `JetPack` 6.
    pub jetson_release: Detected<String>,
    /// Whether this is an x86-64 program under Rosetta on an arm64 Mac.
    pub rosetta: Detected<bool>,
    /// Conda clients, best first.
    pub clients: Vec<Client>,
    /// Parts and plugins of the clients that change the virtual packages that they detect.
    pub client_parts: Vec<ClientPart>,
    /// Overrides of virtual packages, in order of precedence.
    pub settings: Vec<Setting>,
    /// Configuration files of the clients, in order of precedence.
    pub config_files: Vec<ConfigFile>,
    /// The shell in use.
    pub shell: Detected<Shell>,
    /// The format of the document that describes the machine (`nvidia-smi -q -x`), or of each of its parts (`lspci +
    /// nvidia-smi`); `None` if the machine was probed, or saved by `probe --json`.
    pub document: Option<String>,
    /// Where the parts of one text differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contradictions: Vec<Contradiction>,
    /// Every source that was tried, in order, with its outcome.
    pub sources: Vec<SourceReport>,
}

/// A fact that two parts of a text report differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Contradiction {
    /// Which: `driver`, `GPUs`, `platform`, `glibc`.
    pub fact: String,
    /// The value that counts.
    pub used: String,
    /// The format of its part: `nvidia-smi`.
    pub used_from: String,
    /// The other value.
    pub other: String,
    /// The format of its part.
    pub other_from: String,
}

/// What a processor can do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Processor {
    /// The maker in the system's words: `GenuineIntel`, `0x41` for Arm, `Apple`.
    pub vendor: String,
    /// The model, if the system names it: `0xd0c` on Arm, `POWER9`, `sifive,u74-mc`, `Apple M2 Pro`.
    pub part: String,
    /// Its features, separated by spaces: `sse4_2 avx2`.
    pub flags: String,
}

/// The most GPUs that are read and that a decision considers; no machine has as many.
pub const MOST_GPUS: usize = 10_000;

/// An NVIDIA GPU.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Gpu {
    /// The driver's index.
    pub index: u32,
    /// The name that the driver reports.
    pub name: Detected<String>,
    /// What it can execute.
    pub compute_capability: Detected<ComputeCapability>,
    /// Its memory in MiB.
    pub memory_mib: Detected<u64>,
    /// Whether it is split into MIG slices.
    pub mig: Detected<bool>,
    /// The names of its MIG slices. Absent: MIG is on without slices.
    pub mig_slices: Detected<Vec<String>>,
    /// `vgpu` if it is a share of the GPU of a virtual machine's host; `passthrough`, `host-vgpu`. Absent: bare metal.
    pub virtualization: Detected<String>,
    /// PCI vendor and device: `10de:1b06`.
    pub pci_id: Option<String>,
}

impl Gpu {
    /// A GPU of which nothing is known, for a reason.
    pub fn unknown(index: u32, why: &str) -> Self {
        fn unknown<T>(why: &str) -> Detected<T> {
            Detected::unknown(why.to_owned())
        }
        Self {
            index,
            name: unknown(why),
            compute_capability: unknown(why),
            memory_mib: unknown(why),
            mig: unknown(why),
            mig_slices: unknown(why),
            virtualization: unknown(why),
            pci_id: None,
        }
    }

    /// The letter of a vGPU's profile in its name, `Q` in `GRID V100D-16Q`. Profiles Q and C compute, A
    /// and B do not. <https://docs.nvidia.com/vgpu/latest/grid-vgpu-user-guide/>
    pub fn vgpu_profile(&self) -> Option<char> {
        let (_, profile) = self.name.value()?.rsplit_once('-')?;
        let rest = profile.trim_start_matches(|c: char| c.is_ascii_digit());
        let letter = rest.chars().next().filter(|c| matches!(c, 'A' | 'B' | 'C' | 'Q'))?;
        let is_profile =
            rest.len() < profile.len() && rest[1..].chars().all(|c| c.is_ascii_digit());
        is_profile.then_some(letter)
    }

    /// Whether it is a virtual machine's share of a GPU.
    pub fn is_vgpu(&self) -> bool {
        match &self.virtualization {
            Detected::Found(mode) => mode.value == "vgpu",
            Detected::Absent => false,
            Detected::Unknown { .. } => self.vgpu_profile().is_some(),
        }
    }
}

/// An NVIDIA GPU, as far as messages and rules need it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct KnownGpu {
    pub index: u32,
    pub name: Option<String>,
    pub capability: Option<ComputeCapability>,
}

/// A display adapter on the PCI bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Adapter {
    /// The maker.
    pub vendor: Vendor,
    /// PCI vendor and device: `10de:1b06`. Empty if a document names only the maker.
    pub pci_id: String,
    /// The kernel driver bound to it: `nvidia`, `nouveau`, `vfio-pci`.
    pub kernel_driver: Option<String>,
    /// The name, if a document has one: `AMD Radeon RX 7900 XTX`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Who made a display adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "the names say it")]
pub enum Vendor {
    Nvidia,
    Amd,
    Intel,
    Other,
}

/// One source of facts and its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SourceReport {
    /// Which: `nvml`, `libcuda`, a path, a program.
    pub source: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The answer, or why it failed, in a few words.
    pub detail: String,
}

/// The outcome of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Outcome {
    /// It answered.
    Ok,
    /// It is not there.
    Absent,
    /// It failed.
    Failed,
    /// It did not answer within the deadline.
    TimedOut,
    /// Not tried, because a better source had answered or nothing suggests it exists.
    Skipped,
}

impl Machine {
    /// A machine that was not probed: what is assumed for `subdir` without flags.
    ///
    /// glibc 2.28, macOS 13.0 and Windows 10.0 are rattler's defaults for cross-platform solves;
    /// no NVIDIA GPU. On Apple silicon macOS 14.0, the oldest on which PyTorch since 2.9 uses the GPU.
    /// Source: rattler's `VirtualPackages::baseline_for_platform` (`crates/rattler_virtual_packages/src/defaults.rs`).
    pub fn baseline(subdir: Subdir) -> Self {
        let on = |os: Os, parts: &[u16]| {
            if subdir.os() == os {
                Detected::found(Version::new(parts), Origin::Baseline)
            } else {
                Detected::Absent
            }
        };
        Self {
            subdir: Detected::found(subdir, Origin::Flag("--platform".into())),
            glibc: on(Os::Linux, &[2, 28]),
            musl: Detected::Absent,
            macos: on(Os::Macos, if subdir == Subdir::OsxArm64 { &[14, 0] } else { &[13, 0] }),
            windows: on(Os::Windows, &[10, 0]),
            driver: Detected::Absent,
            driver_cuda: Detected::Absent,
            nvml: Detected::unknown("nothing was probed"),
            libcuda: Detected::unknown("nothing was probed"),
            gpu_count: Detected::Absent,
            nvidia_smi: Detected::unknown("nothing was probed"),
            nvidia_smi_cuda: Detected::unknown("nothing was probed"),
            toolkit_file: Detected::unknown("nothing was probed"),
            container: Detected::Absent,
            wsl: Detected::Absent,
            jetson: Detected::Absent,
            jetson_release: Detected::Absent,
            rosetta: Detected::Absent,
            ..Self::default()
        }
    }

    /// Whether the driver was called and did not answer: it was too slow, or ended the process that called it. With an
    /// error code it did answer.
    pub fn is_driver_silent(&self) -> bool {
        self.sources.iter().any(|report| match report.source.as_str() {
            "nvml" if report.outcome == Outcome::Failed => self.nvidia.nvml_error.is_none(),
            "nvml" | "libcuda" | "nvidia-smi" => report.outcome == Outcome::TimedOut,
            _ => false,
        })
    }

    /// Whether an NVIDIA GPU exists: shown by the driver, or only found on the bus.
    pub fn has_nvidia_card(&self) -> bool {
        !self.gpus.is_empty()
            || self.adapters.iter().any(|adapter| adapter.vendor == Vendor::Nvidia)
    }
}
