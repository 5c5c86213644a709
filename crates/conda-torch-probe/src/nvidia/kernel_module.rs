//! What the kernel module says of itself in `/sys` and `/proc`. In a container these files are the
//! host's: they hint at a driver, and do not prove that this program may use it.

use crate::host::Failure;
use conda_torch_core::types::{Detected, DriverVersion, Machine, Origin, Outcome};

use super::{gpu, improve};
use crate::probe::{Probe, quoted};

pub(super) const MODULE: &str = "/sys/module/nvidia/version";
const VERSION: &str = "/proc/driver/nvidia/version";
pub(super) const GPUS: &str = "/proc/driver/nvidia/gpus";

pub(super) fn detect(probe: &mut Probe<'_>) {
    for (path, read) in [(MODULE, Read::Whole), (VERSION, Read::Banner)] {
        let version = probe.text(path).and_then(|text| version(&text, read));
        match version {
            Ok(version) => {
                probe.report(path, Outcome::Ok, version.to_string());
                let found = Detected::found(version, Origin::File(path.to_owned()));
                improve(&mut probe.machine.nvidia.kernel_module, found.clone());
                improve(&mut probe.machine.driver, found);
            }
            // No such file in either place: nothing is loaded.
            Err(Failure::NotThere) => {
                probe.report_failure(path, &Failure::NotThere);
                if !probe.machine.nvidia.kernel_module.is_found() {
                    probe.machine.nvidia.kernel_module = Detected::Absent;
                }
            }
            Err(failure) => probe.report_failure(path, &failure),
        }
    }
    gpus(probe);
}

/// Whether the kernel module was seen.
pub(super) fn is_loaded(machine: &Machine) -> bool {
    let is_file = |path: &str| matches!(path, MODULE | VERSION | GPUS);
    machine
        .sources
        .iter()
        .any(|source| is_file(&source.source) && source.outcome != Outcome::Absent)
}

/// How a file holds the version.
#[derive(Clone, Copy)]
enum Read {
    /// It is all that is in it.
    Whole,
    /// As a word of `NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 …`.
    Banner,
}

fn version(text: &str, read: Read) -> Result<DriverVersion, Failure> {
    let version = match read {
        Read::Whole => text.parse().ok(),
        Read::Banner => text
            .lines()
            .find_map(|line| line.strip_prefix("NVRM version:"))
            .and_then(|line| line.split_whitespace().find_map(release)),
    };
    version.ok_or_else(|| Failure::Other(format!("no driver version in {}", quoted(text))))
}

/// A release with its parts: a lone number is something else here.
fn release(word: &str) -> Option<DriverVersion> {
    word.parse().ok().filter(|version: &DriverVersion| !version.is_branch())
}

/// The GPUs that the kernel module has, by name. Their order is that of the bus, which is NVML's.
fn gpus(probe: &mut Probe<'_>) {
    let slots = match probe.host.list(GPUS) {
        Ok(slots) => slots,
        Err(failure) => return probe.report_failure(GPUS, &failure),
    };
    probe.report(GPUS, Outcome::Ok, format!("{} in all", slots.len()));
    probe.machine.nvidia.kernel_gpus = match u32::try_from(slots.len()) {
        Ok(count @ 1..) => Detected::found(count, Origin::File(GPUS.to_owned())),
        Ok(0) | Err(_) => Detected::Absent,
    };
    let is_open = matches!(probe.machine.gpu_count, Detected::Unknown { .. });
    let Ok(count @ 1..) = u32::try_from(slots.len()) else { return };
    if !is_open {
        return;
    }
    if probe.machine.libcuda == Detected::Absent {
        probe.machine.gpu_count = Detected::unknown(format!(
            "the kernel module has {count}, but no libcuda is here to tell which this program may use"
        ));
        return;
    }
    let origin = Origin::File(GPUS.to_owned());
    probe.machine.gpu_count = Detected::found(count, origin.clone());
    for (index, slot) in (0..).zip(&slots) {
        let name = model(probe, &format!("{GPUS}/{slot}/information"));
        let gpu = gpu(&mut probe.machine, index);
        gpu.compute_capability = Detected::unknown("the kernel module does not say it");
        gpu.memory_mib = Detected::unknown("the kernel module does not say it");
        gpu.mig = Detected::unknown("the kernel module does not say it");
        gpu.name = match name {
            Ok(name) => Detected::found(name, origin.clone()),
            Err(failure) => Detected::unknown(failure.to_string()),
        };
    }
}

fn model(probe: &Probe<'_>, path: &str) -> Result<String, Failure> {
    probe
        .text(path)?
        .lines()
        .find_map(|line| line.strip_prefix("Model:"))
        .map(|model| model.trim().to_owned())
        // The module has not asked the card yet.
        .filter(|model| !model.is_empty() && model != "Unknown")
        .ok_or_else(|| Failure::Other("no model in its `information`".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_both_forms_of_the_banner() {
        let proprietary = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\nGCC version:  gcc version 12.2.0";
        let open = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (dvs-builder@U22)  Sun Jul 27 07:09:20 UTC 2025";
        assert_eq!(version(proprietary, Read::Banner), Ok(DriverVersion::new(&[535, 183, 1])));
        assert_eq!(version(open, Read::Banner), Ok(DriverVersion::new(&[580, 65, 6])));
        assert!(version("GCC version: gcc 535.1", Read::Banner).is_err());
        assert_eq!(version("580.65.06", Read::Whole), Ok(DriverVersion::new(&[580, 65, 6])));
        assert!(version("\u{fffd}\u{fffd}", Read::Whole).is_err());
    }
}
