//! What flags and `CONDA_OVERRIDE_*` say, against what was found: flag before environment before probe.

use std::borrow::Cow;
use std::str::FromStr;

use conda_torch_core::conda::{Subdir, Version};
use conda_torch_core::types::{
    ComputeCapability, CudaVersion, Detected, DriverVersion, Gpu, Machine, Origin, Outcome, Setting,
};

use crate::probe::{Probe, quoted};

/// A machine as flags describe it. What is left open is probed, or with a platform the
/// [baseline](Machine::baseline).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// `--platform`: probe nothing; of a machine that was read, what it leaves open.
    pub platform: Option<Subdir>,
    /// `--driver`
    pub driver: Option<DriverVersion>,
    /// `--cuda`
    pub cuda: Option<CudaVersion>,
    /// `--compute-capability` and `--gpu`: all GPUs, in place of those found.
    pub gpus: Vec<GpuOverride>,
    /// `--glibc`
    pub glibc: Option<Version>,
    /// `--macos`
    pub macos: Option<Version>,
}

/// A GPU that a flag names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuOverride {
    /// Its name, where one was given.
    pub name: Option<String>,
    /// What it can execute.
    pub capability: ComputeCapability,
}

impl Overrides {
    /// Puts the flags in place of what was found.
    pub fn apply(&self, machine: &mut Machine) {
        let Self { platform, driver, cuda, gpus, glibc, macos } = self;
        let flag = |name: &'static str| Origin::Flag(Cow::Borrowed(name));
        if let Some(subdir) = *platform {
            machine.subdir = Detected::found(subdir, flag("--platform"));
        }
        if let Some(version) = *glibc {
            machine.glibc = Detected::found(version, flag("--glibc"));
            machine.musl = Detected::Absent;
        }
        if let Some(version) = *macos {
            machine.macos = Detected::found(version, flag("--macos"));
        }
        // One of the two describes another driver: what was found of the other is not its own.
        if driver.is_some() != cuda.is_some() {
            machine.driver = Detected::unknown("only its CUDA version was given");
            machine.driver_cuda = Detected::unknown("only the driver's version was given");
        }
        if let Some(version) = *driver {
            machine.driver = Detected::found(version, flag("--driver"));
        }
        if let Some(version) = *cuda {
            machine.driver_cuda = Detected::found(version, flag("--cuda"));
        }
        if driver.is_some() || cuda.is_some() {
            expect_gpus(machine, "a driver was named by a flag, but no GPU");
        }
        if let Ok(count @ 1..) = u32::try_from(gpus.len()) {
            machine.gpu_count = Detected::found(count, gpu_flag(&gpus[0]));
            machine.gpus = (0..).zip(gpus).map(|(index, gpu)| described(index, gpu)).collect();
        }
    }
}

fn gpu_flag(gpu: &GpuOverride) -> Origin {
    Origin::Flag(if gpu.name.is_some() { "--gpu" } else { "--compute-capability" }.into())
}

fn described(index: u32, wished: &GpuOverride) -> Gpu {
    let unknown = "described by a flag";
    Gpu {
        index,
        name: match &wished.name {
            Some(name) => Detected::found(name.clone(), gpu_flag(wished)),
            None => Detected::unknown(unknown),
        },
        compute_capability: Detected::found(wished.capability, gpu_flag(wished)),
        memory_mib: Detected::unknown(unknown),
        mig: Detected::unknown(unknown),
        mig_slices: Detected::unknown(unknown),
        virtualization: Detected::unknown(unknown),
        pci_id: None,
    }
}

/// Who names a driver means a machine with a GPU: that none was found here says nothing about it.
fn expect_gpus(machine: &mut Machine, why: &'static str) {
    if machine.gpu_count == Detected::Absent {
        machine.gpu_count = Detected::unknown(why);
    }
}

