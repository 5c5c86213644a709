//! Where the client that the commands are for would be wrong about the machine, and it matters.

use crate::diagnostics::{Blind, Diagnostic};
use crate::resolve::{Advice, Choice};
use crate::types::{ClientKind, CudaVersion, Detected, Machine, Origin};

use super::cuda::{self, TOOLKIT_FILE};
use super::seen::Seen;
use super::told;
use super::viewer::Viewer;

/// Adds to an advice what is to be said of the client, by its severity. Of a machine that was
/// described and not looked at nothing is said: its client is elsewhere.
pub fn add_remarks(advice: &mut Advice<'_>, machine: &Machine, viewer: &Viewer<'_>) {
    if let Some(remark) = remark(advice.recommended.as_ref(), machine, viewer) {
        advice.add(remark);
    }
}

fn remark(
    choice: Option<&Choice<'_>>,
    machine: &Machine,
    viewer: &Viewer<'_>,
) -> Option<Diagnostic> {
    let driver = driver(machine);
    if let Some(setting) = told::of(machine, viewer, "CUDA") {
        let driver = driver?;
        let says = super::cuda_version(setting.value.trim());
        return (says != Some(driver)).then(|| Diagnostic::CudaOverridden {
            name: setting.name.clone(),
            origin: setting.origin.clone(),
            value: setting.value.clone(),
            driver,
        });
    }
    let choice = choice?;
    let toolkit = choice.build.accelerator.cuda();
    let client = viewer.kind;
    match cuda::seen(machine, viewer) {
        Seen::Stops(why) if viewer.is_libmamba() => {
            let path = TOOLKIT_FILE.to_owned();
            Some(Diagnostic::ToolkitFileBroken { client, path, why: why.into_owned() })
        }
        Seen::Package(package, Origin::File(path)) if path == TOOLKIT_FILE => {
            let seen = super::cuda_version(&package.version)?;
            let is_too_old = toolkit.is_some_and(|toolkit| seen.major < toolkit.major);
            let is_false = toolkit.is_none() && is_misled(machine, viewer);
            let shadows = is_too_old || is_false;
            shadows.then_some(Diagnostic::ToolkitShadowsDriver {
                client,
                path,
                toolkit: seen,
                driver,
            })
        }
        Seen::Nothing if toolkit.is_some() && !is_described(machine) => {
            Some(Diagnostic::ClientSeesNoCuda { client, why: blind(machine, viewer) })
        }
        Seen::Package(..) | Seen::Nothing | Seen::Stops(_) | Seen::Unknown(_) => None,
    }
}

/// Whether a client must be told that there is no CUDA: it would end with an error, or take a toolkit's
/// file for a driver where none is.
#[must_use]
pub fn is_misled(machine: &Machine, viewer: &Viewer<'_>) -> bool {
    match cuda::seen(machine, viewer) {
        Seen::Stops(_) => viewer.is_libmamba(),
        Seen::Package(_, Origin::File(path)) => {
            path == TOOLKIT_FILE && driver(machine).is_none() && is_without_gpu(machine)
        }
        Seen::Package(..) | Seen::Nothing | Seen::Unknown(_) => false,
    }
}

/// What the driver really supports, as its own libraries say.
fn driver(machine: &Machine) -> Option<CudaVersion> {
    let is_its_own = |origin: &Origin| {
        matches!(origin, Origin::Nvml | Origin::Libcuda | Origin::NvidiaSmi | Origin::Document(_))
    };
    let nvml = cuda::by_nvml(machine).value().copied();
    let said = machine.driver_cuda.fact().filter(|fact| is_its_own(&fact.origin));
    nvml.or(machine.libcuda.value().copied()).or(said.map(|fact| fact.value))
}

/// Whether it is known that there is nothing for CUDA to run on.
fn is_without_gpu(machine: &Machine) -> bool {
    machine.gpu_count == Detected::Absent || machine.driver == Detected::Absent
}

/// Why a client sees no CUDA where there is some.
fn blind(machine: &Machine, viewer: &Viewer<'_>) -> Blind {
    if viewer.found.is_some_and(|client| client.sees.is_some()) {
        return Blind::Said;
    }
    let asks_program = viewer.is_libmamba()
        || viewer.kind == ClientKind::Pixi && cuda::is_static(machine, viewer) == Some(true);
    if asks_program {
        return match &machine.nvidia_smi {
            Detected::Absent => Blind::NoNvidiaSmi { is_wsl: machine.wsl.is_found() },
            Detected::Found(_) | Detected::Unknown { .. } => Blind::NvidiaSmiSilent,
        };
    }
    if cuda::is_elsewhere(machine, "libcuda") {
        Blind::LibcudaElsewhere
    } else if machine.libcuda.is_found() {
        Blind::Hidden
    } else {
        Blind::NoLibcuda
    }
}

/// Whether the machine was described and not looked at, in what matters for CUDA.
#[must_use]
pub fn is_described(machine: &Machine) -> bool {
    let said = |origin: Option<&Origin>| match origin {
        Some(Origin::Flag(_) | Origin::Document(_) | Origin::Baseline | Origin::Env(_)) => true,
        Some(
            Origin::Nvml
            | Origin::Libcuda
            | Origin::NvidiaSmi
            | Origin::System
            | Origin::Compiled
            | Origin::File(_)
            | Origin::Table(_),
        )
        | None => false,
    };
    said(machine.subdir.fact().map(|fact| &fact.origin))
        || said(machine.driver.fact().map(|fact| &fact.origin))
        || said(machine.driver_cuda.fact().map(|fact| &fact.origin))
}
