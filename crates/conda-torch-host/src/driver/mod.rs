//! The process that asks the NVIDIA driver, so that a driver that hangs or crashes takes only this
//! process with it. Says each thing as soon as it knows it, a line of JSON each.

mod isolation;
mod libcuda;

use std::ffi::{OsStr, OsString};
use std::io::Write;

use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};

use conda_torch_probe::host::{DriverCall, DriverRequest, Library, Query, Reply};

/// The first argument by which a program becomes the process that asks the driver.
pub const DRIVER_COMMAND: &str = "__driver";

/// The arguments that hand a request to the child.
pub(super) fn arguments(request: &DriverRequest) -> Vec<OsString> {
    let nvml = request.nvml.iter().map(|path| format!("nvml={path}").into());
    let libcuda = request.libcuda.iter().map(|path| format!("libcuda={path}").into());
    std::iter::once(DRIVER_COMMAND.into()).chain(nvml).chain(libcuda).collect()
}

/// The child's whole work: `arguments` are those after [`DRIVER_COMMAND`]. On Unix the process ends here.
pub fn run_driver_child(arguments: impl Iterator<Item = OsString>) {
    let mut request = DriverRequest::default();
    for argument in arguments.filter_map(|argument| argument.into_string().ok()) {
        match argument.split_once('=') {
            Some(("nvml", path)) => request.nvml.push(path.to_owned()),
            Some(("libcuda", path)) => request.libcuda.push(path.to_owned()),
            Some(_) | None => {}
        }
    }
    let mut out = isolation::enter();
    ask_nvml(&request.nvml, &mut Reporter { library: Library::Nvml, out: &mut out });
    libcuda::ask(&request.libcuda, &mut Reporter { library: Library::Libcuda, out: &mut out });
    #[cfg(unix)]
    isolation::leave();
}

/// Says what is being asked and what came back.
pub(super) struct Reporter<'o> {
    library: Library,
    out: &'o mut dyn Write,
}

impl Reporter<'_> {
    /// Makes a call, having said so before: if it never returns, the parent knows which it was.
    pub(super) fn ask(&mut self, call: Query, device: Option<u32>, ask: impl FnOnce() -> Reply) {
        self.say(call, device, None);
        let answer = ask();
        self.say(call, device, Some(answer));
    }

    pub(super) fn say(&mut self, query: Query, device: Option<u32>, reply: Option<Reply>) {
        let said = DriverCall { library: self.library, query, device, reply };
        // Begins with a line break of its own: a library may have left a line unfinished.
        let mut line = vec![b'\n'];
        if serde_json::to_writer(&mut line, &said).is_ok() {
            line.push(b'\n');
            // In one piece. Where the parent has gone, it will not miss this.
            let _ = self.out.write_all(&line).and_then(|()| self.out.flush());
        }
    }
}

/// Tries the files until one can be initialised, and asks that one.
fn ask_nvml(paths: &[String], reporter: &mut Reporter<'_>) {
    for path in paths {
        reporter.say(Query::Init, None, None);
        match Nvml::builder().lib_path(OsStr::new(path)).init() {
            Ok(nvml) => {
                reporter.say(Query::Init, None, Some(Reply::Text(path.clone())));
                ask_driver(&nvml, reporter);
                // Not shut down: that can hang as well, and the process ends here.
                std::mem::forget(nvml);
                return;
            }
            Err(NvmlError::LibloadingError(error)) => {
                reporter.say(Query::Init, None, Some(unloaded(&error, path)));
            }
            Err(error) => reporter.say(Query::Init, None, Some(failed(&error))),
        }
    }
}

fn ask_driver(nvml: &Nvml, reporter: &mut Reporter<'_>) {
    reporter.ask(Query::DriverVersion, None, || answer(nvml.sys_driver_version(), Reply::Text));
    reporter.ask(Query::CudaVersion, None, || {
        answer(nvml.sys_cuda_driver_version(), |n| number(n.try_into()))
    });
    reporter.say(Query::DeviceCount, None, None);
    let count = nvml.device_count();
    let devices = *count.as_ref().unwrap_or(&0);
    reporter.say(Query::DeviceCount, None, Some(answer(count, |n| Reply::Number(n.into()))));
    for index in 0..devices {
        ask_device(nvml, index, reporter);
    }
}

