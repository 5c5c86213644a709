//! `__cuda`, the CUDA that the driver supports, and `__cuda_arch`, the least compute capability of all GPUs
//! (<https://conda.org/learn/ceps/cep-0046>).

use crate::clients::{ClientHabits, ClientTarget, CudaArch, CudaSource, Detector};
use crate::conda::Os;
use crate::types::{ComputeCapability, CudaVersion, Detected, Machine, Origin, Outcome};

use super::overrides::{self, overridden};
use super::{Prediction, cuda_version, info_of};

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
        Prediction::Present(package, _) => {
            Some(cuda_version(&package.version).is_some_and(is_enough))
        }
        Prediction::Absent | Prediction::Fails(_) => Some(false),
        Prediction::Unknown(_) => None,
    }
}

/// `__cuda`.
pub(super) fn cuda(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    if let Some(listed) = client.listed_packages() {
        return match listed.iter().find(|package| package.name == "__cuda") {
            Some(package) => Prediction::Present(package.clone(), info_of(client)),
            None => Prediction::Absent,
        };
    }
    if let Some(overridden) = overridden(machine, client, "__cuda") {
        return overridden;
    }
    // A machine that was saved before settings were kept.
    if let Detected::Found(cuda) = &machine.driver_cuda
        && matches!(&cuda.origin, Origin::Env(name) if name == "CONDA_OVERRIDE_CUDA")
    {
        return Prediction::fact("__cuda", cuda);
    }
    let habits = client.habits();
    match (habits.detector, is_static(machine, client)) {
        (Detector::Rattler, Some(true)) => numeric_nvidia_smi(machine),
        (Detector::Rattler, None) => {
            let (one, other) = (numeric_nvidia_smi(machine), by_source(machine, &habits));
            let is_same = match (&one, &other) {
                (Prediction::Present(one, _), Prediction::Present(other, _)) => one == other,
                (one, other) => one == other,
            };
            if is_same {
                return other;
            }
            Prediction::unknown(
                "it depends on whether this pixi can open libraries: its own installer's cannot",
            )
        }
        (Detector::Conda, _) if !habits.isolates_libcuda && machine.libcuda.is_found() => {
            Prediction::unknown("conda before 23.1 asks for `libcuda.so`, without a number")
        }
        (Detector::Conda | Detector::Libmamba | Detector::Rattler, _) => {
            let prediction = by_source(machine, &habits);
            if prediction == Prediction::Absent && habits.calls_missing_cuda_zero {
                return Prediction::version("__cuda", "0", Origin::System);
            }
            prediction
        }
    }
}

/// Reads the sources that the client reads.
fn by_source(machine: &Machine, habits: &ClientHabits) -> Prediction {
    match (habits.cuda, nvml(machine)) {
        (CudaSource::Libcuda, _) => libcuda(machine, habits),
        (CudaSource::NvidiaSmi, _) => nvidia_smi(machine),
        (CudaSource::ToolkitFile, _) => match &machine.toolkit_file {
            Detected::Found(toolkit) => Prediction::fact("__cuda", toolkit),
            Detected::Unknown { why } if is_toolkit_file_broken(machine) => {
                Prediction::Fails(why.clone())
            }
            Detected::Unknown { why } => Prediction::unknown(why.clone()),
            Detected::Absent => nvidia_smi(machine),
        },
        (CudaSource::Nvml | CudaSource::Each, Detected::Found(cuda))
            if !is_elsewhere(machine.nvidia.nvml_path.as_deref()) =>
        {
            Prediction::fact("__cuda", &cuda)
        }
        (CudaSource::Nvml, _) => Prediction::Absent,
        // Without initializing it, too.
        (CudaSource::Each, Detected::Unknown { why }) => Prediction::Unknown(why),
        (CudaSource::Each, Detected::Found(_) | Detected::Absent) => {
            let prediction = libcuda(machine, habits);
            if prediction == Prediction::Absent { numeric_nvidia_smi(machine) } else { prediction }
        }
    }
}

