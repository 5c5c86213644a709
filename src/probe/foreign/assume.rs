//! What an answer cannot do without and a document does not say.

use crate::model::{Detected, Machine, Origin, Os, Subdir};

/// Fills the platform and the system's versions that a document left unknown, with the
/// [baseline](Machine::baseline) of the platform. Facts that somebody said stay as they are, and a
/// machine that was probed stays as it was.
pub fn assume(machine: &mut Machine) {
    if machine.document.is_none() {
        return;
    }
    if let Detected::Unknown { .. } = machine.subdir {
        machine.subdir = Detected::found(Subdir::Linux64, Origin::Baseline);
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

/// Takes what is assumed where nothing is known.
fn fill<T>(slot: &mut Detected<T>, assumed: Detected<T>) {
    if let Detected::Unknown { .. } = slot {
        *slot = assumed;
    }
}
