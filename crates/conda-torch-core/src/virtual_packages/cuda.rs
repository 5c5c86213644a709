//! `__cuda`, the CUDA that the driver supports, and `__cuda_arch`, the least compute capability of all GPUs
//! (<https://conda.org/learn/ceps/cep-0046>).

use crate::clients::{ClientHabits, ClientTarget, CudaArch, CudaSource, Detector};
use crate::conda::Os;
use crate::types::{ComputeCapability, CudaVersion, Detected, Machine, Origin, Outcome};

use super::overrides::{self, overridden};
use super::{NoPrediction, Prediction, cuda_version, detected, info_of, present, unknown};

/// The toolkit's file, which mamba 2 reports as the driver's CUDA.
pub(super) const TOOLKIT_FILE: &str = "/usr/local/cuda/version.json";

/// The first driver branch with another `nvidia-smi`; its XML is not documented.
const REWORDED_BRANCH: u32 = 610;

/// Folders in which conda and pixi look after the loader.
const LIBRARY_FOLDERS: [&str; 3] =
    ["/usr/lib64/nvidia", "/usr/lib/x86_64-linux-gnu", "/usr/lib/wsl/lib"];

/// Whether the `__cuda` of a client is enough for builds of a toolkit: `cuda-version` requires the major
/// version alone (`__cuda >=12`). `None` if unknown.
pub fn cuda_suffices(
    machine: &Machine,
    client: &ClientTarget<'_>,
    toolkit: CudaVersion,
) -> Option<bool> {
    let is_enough = |version: CudaVersion| version.major >= toolkit.major;
    match cuda(machine, client) {
        Ok(Some((package, _))) => Some(cuda_version(&package.version).is_some_and(is_enough)),
        Ok(None) | Err(NoPrediction::Fails(_)) => Some(false),
        Err(NoPrediction::Unknown(_)) => None,
    }
}

pub(super) fn cuda(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    if let Some(listed) = client.listed_packages() {
        let package = listed.iter().find(|package| package.name == "__cuda");
        return Ok(package.map(|package| (package.clone(), info_of(client))));
    }
    if let Some(overridden) = overridden(machine, client, "__cuda") {
        return overridden;
    }
    // A machine that was saved before settings were kept.
    if matches!(machine.driver_cuda.origin(), Some(Origin::Env(name)) if name == "CONDA_OVERRIDE_CUDA")
    {
        return detected("__cuda", &machine.driver_cuda);
    }
    let habits = client.habits();
    match (habits.detector, is_static(machine, client)) {
        (Detector::Rattler, Some(true)) => numeric_nvidia_smi(machine),
        (Detector::Rattler, None) => {
            let (one, other) = (numeric_nvidia_smi(machine), by_source(machine, &habits));
            let package = |prediction: &Prediction| {
                prediction.clone().map(|found| found.map(|(package, _)| package))
            };
            if package(&one) == package(&other) {
                return other;
            }
            unknown(
                "it depends on whether this pixi can open libraries: its own installer's cannot",
            )
        }
        (Detector::Conda, _) if !habits.isolates_libcuda && machine.libcuda.is_found() => {
            unknown("conda before 23.1 asks for `libcuda.so`, without a number")
        }
        (Detector::Conda | Detector::Libmamba | Detector::Rattler, _) => {
            match by_source(machine, &habits)? {
                None if habits.calls_missing_cuda_zero => present("__cuda", "0", Origin::System),
                found => Ok(found),
            }
        }
    }
}

fn by_source(machine: &Machine, habits: &ClientHabits) -> Prediction {
    match (habits.cuda, nvml(machine)) {
        (CudaSource::Libcuda, _) => libcuda(machine, habits),
        (CudaSource::NvidiaSmi, _) => nvidia_smi(machine),
        (CudaSource::ToolkitFile, _) => match &machine.toolkit_file {
            Detected::Absent => nvidia_smi(machine),
            Detected::Unknown { why } if is_toolkit_file_broken(machine) => {
                Err(NoPrediction::Fails(why.clone()))
            }
            toolkit @ (Detected::Found(_) | Detected::Unknown { .. }) => {
                detected("__cuda", toolkit)
            }
        },
        (CudaSource::Nvml | CudaSource::Each, cuda @ Detected::Found(_))
            if !is_elsewhere(machine.nvidia.nvml_path.as_deref()) =>
        {
            detected("__cuda", &cuda)
        }
        (CudaSource::Nvml, _) => Ok(None),
        // Without initializing it, too.
        (CudaSource::Each, Detected::Unknown { why }) => unknown(why),
        (CudaSource::Each, Detected::Found(_) | Detected::Absent) => {
            match libcuda(machine, habits)? {
                None => numeric_nvidia_smi(machine),
                found => Ok(found),
            }
        }
    }
}

