//! What `nvidia-smi` says where it has nothing to show.

use crate::types::{Detected, Machine, Outcome, SourceReport};

use super::super::document::Document;
use super::super::said;
use super::values;

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
        let library = library.and_then(|rest| values::version(rest.trim_start()));
        if let Some(driver) = library.and_then(|token| token.parse().ok()) {
            machine.driver = said(driver, machine);
        }
        "the driver's kernel module and its libraries differ: the machine needs a restart"
    } else if text.contains(NO_DRIVER) {
        "the driver is not running: its kernel module is not loaded, or not made for this kernel"
    } else if text.contains(NO_LIBRARY) {
        "the driver's library is not there: a broken installation, or a container without the GPU"
    } else {
        "the driver's library cannot be used"
    };
    // That there is a driver is sure: `nvidia-smi` comes with it. What it supports is not.
    if !machine.driver.is_found() {
        machine.driver = Detected::unknown(what);
    }
    machine.driver_cuda = Detected::unknown(what);
    let report = SourceReport {
        source: "nvidia-smi".to_owned(),
        outcome: Outcome::Failed,
        detail: what.to_owned(),
    };
    machine.sources.push(report);
    Ok(())
}
