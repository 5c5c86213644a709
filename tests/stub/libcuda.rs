//! A stub of `libcuda.so.1`, built by `tests/suite/nvml.rs`. `STUB_LIBCUDA` selects its behavior.
#![allow(non_snake_case, reason = "CUDA's own names")]

use std::ffi::{c_char, c_int, c_uint};
use std::time::Duration;

fn plays(name: &str) -> bool {
    std::env::var("STUB_LIBCUDA").is_ok_and(|played| played == name)
}

#[unsafe(no_mangle)]
pub extern "C" fn cuInit(flags: c_uint) -> c_int {
    assert_eq!(flags, 0);
    match std::env::var("STUB_LIBCUDA").unwrap_or_default().as_str() {
        "no-device" => 100,
        "mismatch" => 803,
        "hangs" => {
            std::thread::sleep(Duration::from_secs(600));
            999
        }
        // As libcuda does: it then has no device.
        _ if std::env::var_os("CUDA_VISIBLE_DEVICES").is_some() => 100,
        _ => 0,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDriverGetVersion(version: *mut c_int) -> c_int {
    unsafe { *version = 12080 };
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetCount(count: *mut c_int) -> c_int {
    unsafe { *count = if plays("three") { 3 } else { 1 } };
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGet(device: *mut c_int, index: c_int) -> c_int {
    unsafe { *device = index };
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetName(to: *mut c_char, length: c_int, _device: c_int) -> c_int {
    let name = c"Orin";
    assert!(length > 4);
    unsafe { std::ptr::copy_nonoverlapping(name.as_ptr(), to, 5) };
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetAttribute(
    value: *mut c_int,
    attribute: c_int,
    _device: c_int,
) -> c_int {
    let known = match attribute {
        75 => 8,
        76 => 7,
        _ => return 1,
    };
    unsafe { *value = known };
    0
}
