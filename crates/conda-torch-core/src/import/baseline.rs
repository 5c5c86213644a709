//! Assumptions about a machine whose document does not report everything.

use crate::conda::{Os, Subdir};
use crate::types::{Detected, Machine, Origin};

/// Fills the platform and the versions of the system if a document does not report them, with the
/// [baseline](Machine::baseline) of the platform. A machine that was not read from a document is not changed.
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
        // NVIDIA has no driver for a macOS that PyTorch runs on.
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

/// The platform that the GPUs and the system allow; without either, the most common one.
fn platform(machine: &Machine) -> Subdir {
    let names = || machine.gpus.iter().filter_map(|gpu| gpu.name.value());
    if machine.windows.is_found() || machine.os.value().is_some_and(|os| os.starts_with("Windows"))
    {
        Subdir::Win64
    } else if machine.macos.is_found() {
        Subdir::OsxArm64
    } else if machine.jetson.is_found() || names().any(|name| is_arm_only(name)) {
        Subdir::LinuxAarch64
    } else {
        Subdir::Linux64
    }
}

/// Whether a GPU only exists on one chip or board with an Arm processor.
fn is_arm_only(name: &str) -> bool {
    let words = ["GH200", "GB200", "GB300", "GB10", "Orin", "Xavier", "Thor", "Jetson", "Tegra"];
    name.contains("(nvgpu)")
        || name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| words.contains(&word))
}

fn fill<T>(slot: &mut Detected<T>, assumed: Detected<T>) {
    if let Detected::Unknown { .. } = slot {
        *slot = assumed;
    }
}
