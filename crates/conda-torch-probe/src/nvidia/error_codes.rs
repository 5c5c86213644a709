//! The libraries' error codes in words. Source: nvml.h (`nvmlReturn_t`) and cuda.h (`CUresult`).

use std::borrow::Cow;

use crate::host::Library;

/// What a code means, and what it usually comes from.
pub(super) fn words(library: Library, code: &str) -> Cow<'static, str> {
    let known = match library {
        Library::Nvml => nvml(code),
        Library::Libcuda => libcuda(code),
    };
    match known {
        Some(words) => Cow::Borrowed(words),
        // The loader's own words.
        None if code.contains(' ') => Cow::Owned(code.to_owned()),
        None => Cow::Owned(format!("{} error {code}", library.as_str())),
    }
}

fn nvml(code: &str) -> Option<&'static str> {
    Some(match code {
        "DriverNotLoaded" => "the kernel module is not loaded",
        "LibRmVersionMismatch" => {
            "the library and the loaded kernel module are of different versions; a reboot loads the new one"
        }
        "NoPermission" => "no permission to use the driver's devices",
        "OperatingSystem" => "the operating system blocks the driver's devices",
        "GpuLost" => "the GPU fell off the bus",
        "ResetRequired" => "the GPU needs a reset",
        "IrqIssue" => "an interrupt problem of the GPU",
        "InsufficientPower" => "the GPU's power cables are not attached properly",
        "CorruptedInfoROM" => "the GPU's infoROM is damaged",
        "LibraryNotFound" => "libcuda is missing",
        "FunctionNotFound" | "FailedToLoadSymbol" => "the library is too old to say",
        "NotSupported" => "not supported on this GPU",
        "NotFound" => "not found",
        "Uninitialized" => "the library was not initialised",
        "InvalidArg" => "the library refused the question",
        "Timeout" => "the driver timed out",
        "InUse" => "the GPU is in use",
        "InsufficientMemory" => "not enough memory",
        "Unknown" => "an internal error of the driver",
        _ => return None,
    })
}

fn libcuda(code: &str) -> Option<&'static str> {
    Some(match code {
        "FailedToLoadSymbol" => "the library is too old to say",
        "2" => "out of memory",
        "3" => "the library was not initialised",
        "34" => "the library is a stub without a driver",
        "46" => "the devices are busy or unavailable",
        "100" => "no device that can do CUDA",
        "101" => "no such device",
        "802" => "the system is not ready: is the fabric manager running?",
        "803" => "the library and the kernel module are of different versions",
        "804" => "forward compatibility was attempted on a GPU that does not support it",
        "805" => "the MPS server does not answer",
        "999" => "an internal error of the driver",
        _ => return None,
    })
}
