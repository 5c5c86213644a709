//! What an answer cannot do without and a document does not say.

use crate::conda::{Os, Subdir};
use crate::types::{Detected, Machine, Origin};

/// Fills the platform and the system's versions that a document left unknown, with the
/// [baseline](Machine::baseline) of the platform. Facts that somebody said stay as they are, and a
/// machine that was probed stays as it was.
pub fn assume_baseline(machine: &mut Machine) {
    if machine.document.is_none() {
        return;
    }
    if let Detected::Unknown { .. } = machine.subdir {
        machine.subdir = Detected::found(platform(machine), Origin::Baseline);
    }
    let Some(subdir) = machine.subdir.value() else { return };
    let baseline = Machine::baseline(*subdir);
    if subdir.os() == Os::Macos {
        // There is no driver of NVIDIA's for any macOS that PyTorch runs on.
        fill(&mut machine.driver, Detected::Absent);
        fill(&mut machine.driver_cuda, Detected::Absent);
        fill(&mut machine.libcuda, Detected::Absent);
        fill(&mut machine.gpu_count, Detected::Absent);
    }
    fill(&mut machine.glibc, baseline.glibc);
    fill(&mut machine.musl, baseline.musl);
    fill(&mut machine.macos, baseline.macos);
    fill(&mut machine.windows, baseline.windows);
}

/// The platform that the GPUs and the system leave; without either, that of most machines.
fn platform(machine: &Machine) -> Subdir {
    let names = || machine.gpus.iter().filter_map(|gpu| gpu.name.value());
    if machine.os.value().is_some_and(|os| os.starts_with("Windows")) {
        Subdir::Win64
    } else if machine.jetson.is_found() || names().any(|name| is_arm_alone(name)) {
        Subdir::LinuxAarch64
    } else {
        Subdir::Linux64
    }
}

/// Whether a GPU comes with an Arm processor alone: on one chip or one board with it.
fn is_arm_alone(name: &str) -> bool {
    let words = ["GH200", "GB200", "GB300", "GB10", "Orin", "Xavier", "Thor", "Jetson", "Tegra"];
    name.contains("(nvgpu)")
        || name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| words.contains(&word))
}

/// Takes what is assumed where nothing is known.
fn fill<T>(slot: &mut Detected<T>, assumed: Detected<T>) {
    if let Detected::Unknown { .. } = slot {
        *slot = assumed;
    }
}
