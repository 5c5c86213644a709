//! A note about the client that the commands are for, if it is wrong about the machine and that matters.

use crate::clients::{ClientTarget, CudaSource, Detector};
use crate::conda::Subdir;
use crate::diagnostics::{Diagnostic, NoCudaReason};
use crate::types::{Accelerator, CudaVersion, Detected, Fact, Machine, Origin, Outcome, Setting};

use super::cuda::{self, TOOLKIT_FILE};
use super::{NoPrediction, cuda_version, overrides};

/// What to know about a client that is to install a build for `accelerator`, which is `None` if no build
/// fits. Nothing about the client of a described machine, which is elsewhere.
pub fn client_note(
    machine: &Machine,
    client: &ClientTarget<'_>,
    accelerator: Option<Accelerator>,
) -> Option<Diagnostic> {
    let driver = driver(machine);
    if let Some(setting) = overrides::setting(machine, client, "__cuda") {
        let other = driver.filter(|it| cuda_version(setting.value.trim()) != Some(*it));
        return other.map(|driver| Diagnostic::CudaOverridden {
            name: setting.name.clone(),
            origin: setting.origin.clone(),
            value: setting.value.clone(),
            driver,
        });
    }
    let kind = client.kind;
    match (cuda::cuda(machine, client), accelerator?.cuda()) {
        (Err(NoPrediction::Fails(why)), _) if client.habits().cuda == CudaSource::ToolkitFile => {
            let (path, why) = (TOOLKIT_FILE.to_owned(), why.into_owned());
            Some(Diagnostic::ToolkitFileBroken { client: kind, path, why })
        }
        (Ok(Some((package, Origin::File(path)))), needed) if path == TOOLKIT_FILE => {
            cuda_version(&package.version)
                .filter(|toolkit| match needed {
                    Some(needed) => toolkit.major < needed.major,
                    None => needs_cuda_hidden(machine, client),
                })
                .map(|toolkit| Diagnostic::ToolkitShadowsDriver {
                    client: kind,
                    path,
                    toolkit,
                    driver,
                })
        }
        (Ok(None), Some(_)) if !is_described(machine) => {
            let why = no_cuda_reason(machine, client);
            Some(Diagnostic::ClientSeesNoCuda { client: kind, why })
        }
        _ => None,
    }
}

/// Every `CONDA_OVERRIDE_*` that the answer uses, and those that are not a version. The one of a driver's CUDA is
/// in [`client_note`].
pub fn override_notes(machine: &Machine) -> Vec<Diagnostic> {
    let is_set = |variable: &str, origin: Option<&Origin>| matches!(origin, Some(Origin::Env(name)) if *name == *variable);
    let facts = [
        ("CONDA_OVERRIDE_CUDA", "__cuda", "CUDA", machine.driver_cuda.origin()),
        ("CONDA_OVERRIDE_GLIBC", "__glibc", "glibc", machine.glibc.origin()),
        ("CONDA_OVERRIDE_OSX", "__osx", "macOS", machine.macos.origin()),
    ];
    let note =
        |(variable, package, fact, origin): (&'static str, &str, &'static str, Option<&Origin>)| {
            let is_named = |setting: &&Setting| setting.name == variable;
            let setting = machine.settings.iter().find(is_named)?;
            let value = setting.value.clone();
            if is_failed(machine, variable) {
                let clients = readings(machine, package);
                return Some(Diagnostic::OverrideNotVersion { variable, value, clients });
            }
            // Without a driver, an empty one changes nothing.
            let hides = setting.value.is_empty() && origin.is_none() && fact != "CUDA";
            let is_told = fact == "CUDA" && driver(machine).is_some();
            (hides || is_set(variable, origin) && !is_told).then_some(Diagnostic::FactOverridden {
                variable,
                value,
                fact,
            })
        };
    facts.into_iter().filter_map(note).collect()
}

/// The variables that change what a client installs for, or detects, and that the answer does not follow: the platform
/// by `CONDA_SUBDIR` and its like, and the overrides of packages that no build of PyTorch asks for.
pub fn client_override_notes(machine: &Machine, client: &ClientTarget<'_>) -> Vec<Diagnostic> {
    let Some(Fact { value: subdir, origin }) = machine.subdir.fact() else { return Vec::new() };
    if matches!(origin, Origin::Flag(_) | Origin::Document(_) | Origin::Baseline) {
        return Vec::new();
    }
    // The answer is for the processor, whatever this program was built for.
    let is_rosetta = machine.rosetta.value() == Some(&true) && *subdir == Subdir::Osx64;
    let own = if is_rosetta { Subdir::OsxArm64 } else { *subdir };
    let habits = client.habits();
    let mut platform = habits.platform_settings.iter();
    let platform = platform.find_map(|name| machine.settings.iter().find(|it| it.name == **name));
    let other_platform = platform.filter(|setting| {
        let is_set = !setting.value.is_empty() || habits.detector == Detector::Libmamba;
        is_set && setting.value.parse() != Ok(own)
    });
    let other_platform = other_platform.map(|setting| Diagnostic::PlatformOverridden {
        setting: Box::new(setting.clone()),
        client: client.kind,
        own,
    });
    let others = ["__win", "__linux", "__archspec", "__cuda_arch", "__amdgpu", "__amdgpu_arch"];
    let packages = others.into_iter().filter_map(|package| {
        let setting = overrides::setting(machine, client, package)?;
        Some(Diagnostic::PackageOverridden {
            name: setting.name.clone(),
            value: setting.value.clone(),
            client: client.kind,
            package,
        })
    });
    other_platform.into_iter().chain(packages).collect()
}

