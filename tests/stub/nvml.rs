//! A stub of `libnvidia-ml.so.1`, built by `tests/suite/nvml.rs`. `STUB_NVML` selects its behavior; with `--cfg old` it
//! lacks the functions that old drivers lack. `STUB_DRIVER` and `STUB_CUDA` set the driver (`470.256.02`, `11040`), and
//! `STUB_GPUS` which of the four GPUs are there (`1,1`; empty: none).
#![allow(non_snake_case, reason = "NVML's own names")]

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::time::Duration;

const NOT_SUPPORTED: c_int = 3;
const NO_PERMISSION: c_int = 4;
const DRIVER_NOT_LOADED: c_int = 9;
const LIBRARY_NOT_FOUND: c_int = 12;
const GPU_IS_LOST: c_int = 15;
const OPERATING_SYSTEM: c_int = 17;
const LIB_RM_VERSION_MISMATCH: c_int = 18;

fn plays(name: &str) -> bool {
    std::env::var("STUB_NVML").is_ok_and(|played| played == name)
}

fn hang() -> c_int {
    std::thread::sleep(Duration::from_secs(600));
    999
}

fn put(text: &str, to: *mut c_char, length: c_uint) -> c_int {
    if text.len() >= length as usize {
        return 7;
    }
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), to, text.len());
        *to.add(text.len()) = 0;
    }
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlInit_v2() -> c_int {
    match std::env::var("STUB_NVML").unwrap_or_default().as_str() {
        "driver-not-loaded" => DRIVER_NOT_LOADED,
        "version-mismatch" => LIB_RM_VERSION_MISMATCH,
        "no-permission" => NO_PERMISSION,
        "operating-system" => OPERATING_SYSTEM,
        "new-code" => 29,
        "hangs-in-init" => hang(),
        "talks" => {
            println!("a library that prints to stdout");
            0
        }
        // A real fault: Rust's handler would catch a raised signal.
        "crashes" => unsafe {
            std::ptr::with_exposed_provenance_mut::<u8>(8).write_volatile(1);
            0
        },
        _ => 0,
    }
}

/// rattler requires it of NVML.
#[unsafe(no_mangle)]
pub extern "C" fn nvmlShutdown() -> c_int {
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlSystemGetDriverVersion(to: *mut c_char, length: c_uint) -> c_int {
    put(std::env::var("STUB_DRIVER").as_deref().unwrap_or("580.65.06"), to, length)
}

#[cfg(not(old))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetCudaDriverVersion_v2(version: *mut c_int) -> c_int {
    if plays("utility-only") {
        return LIBRARY_NOT_FOUND;
    }
    let set = std::env::var("STUB_CUDA").ok().and_then(|set| set.parse().ok());
    unsafe { *version = set.unwrap_or(13000) };
    0
}

/// The GPUs that are there, by their places in the lists of names and capabilities.
fn gpus() -> Vec<usize> {
    let set = std::env::var("STUB_GPUS").unwrap_or_else(|_| "0,1,2".to_owned());
    set.split(',').filter_map(|place| place.parse().ok()).collect()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetCount_v2(count: *mut c_uint) -> c_int {
    unsafe { *count = if plays("no-devices") { 0 } else { gpus().len() as c_uint } };
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(
    index: c_uint,
    device: *mut *mut c_void,
) -> c_int {
    if index == 1 && plays("second-lost") {
        return GPU_IS_LOST;
    }
    if index == 1 && plays("hangs-at-second") {
        return hang();
    }
    if index == 2 && plays("crashes-at-third") {
        unsafe { std::ptr::with_exposed_provenance_mut::<u8>(8).write_volatile(1) };
    }
    unsafe { *device = std::ptr::without_provenance_mut(index as usize + 1) };
    0
}

fn index(device: *mut c_void) -> usize {
    gpus()[device.addr() - 1]
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlDeviceGetName(device: *mut c_void, to: *mut c_char, length: c_uint) -> c_int {
    let names = [
        "NVIDIA GeForce GTX 1080 Ti",
        "NVIDIA A100-SXM4-40GB",
        "NVIDIA H200",
        "NVIDIA GeForce RTX 5090",
    ];
    put(names[index(device)], to, length)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetCudaComputeCapability(
    device: *mut c_void,
    major: *mut c_int,
    minor: *mut c_int,
) -> c_int {
    let capability = [(6, 1), (8, 0), (9, 0), (12, 0)][index(device)];
    unsafe { (*major, *minor) = capability };
    0
}

#[repr(C)]
pub struct Memory {
    version: c_uint,
    total: u64,
    reserved: u64,
    free: u64,
    used: u64,
}

#[cfg(not(old))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMemoryInfo_v2(
    device: *mut c_void,
    memory: *mut Memory,
) -> c_int {
    unsafe { (*memory).total = [11_264, 40_960, 143_771, 32_607][index(device)] << 20 };
    0
}

#[cfg(not(old))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMigMode(
    device: *mut c_void,
    current: *mut c_uint,
    pending: *mut c_uint,
) -> c_int {
    if index(device) == 0 {
        return NOT_SUPPORTED;
    }
    let mode = c_uint::from(index(device) == 1 && (plays("mig") || plays("mig-empty")));
    unsafe { (*current, *pending) = (mode, mode) };
    0
}

#[repr(C)]
pub struct Pci {
    legacy: [c_char; 16],
    domain: c_uint,
    bus: c_uint,
    device: c_uint,
    id: c_uint,
    subsystem: c_uint,
    bus_id: [c_char; 32],
}

#[cfg(not(old))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetPciInfo_v3(device: *mut c_void, pci: *mut Pci) -> c_int {
    let id = [0x1b06_10de, 0x20b0_10de, 0x2335_10de, 0x2b85_10de][index(device)];
    unsafe {
        pci.write_bytes(0, 1);
        (*pci).id = id;
    }
    0
}

#[cfg(not(old))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetVirtualizationMode(
    device: *mut c_void,
    mode: *mut c_uint,
) -> c_int {
    unsafe { *mode = if index(device) == 2 && plays("vgpu") { 2 } else { 0 } };
    0
}

/// Seven slots: `mig` fills two, `mig-empty` none.
#[cfg(not(old))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMaxMigDeviceCount(
    _device: *mut c_void,
    count: *mut c_uint,
) -> c_int {
    unsafe { *count = 7 };
    0
}

#[cfg(not(old))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMigDeviceHandleByIndex(
    _device: *mut c_void,
    place: c_uint,
    slice: *mut *mut c_void,
) -> c_int {
    const NOT_FOUND: c_int = 6;
    if place > 1 || !plays("mig") {
        return NOT_FOUND;
    }
    unsafe { *slice = std::ptr::without_provenance_mut(2) };
    0
}
