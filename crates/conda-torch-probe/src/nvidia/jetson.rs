//! NVIDIA's Jetson boards: a GPU in the chip, not on a bus.

use crate::host::Failure;
use conda_torch_core::types::{Detected, Origin, Outcome};

use crate::probe::Probe;

const MODEL: &str = "/proc/device-tree/model";
const RELEASE: &str = "/etc/nv_tegra_release";

pub(super) fn detect(probe: &mut Probe<'_>) {
    probe.machine.jetson = Detected::Absent;
    probe.machine.jetson_release = Detected::Absent;
    let target = probe.host.target();
    if (target.os.as_ref(), target.arch.as_ref()) != ("linux", "aarch64") {
        return;
    }
    let release = probe.text(RELEASE).ok().and_then(|text| release(&text));
    if let Some(release) = release {
        probe.machine.jetson_release = Detected::found(release, Origin::File(RELEASE.to_owned()));
    }
    let model = probe.text(MODEL);
    match model {
        Ok(model) if is_jetson(&model) || probe.host.exists(RELEASE) => {
            probe.report(MODEL, Outcome::Ok, model.clone());
            probe.machine.jetson = Detected::found(model, Origin::File(MODEL.to_owned()));
        }
        Ok(model) => probe.report(MODEL, Outcome::Ok, model),
        // A container shows the release file where it was given to it, and no device tree.
        Err(failure) if probe.host.exists(RELEASE) => {
            probe.report_failure(MODEL, &failure);
            let name = "Jetson".to_owned();
            probe.machine.jetson = Detected::found(name, Origin::File(RELEASE.to_owned()));
        }
        Err(Failure::NotThere) => {}
        Err(failure) => {
            probe.report_failure(MODEL, &failure);
            probe.machine.jetson = Detected::unknown(failure.to_string());
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

/// `NVIDIA Jetson AGX Orin Developer Kit`, `NVIDIA Orin NX Developer Kit`, `quill` on the first ones.
fn is_jetson(model: &str) -> bool {
    let names = ["Jetson", "NVIDIA Orin", "Tegra", "quill"];
    names.iter().any(|name| model.contains(name))
}
