//! A stub of `libnvidia-ml.so.1` that misbehaves, built by `tests/suite/nvml_hostile.rs`. `STUB_HOSTILE` selects how;
//! all other calls succeed. It writes its process number to the file `STUB_PID`.
#![allow(non_snake_case, reason = "NVML's own names")]

use std::ffi::{c_char, c_int, c_uint};
use std::io::Write;
use std::time::Duration;

unsafe extern "C" {
    fn abort() -> !;
    fn atexit(f: extern "C" fn()) -> c_int;
    fn close(file: c_int) -> c_int;
    fn exit(code: c_int) -> !;
    fn fork() -> c_int;
    fn getpid() -> c_int;
    fn kill(process: c_int, signal: c_int) -> c_int;
    fn malloc(size: usize) -> *mut u8;
    fn signal(signal: c_int, handler: usize) -> usize;
    fn _exit(code: c_int) -> !;
}

const SIGTERM: c_int = 15;
const SIGSTOP: c_int = 19;
const IGNORE: usize = 1;

fn plays(name: &str) -> bool {
    std::env::var("STUB_HOSTILE").is_ok_and(|played| played == name)
}

extern "C" fn hang() {
    std::thread::sleep(Duration::from_secs(600));
}

fn print(bytes: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// Uses the processor for ever, in a process that can be found.
fn spin() -> ! {
    if let Ok(path) = std::env::var("STUB_PID") {
        let unfinished = format!("{path}.new");
        std::fs::write(&unfinished, std::process::id().to_string()).expect("written");
        std::fs::rename(unfinished, path).expect("renamed");
    }
    loop {
        std::hint::spin_loop();
    }
}

extern "C" fn constructor() {
    if plays("hangs-when-loaded") {
        hang();
    }
}

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = constructor;

#[unsafe(no_mangle)]
pub extern "C" fn nvmlInit_v2() -> c_int {
    match std::env::var("STUB_HOSTILE").unwrap_or_default().as_str() {
        "aborts" => unsafe { abort() },
        "exits" => unsafe { exit(0) },
        "spins" => spin(),
        "spins-in-a-child" => {
            if unsafe { fork() } == 0 {
                spin();
            }
            hang();
        }
        "is-slow" => std::thread::sleep(Duration::from_millis(2500)),
        "fills-memory" => loop {
            std::mem::forget(std::hint::black_box(vec![1_u8; 1 << 24]));
        },
        "stops" => drop(unsafe { kill(getpid(), SIGSTOP) }),
        "ignores-sigterm" => {
            unsafe { signal(SIGTERM, IGNORE) };
            hang();
        }
        "talks-forever" => loop {
            print(b"so it goes\n");
        },
        "floods" => (0..1024).for_each(|_| print(&[b'x'; 4096])),
        "leaves-a-line-unfinished" => print(b"{\"library\": "),
        "closes-stdout" => drop(unsafe { close(1) }),
        "hangs-at-the-end" => drop(unsafe { atexit(hang) }),
        "allocates" => {
            while !std::hint::black_box(unsafe { malloc(1 << 34) }).is_null() {}
            unsafe { abort() }
        }
        "leaves-a-process" => {
            // Keeps the pipes open longer than any time limit.
            if unsafe { fork() } == 0 {
                std::thread::sleep(Duration::from_secs(20));
                unsafe { _exit(0) }
            }
        }
        "comes-back-twice" => drop(unsafe { fork() }),
        _ => {}
    }
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetDriverVersion(to: *mut c_char, length: c_uint) -> c_int {
    if plays("forgets-ends") {
        unsafe { to.write_bytes(b'5', length as usize) };
        return 0;
    }
    let version = c"580.65.06";
    unsafe { std::ptr::copy_nonoverlapping(version.as_ptr(), to, 10) };
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetCudaDriverVersion_v2(version: *mut c_int) -> c_int {
    unsafe { *version = 13000 };
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetCount_v2(count: *mut c_uint) -> c_int {
    if plays("exits-later") {
        unsafe { exit(0) }
    }
    let devices = match std::env::var("STUB_HOSTILE").unwrap_or_default().as_str() {
        "forgets-ends" => 1,
        "counts-too-many" => c_uint::MAX,
        _ => 0,
    };
    unsafe { *count = devices };
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(_: c_uint, device: *mut usize) -> c_int {
    unsafe { *device = 1 };
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetName(_: usize, to: *mut c_char, length: c_uint) -> c_int {
    unsafe { to.write_bytes(b'x', length as usize) };
    0
}

/// `nvmlPciInfo_t`: the last field is a text, here without an end and not UTF-8.
#[repr(C)]
pub struct PciInfo {
    bus_id_legacy: [u8; 16],
    domain_bus_device: [c_uint; 3],
    device_id: c_uint,
    subsystem_id: c_uint,
    bus_id: [u8; 32],
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetPciInfo_v3(_: usize, info: *mut PciInfo) -> c_int {
    unsafe {
        (*info).device_id = 0x1b06_10de;
        (*info).bus_id = [0xff; 32];
    }
    0
}
