//! What a machine's driver is known by: seen here, or told by somebody.

use crate::types::{DriverVersion, Machine, Origin};

/// The kernel's driver, where a newer libcuda stands before its own: NVML and conda then hear the CUDA
/// of that libcuda. <https://docs.nvidia.com/deploy/cuda-compatibility/forward-compatibility.html>
pub(super) fn before_the_driver(machine: &Machine) -> Option<DriverVersion> {
    let parts = &machine.nvidia;
    let (driver, libcuda) = (*parts.kernel_module.value()?, *parts.libcuda_library.value()?);
    let is_newer = libcuda != driver && libcuda.is_at_least(driver);
    (is_newer && !is_told(machine) && !machine.wsl.is_found()).then_some(driver)
}

/// Whether somebody told of the driver: then what was seen here says nothing about it. A document says
/// what is so on its machine.
pub(super) fn is_told(machine: &Machine) -> bool {
    let told =
        |origin: &Origin| matches!(origin, Origin::Flag(_) | Origin::Env(_) | Origin::Baseline);
    machine.driver.fact().is_some_and(|fact| told(&fact.origin))
        || machine.driver_cuda.fact().is_some_and(|fact| told(&fact.origin))
}
