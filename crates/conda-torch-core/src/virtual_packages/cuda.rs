//! `__cuda`: the CUDA that the driver supports, by five different ways of asking.

use crate::types::{CudaVersion, Detected, Machine, Origin, Outcome};

use super::nvidia_smi;
use super::overrides;
use super::prediction::{Prediction, found, unknown};
use crate::clients::ClientTarget;

/// What mamba 2 takes for the driver's CUDA, since 2.0.6.
pub(super) const TOOLKIT_FILE: &str = "/usr/local/cuda/version.json";

/// Whether the `__cuda` of a client is enough for builds of a toolkit: `cuda-version` requires the major
/// version alone (`__cuda >=12`). `None` if unknown.
#[must_use]
pub fn cuda_suffices(
    machine: &Machine,
    client: &ClientTarget<'_>,
    toolkit: CudaVersion,
) -> Option<bool> {
    match predict(machine, client) {
        Prediction::Present(package, _) => {
            let version = super::cuda_version(&package.version);
            Some(version.is_some_and(|version| version.major >= toolkit.major))
        }
        Prediction::Absent | Prediction::Fails(_) => Some(false),
        Prediction::Unknown(_) => None,
    }
}

pub(super) fn predict(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    if let Some(said) = client.found.and_then(|found| found.sees.as_deref()) {
        let origin = Origin::Document(format!("{} info", client.kind));
        let package = said.iter().find(|package| package.name == "__cuda");
        return package
            .map_or(Prediction::Absent, |package| Prediction::Present(package.clone(), origin));
    }
    if let Some(setting) = overrides::setting(machine, client, "CUDA") {
        return overrides::version(client, "__cuda", setting);
    }
    // Of a machine that was saved before variables were kept.
    if let Detected::Found(cuda) = &machine.driver_cuda
        && matches!(&cuda.origin, Origin::Env(name) if name == "CONDA_OVERRIDE_CUDA")
    {
        return found("__cuda", &cuda.value.to_string(), cuda.origin.clone());
    }
    if client.is_conda() {
        conda(machine, client)
    } else if client.is_libmamba() {
        libmamba(machine, client)
    } else {
        pixi(machine, client)
    }
}

/// libcuda, which must find a device; since 23.1 whatever `CUDA_VISIBLE_DEVICES` says.
fn conda(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let is_hidden = client.is_below(&[23, 1]).then(|| hidden(machine)).flatten();
    if client.is_below(&[23, 1]) && machine.libcuda.is_found() {
        return unknown("conda before 23.1 asks for `libcuda.so`, without a number");
    }
    match libcuda(machine, is_hidden) {
        // This one release calls it version 0: <https://github.com/conda/conda/pull/15500>.
        Prediction::Absent if !client.is_below(&[25, 11]) && client.is_below(&[25, 11, 1]) => {
            found("__cuda", "0", Origin::System)
        }
        prediction @ (Prediction::Present(..)
        | Prediction::Absent
        | Prediction::Fails(_)
        | Prediction::Unknown(_)) => prediction,
    }
}

/// libcuda, initialised, where a client looks for it.
fn libcuda(machine: &Machine, hidden: Option<Hidden>) -> Prediction {
    match (&machine.libcuda, hidden) {
        (Detected::Found(_), Some(Hidden::All)) | (Detected::Absent, _) => Prediction::Absent,
        (Detected::Found(_), Some(Hidden::Perhaps)) => {
            unknown("CUDA_VISIBLE_DEVICES is set, and may hide the GPUs from it")
        }
        (Detected::Found(_), None) if is_elsewhere(machine, "libcuda") => Prediction::Absent,
        (Detected::Found(cuda), None) => {
            found("__cuda", &cuda.value.to_string(), cuda.origin.clone())
        }
        // It is there and cannot be initialised, whatever the reason: `cuInit` must succeed.
        (Detected::Unknown { .. }, _) if machine.nvidia.libcuda_error.is_some() => {
            Prediction::Absent
        }
        (Detected::Unknown { why }, _) => unknown(why.clone()),
    }
}

/// The toolkit's file first, then what `nvidia-smi` says, word for word.
fn libmamba(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    if !client.is_below(&[2, 0, 6]) {
        match &machine.toolkit_file {
            Detected::Found(toolkit) => {
                return found("__cuda", &toolkit.value.to_string(), toolkit.origin.clone());
            }
            Detected::Unknown { why } if is_toolkit_file_broken(machine) => {
                return Prediction::Fails(why.clone());
            }
            Detected::Unknown { why } => return unknown(why.clone()),
            Detected::Absent => {}
        }
    }
    by_nvidia_smi(machine)
}

fn by_nvidia_smi(machine: &Machine) -> Prediction {
    match nvidia_smi::reported_cuda(machine) {
        Ok(Some(text)) if text.is_empty() => Prediction::Absent,
        Ok(Some(text)) => found("__cuda", &text, Origin::NvidiaSmi),
        Ok(None) => Prediction::Absent,
        Err(why) => Prediction::Unknown(why),
    }
}

