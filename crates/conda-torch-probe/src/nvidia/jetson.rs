//! NVIDIA's Jetson boards. Their GPU is in the chip, not on a bus.

use conda_torch_core::types::{Detected, Origin, Outcome};

use crate::host::Failure;
use crate::probe::Probe;

const MODEL: &str = "/proc/device-tree/model";
const RELEASE: &str = "/etc/nv_tegra_release";

pub(super) fn detect(probe: &mut Probe<'_>) {
    probe.machine.jetson = Detected::Absent;
    probe.machine.jetson_release = Detected::Absent;
    let target = probe.host.target();
    if target.os != "linux" || target.arch != "aarch64" {
        return;
    }
    if let Some(release) = probe.text(RELEASE).ok().and_then(|text| release(&text)) {
        probe.machine.jetson_release = Detected::found(release, Origin::File(RELEASE.to_owned()));
    }
    let has_release = probe.host.exists(RELEASE);
    match probe.text(MODEL) {
        Ok(model) => {
            probe.report(MODEL, Outcome::Ok, &model);
            if has_release || is_jetson(&model) {
                probe.machine.jetson = Detected::found(model, Origin::File(MODEL.to_owned()));
            }
        }
        Err(Failure::NotThere) if !has_release => {}
        Err(failure) => {
            probe.report_failure(MODEL, &failure);
            // A container may have the release file and no device tree.
            probe.machine.jetson = if has_release {
                Detected::found("Jetson".to_owned(), Origin::File(RELEASE.to_owned()))
            } else {
                Detected::unknown(failure.to_string())
            };
        }
    }
}

/// `36.4.3` in `# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, …`.
fn release(text: &str) -> Option<String> {
    let branch = text.split_once("# R")?.1.split_once(' ')?.0;
    let revision = text.split_once("REVISION: ")?.1.split_once(',')?.0.trim();
    let is_number =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    (is_number(branch) && is_number(revision)).then(|| format!("{branch}.{revision}"))
}

/// `NVIDIA Jetson AGX Orin Developer Kit`, `NVIDIA Orin NX Developer Kit`, on the first ones `quill`.
fn is_jetson(model: &str) -> bool {
    let names = ["Jetson", "NVIDIA Orin", "Tegra", "quill"];
    names.iter().any(|name| model.contains(name))
}
