//! The replies of NVML and libcuda, read as facts.

use std::str::FromStr;

use conda_torch_core::types::{CudaVersion, Detected, DriverParts, Machine, Origin, Outcome};
use serde::de::value::{self, StringDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

use super::{DriverStatus, driver_files, gpu, improve, without_driver};
use crate::host::{DriverCall, DriverEnd, DriverReport, Failure, Library, Query, Reply};
use crate::probe::{Probe, quoted};

/// The most devices that a machine may have. A larger number is a damaged reply.
const DEVICES: u32 = 256;

/// Calls the libraries and sets every fact about driver and GPUs.
pub(super) fn detect(probe: &mut Probe<'_>) -> DriverStatus {
    let report = if probe.host.target().is_static {
        DriverReport::not_started("a statically linked program cannot open a library")
    } else {
        probe.host.driver(&driver_files::request(probe))
    };
    if let DriverEnd::NotStarted(why) = &report.end {
        without_driver(&mut probe.machine, Some(why));
        for library in [Library::Nvml, Library::Libcuda] {
            probe.report(library.as_str(), Outcome::Failed, why);
        }
        return DriverStatus::Silent;
    }
    let nvml = LibraryReport { library: Library::Nvml, report: &report };
    let libcuda = LibraryReport { library: Library::Libcuda, report: &report };
    nvml_facts(&mut probe.machine, &nvml);
    libcuda_facts(&mut probe.machine, &nvml, &libcuda);
    driver_parts(&mut probe.machine.nvidia, &nvml, &libcuda);
    for library in [&nvml, &libcuda] {
        let (outcome, detail) = library.summary();
        probe.report(library.library.as_str(), outcome, detail);
    }
    match (&report.end, nvml.init(), libcuda.init()) {
        (_, Init::Done(_), _) | (_, _, Init::Done(_)) => DriverStatus::Answers,
        (DriverEnd::TimedOut(_), _, _) => DriverStatus::Hangs,
        (DriverEnd::Finished, Init::NotThere | Init::Failed("DriverNotLoaded"), _) => {
            DriverStatus::NotLoaded
        }
        _ => DriverStatus::Silent,
    }
}

fn nvml_facts(machine: &mut Machine, nvml: &LibraryReport<'_>) {
    machine.driver = nvml.fact(Query::DriverVersion, None, parsed);
    machine.driver_cuda = nvml.fact(Query::CudaVersion, None, cuda);
    machine.nvml = match (nvml.init(), nvml.reply(Query::CudaVersion, None)) {
        // It answers without a CUDA version: a container with the `utility` part of the driver.
        (Init::NotThere, _) | (Init::Done(_), Some(Reply::Error(_))) => Detected::Absent,
        _ => machine.driver_cuda.clone(),
    };
    machine.gpu_count = absent_if(nvml.fact(Query::DeviceCount, None, count), &0);
    for index in 0..machine.gpu_count.value().copied().unwrap_or(0) {
        let of = Some(index);
        let device = gpu(machine, index);
        device.name = nvml.fact(Query::Name, of, name);
        device.compute_capability = nvml.fact(Query::ComputeCapability, of, parsed);
        device.memory_mib = nvml.fact(Query::Memory, of, |reply| Some(number(reply)? >> 20));
        device.mig = match nvml.reply(Query::Mig, of) {
            Some(Reply::Error(code)) if code == "NotSupported" => Detected::Absent,
            _ => nvml.fact(Query::Mig, of, |reply| Some(number(reply)? == 1)),
        };
        let names = |reply: &Reply| Some(text(reply)?.lines().map(str::to_owned).collect());
        device.mig_slices = absent_if(nvml.fact(Query::MigSlices, of, names), &Vec::new());
        let mode = nvml.fact(Query::Virtualization, of, owned);
        device.virtualization = absent_if(mode, &"none".to_owned());
        let pci_id = nvml.reply(Query::PciId, of).and_then(number);
        device.pci_id = pci_id.map(|id| format!("{:04x}:{:04x}", id & 0xffff, id >> 16));
    }
}

fn libcuda_facts(machine: &mut Machine, nvml: &LibraryReport<'_>, libcuda: &LibraryReport<'_>) {
    let version = libcuda.fact(Query::CudaVersion, None, cuda);
    machine.libcuda = match libcuda.init() {
        Init::Done(_) => version.clone(),
        // conda reads libcuda: it does not exist, or reports no device.
        Init::NotThere | Init::Failed("100") => Detected::Absent,
        Init::Failed(_) | Init::NoReply => Detected::unknown(libcuda.why_not(Query::Init, None)),
    };
    improve(&mut machine.driver_cuda, version);
    let devices = libcuda.reply(Query::DeviceCount, None).and_then(count);
    if let Detected::Unknown { .. } = machine.gpu_count {
        let shows_none = matches!(
            (libcuda.init(), devices),
            (Init::Done(_), Some(0)) | (Init::Failed("100"), _)
        );
        if let Some(count @ 1..) = devices {
            machine.gpu_count = Detected::found(count, Origin::Libcuda);
        } else if shows_none && nvml.init() == Init::NotThere {
            // If NVML exists and fails, "no device" may be the same failure.
            machine.gpu_count = Detected::Absent;
        }
    }
    // Numbers mean the same device in both only if both count the same (MIG, hidden devices).
    for index in 0..devices.filter(|count| machine.gpu_count.value() == Some(count)).unwrap_or(0) {
        let of = Some(index);
        let device = gpu(machine, index);
        improve(&mut device.name, libcuda.fact(Query::Name, of, name));
        let capability = libcuda.fact(Query::ComputeCapability, of, parsed);
        improve(&mut device.compute_capability, capability);
    }
}

/// What the libraries report about themselves, even if they could not be initialized.
fn driver_parts(parts: &mut DriverParts, nvml: &LibraryReport<'_>, libcuda: &LibraryReport<'_>) {
    parts.nvml_path = nvml.path();
    parts.nvml_error = nvml.error_code();
    parts.libcuda_path = libcuda.path();
    parts.libcuda_error = libcuda.error_code();
    parts.libcuda_cuda = libcuda.fact(Query::CudaVersion, None, cuda);
    parts.libcuda_file = libcuda.fact(Query::File, None, owned);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Init<'r> {
    Done(&'r str),
    Failed(&'r str),
    NotThere,
    /// It was not called, or did not reply.
    NoReply,
}

struct LibraryReport<'r> {
    library: Library,
    report: &'r DriverReport,
}

impl<'r> LibraryReport<'r> {
    fn calls(&self) -> impl DoubleEndedIterator<Item = &'r DriverCall> {
        let library = self.library;
        self.report.calls.iter().filter(move |call| call.library == library)
    }

    /// The last reply to a query: earlier ones are from other files.
    fn reply(&self, query: Query, device: Option<u32>) -> Option<&'r Reply> {
        let is_same = |call: &&DriverCall| call.query == query && call.device == device;
        self.calls().rev().filter(is_same).find_map(|call| call.reply.as_ref())
    }

    /// Of the files that were tried, the one that worked, or else the last that failed.
    fn init(&self) -> Init<'r> {
        let mut init = Init::NoReply;
        for call in self.calls().filter(|call| call.query == Query::Init) {
            init = match (&call.reply, init) {
                (_, Init::Done(_)) | (None | Some(Reply::Number(_)), _) => init,
                (Some(Reply::Text(path)), _) => Init::Done(path),
                (Some(Reply::Error(code)), _) => Init::Failed(code),
                (Some(Reply::NotThere), Init::Failed(code)) => Init::Failed(code),
                (Some(Reply::NotThere), Init::NotThere | Init::NoReply) => Init::NotThere,
            };
        }
        init
    }

    fn path(&self) -> Option<String> {
        let Init::Done(path) = self.init() else { return None };
        path.starts_with('/').then(|| path.to_owned())
    }

    /// Why it could not be initialized. Every code is one of the enum's.
    fn error_code<T: DeserializeOwned>(&self) -> Option<T> {
        let Init::Failed(code) = self.init() else { return None };
        let code: String = code.chars().take(120).collect();
        let code: StringDeserializer<value::Error> = code.into_deserializer();
        T::deserialize(code).ok()
    }

    fn fact<T>(
        &self,
        query: Query,
        device: Option<u32>,
        read: impl FnOnce(&'r Reply) -> Option<T>,
    ) -> Detected<T> {
        let origin = match self.library {
            Library::Nvml => Origin::Nvml,
            Library::Libcuda => Origin::Libcuda,
        };
        let value = self.reply(query, device).and_then(read);
        Detected::found_or(value, origin, self.why_not(query, device))
    }

    /// Why a value is missing: its error, that of its device or library, or the end of the process.
    fn why_not(&self, query: Query, device: Option<u32>) -> String {
        let name = match self.library {
            Library::Nvml => "NVML",
            Library::Libcuda => "libcuda",
        };
        let of_device = device.and_then(|_| self.reply(Query::Device, device));
        let error = |code: &str| format!("{name}: {}", error_message(self.library, code));
        match (self.reply(query, device).or(of_device), self.init()) {
            (Some(Reply::Error(code)), _) => error(code),
            (_, Init::Failed(code)) => error(code),
            (_, Init::NotThere) | (Some(Reply::NotThere), _) => format!("{name} not found"),
            (Some(Reply::Text(text)), _) => format!("{name} reports {}", quoted(text)),
            (Some(Reply::Number(number)), _) => format!("{name} reports `{number}`"),
            (None, Init::Done(_) | Init::NoReply) => format!("{name}: {}", self.end()),
        }
    }

    fn unfinished(&self) -> Option<&'r DriverCall> {
        self.report.calls.last().filter(|call| call.reply.is_none())
    }

    fn end(&self) -> String {
        let how = match &self.report.end {
            DriverEnd::TimedOut(seconds) => Failure::TimedOut(*seconds).to_string(),
            DriverEnd::TooLarge => "the driver's library used too much memory".to_owned(),
            DriverEnd::Crashed(how) => format!("the driver's library crashed with {how}"),
            DriverEnd::Finished | DriverEnd::NotStarted(_) => return "not reported".to_owned(),
        };
        let Some(DriverCall { library, query, device, .. }) = self.unfinished() else { return how };
        let of = device.map(|index| format!(" for GPU {index}")).unwrap_or_default();
        format!("{how} ({} of {}{of})", query.as_str(), library.as_str())
    }

    fn summary(&self) -> (Outcome, String) {
        let cut_off = match &self.report.end {
            DriverEnd::TimedOut(_) => Some((Outcome::TimedOut, "the driver hung before")),
            DriverEnd::TooLarge => Some((Outcome::Failed, "the driver was ended before")),
            DriverEnd::Crashed(_) => Some((Outcome::Failed, "the driver crashed before")),
            DriverEnd::Finished | DriverEnd::NotStarted(_) => None,
        };
        // Without any call the process did not get to NVML, which is first.
        let is_cause = match self.unfinished() {
            Some(call) => call.library == self.library,
            None => self.report.calls.is_empty() && self.library == Library::Nvml,
        };
        match (self.init(), cut_off) {
            (_, Some((outcome, _))) if is_cause => (outcome, self.end()),
            (Init::Done(path), _) => (Outcome::Ok, path.to_owned() + &self.errors()),
            (Init::Failed(code), _) => (Outcome::Failed, error_message(self.library, code)),
            (Init::NoReply, Some((_, before))) => (Outcome::Skipped, before.to_owned()),
            (Init::NotThere, _) | (Init::NoReply, None) => {
                (Outcome::Absent, "library not found".to_owned())
            }
        }
    }

    /// Its errors: `; name of GPU 1: the GPU fell off the bus`. A card without MIG is not an error.
    fn errors(&self) -> String {
        let optional =
            [Query::Init, Query::Mig, Query::MigSlices, Query::Virtualization, Query::File];
        let error = |DriverCall { query, device, reply, .. }: &DriverCall| {
            let Some(Reply::Error(code)) = reply else { return None };
            let of = device.map(|index| format!(" of GPU {index}")).unwrap_or_default();
            let message = error_message(self.library, code);
            (!optional.contains(query)).then(|| format!("; {}{of}: {message}", query.as_str()))
        };
        self.calls().filter_map(error).collect()
    }
}

