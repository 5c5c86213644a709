//! Where the client that the commands are for would be wrong about the machine, and it matters.

use crate::diagnostics::{Diagnostic, NoCudaReason};
use crate::resolve::Choice;
use crate::types::{ClientKind, CudaVersion, Detected, Machine, Origin};

use super::cuda::{self, TOOLKIT_FILE};
use super::overrides;
use super::prediction::Prediction;
use crate::clients::ClientTarget;

/// What to know about the client that the commands are for: that it would be wrong about the machine.
/// `None` for a described machine, whose client is elsewhere.
#[must_use]
pub fn client_note(
    choice: Option<&Choice<'_>>,
    machine: &Machine,
    client: &ClientTarget<'_>,
) -> Option<Diagnostic> {
    let driver = driver(machine);
    if let Some(setting) = overrides::setting(machine, client, "CUDA") {
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
    let kind = client.kind;
    match cuda::predict(machine, client) {
        Prediction::Fails(why) if client.is_libmamba() => {
            let path = TOOLKIT_FILE.to_owned();
            Some(Diagnostic::ToolkitFileBroken { client: kind, path, why: why.into_owned() })
        }
        Prediction::Present(package, Origin::File(path)) if path == TOOLKIT_FILE => {
            let seen = super::cuda_version(&package.version)?;
            let is_too_old = toolkit.is_some_and(|toolkit| seen.major < toolkit.major);
            let is_false = toolkit.is_none() && needs_cuda_hidden(machine, client);
            let shadows = is_too_old || is_false;
            shadows.then_some(Diagnostic::ToolkitShadowsDriver {
                client: kind,
                path,
                toolkit: seen,
                driver,
            })
        }
        Prediction::Absent if toolkit.is_some() && !is_described(machine) => {
            Some(Diagnostic::ClientSeesNoCuda {
                client: kind,
                why: no_cuda_reason(machine, client),
            })
        }
        Prediction::Present(..)
        | Prediction::Absent
        | Prediction::Fails(_)
        | Prediction::Unknown(_) => None,
    }
}

/// Whether a client must be told that there is no CUDA: it would end with an error, or take a toolkit's
/// file for a driver where none is.
#[must_use]
pub fn needs_cuda_hidden(machine: &Machine, client: &ClientTarget<'_>) -> bool {
    match cuda::predict(machine, client) {
        Prediction::Fails(_) => client.is_libmamba(),
        Prediction::Present(_, Origin::File(path)) => {
            path == TOOLKIT_FILE && driver(machine).is_none() && is_without_gpu(machine)
        }
        Prediction::Present(..) | Prediction::Absent | Prediction::Unknown(_) => false,
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
fn no_cuda_reason(machine: &Machine, client: &ClientTarget<'_>) -> NoCudaReason {
    if client.found.is_some_and(|found| found.sees.is_some()) {
        return NoCudaReason::NotInInfo;
    }
    let asks_program = client.is_libmamba()
        || client.kind == ClientKind::Pixi && cuda::is_static(machine, client) == Some(true);
    if asks_program {
        return match &machine.nvidia_smi {
            Detected::Absent => NoCudaReason::NvidiaSmiNotOnPath { is_wsl: machine.wsl.is_found() },
            Detected::Found(_) | Detected::Unknown { .. } => NoCudaReason::NvidiaSmiSilent,
        };
    }
    if cuda::is_elsewhere(machine, "libcuda") {
        NoCudaReason::LibcudaElsewhere
    } else if machine.libcuda.is_found() {
        NoCudaReason::DevicesHidden
    } else {
        NoCudaReason::LibcudaMissing
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
