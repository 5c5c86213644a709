//! The calls to libcuda, the driver's compute library.

use std::ffi::{c_char, c_int};
use std::mem::ManuallyDrop;

use conda_torch_probe::host::{Query, Reply};
use libloading::Library;

use super::{DEVICES, NAME, Printer, load_error, text};

/// `CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR` and `…_MINOR`.
const CAPABILITY: [c_int; 2] = [75, 76];

/// Tries the files until one can be initialised, and queries that one.
pub(super) fn query(paths: &[String], printer: &mut Printer<'_>) {
    for path in paths {
        let Some(library) = printer.call(Query::Init, None, || open(path), |_| None) else {
            continue;
        };
        if let Some(file) = opened_file() {
            printer.print(Query::File, None, Some(Reply::Text(file)));
        }
        // libcuda reports its version even without a device, before the initialisation.
        let version = || Ok(Reply::number(library.integer(b"cuDriverGetVersion\0")?.into()));
        printer.reply(Query::CudaVersion, None, version);
        let initialised = |(): &()| Some(Reply::Text(path.clone()));
        if printer.call(Query::Init, None, || library.init(), initialised).is_some() {
            return query_devices(&library, printer);
        }
    }
}

fn query_devices(library: &Cuda, printer: &mut Printer<'_>) {
    let count = || library.integer(b"cuDeviceGetCount\0");
    let number = |count: &c_int| Some(Reply::number((*count).into()));
    let count = printer.call(Query::DeviceCount, None, count, number).unwrap_or(0);
    for index in 0..count.min(DEVICES.cast_signed()) {
        let of = u32::try_from(index).ok();
        if let Some(device) = printer.call(Query::Device, of, || library.device(index), |_| None) {
            printer.reply(Query::Name, of, || library.name(device));
            printer.reply(Query::ComputeCapability, of, || library.capability(device));
        }
    }
}

/// libcuda. It is never closed, which would run code of the driver.
struct Cuda(ManuallyDrop<Library>);

#[expect(unsafe_code, reason = "a foreign library is opened")]
fn open(path: &str) -> Result<Cuda, Reply> {
    // SAFETY: opening runs the driver's constructors, in a process that only exists for this.
    let library = unsafe { Library::new(path) };
    library.map(|it| Cuda(ManuallyDrop::new(it))).map_err(|error| load_error(&error, path))
}

/// The file that the loader opened: it chooses among several. Only Linux says so.
fn opened_file() -> Option<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let mut files = maps.lines().filter_map(|line| line.get(line.find('/')?..));
    let is_libcuda =
        |file: &&str| file.rsplit_once('/').is_some_and(|(_, name)| name.starts_with("libcuda.so"));
    // The pages of a file that failed before may still be mapped: the last one counts.
    files.rfind(is_libcuda).map(str::to_owned)
}

#[expect(unsafe_code, reason = "foreign functions are called")]
impl Cuda {
    /// Calls a function of the library by name; a result other than 0 is an error.
    fn call<F: Copy>(&self, name: &[u8], call: impl FnOnce(F) -> c_int) -> Result<(), Reply> {
        // SAFETY: the callers name the type that cuda.h declares for that function.
        let function = unsafe { self.0.get::<F>(name) }
            .map_err(|_| Reply::Error("FailedToLoadSymbol".to_owned()))?;
        match call(*function) {
            0 => Ok(()),
            code => Err(Reply::Error(code.to_string())),
        }
    }

    /// A function that fills one integer.
    fn integer(&self, name: &[u8]) -> Result<c_int, Reply> {
        type Integer = unsafe extern "system" fn(*mut c_int) -> c_int;
        let mut value = 0;
        // SAFETY: cuda.h declares the functions this is called for as `CUresult f(int *)`.
        self.call::<Integer>(name, |function| unsafe { function(&raw mut value) })?;
        Ok(value)
    }

    fn init(&self) -> Result<(), Reply> {
        type Init = unsafe extern "system" fn(u32) -> c_int;
        // SAFETY: `CUresult cuInit(unsigned int)`; the flags must be 0.
        self.call::<Init>(b"cuInit\0", |init| unsafe { init(0) })
    }

    fn device(&self, index: c_int) -> Result<c_int, Reply> {
        type Get = unsafe extern "system" fn(*mut c_int, c_int) -> c_int;
        let mut device = 0;
        // SAFETY: `CUresult cuDeviceGet(CUdevice *, int)`, and `CUdevice` is an int.
        self.call::<Get>(b"cuDeviceGet\0", |get| unsafe { get(&raw mut device, index) })?;
        Ok(device)
    }

    fn name(&self, device: c_int) -> Result<Reply, Reply> {
        type Name = unsafe extern "system" fn(*mut c_char, c_int, c_int) -> c_int;
        // SAFETY: `CUresult cuDeviceGetName(char *, int, CUdevice)` writes at most the given length.
        let get = |to| move |get: Name| unsafe { get(to, NAME.into(), device) };
        text(|to| self.call::<Name>(b"cuDeviceGetName\0", get(to)))
    }

    fn capability(&self, device: c_int) -> Result<Reply, Reply> {
        type Attribute = unsafe extern "system" fn(*mut c_int, c_int, c_int) -> c_int;
        let mut parts = [0; 2];
        for (part, attribute) in parts.iter_mut().zip(CAPABILITY) {
            // SAFETY: `CUresult cuDeviceGetAttribute(int *, CUdevice_attribute, CUdevice)`.
            self.call::<Attribute>(b"cuDeviceGetAttribute\0", |get| unsafe {
                get(std::ptr::from_mut(part), attribute, device)
            })?;
        }
        Ok(Reply::Text(format!("{}.{}", parts[0], parts[1])))
    }
}
