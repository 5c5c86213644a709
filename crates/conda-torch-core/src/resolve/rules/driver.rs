//! The rule about the NVIDIA driver.

use crate::diagnostics::Diagnostic;
use crate::resolve::{Inputs, advice::Unlock, candidates::Blocker, facts::Driver};
use crate::types::{Build, CudaVersion, DriverVersion};

/// The driver must show a GPU and be new enough for the toolkit.
pub(in crate::resolve) fn driver(inputs: &Inputs<'_, '_>, build: &Build) -> Vec<Blocker> {
    let Some(toolkit) = build.accelerator.cuda() else { return Vec::new() };
    match &inputs.facts.driver {
        Driver::Usable { cuda, version } => {
            too_old(inputs, *cuda, *version, toolkit).into_iter().collect()
        }
        Driver::NoGpu { cuda, version } => {
            let no_gpu = Blocker::machine(Diagnostic::NoGpu, vec![Unlock::Gpu]);
            [no_gpu].into_iter().chain(too_old(inputs, *cuda, *version, toolkit)).collect()
        }
        Driver::Missing => vec![missing(inputs, toolkit)],
        Driver::Unknown(why) => {
            let unlock = needed_driver(inputs, toolkit).map(Unlock::Driver);
            let diagnostic = Diagnostic::DriverUnknown { why: why.clone() };
            vec![Blocker::machine(diagnostic, unlock.into_iter().collect())]
        }
    }
}

fn missing(inputs: &Inputs<'_, '_>, toolkit: CudaVersion) -> Blocker {
    let Some(needed) = needed_driver(inputs, toolkit) else { return unknown_toolkit(toolkit) };
    // Without any sign of an NVIDIA card, "buy one" is advice only for those who ask for CUDA.
    let unlocks = if inputs.facts.has_nvidia_card {
        vec![Unlock::Driver(needed)]
    } else if inputs.request.wants_cuda() {
        vec![Unlock::Gpu, Unlock::Driver(needed)]
    } else {
        Vec::new()
    };
    Blocker::machine(Diagnostic::NoDriver { needed }, unlocks)
}

fn too_old(
    inputs: &Inputs<'_, '_>,
    cuda: CudaVersion,
    driver: Option<DriverVersion>,
    toolkit: CudaVersion,
) -> Option<Blocker> {
    if supports(inputs, cuda, driver, toolkit) {
        return None;
    }
    let Some(needed) = needed_driver(inputs, toolkit) else {
        return Some(unknown_toolkit(toolkit));
    };
    let diagnostic = Diagnostic::DriverTooOld { driver, cuda, toolkit, needed };
    Some(Blocker::machine(diagnostic, vec![Unlock::Driver(needed)]))
}

pub(super) fn unknown_toolkit(toolkit: CudaVersion) -> Blocker {
    Blocker::machine(Diagnostic::ToolkitNotKnown { toolkit }, Vec::new())
}

/// Whether a driver runs machine code of a toolkit: it supports the toolkit's CUDA, or a CUDA of the same
/// major version and is past the floor of minor-version compatibility.
///
/// <https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html>
fn supports(
    inputs: &Inputs<'_, '_>,
    cuda: CudaVersion,
    driver: Option<DriverVersion>,
    toolkit: CudaVersion,
) -> bool {
    let floor = inputs.matrix.major_driver(toolkit, inputs.facts.driver_family);
    let past = |floor| driver.is_some_and(|driver| driver.is_at_least(floor));
    cuda >= toolkit || cuda.major == toolkit.major && floor.is_some_and(past)
}

/// The oldest driver on which a toolkit's machine code runs; `None` for a toolkit without a row.
pub(in crate::resolve) fn needed_driver(
    inputs: &Inputs<'_, '_>,
    toolkit: CudaVersion,
) -> Option<DriverVersion> {
    inputs.matrix.oldest_driver(toolkit, inputs.facts.driver_family)
}