/// Variables that change what a client takes the machine for.
const SETTINGS: [&str; 10] = [
    "CONDA_OVERRIDE_CUDA",
    "CONDA_OVERRIDE_CUDA_ARCH",
    "CONDA_OVERRIDE_GLIBC",
    "CONDA_OVERRIDE_OSX",
    "CONDA_OVERRIDE_WIN",
    "CONDA_OVERRIDE_LINUX",
    "CONDA_OVERRIDE_ARCHSPEC",
    "CONDA_SUBDIR",
    "MAMBA_PLATFORM",
    "CUDA_VISIBLE_DEVICES",
];

/// Keeps them as they are set: each client reads them in its own way. Of devices that are named by
/// UUID the kind alone is kept: a UUID identifies a card, and no client's sight depends on it.
pub(super) fn settings(probe: &mut Probe<'_>) {
    let set = SETTINGS.into_iter().filter_map(|name| {
        let value = without_uuids(&probe.host.env(name)?);
        Some(Setting { name: name.to_owned(), value, origin: Origin::Env(name.into()) })
    });
    let mut settings: Vec<Setting> = set.collect();
    settings.append(&mut probe.machine.settings);
    probe.machine.settings = settings;
}

/// `GPU-…` for `GPU-8f6d2db0-…`, in a list with commas.
fn without_uuids(value: &str) -> String {
    let kinds = ["GPU-", "MIG-"];
    if !kinds.iter().any(|kind| value.contains(kind)) {
        return value.to_owned();
    }
    let kept = |name: &str| match kinds.iter().find(|kind| name.trim().starts_with(**kind)) {
        Some(kind) => format!("{kind}…"),
        None => name.to_owned(),
    };
    value.split(',').map(kept).collect::<Vec<_>>().join(",")
}

/// Puts `CONDA_OVERRIDE_*` in place of what was found, with conda's meaning: empty is "not there".
pub(super) fn apply_environment(probe: &mut Probe<'_>) {
    if let Some(cuda) = read(probe, "CONDA_OVERRIDE_CUDA", cuda) {
        if cuda.is_found() {
            expect_gpus(
                &mut probe.machine,
                "CUDA is promised by CONDA_OVERRIDE_CUDA, but no GPU is named",
            );
            if probe.machine.driver == Detected::Absent {
                probe.machine.driver = Detected::unknown("only its CUDA version was given");
            }
        }
        probe.machine.driver_cuda = cuda;
    }
    if let Some(glibc) = read(probe, "CONDA_OVERRIDE_GLIBC", version) {
        if glibc.is_found() {
            probe.machine.musl = Detected::Absent;
        }
        probe.machine.glibc = glibc;
    }
    if let Some(macos) = read(probe, "CONDA_OVERRIDE_OSX", version) {
        probe.machine.macos = macos;
    }
    if let Some(windows) = read(probe, "CONDA_OVERRIDE_WIN", version) {
        probe.machine.windows = windows;
    }
    if let Some(kernel) = read(probe, "CONDA_OVERRIDE_LINUX", |text| Some(text.to_owned())) {
        probe.machine.kernel = kernel;
    }
}

/// A bare `12` is 12.0 for conda, which compares it as a version.
fn cuda(text: &str) -> Option<CudaVersion> {
    text.parse().ok().or_else(|| format!("{text}.0").parse().ok())
}

fn version(text: &str) -> Option<Version> {
    Version::from_str(text).ok()
}

/// The fact that a variable makes; `None` where it is not set.
fn read<T>(
    probe: &mut Probe<'_>,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<Detected<T>> {
    let text = probe.host.env(name)?;
    if text.is_empty() {
        probe.report(name, Outcome::Ok, "empty: not there");
        return Some(Detected::Absent);
    }
    if let Some(value) = parse(&text) {
        probe.report(name, Outcome::Ok, text);
        return Some(Detected::found(value, Origin::Env(name.into())));
    }
    let why = format!("{} is not a version", quoted(&text));
    probe.report(name, Outcome::Failed, why.clone());
    Some(Detected::unknown(format!("{name}: {why}")))
}
