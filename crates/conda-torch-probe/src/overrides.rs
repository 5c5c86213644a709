//! `CONDA_OVERRIDE_*` overrides what was detected; flags override both.

use conda_torch_core::question::{expect_gpus, replace};
use conda_torch_core::types::{CudaVersion, Detected, Origin, Outcome, Setting};

use crate::probe::{Probe, quoted};

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