/// Whether a variable could not be read.
fn is_failed(machine: &Machine, variable: &str) -> bool {
    let mut reports = machine.sources.iter();
    reports.any(|report| report.source == variable && report.outcome == Outcome::Failed)
}

/// What each client makes of the override of a package: `conda, mamba: __cuda=banana; pixi: an error`.
fn readings(machine: &Machine, package: &str) -> String {
    let mut readings: Vec<(String, Vec<&str>)> = Vec::new();
    for client in ClientTarget::all(machine, None) {
        let reading = match overrides::overridden(machine, &client, package) {
            None => "ignored".to_owned(),
            Some(Ok(None)) => format!("no `{package}`"),
            Some(Ok(Some((found, _)))) => {
                format!("`{package}={}`, which no build accepts", found.version)
            }
            Some(Err(NoPrediction::Fails(_))) => "an error".to_owned(),
            Some(Err(NoPrediction::Unknown(_))) => {
                "an error, or a version that no build accepts".to_owned()
            }
        };
        let kind = client.kind.as_str();
        match readings.iter_mut().find(|(known, _)| *known == reading) {
            Some((_, kinds)) if kinds.contains(&kind) => {}
            Some((_, kinds)) => kinds.push(kind),
            None => readings.push((reading, vec![kind])),
        }
    }
    let text = |(reading, kinds): &(String, Vec<&str>)| format!("{}: {reading}", kinds.join(", "));
    readings.iter().map(text).collect::<Vec<_>>().join("; ")
}

/// Whether a client needs an empty `CONDA_OVERRIDE_CUDA` for a build without CUDA: it would fail, or
/// report a toolkit as the driver without a GPU.
pub fn needs_cuda_hidden(machine: &Machine, client: &ClientTarget<'_>) -> bool {
    match cuda::cuda(machine, client) {
        Err(NoPrediction::Fails(_)) => client.habits().detector == Detector::Libmamba,
        Ok(Some((_, Origin::File(path)))) => {
            let has_no_gpu =
                machine.gpu_count == Detected::Absent || machine.driver == Detected::Absent;
            path == TOOLKIT_FILE && driver(machine).is_none() && has_no_gpu
        }
        Ok(_) | Err(NoPrediction::Unknown(_)) => false,
    }
}

/// The CUDA that the driver supports, by its own libraries.
fn driver(machine: &Machine) -> Option<CudaVersion> {
    let is_its_own = |origin: &Origin| {
        matches!(origin, Origin::Nvml | Origin::Libcuda | Origin::NvidiaSmi | Origin::Document(_))
    };
    let nvml = cuda::nvml(machine).value().copied();
    let reported = machine.driver_cuda.fact().filter(|fact| is_its_own(&fact.origin));
    nvml.or(machine.libcuda.value().copied()).or(reported.map(|fact| fact.value))
}

/// Why a client detects no CUDA though the driver supports it.
fn no_cuda_reason(machine: &Machine, client: &ClientTarget<'_>) -> NoCudaReason {
    let detector = client.habits().detector;
    if client.listed_packages().is_some() {
        NoCudaReason::NotInInfo
    } else if detector == Detector::Libmamba
        || detector == Detector::Rattler && cuda::is_static(machine, client) == Some(true)
    {
        match &machine.nvidia_smi {
            Detected::Absent => NoCudaReason::NvidiaSmiNotOnPath { is_wsl: machine.wsl.is_found() },
            Detected::Found(_) | Detected::Unknown { .. } => NoCudaReason::NvidiaSmiSilent,
        }
    } else if cuda::is_elsewhere(machine.nvidia.libcuda_path.as_deref()) {
        NoCudaReason::LibcudaElsewhere
    } else if machine.libcuda.is_found() {
        NoCudaReason::DevicesHidden
    } else {
        NoCudaReason::LibcudaMissing
    }
}

/// Whether the machine was described, not probed, in what matters for CUDA.
pub fn is_described(machine: &Machine) -> bool {
    let is_stated = |origin: Option<&Origin>| {
        matches!(
            origin,
            Some(Origin::Flag(_) | Origin::Document(_) | Origin::Baseline | Origin::Env(_))
        )
    };
    is_stated(machine.subdir.origin())
        || is_stated(machine.driver.origin())
        || is_stated(machine.driver_cuda.origin())
}
