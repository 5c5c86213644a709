//! Flags and `CONDA_OVERRIDE_*` override what was detected: a flag first, then the environment.

use conda_torch_core::conda::{Subdir, Version};
use conda_torch_core::types::{
    Adapter, ComputeCapability, CudaVersion, Detected, DriverVersion, Gpu, Machine, Origin,
    Outcome, Setting, Vendor,
};

use crate::probe::{Probe, quoted};

/// A machine as flags describe it. All else is detected, or a platform's [baseline](Machine::baseline).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the fields have the names of the flags")]
pub struct Overrides {
    /// Detect nothing. For a machine that was read, the platform if it does not report one.
    pub platform: Option<Subdir>,
    pub driver: Option<DriverVersion>,
    pub cuda: Option<CudaVersion>,
    /// `--compute-capability` and `--gpu`: all GPUs, instead of those that were detected.
    pub gpus: Vec<GpuOverride>,
    /// `--gpu` of other makers: all display adapters, instead of those that were detected.
    pub other_gpus: Vec<(Vendor, String)>,
    pub glibc: Option<Version>,
    pub macos: Option<Version>,
}

/// A GPU that a flag describes, with its name if that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct GpuOverride {
    pub name: Option<String>,
    pub capability: ComputeCapability,
}

impl Overrides {
    /// Applies the flags to a machine.
    pub fn apply(&self, machine: &mut Machine) {
        let Self { platform, driver, cuda, gpus, other_gpus, glibc, macos } = self;
        override_by(&mut machine.subdir, *platform, "--platform");
        override_by(&mut machine.glibc, *glibc, "--glibc");
        if glibc.is_some() {
            machine.musl = Detected::Absent;
        }
        override_by(&mut machine.macos, *macos, "--macos");
        // If only one is given, the detected other one belongs to another driver.
        if driver.is_some() != cuda.is_some() {
            machine.driver = Detected::unknown("only its CUDA version was given");
            machine.driver_cuda = Detected::unknown("only the driver's version was given");
        }
        override_by(&mut machine.driver, *driver, "--driver");
        override_by(&mut machine.driver_cuda, *cuda, "--cuda");
        if driver.is_some() || cuda.is_some() {
            expect_gpus(machine, "a flag gives a driver, but no GPU");
        }
        if !other_gpus.is_empty() {
            let adapter = |(vendor, name): &(Vendor, String)| Adapter {
                vendor: *vendor,
                name: Some(name.clone()),
                pci_id: String::new(),
                kernel_driver: None,
            };
            machine.adapters = other_gpus.iter().map(adapter).collect();
        }
        if gpus.is_empty() && !other_gpus.is_empty() {
            machine.gpus.clear();
            machine.gpu_count = Detected::Absent;
            if driver.is_none() && cuda.is_none() {
                machine.driver = Detected::Absent;
                machine.driver_cuda = Detected::Absent;
            }
        }
        if let (Ok(count), [first, ..]) = (u32::try_from(gpus.len()), &gpus[..]) {
            machine.gpu_count = Detected::found(count, first.origin());
            machine.gpus = (0..).zip(gpus).map(|(index, gpu)| gpu.describe(index)).collect();
        }
    }
}

fn override_by<T>(fact: &mut Detected<T>, value: Option<T>, flag: &'static str) {
    replace(fact, value.map(|value| Detected::found(value, Origin::Flag(flag.into()))));
}

impl GpuOverride {
    fn origin(&self) -> Origin {
        Origin::Flag(if self.name.is_some() { "--gpu" } else { "--compute-capability" }.into())
    }

    fn describe(&self, index: u32) -> Gpu {
        let gpu = Gpu::unknown(index, "described by a flag");
        let name = Detected::found_or(self.name.clone(), self.origin(), "described by a flag");
        let compute_capability = Detected::found(self.capability, self.origin());
        Gpu { name, compute_capability, ..gpu }
    }
}

/// A driver that was given means a machine with a GPU, even if none was detected here.
fn expect_gpus(machine: &mut Machine, why: &'static str) {
    if machine.gpu_count == Detected::Absent {
        machine.gpu_count = Detected::unknown(why);
    }
}

