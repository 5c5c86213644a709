//! The messages of `nvidia-smi` if it has nothing to show.

use super::super::document::Document;
use super::super::{Recognized, origin, report, set};
use super::values;
use crate::types::{Detected, Machine, Outcome};

const NO_DEVICES: &str = "No devices were found";
const MISMATCH: &str = "Driver/library version mismatch";

/// Messages and what they mean, the most specific first.
const MESSAGES: [(&str, &str); 5] = [
    (NO_DEVICES, "no devices were found"),
    (MISMATCH, "the driver's kernel module and its libraries differ: the machine needs a restart"),
    (
        "couldn't communicate with the NVIDIA driver",
        "the driver is not running: its kernel module is not loaded, or not built for this kernel",
    ),
    (
        "couldn't find libnvidia-ml.so",
        "the driver's library is missing: a broken installation, or a container without the GPU",
    ),
    ("Failed to initialize NVML", "the driver's library cannot be used"),
];

pub(in super::super) fn read(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    // On one line, with a plain apostrophe: terminals break lines, and forms change apostrophes.
    let words: Vec<&str> = document.plain.split_whitespace().collect();
    let text = words.join(" ").replace('’', "'");
    let (message, meaning) = MESSAGES.into_iter().find(|(message, _)| text.contains(message))?;
    if message == NO_DEVICES {
        machine.gpu_count = Detected::Absent;
    }
    // The driver exists: `nvidia-smi` is a part of it. What it supports is unknown.
    machine.driver = Detected::unknown(meaning);
    machine.driver_cuda = Detected::unknown(meaning);
    // The library is of the driver that the next start of the machine loads.
    let library = text.split_once("NVML library version:").filter(|_| message == MISMATCH);
    let driver = library.and_then(|(_, version)| values::parsed(version.trim_start()));
    let origin = origin(machine);
    set(&mut machine.driver, driver, &origin);
    report(machine, "nvidia-smi", Outcome::Failed, meaning);
    Some(Ok(()))
}
