//! The files of the kernel module in `/sys` and `/proc`. In a container they are the host's: they are a sign of a
//! driver, but do not prove that this program may use it.

use conda_torch_core::types::{Detected, DriverVersion, Gpu, Machine, Origin, Outcome};

use super::{gpu, improve};
use crate::host::Failure;
use crate::probe::{Probe, failed, quoted};

const MODULE: &str = "/sys/module/nvidia/version";
const VERSION: &str = "/proc/driver/nvidia/version";
const GPUS: &str = "/proc/driver/nvidia/gpus";

pub(super) fn detect(probe: &mut Probe<'_>) {
    for path in [MODULE, VERSION] {
        let read = |text: &str| text.parse().ok().or_else(|| banner_version(text));
        let version = probe.text(path).and_then(|text| match read(&text) {
            Some(version) => Ok(version),
            None => failed(format!("no driver version in {}", quoted(text))),
        });
        let is_missing = version == Err(Failure::NotThere);
        let found = probe.record(path, version, Origin::File(path.to_owned()));
        improve(&mut probe.machine.driver, found.clone());
        let module = &mut probe.machine.nvidia.kernel_module;
        improve(module, found);
        if is_missing && !module.is_found() {
            *module = Detected::Absent;
        }
    }
    gpus(probe);
}

/// Whether the kernel module has a file.
pub(super) fn is_loaded(machine: &Machine) -> bool {
    let is_file = |path: &str| matches!(path, MODULE | VERSION | GPUS);
    machine.sources.iter().any(|it| is_file(&it.source) && it.outcome != Outcome::Absent)
}

/// From `NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 …`: not a number without parts.
fn banner_version(text: &str) -> Option<DriverVersion> {
    let line = text.lines().find_map(|line| line.strip_prefix("NVRM version:"))?;
    let mut versions = line.split_whitespace().filter_map(|word| word.parse().ok());
    versions.find(|version: &DriverVersion| !version.is_branch())
}

/// The names of the module's GPUs, in the order of the bus, which is NVML's.
fn gpus(probe: &mut Probe<'_>) {
    let slots = match probe.host.list(GPUS) {
        Ok(slots) => slots,
        Err(failure) => return probe.report_failure(GPUS, &failure),
    };
    probe.report(GPUS, Outcome::Ok, format!("{} in all", slots.len()));
    let origin = Origin::File(GPUS.to_owned());
    let Ok(count @ 1..) = u32::try_from(slots.len()) else {
        probe.machine.nvidia.kernel_gpus = Detected::Absent;
        return;
    };
    probe.machine.nvidia.kernel_gpus = Detected::found(count, origin.clone());
    if !matches!(probe.machine.gpu_count, Detected::Unknown { .. }) {
        return;
    }
    if probe.machine.libcuda == Detected::Absent {
        probe.machine.gpu_count = Detected::unknown(format!(
            "the kernel module has {count}, but without libcuda it is unknown which of them can be used"
        ));
        return;
    }
    probe.machine.gpu_count = Detected::found(count, origin.clone());
    for (index, slot) in (0..).zip(&slots) {
        let name = match model(probe, &format!("{GPUS}/{slot}/information")) {
            Ok(name) => Detected::found(name, origin.clone()),
            Err(failure) => Detected::unknown(failure.to_string()),
        };
        let unknown = Gpu::unknown(index, "the kernel module does not report it");
        *gpu(&mut probe.machine, index) = Gpu { name, ..unknown };
    }
}

fn model(probe: &Probe<'_>, path: &str) -> Result<String, Failure> {
    let text = probe.text(path)?;
    let model = text.lines().find_map(|line| line.strip_prefix("Model:")).map(str::trim);
    // The module may not have read it from the card yet.
    match model.filter(|model| !model.is_empty() && *model != "Unknown") {
        Some(model) => Ok(model.to_owned()),
        None => failed("no model in `information`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_both_forms_of_the_banner() {
        let proprietary = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\nGCC version:  gcc version 12.2.0";
        let open = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (dvs-builder@U22)  Sun Jul 27 07:09:20 UTC 2025";
        assert_eq!(banner_version(proprietary), Some(DriverVersion::new(&[535, 183, 1])));
        assert_eq!(banner_version(open), Some(DriverVersion::new(&[580, 65, 6])));
        assert!(banner_version("GCC version: gcc 535.1").is_none());
    }
}