/// Variables that change the virtual packages of a client.
const SETTINGS: [&str; 12] = [
    "CONDA_OVERRIDE_CUDA",
    "CONDA_OVERRIDE_CUDA_ARCH",
    "CONDA_OVERRIDE_GLIBC",
    "CONDA_OVERRIDE_OSX",
    "CONDA_OVERRIDE_WIN",
    "CONDA_OVERRIDE_LINUX",
    "CONDA_OVERRIDE_ARCHSPEC",
    "CONDA_OVERRIDE_AMDGPU",
    "CONDA_OVERRIDE_AMDGPU_ARCH",
    "CONDA_SUBDIR",
    "MAMBA_PLATFORM",
    "CUDA_VISIBLE_DEVICES",
];

/// Adds these variables as they are, since each client reads them differently, but without UUIDs of cards.
pub(super) fn add_settings(probe: &mut Probe<'_>) {
    let set = SETTINGS.into_iter().filter_map(|name| {
        let value = without_uuids(&probe.host.env(name)?);
        Some(Setting { name: name.to_owned(), value, origin: Origin::Env(name.into()) })
    });
    probe.machine.settings.splice(0..0, set.collect::<Vec<_>>());
}

/// `GPU-…` for `GPU-8f6d2db0-…`, in a list with commas.
fn without_uuids(value: &str) -> String {
    let short = |name: &str| {
        let kind = ["GPU-", "MIG-"].into_iter().find(|kind| name.trim().starts_with(kind));
        kind.map_or_else(|| name.to_owned(), |kind| format!("{kind}…"))
    };
    value.split(',').map(short).collect::<Vec<_>>().join(",")
}

/// Applies `CONDA_OVERRIDE_*` with conda's meaning: empty is absent.
pub(super) fn apply_environment(probe: &mut Probe<'_>) {
    let cuda = variable(probe, "CONDA_OVERRIDE_CUDA", cuda);
    let glibc = variable(probe, "CONDA_OVERRIDE_GLIBC", |text| text.parse().ok());
    let macos = variable(probe, "CONDA_OVERRIDE_OSX", |text| text.parse().ok());
    let windows = variable(probe, "CONDA_OVERRIDE_WIN", |text| text.parse().ok());
    let kernel = variable(probe, "CONDA_OVERRIDE_LINUX", |text| Some(text.to_owned()));
    let machine = &mut probe.machine;
    if cuda.as_ref().is_some_and(Detected::is_found) {
        expect_gpus(machine, "`CONDA_OVERRIDE_CUDA` gives a CUDA version, but no GPU");
        if machine.driver == Detected::Absent {
            machine.driver = Detected::unknown("only its CUDA version was given");
        }
    }
    if glibc.as_ref().is_some_and(Detected::is_found) {
        machine.musl = Detected::Absent;
    }
    replace(&mut machine.driver_cuda, cuda);
    replace(&mut machine.glibc, glibc);
    replace(&mut machine.macos, macos);
    replace(&mut machine.windows, windows);
    replace(&mut machine.kernel, kernel);
}

fn replace<T>(fact: &mut Detected<T>, new: Option<Detected<T>>) {
    if let Some(new) = new {
        *fact = new;
    }
}

/// A bare `12` is 12.0 for conda, which compares it as a version.
fn cuda(text: &str) -> Option<CudaVersion> {
    text.parse().ok().or_else(|| format!("{text}.0").parse().ok())
}

fn variable<T>(
    probe: &mut Probe<'_>,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<Detected<T>> {
    let text = probe.host.env(name)?;
    if text.is_empty() {
        probe.report(name, Outcome::Ok, "empty: absent");
        return Some(Detected::Absent);
    }
    if let Some(value) = parse(&text) {
        probe.report(name, Outcome::Ok, text);
        return Some(Detected::found(value, Origin::Env(name.into())));
    }
    let why = format!("{} is not a version", quoted(&text));
    probe.report(name, Outcome::Failed, &why);
    Some(Detected::unknown(format!("{name}: {why}")))
}