/// libcuda, initialized, in the folders where clients look for it.
fn libcuda(machine: &Machine, habits: &ClientHabits) -> Prediction {
    let visible = if habits.isolates_libcuda { Visible::All } else { visible_devices(machine) };
    match (&machine.libcuda, visible) {
        (Detected::Found(_), Visible::None) => Ok(None),
        (Detected::Found(_), Visible::Some) => {
            unknown("CUDA_VISIBLE_DEVICES is set, and may hide the GPUs from it")
        }
        (Detected::Found(_), _) if is_elsewhere(machine.nvidia.libcuda_path.as_deref()) => Ok(None),
        // It is there and `cuInit` fails, whatever the reason.
        (Detected::Unknown { .. }, _) if machine.nvidia.libcuda_error.is_some() => Ok(None),
        (libcuda, _) => detected("__cuda", libcuda),
    }
}

/// What `nvidia-smi --query -u -x` has between its tags `cuda_version`, word for word.
fn nvidia_smi(machine: &Machine) -> Prediction {
    let is_windows = machine.subdir.value().is_some_and(|subdir| subdir.os() == Os::Windows);
    match (&machine.nvidia_smi, &machine.nvidia_smi_cuda) {
        // libmamba looks for it in the DriverStore then, where it comes with every driver.
        (Detected::Absent, _) if is_windows && machine.libcuda.is_found() => {
            nvidia_smi_by_driver(machine)
        }
        (Detected::Absent, _) | (Detected::Found(_), Detected::Absent) => Ok(None),
        (_, Detected::Found(text)) if text.value.is_empty() => Ok(None),
        (_, Detected::Found(text)) => present("__cuda", &text.value, Origin::NvidiaSmi),
        (Detected::Found(_), Detected::Unknown { .. }) => nvidia_smi_by_driver(machine),
        (Detected::Unknown { why }, _) => unknown(why.clone()),
    }
}

/// `nvidia-smi` reports what NVML does.
fn nvidia_smi_by_driver(machine: &Machine) -> Prediction {
    match (nvml(machine), machine.driver.value(), &machine.driver_cuda) {
        (Detected::Found(_), Some(driver), _) if driver.branch() >= REWORDED_BRANCH => {
            unknown(format!("the format of `nvidia-smi` of driver {driver} is unknown"))
        }
        (Detected::Found(cuda), _, _) => present("__cuda", cuda.value, Origin::NvidiaSmi),
        (Detected::Absent, _, Detected::Found(fact)) if fact.origin != Origin::NvidiaSmi => {
            unknown("NVML reports no CUDA here")
        }
        (Detected::Absent, _, reported) => detected("__cuda", reported),
        (Detected::Unknown { why }, _, _) => unknown(why),
    }
}

/// rattler parses a version; libmamba uses the text.
fn numeric_nvidia_smi(machine: &Machine) -> Prediction {
    let is_version = |text: &str| cuda_version(text).is_some();
    Ok(nvidia_smi(machine)?.filter(|(package, _)| is_version(&package.version)))
}