/// Whether the toolkit's file is there and mamba ends on it.
pub(super) fn is_toolkit_file_broken(machine: &Machine) -> bool {
    machine
        .sources
        .iter()
        .any(|source| source.source == TOOLKIT_FILE && source.outcome == Outcome::Failed)
}

/// What a static pixi can ask is `nvidia-smi` alone; a pixi of unknown kind is told only where it does
/// not matter.
fn pixi(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let opens_libraries = || rattler(machine, client);
    match is_static(machine, client) {
        Some(true) => pixi_by_nvidia_smi(machine),
        Some(false) => opens_libraries(),
        None => {
            let (one, other) = (pixi_by_nvidia_smi(machine), opens_libraries());
            let is_same = match (&one, &other) {
                (Prediction::Present(one, _), Prediction::Present(other, _)) => one == other,
                (one, other) => one == other,
            };
            if is_same {
                other
            } else {
                unknown(
                    "it depends on whether this pixi can open libraries: its own installer's cannot",
                )
            }
        }
    }
}

/// Whether a pixi is linked without a loader. Only on Linux are there builds of both kinds.
pub(super) fn is_static(machine: &Machine, client: &ClientTarget<'_>) -> Option<bool> {
    let is_linux = |subdir: &crate::conda::Subdir| subdir.os() == crate::conda::Os::Linux;
    if !machine.subdir.value().is_some_and(is_linux) {
        return Some(false);
    }
    let has = |part: &str| client.part(machine, part).is_some();
    match (has("static"), has("dynamic")) {
        (false, false) => None,
        (is_static, _) => Some(is_static),
    }
}

/// rattler reads a version where libmamba takes the text.
fn pixi_by_nvidia_smi(machine: &Machine) -> Prediction {
    match by_nvidia_smi(machine) {
        Prediction::Present(package, _) if super::cuda_version(&package.version).is_none() => {
            Prediction::Absent
        }
        prediction @ (Prediction::Present(..)
        | Prediction::Absent
        | Prediction::Fails(_)
        | Prediction::Unknown(_)) => prediction,
    }
}

/// Before 0.71 NVML, initialised; up to 0.77 libcuda; then NVML, libcuda and `nvidia-smi` in turn.
/// Source: `detect_cuda_info` of `rattler_virtual_packages` 2.4, 3.0 to 4.1, and 5.0.
fn rattler(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let is_libcudas = !client.is_below(&[0, 71]) && client.is_below(&[0, 78]);
    if is_libcudas {
        return libcuda(machine, hidden(machine));
    }
    match by_nvml(machine) {
        Detected::Found(_) if is_elsewhere(machine, "nvml") && client.is_below(&[0, 71]) => {
            Prediction::Absent
        }
        Detected::Found(cuda) if !is_elsewhere(machine, "nvml") => {
            found("__cuda", &cuda.value.to_string(), cuda.origin)
        }
        // Newer ones ask it without initialising it, too.
        Detected::Unknown { why } if !client.is_below(&[0, 71]) => unknown(why),
        Detected::Absent | Detected::Unknown { .. } if client.is_below(&[0, 71]) => {
            Prediction::Absent
        }
        Detected::Found(_) | Detected::Absent | Detected::Unknown { .. } => {
            match libcuda(machine, hidden(machine)) {
                Prediction::Absent => pixi_by_nvidia_smi(machine),
                prediction @ (Prediction::Present(..)
                | Prediction::Fails(_)
                | Prediction::Unknown(_)) => prediction,
            }
        }
    }
}

/// What NVML says; of a machine that was saved before that was kept, the driver's CUDA if NVML said it.
pub(super) fn by_nvml(machine: &Machine) -> Detected<CudaVersion> {
    match (&machine.nvml, &machine.driver_cuda) {
        (Detected::Unknown { .. }, Detected::Found(cuda)) if cuda.origin == Origin::Nvml => {
            machine.driver_cuda.clone()
        }
        (Detected::Unknown { .. }, Detected::Absent) => Detected::Absent,
        (nvml, _) => nvml.clone(),
    }
}

/// What `CUDA_VISIBLE_DEVICES` does to a client that leaves it set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    All,
    Perhaps,
}

pub(super) fn hidden(machine: &Machine) -> Option<Hidden> {
    let setting = machine.settings.iter().find(|set| set.name == "CUDA_VISIBLE_DEVICES")?;
    match setting.value.as_str() {
        "" | "-1" => Some(Hidden::All),
        "0" => None,
        _ => Some(Hidden::Perhaps),
    }
}

/// Folders in which conda and pixi look after the loader; others are this program's alone.
const FOLDERS: [&str; 3] =
    ["/usr/lib64/nvidia/", "/usr/lib/x86_64-linux-gnu/", "/usr/lib/wsl/lib/"];

/// Whether a library was found where the clients do not look.
pub(super) fn is_elsewhere(machine: &Machine, library: &str) -> bool {
    let source = machine.sources.iter().find(|source| source.source == library);
    let Some(source) = source.filter(|source| source.outcome == Outcome::Ok) else { return false };
    let path = source.detail.split(';').next().unwrap_or_default();
    let is_in = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| !rest.contains('/'));
    // A bare name was found by the loader, and Windows has one place.
    path.starts_with('/') && !FOLDERS.into_iter().any(is_in)
}
