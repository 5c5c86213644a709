//! A machine, as far as it matters for PyTorch.

use serde::{Deserialize, Serialize};

use super::{
    Client, ClientPart, ComputeCapability, ConfigFile, CudaVersion, Detected, DriverParts,
    DriverVersion, Origin, Setting, Shell,
};
use crate::conda::{Os, Subdir, Version};

/// Everything that is known about a machine. Nothing found is dropped, nothing is decided.
///
/// Its JSON is what `conda-torch probe --json` prints and `--machine` reads.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Machine {
    /// Conda's platform.
    #[cfg_attr(test, schemars(with = "Detected<String>"))]
    pub subdir: Detected<Subdir>,
    /// The distribution or OS, as it names itself: `Debian GNU/Linux 12`.
    pub os: Detected<String>,
    /// The kernel's release.
    pub kernel: Detected<String>,
    /// The version of glibc. Absent on musl and outside Linux.
    #[cfg_attr(test, schemars(with = "Detected<String>"))]
    pub glibc: Detected<Version>,
    /// The version of musl, where that is the system's libc.
    #[cfg_attr(test, schemars(with = "Detected<String>"))]
    pub musl: Detected<Version>,
    /// The version of macOS. Absent elsewhere.
    #[cfg_attr(test, schemars(with = "Detected<String>"))]
    pub macos: Detected<Version>,
    /// The version of Windows. Absent elsewhere.
    #[cfg_attr(test, schemars(with = "Detected<String>"))]
    pub windows: Detected<Version>,
    /// The processor, as it names itself.
    pub cpu: Detected<String>,
    /// What the processor can do, in the system's own words: what clients name it by.
    pub processor: Detected<Processor>,
    /// The NVIDIA kernel driver's version, in contrast to the CUDA that it supports.
    #[cfg_attr(test, schemars(with = "Detected<String>"))]
    pub driver: Detected<DriverVersion>,
    /// The newest CUDA that the driver supports, in contrast to any toolkit's version.
    #[cfg_attr(test, schemars(with = "Detected<String>"))]
    pub driver_cuda: Detected<CudaVersion>,
    /// The driver's CUDA as NVML says it: what pixi asks first. Absent where there is no NVML, or where
    /// it has no CUDA to tell of.
    #[cfg_attr(test, schemars(with = "Detected<String>"))]
    pub nvml: Detected<CudaVersion>,
    /// The CUDA version that libcuda reports when it can be initialised: what conda asks.
    #[cfg_attr(test, schemars(with = "Detected<String>"))]
    pub libcuda: Detected<CudaVersion>,
    /// How many NVIDIA GPUs the driver shows. Absent: a driver or no driver, but no GPU.
    pub gpu_count: Detected<u32>,
    /// Every NVIDIA GPU that the driver shows, or that a flag names.
    pub gpus: Vec<Gpu>,
    /// The parts of the NVIDIA driver, one by one.
    pub nvidia: DriverParts,
    /// Display adapters on the bus, of every maker, driver or not.
    pub adapters: Vec<Adapter>,
    /// `nvidia-smi`'s path.
    pub nvidia_smi: Detected<String>,
    /// What `nvidia-smi --query -u -x` has between its tags `cuda_version`, as it stands there: what
    /// mamba asks. Unknown also where nobody asked, because NVML had said it.
    pub nvidia_smi_cuda: Detected<String>,
    /// The toolkit in `/usr/local/cuda/version.json`, which mamba 2 takes for the driver's CUDA. Absent
    /// also where mamba passes the file over; unknown where it stumbles over it.
    #[cfg_attr(test, schemars(with = "Detected<String>"))]
    pub toolkit_file: Detected<CudaVersion>,
    /// Docker, podman, apptainer, kubernetes, …, where the program runs inside one.
    pub container: Detected<String>,
    /// The version of WSL, "1" or "2", where this is one.
    pub wsl: Detected<String>,
    /// The model of an NVIDIA Jetson, as the device tree has it.
    pub jetson: Detected<String>,
    /// The release of a Jetson's system (L4T): `36.4.3`, which is `JetPack` 6.
    pub jetson_release: Detected<String>,
    /// Whether an x86-64 program is being translated on an arm64 Mac.
    pub rosetta: Detected<bool>,
    /// Conda clients, best first.
    pub clients: Vec<Client>,
    /// What was seen of the clients, or beside them, that changes what they take the machine for.
    pub client_parts: Vec<ClientPart>,
    /// What somebody has set that changes what clients take the machine for, the strongest first.
    pub settings: Vec<Setting>,
    /// Configuration files of the clients, the strongest first.
    pub config_files: Vec<ConfigFile>,
    /// The shell in use.
    pub shell: Detected<Shell>,
    /// The document that the machine was read from, by its format (`nvidia-smi -q -x`); `None` where
    /// it was probed, or saved by `probe --json`.
    pub document: Option<String>,
    /// Every source that was asked, in order, and how it went.
    pub sources: Vec<SourceReport>,
}

