//! `__cuda_arch`: the least compute capability of all GPUs (<https://conda.org/learn/ceps/cep-0046>).

use crate::types::{ComputeCapability, Detected, Machine, Origin};

use super::cuda::{by_nvml, hidden, is_static};
use super::overrides;
use super::prediction::{Prediction, found, unknown};
use crate::clients::ClientTarget;

/// pixi has it since 0.71, conda by a plugin, mamba not at all. Never without `__cuda`.
pub(super) fn predict(
    machine: &Machine,
    client: &ClientTarget<'_>,
    cuda: &Prediction,
) -> Prediction {
    let has = if client.is_pixi() {
        !client.is_below(&[0, 71])
    } else {
        client.is_conda() && client.part(machine, "nvidia-virtual-packages").is_some()
    };
    match cuda {
        _ if !has => Prediction::Absent,
        Prediction::Absent => Prediction::Absent,
        Prediction::Fails(why) | Prediction::Unknown(why) => Prediction::Unknown(why.clone()),
        Prediction::Present(..) => with_cuda(machine, client),
    }
}

fn with_cuda(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    if let Some(setting) = overrides::setting(machine, client, "CUDA_ARCH") {
        let is_capability = |text: &str| {
            let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            text.split_once('.').is_some_and(|(major, minor)| number(major) && number(minor))
        };
        return match setting.value.as_str() {
            "" => Prediction::Absent,
            text if is_capability(text) => found("__cuda_arch", text, setting.origin.clone()),
            text => Prediction::Fails(format!("{}: `{text}` is none", setting.name).into()),
        };
    }
    if machine.gpus.is_empty() {
        let asked = [&by_nvml(machine), &machine.libcuda];
        return match machine.gpu_count {
            // Somebody has promised a GPU, and nobody is there to tell of one.
            _ if asked.iter().all(|said| **said == Detected::Absent) => Prediction::Absent,
            Detected::Absent => Prediction::Absent,
            Detected::Found(_) | Detected::Unknown { .. } => {
                unknown("the compute capability of the GPUs is not known")
            }
        };
    }
    // A static one has no way to ask before 0.78.
    if client.is_pixi() && client.is_below(&[0, 78]) {
        match is_static(machine, client) {
            Some(true) => return Prediction::Absent,
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
