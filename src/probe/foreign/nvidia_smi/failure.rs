//! What `nvidia-smi` says where it has nothing to show.

use crate::model::{Detected, Machine, Outcome, SourceReport};

use super::super::document::Document;
use super::super::said;
use super::value;

const NO_DEVICES: &str = "No devices were found";
const NO_DRIVER: &str = "couldn't communicate with the NVIDIA driver";
const MISMATCH: &str = "Driver/library version mismatch";
const NO_LIBRARY: &str = "couldn't find libnvidia-ml.so";
const NO_NVML: &str = "Failed to initialize NVML";

pub(in super::super) fn is_text(document: &Document<'_>) -> bool {
    let text = &*words(&document.plain);
    [NO_DEVICES, NO_DRIVER, MISMATCH, NO_LIBRARY, NO_NVML].iter().any(|said| text.contains(said))
}

/// One line, with the apostrophe that keyboards have: terminals and forms break and bend it.
fn words(plain: &str) -> String {
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.join(" ").replace('’', "'")
}

#[expect(clippy::unnecessary_wraps, reason = "the form of every reader")]
pub(in super::super) fn read(document: &Document<'_>, machine: &mut Machine) -> Result<(), String> {
    let text = words(&document.plain);
    let what = if text.contains(NO_DEVICES) {
        machine.gpu_count = Detected::Absent;
        "no devices were found"
    } else if text.contains(MISMATCH) {
        // The libraries are those of the driver that the next start of the machine loads.
        let library = text.split("NVML library version:").nth(1);
        let library = library.and_then(|rest| value::version(rest.trim_start()));
        if let Some(driver) = library.and_then(|token| token.parse().ok()) {
            machine.driver = said(driver, machine);
        }
        "the driver's kernel module and its libraries differ: the machine needs a restart"
    } else if text.contains(NO_DRIVER) {
        // None is running, so that no CUDA can be had of it.
        machine.driver_cuda = Detected::Absent;
        "no NVIDIA driver is running"
    } else {
        machine.driver_cuda = Detected::Absent;
        "the driver's library cannot be used"
    };
    let report = SourceReport {
        source: "nvidia-smi".to_owned(),
        outcome: Outcome::Failed,
        detail: what.to_owned(),
    };
    machine.sources.push(report);
    Ok(())
}