fn ask_device(nvml: &Nvml, index: u32, reporter: &mut Reporter<'_>) {
    let of = Some(index);
    reporter.say(Query::Device, of, None);
    let device = match nvml.device_by_index(index) {
        Ok(device) => device,
        Err(error) => return reporter.say(Query::Device, of, Some(failed(&error))),
    };
    reporter.ask(Query::Name, of, || answer(device.name(), Reply::Text));
    reporter.ask(Query::ComputeCapability, of, || {
        answer(device.cuda_compute_capability(), |cc| {
            Reply::Text(format!("{}.{}", cc.major, cc.minor))
        })
    });
    reporter.ask(Query::Memory, of, || answer(device.memory_info(), |m| Reply::Number(m.total)));
    reporter.say(Query::Mig, of, None);
    let mig = answer(device.mig_mode(), |mode| Reply::Number(mode.current.into()));
    let is_split = mig == Reply::Number(1);
    reporter.say(Query::Mig, of, Some(mig));
    reporter.ask(Query::PciId, of, || {
        answer(device.pci_info(), |pci| Reply::Number(pci.pci_device_id.into()))
    });
    // The wrapper has it for Linux alone.
    #[cfg(target_os = "linux")]
    reporter.ask(Query::Virtualization, of, || virtualization(&device));
    if is_split {
        reporter.ask(Query::MigSlices, of, || mig_slices(&device));
    }
}

/// A word for how a device is given to a virtual machine.
#[cfg(target_os = "linux")]
fn virtualization(device: &Device<'_>) -> Reply {
    use nvml_wrapper::enum_wrappers::device::GpuVirtualizationMode as Mode;
    answer(device.virtualization_mode(), |mode| {
        let word = match mode {
            Mode::Bare => "none",
            Mode::PassThrough => "passthrough",
            Mode::Vgpu => "vgpu",
            Mode::HostVgpu => "host-vgpu",
            Mode::HostVsga => "host-vsga",
        };
        Reply::Text(word.to_owned())
    })
}

/// The names of the slices that were made; places where none was are passed over.
fn mig_slices(device: &Device<'_>) -> Reply {
    answer(device.mig_device_count(), |places| {
        let slices = (0..places).filter_map(|place| device.mig_device_by_index(place).ok());
        let names = slices.map(|slice| slice.name().unwrap_or_else(|_| "MIG slice".to_owned()));
        Reply::Text(names.collect::<Vec<_>>().join("\n"))
    })
}

fn answer<T>(result: Result<T, NvmlError>, form: impl FnOnce(T) -> Reply) -> Reply {
    match result {
        Ok(value) => form(value),
        Err(error) => failed(&error),
    }
}

fn number<E>(number: Result<u64, E>) -> Reply {
    number.map_or_else(|_| Reply::Error("a negative number".to_owned()), Reply::Number)
}

/// The code's name.
fn failed(error: &NvmlError) -> Reply {
    // The symbol's name is in the words, and only of use to who debugs a library.
    if let NvmlError::FailedToLoadSymbol(_) = error {
        return Reply::Error("FailedToLoadSymbol".to_owned());
    }
    Reply::Error(format!("{error:?}"))
}

/// Why a library could not be opened: not there is not the same as not loadable. The words of the
/// loader name what is missing, which may be something that the library needs itself.
pub(super) fn unloaded(error: &libloading::Error, path: &str) -> Reply {
    use std::error::Error;
    let text = error.to_string();
    let code = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    // glibc, musl; Windows' ERROR_MOD_NOT_FOUND.
    if (text.ends_with("No such file or directory") && text.contains(path))
        || code.and_then(std::io::Error::raw_os_error) == Some(126)
    {
        Reply::NotThere
    } else {
        Reply::Error(code.map_or(text, ToString::to_string))
    }
}
