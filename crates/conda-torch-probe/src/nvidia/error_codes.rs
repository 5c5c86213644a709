//! The libraries' error codes in words.

use crate::host::Library;

/// Source: nvml.h (`nvmlReturn_t`), by nvml-wrapper's names.
const NVML: [(&str, &str); 19] = [
    ("DriverNotLoaded", "the kernel module is not loaded"),
    (
        "LibRmVersionMismatch",
        "the library and the loaded kernel module have different versions; a reboot loads the new one",
    ),
    ("NoPermission", "no permission to use the driver's devices"),
    ("OperatingSystem", "the operating system blocks the driver's devices"),
    ("GpuLost", "the GPU fell off the bus"),
    ("ResetRequired", "the GPU needs a reset"),
    ("IrqIssue", "the GPU has an interrupt problem"),
    ("InsufficientPower", "the GPU's power cables are not attached properly"),
    ("CorruptedInfoROM", "the GPU's infoROM is damaged"),
    ("LibraryNotFound", "libcuda is missing"),
    ("FunctionNotFound", TOO_OLD),
    ("FailedToLoadSymbol", TOO_OLD),
    ("NotSupported", "not supported on this GPU"),
    ("NotFound", "not found"),
    ("Uninitialized", "the library was not initialized"),
    ("InvalidArg", "the library rejected the call"),
    ("Timeout", "the driver timed out"),
    ("InUse", "the GPU is in use"),
    ("InsufficientMemory", "not enough memory"),
];

/// Source: cuda.h (`CUresult`).
const LIBCUDA: [(&str, &str); 12] = [
    ("FailedToLoadSymbol", TOO_OLD),
    ("2", "out of memory"),
    ("3", "the library was not initialized"),
    ("34", "the library is a stub without a driver"),
    ("46", "the devices are busy or unavailable"),
    ("100", "no CUDA device"),
    ("101", "no such device"),
    ("802", "the system is not ready; check the fabric manager"),
    ("803", "the library and the kernel module have different versions"),
    ("804", "the GPU does not support forward compatibility"),
    ("805", "the MPS server does not answer"),
    ("999", INTERNAL),
];

const TOO_OLD: &str = "the library is too old to report it";
const INTERNAL: &str = "an internal error of the driver";

/// The meaning of an error code.
pub(super) fn message(library: Library, code: &str) -> String {
    let codes = match library {
        Library::Nvml => &NVML[..],
        Library::Libcuda => &LIBCUDA[..],
    };
    match codes.iter().find(|(known, _)| *known == code) {
        Some((_, message)) => (*message).to_owned(),
        None if code == "Unknown" => INTERNAL.to_owned(),
        // A message of the loader.
        None if code.contains(' ') => code.to_owned(),
        None => format!("{} error {code}", library.as_str()),
    }
}