/// libcuda, initialized, in the folders where clients look for it.
fn libcuda(machine: &Machine, habits: &ClientHabits) -> Prediction {
    let visible = if habits.isolates_libcuda { Visible::All } else { visible_devices(machine) };
    match (&machine.libcuda, visible) {
        (Detected::Absent, _) | (Detected::Found(_), Visible::None) => Prediction::Absent,
        (Detected::Found(_), Visible::Some) => {
            Prediction::unknown("CUDA_VISIBLE_DEVICES is set, and may hide the GPUs from it")
        }
        (Detected::Found(_), Visible::All)
            if is_elsewhere(machine.nvidia.libcuda_path.as_deref()) =>
        {
            Prediction::Absent
        }
        (Detected::Found(cuda), Visible::All) => Prediction::fact("__cuda", cuda),
        // It is there and `cuInit` fails, whatever the reason.
        (Detected::Unknown { .. }, _) if machine.nvidia.libcuda_error.is_some() => {
            Prediction::Absent
        }
        (Detected::Unknown { why }, _) => Prediction::unknown(why.clone()),
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
        (Detected::Absent, _) | (Detected::Found(_), Detected::Absent) => Prediction::Absent,
        (_, Detected::Found(text)) if text.value.is_empty() => Prediction::Absent,
        (_, Detected::Found(text)) => Prediction::version("__cuda", &text.value, Origin::NvidiaSmi),
        (Detected::Found(_), Detected::Unknown { .. }) => nvidia_smi_by_driver(machine),
        (Detected::Unknown { why }, _) => Prediction::unknown(why.clone()),
    }
}

/// `nvidia-smi` reports what NVML does.
fn nvidia_smi_by_driver(machine: &Machine) -> Prediction {
    match (&nvml(machine), machine.driver.value(), &machine.driver_cuda) {
        (Detected::Found(_), Some(driver), _) if driver.branch() >= REWORDED_BRANCH => {
            let why = format!("the format of `nvidia-smi` of driver {driver} is unknown");
            Prediction::Unknown(why.into())
        }
        (Detected::Found(cuda), _, _) => {
            Prediction::version("__cuda", cuda.value, Origin::NvidiaSmi)
        }
        (Detected::Absent, _, Detected::Absent) => Prediction::Absent,
        (Detected::Absent, _, Detected::Found(fact)) if fact.origin == Origin::NvidiaSmi => {
            Prediction::version("__cuda", fact.value, Origin::NvidiaSmi)
        }
        (Detected::Absent, _, Detected::Found(_)) => {
            Prediction::unknown("NVML reports no CUDA here")
        }
        (Detected::Absent, _, Detected::Unknown { why }) | (Detected::Unknown { why }, _, _) => {
            Prediction::unknown(why.clone())
        }
    }
}

/// rattler parses a version; libmamba uses the text.
fn numeric_nvidia_smi(machine: &Machine) -> Prediction {
    let prediction = nvidia_smi(machine);
    let is_version = |text: &str| cuda_version(text).is_some();
    if matches!(&prediction, Prediction::Present(package, _) if !is_version(&package.version)) {
        return Prediction::Absent;
    }
    prediction
}

/// `__cuda_arch`, never without `__cuda`.
pub(super) fn cuda_arch(
    machine: &Machine,
    client: &ClientTarget<'_>,
    cuda: &Prediction,
) -> Prediction {
    let habit = client.habits().cuda_arch;
    let has_plugin = || client.part(machine, "nvidia-virtual-packages").is_some();
    match (cuda, habit) {
        (Prediction::Absent, _) | (_, CudaArch::Never) => return Prediction::Absent,
        (_, CudaArch::WithPlugin) if !has_plugin() => return Prediction::Absent,
        (Prediction::Fails(why) | Prediction::Unknown(why), _) => {
            return Prediction::Unknown(why.clone());
        }
        (Prediction::Present(..), _) => {}
    }
    if let Some(setting) = overrides::setting(machine, client, "__cuda_arch") {
        let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let is_capability = |text: &str| {
            text.split_once('.').is_some_and(|(major, minor)| number(major) && number(minor))
        };
        return match setting.value.as_str() {
            "" => Prediction::Absent,
            text if is_capability(text) => {
                Prediction::version("__cuda_arch", text, setting.origin.clone())
            }
            text => Prediction::Fails(
                format!("{}: `{text}` is not a compute capability", setting.name).into(),
            ),
        };
    }
    if machine.gpus.is_empty() {
        let is_without_driver =
            nvml(machine) == Detected::Absent && machine.libcuda == Detected::Absent;
        // A GPU that a flag promises, and no driver that reports one.
        return if is_without_driver || machine.gpu_count == Detected::Absent {
            Prediction::Absent
        } else {
            Prediction::unknown("the compute capability of the GPUs is unknown")
        };
    }
    if habit == CudaArch::WithLibraries {
        match is_static(machine, client) {
            Some(true) => return Prediction::Absent,
            None => {
                return Prediction::unknown("it depends on whether this pixi can open libraries");
            }
            Some(false) if visible_devices(machine) != Visible::All => {
                return Prediction::unknown(
                    "CUDA_VISIBLE_DEVICES is set, and may hide GPUs from it",
                );
            }
            Some(false) => {}
        }
    }
    least_capability(machine).map_or_else(
        || Prediction::unknown("the compute capability of a GPU is unknown"),
        |(capability, origin)| Prediction::version("__cuda_arch", capability, origin),
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

/// Whether the toolkit's file makes mamba fail.
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
