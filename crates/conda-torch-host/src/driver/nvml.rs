//! The calls to NVML, the driver's management library.
//!
//! The wrapper reads a text to its end, which a library may forget: functions that return one are called without it.

use std::ffi::OsStr;
use std::mem::MaybeUninit;

use conda_torch_probe::host::{Query, Reply};
use nvml_wrapper::error::{NvmlError, nvml_sym, nvml_try};
use nvml_wrapper::{Device, Nvml};

use super::{DEVICES, NAME, Printer, load_error, text};

/// Tries the files until one can be initialised, and queries that one.
pub(super) fn query(paths: &[String], printer: &mut Printer<'_>) {
    for path in paths {
        let init = || {
            let nvml = Nvml::builder().lib_path(OsStr::new(path)).init();
            nvml.map_err(|error| failed_to_load(&error, path))
        };
        let initialised = |_: &Nvml| Some(Reply::Text(path.clone()));
        if let Some(nvml) = printer.call(Query::Init, None, init, initialised) {
            query_driver(&nvml, printer);
            // No shutdown, which can hang: the process ends anyway.
            std::mem::forget(nvml);
            return;
        }
    }
}

fn query_driver(nvml: &Nvml, printer: &mut Printer<'_>) {
    printer.reply(Query::DriverVersion, None, || reply(driver_version(nvml), |text| text));
    printer.reply(Query::CudaVersion, None, || {
        reply(nvml.sys_cuda_driver_version(), |version| Reply::number(version.into()))
    });
    let count = || reply(nvml.device_count(), |count| count);
    let number = |count: &u32| Some(Reply::Number((*count).into()));
    let count = printer.call(Query::DeviceCount, None, count, number);
    for index in 0..count.unwrap_or(0).min(DEVICES) {
        let device = || reply(nvml.device_by_index(index), |device| device);
        if let Some(device) = printer.call(Query::Device, Some(index), device, |_| None) {
            query_device(&device, index, printer);
        }
    }
}

fn query_device(device: &Device<'_>, index: u32, printer: &mut Printer<'_>) {
    let of = Some(index);
    printer.reply(Query::Name, of, || reply(name(device), |text| text));
    printer.reply(Query::ComputeCapability, of, || {
        reply(device.cuda_compute_capability(), |cc| {
            Reply::Text(format!("{}.{}", cc.major, cc.minor))
        })
    });
    printer.reply(Query::Memory, of, || reply(device.memory_info(), |m| Reply::Number(m.total)));
    let mig = || reply(device.mig_mode(), |mode| mode.current);
    let mig = printer.call(Query::Mig, of, mig, |mode| Some(Reply::Number((*mode).into())));
    printer.reply(Query::PciId, of, || reply(pci_id(device), |id| Reply::Number(id.into())));
    // The wrapper only has it for Linux.
    #[cfg(target_os = "linux")]
    printer.reply(Query::Virtualization, of, || virtualization(device));
    if mig == Some(1) {
        printer.reply(Query::MigSlices, of, || mig_slices(device));
    }
}

#[cfg(target_os = "linux")]
fn virtualization(device: &Device<'_>) -> Result<Reply, Reply> {
    use nvml_wrapper::enum_wrappers::device::GpuVirtualizationMode as Mode;
    reply(device.virtualization_mode(), |mode| {
        let mode = match mode {
            Mode::Bare => "none",
            Mode::PassThrough => "passthrough",
            Mode::Vgpu => "vgpu",
            Mode::HostVgpu => "host-vgpu",
            Mode::HostVsga => "host-vsga",
        };
        Reply::Text(mode.to_owned())
    })
}

/// The names of the slices. A place without a slice is skipped.
fn mig_slices(device: &Device<'_>) -> Result<Reply, Reply> {
    reply(device.mig_device_count(), |places| {
        let places = 0..places.min(DEVICES);
        let slices = places.filter_map(|place| device.mig_device_by_index(place).ok());
        let names = slices.map(|slice| match name(&slice) {
            Ok(Reply::Text(name)) => name,
            Ok(_) | Err(_) => "MIG slice".to_owned(),
        });
        Reply::Text(names.collect::<Vec<_>>().join("\n"))
    })
}

#[expect(unsafe_code, reason = "a foreign function is called")]
fn driver_version(nvml: &Nvml) -> Result<Reply, NvmlError> {
    let get = nvml_sym(nvml.lib().nvmlSystemGetDriverVersion.as_ref())?;
    // SAFETY: the function writes at most the given length.
    text(|to| nvml_try(unsafe { get(to, NAME.into()) }))
}

#[expect(unsafe_code, reason = "a foreign function is called")]
fn name(device: &Device<'_>) -> Result<Reply, NvmlError> {
    let get = nvml_sym(device.nvml().lib().nvmlDeviceGetName.as_ref())?;
    // SAFETY: the device is of this library, and the function writes at most the given length.
    text(|to| nvml_try(unsafe { get(device.handle(), to, NAME.into()) }))
}

#[expect(unsafe_code, reason = "a foreign function is called")]
fn pci_id(device: &Device<'_>) -> Result<u32, NvmlError> {
    let get = nvml_sym(device.nvml().lib().nvmlDeviceGetPciInfo_v3.as_ref())?;
    let mut info = MaybeUninit::zeroed();
    // SAFETY: the device is of this library, and all fields of the struct may be zero.
    unsafe {
        nvml_try(get(device.handle(), info.as_mut_ptr()))?;
        Ok(info.assume_init().pciDeviceId)
    }
}

fn reply<T, R>(result: Result<T, NvmlError>, reply: impl FnOnce(T) -> R) -> Result<R, Reply> {
    result.map(reply).map_err(|error| failed(&error))
}

/// The name of the error code.
fn failed(error: &NvmlError) -> Reply {
    // Its text has the symbol's name, which only helps to debug a library.
    if let NvmlError::FailedToLoadSymbol(_) = error {
        return Reply::Error("FailedToLoadSymbol".to_owned());
    }
    Reply::Error(format!("{error:?}"))
}

/// The same for a library that may not exist.
fn failed_to_load(error: &NvmlError, path: &str) -> Reply {
    if let NvmlError::LibloadingError(error) = error {
        return load_error(error, path);
    }
    failed(error)
}