/// Absent, if the value means that.
fn absent_if<T: PartialEq>(fact: Detected<T>, none: &T) -> Detected<T> {
    if fact.value() == Some(none) { Detected::Absent } else { fact }
}

fn text(reply: &Reply) -> Option<&str> {
    let Reply::Text(text) = reply else { return None };
    Some(text)
}

fn owned(reply: &Reply) -> Option<String> {
    text(reply).map(str::to_owned)
}

fn name(reply: &Reply) -> Option<String> {
    text(reply).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned)
}

fn parsed<T: FromStr>(reply: &Reply) -> Option<T> {
    text(reply)?.parse().ok()
}

fn number(reply: &Reply) -> Option<u64> {
    let Reply::Number(number) = reply else { return None };
    Some(*number)
}

fn count(reply: &Reply) -> Option<u32> {
    number(reply)?.try_into().ok().filter(|count| *count <= DEVICES)
}

fn cuda(reply: &Reply) -> Option<CudaVersion> {
    CudaVersion::from_driver_integer(number(reply)?.try_into().ok()?)
}

/// NVML's error codes in words. Source: nvml.h (`nvmlReturn_t`), by nvml-wrapper's names.
const NVML_ERRORS: [(&str, &str); 20] = [
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
    ("Unknown", INTERNAL),
];

/// libcuda's. Source: cuda.h (`CUresult`).
const LIBCUDA_ERRORS: [(&str, &str); 12] = [
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

fn error_message(library: Library, code: &str) -> String {
    let codes = match library {
        Library::Nvml => &NVML_ERRORS[..],
        Library::Libcuda => &LIBCUDA_ERRORS[..],
    };
    match codes.iter().find(|(known, _)| *known == code) {
        Some((_, message)) => (*message).to_owned(),
        // A message of the loader.
        None if code.contains(' ') => code.to_owned(),
        None => format!("{} error {code}", library.as_str()),
    }
}
