//! The calls to libcuda, the driver's compute library. Only made in the driver's child process.

use std::ffi::{c_char, c_int};

use libloading::Library;

use super::{Reporter, unloaded};
use conda_torch_probe::host::{Query, Reply};

/// `CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR` and `…_MINOR`.
const CAPABILITY: [c_int; 2] = [75, 76];

/// Tries the files until one can be initialised, and asks that one.
pub(super) fn ask(paths: &[String], reporter: &mut Reporter<'_>) {
    for path in paths {
        reporter.say(Query::Init, None, None);
        let library = match open(path) {
            Ok(library) => library,
            Err(answer) => {
                reporter.say(Query::Init, None, Some(answer));
                continue;
            }
        };
        if let Some(file) = opened_file() {
            reporter.say(Query::File, None, Some(Reply::Text(file)));
        }
        // The version can be had without a device, so it is asked before the initialisation.
        reporter.ask(Query::CudaVersion, None, || integer(&library, b"cuDriverGetVersion\0"));
        reporter.say(Query::Init, None, None);
        match library.init() {
            Ok(()) => {
                reporter.say(Query::Init, None, Some(Reply::Text(path.clone())));
                ask_devices(&library, reporter);
                return;
            }
            Err(answer) => reporter.say(Query::Init, None, Some(answer)),
        }
    }
}

fn ask_devices(library: &Cuda, reporter: &mut Reporter<'_>) {
    reporter.say(Query::DeviceCount, None, None);
    let count = integer(library, b"cuDeviceGetCount\0");
    reporter.say(Query::DeviceCount, None, Some(count.clone()));
    let Reply::Number(count) = count else { return };
    for index in 0..u32::try_from(count).unwrap_or(0) {
        let of = Some(index);
        reporter.say(Query::Device, of, None);
        match library.device(index) {
            Ok(device) => {
                reporter.ask(Query::Name, of, || library.name(device));
                reporter.ask(Query::ComputeCapability, of, || library.capability(device));
            }
            Err(answer) => reporter.say(Query::Device, of, Some(answer)),
        }
    }
}

/// libcuda, opened and never closed: closing runs code of the driver.
struct Cuda {
    library: std::mem::ManuallyDrop<Library>,
}

#[expect(unsafe_code, reason = "a foreign library is opened")]
fn open(path: &str) -> Result<Cuda, Reply> {
    // SAFETY: opening runs the driver's own constructors, in a process that exists for this alone.
    match unsafe { Library::new(path) } {
        Ok(library) => Ok(Cuda { library: std::mem::ManuallyDrop::new(library) }),
        Err(error) => Err(unloaded(&error, path)),
    }
}

/// The file behind the name that was opened: the loader chooses among several. Only the child maps it.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "this is `Host`'s own process")]
fn opened_file() -> Option<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let mut files = maps.lines().filter_map(|line| line.get(line.find('/')?..));
    let is_libcuda =
        |file: &&str| file.rsplit_once('/').is_some_and(|(_, name)| name.starts_with("libcuda.so"));
    // Of a file that failed before, this program may still hold the pages: the last one is meant.
    files.rfind(is_libcuda).map(str::to_owned)
}

#[cfg(not(target_os = "linux"))]
fn opened_file() -> Option<String> {
    None
}

/// A call that fills one integer.
#[expect(unsafe_code, reason = "a foreign function is called")]
fn integer(cuda: &Cuda, name: &[u8]) -> Reply {
    type Integer = unsafe extern "system" fn(*mut c_int) -> c_int;
    let mut value = 0;
    // SAFETY: cuda.h declares the functions this is called for as `CUresult f(int *)`.
    let result = cuda.call::<Integer>(name, |function| unsafe { function(&raw mut value) });
    match (result, u64::try_from(value)) {
        (Ok(()), Ok(value)) => Reply::Number(value),
        (Ok(()), Err(_)) => Reply::Error("a negative number".to_owned()),
        (Err(answer), _) => answer,
    }
}

#[expect(unsafe_code, reason = "foreign functions are called")]
impl Cuda {
    /// Calls a function of the library by name; a result other than 0 is an error.
    fn call<F: Copy>(&self, name: &[u8], call: impl FnOnce(F) -> c_int) -> Result<(), Reply> {
        // SAFETY: the callers name the type that cuda.h declares for that function.
        let function = unsafe { self.library.get::<F>(name) }
            .map_err(|_| Reply::Error("FailedToLoadSymbol".to_owned()))?;
        match call(*function) {
            0 => Ok(()),
            code => Err(Reply::Error(code.to_string())),
        }
    }

    fn init(&self) -> Result<(), Reply> {
        type Init = unsafe extern "system" fn(u32) -> c_int;
        // SAFETY: `CUresult cuInit(unsigned int)`; the flags must be 0.
        self.call::<Init>(b"cuInit\0", |init| unsafe { init(0) })
    }

    fn device(&self, index: u32) -> Result<c_int, Reply> {
        type Get = unsafe extern "system" fn(*mut c_int, c_int) -> c_int;
        let mut device = 0;
        let index = c_int::try_from(index).unwrap_or(c_int::MAX);
        // SAFETY: `CUresult cuDeviceGet(CUdevice *, int)`, and `CUdevice` is an int.
        self.call::<Get>(b"cuDeviceGet\0", |get| unsafe { get(&raw mut device, index) })?;
        Ok(device)
    }

    fn name(&self, device: c_int) -> Reply {
        type Name = unsafe extern "system" fn(*mut c_char, c_int, c_int) -> c_int;
        let mut name = [0_u8; 256];
        // SAFETY: `CUresult cuDeviceGetName(char *, int, CUdevice)` writes at most the given length,
        // which is one less than the buffer's.
        let result = self.call::<Name>(b"cuDeviceGetName\0", |get| unsafe {
            get(name.as_mut_ptr().cast(), 255, device)
        });
        match (result, std::ffi::CStr::from_bytes_until_nul(&name)) {
            (Ok(()), Ok(name)) => Reply::Text(name.to_string_lossy().into_owned()),
            (Ok(()), Err(_)) => Reply::Error("a name without end".to_owned()),
            (Err(answer), _) => answer,
        }
    }

    fn capability(&self, device: c_int) -> Reply {
        type Attribute = unsafe extern "system" fn(*mut c_int, c_int, c_int) -> c_int;
        let mut parts = [0; 2];
        for (part, attribute) in parts.iter_mut().zip(CAPABILITY) {
            // SAFETY: `CUresult cuDeviceGetAttribute(int *, CUdevice_attribute, CUdevice)`.
            let result = self.call::<Attribute>(b"cuDeviceGetAttribute\0", |get| unsafe {
                get(std::ptr::from_mut(part), attribute, device)
            });
            if let Err(answer) = result {
                return answer;
            }
        }
        Reply::Text(format!("{}.{}", parts[0], parts[1]))
    }
}
