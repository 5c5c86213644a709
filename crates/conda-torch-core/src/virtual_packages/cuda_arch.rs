//! `__cuda_arch`: the least compute capability of all GPUs (<https://conda.org/learn/ceps/cep-0046>).

use crate::types::{ComputeCapability, Detected, Machine, Origin};

use super::cuda::{by_nvml, hidden, is_static};
use super::seen::{Seen, found, unknown};
use super::told;
use super::viewer::Viewer;

/// pixi has it since 0.71, conda by a plugin, mamba not at all. Never without `__cuda`.
pub(super) fn seen(machine: &Machine, viewer: &Viewer<'_>, cuda: &Seen) -> Seen {
    let has = if viewer.is_pixi() {
        !viewer.is_below(&[0, 71])
    } else {
        viewer.is_conda() && viewer.part(machine, "nvidia-virtual-packages").is_some()
    };
    match cuda {
        _ if !has => Seen::Nothing,
        Seen::Nothing => Seen::Nothing,
        Seen::Stops(why) | Seen::Unknown(why) => Seen::Unknown(why.clone()),
        Seen::Package(..) => with_cuda(machine, viewer),
    }
}

fn with_cuda(machine: &Machine, viewer: &Viewer<'_>) -> Seen {
    if let Some(setting) = told::of(machine, viewer, "CUDA_ARCH") {
        let is_capability = |text: &str| {
            let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            text.split_once('.').is_some_and(|(major, minor)| number(major) && number(minor))
        };
        return match setting.value.as_str() {
            "" => Seen::Nothing,
            text if is_capability(text) => found("__cuda_arch", text, setting.origin.clone()),
            text => Seen::Stops(format!("{}: `{text}` is none", setting.name).into()),
        };
    }
    if machine.gpus.is_empty() {
        let asked = [&by_nvml(machine), &machine.libcuda];
        return match machine.gpu_count {
            // Somebody has promised a GPU, and nobody is there to tell of one.
            _ if asked.iter().all(|said| **said == Detected::Absent) => Seen::Nothing,
            Detected::Absent => Seen::Nothing,
            Detected::Found(_) | Detected::Unknown { .. } => {
                unknown("the compute capability of the GPUs is not known")
            }
        };
    }
    // A static one has no way to ask before 0.78.
    if viewer.is_pixi() && viewer.is_below(&[0, 78]) {
        match is_static(machine, viewer) {
            Some(true) => return Seen::Nothing,
            None => return unknown("it depends on whether this pixi can open libraries"),
            Some(false) if hidden(machine).is_some() => {
                return unknown("CUDA_VISIBLE_DEVICES is set, and may hide GPUs from it");
            }
            Some(false) => {}
        }
    }
    match least(machine) {
        Some((capability, origin)) => found("__cuda_arch", &capability.to_string(), origin),
        None => unknown("the compute capability of a GPU is not known"),
    }
}

/// The least of all; `None` where one was not told by the driver.
fn least(machine: &Machine) -> Option<(ComputeCapability, Origin)> {
    let mut least: Option<(ComputeCapability, Origin)> = None;
    for gpu in &machine.gpus {
        let fact = gpu.compute_capability.fact()?;
        if matches!(fact.origin, Origin::Table(_)) {
            return None;
        }
        if least.as_ref().is_none_or(|(before, _)| fact.value < *before) {
            least = Some((fact.value, fact.origin.clone()));
        }
    }
    least
}