/// What a processor can do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Processor {
    /// Who made it, as the system has it: `GenuineIntel`, `0x41` for Arm, `Apple`.
    pub vendor: String,
    /// Which it is, where the system says so: `0xd0c` on Arm, `POWER9`, `sifive,u74-mc`, `Apple M2 Pro`.
    pub part: String,
    /// What it can do, with spaces between: `sse4_2 avx2`.
    pub flags: String,
}

/// An NVIDIA GPU.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Gpu {
    /// The driver's index.
    pub index: u32,
    /// The name, as the driver gives it.
    pub name: Detected<String>,
    /// What it can execute.
    #[cfg_attr(test, schemars(with = "Detected<String>"))]
    pub compute_capability: Detected<ComputeCapability>,
    /// Its memory in MiB.
    pub memory_mib: Detected<u64>,
    /// Whether it is split into MIG slices.
    pub mig: Detected<bool>,
    /// The names of its MIG slices. Absent: it is split, and no slice was made.
    pub mig_slices: Detected<Vec<String>>,
    /// `vgpu` where it is a part of a virtual machine's host's GPU; `passthrough`, `host-vgpu`. Absent: bare.
    pub virtualization: Detected<String>,
    /// PCI vendor and device: `10de:1b06`.
    pub pci_id: Option<String>,
}

impl Gpu {
    /// A GPU of which nothing is known, for a reason.
    #[must_use]
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
    #[must_use]
    pub fn vgpu_profile(&self) -> Option<char> {
        let (_, profile) = self.name.value()?.rsplit_once('-')?;
        let rest = profile.trim_start_matches(|c: char| c.is_ascii_digit());
        let letter = rest.chars().next().filter(|c| matches!(c, 'A' | 'B' | 'C' | 'Q'))?;
        let is_profile =
            rest.len() < profile.len() && rest[1..].chars().all(|c| c.is_ascii_digit());
        is_profile.then_some(letter)
    }

    /// Whether it is a virtual machine's part of a GPU.
    #[must_use]
    pub fn is_vgpu(&self) -> bool {
        match &self.virtualization {
            Detected::Found(mode) => mode.value == "vgpu",
            Detected::Absent => false,
            Detected::Unknown { .. } => self.vgpu_profile().is_some(),
        }
    }
}

/// A display adapter on the PCI bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Adapter {
    /// The maker.
    pub vendor: Vendor,
    /// PCI vendor and device: `10de:1b06`. Empty where a document tells the maker alone.
    pub pci_id: String,
    /// The kernel driver bound to it: `nvidia`, `nouveau`, `vfio-pci`.
    pub kernel_driver: Option<String>,
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

/// One source of facts and how asking it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SourceReport {
    /// Which: `nvml`, `libcuda`, a path, a program.
    pub source: String,
    /// How it went.
    pub outcome: Outcome,
    /// What it said, or why it failed, in a few words.
    pub detail: String,
}

/// How asking a source went.
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
    /// Not asked, because a better source had answered or nothing hinted at it.
    Skipped,
}

impl Machine {
    /// A machine nobody looked at: what is assumed for `subdir` where a flag says nothing.
    ///
    /// glibc 2.28, macOS 13.0 and Windows 10.0 are rattler's defaults for cross-platform solves;
    /// no NVIDIA GPU.
    /// Source: rattler's `VirtualPackages::baseline_for_platform` (`crates/rattler_virtual_packages/src/defaults.rs`).
    #[must_use]
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
            macos: on(Os::Macos, &[13, 0]),
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

    /// Whether an NVIDIA GPU is there in any sense: shown by the driver, or only seen on the bus.
    #[must_use]
    pub fn has_nvidia_card(&self) -> bool {
        !self.gpus.is_empty()
            || self.adapters.iter().any(|adapter| adapter.vendor == Vendor::Nvidia)
    }
}