/// `__cuda_arch`, never without `__cuda`.
pub(super) fn cuda_arch(
    machine: &Machine,
    client: &ClientTarget<'_>,
    cuda: &Prediction,
) -> Prediction {
    let habit = client.habits().cuda_arch;
    let cannot_have = match habit {
        CudaArch::Never => true,
        CudaArch::WithPlugin => client.part(machine, "nvidia-virtual-packages").is_none(),
        CudaArch::WithLibraries | CudaArch::Always => false,
    };
    match cuda {
        Ok(Some(_)) | Err(_) if cannot_have => return Ok(None),
        Ok(None) => return Ok(None),
        Err(NoPrediction::Fails(why) | NoPrediction::Unknown(why)) => return unknown(why.clone()),
        Ok(Some(_)) => {}
    }
    if let Some(setting) = overrides::setting(machine, client, "__cuda_arch") {
        let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let is_capability = |text: &str| {
            text.split_once('.').is_some_and(|(major, minor)| number(major) && number(minor))
        };
        let text = setting.value.as_str();
        if text.is_empty() {
            return Ok(None);
        }
        if !is_capability(text) {
            let why = format!("{}: `{text}` is not a compute capability", setting.name);
            return Err(NoPrediction::Fails(why.into()));
        }
        return present("__cuda_arch", text, setting.origin.clone());
    }
    if machine.gpus.is_empty() {
        let is_without_driver =
            nvml(machine) == Detected::Absent && machine.libcuda == Detected::Absent;
        // A GPU that a flag promises, and no driver that reports one.
        return if is_without_driver || machine.gpu_count == Detected::Absent {
            Ok(None)
        } else {
            unknown("the compute capability of the GPUs is unknown")
        };
    }
    if habit == CudaArch::WithLibraries {
        match is_static(machine, client) {
            Some(true) => return Ok(None),
            None => return unknown("it depends on whether this pixi can open libraries"),
            Some(false) if visible_devices(machine) != Visible::All => {
                return unknown("CUDA_VISIBLE_DEVICES is set, and may hide GPUs from it");
            }
            Some(false) => {}
        }
    }
    least_capability(machine).map_or_else(
        || unknown("the compute capability of a GPU is unknown"),
        |(capability, origin)| present("__cuda_arch", capability, origin),
    )
}

/// The least of all GPUs; `None` if the driver did not report one of them.
fn least_capability(machine: &Machine) -> Option<(ComputeCapability, Origin)> {
    let facts = machine.gpus.iter().map(|gpu| {
        let fact = gpu.compute_capability.fact();
        fact.filter(|fact| !matches!(fact.origin, Origin::Table(_)))
    });
    let facts: Option<Vec<_>> = facts.collect();
    let least = facts?.into_iter().min_by_key(|fact| fact.value)?;
    Some((least.value, least.origin.clone()))
}

/// What NVML reports; of a machine that was saved before that was kept, the driver's CUDA if it is NVML's.
pub(super) fn nvml(machine: &Machine) -> Detected<CudaVersion> {
    match (&machine.nvml, &machine.driver_cuda) {
        (Detected::Unknown { .. }, Detected::Found(cuda)) if cuda.origin == Origin::Nvml => {
            machine.driver_cuda.clone()
        }
        (Detected::Unknown { .. }, Detected::Absent) => Detected::Absent,
        (nvml, _) => nvml.clone(),
    }
}

fn is_toolkit_file_broken(machine: &Machine) -> bool {
    let mut sources = machine.sources.iter();
    sources.any(|it| it.source == TOOLKIT_FILE && it.outcome == Outcome::Failed)
}

/// Whether a pixi is linked statically. Only on Linux are there builds of both kinds.
pub(super) fn is_static(machine: &Machine, client: &ClientTarget<'_>) -> Option<bool> {
    if machine.subdir.value().is_none_or(|subdir| subdir.os() != Os::Linux) {
        return Some(false);
    }
    let has = |part: &str| client.part(machine, part).is_some();
    (has("static") || has("dynamic")).then(|| has("static"))
}

/// The GPUs that `CUDA_VISIBLE_DEVICES` leaves to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visible {
    All,
    None,
    Some,
}

fn visible_devices(machine: &Machine) -> Visible {
    let setting = machine.settings.iter().find(|set| set.name == "CUDA_VISIBLE_DEVICES");
    match setting.map(|setting| setting.value.as_str()) {
        None | Some("0") => Visible::All,
        Some("" | "-1") => Visible::None,
        Some(_) => Visible::Some,
    }
}

/// Whether a library was opened in a folder in which the clients do not look.
pub(super) fn is_elsewhere(path: Option<&str>) -> bool {
    path.is_some_and(|path| {
        let folder = path.rsplit_once('/').map_or(path, |(folder, _)| folder);
        !LIBRARY_FOLDERS.contains(&folder)
    })
}
