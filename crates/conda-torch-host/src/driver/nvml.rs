//! The calls to NVML, the driver's management library.

use std::ffi::OsStr;

use conda_torch_probe::host::{Query, Reply};
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};

use super::{Printer, load_error};

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
    printer.reply(Query::DriverVersion, None, || reply(nvml.sys_driver_version(), Reply::Text));
    printer.reply(Query::CudaVersion, None, || {
        reply(nvml.sys_cuda_driver_version(), |version| Reply::number(version.into()))
    });
    let count = || reply(nvml.device_count(), |count| count);
    let number = |count: &u32| Some(Reply::Number((*count).into()));
    let count = printer.call(Query::DeviceCount, None, count, number);
    for index in 0..count.unwrap_or(0) {
        let device = || reply(nvml.device_by_index(index), |device| device);
        if let Some(device) = printer.call(Query::Device, Some(index), device, |_| None) {
            query_device(&device, index, printer);
        }
    }
}

fn query_device(device: &Device<'_>, index: u32, printer: &mut Printer<'_>) {
    let of = Some(index);
    printer.reply(Query::Name, of, || reply(device.name(), Reply::Text));
    printer.reply(Query::ComputeCapability, of, || {
        reply(device.cuda_compute_capability(), |cc| {
            Reply::Text(format!("{}.{}", cc.major, cc.minor))
        })
    });
    printer.reply(Query::Memory, of, || reply(device.memory_info(), |m| Reply::Number(m.total)));
    let mig = || reply(device.mig_mode(), |mode| mode.current);
    let mig = printer.call(Query::Mig, of, mig, |mode| Some(Reply::Number((*mode).into())));
    printer.reply(Query::PciId, of, || {
        reply(device.pci_info(), |pci| Reply::Number(pci.pci_device_id.into()))
    });
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
        let slices = (0..places).filter_map(|place| device.mig_device_by_index(place).ok());
        let names = slices.map(|slice| slice.name().unwrap_or_else(|_| "MIG slice".to_owned()));
        Reply::Text(names.collect::<Vec<_>>().join("\n"))
    })
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
