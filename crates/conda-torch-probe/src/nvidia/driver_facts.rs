//! NVML's and libcuda's answers, read as facts.

use crate::host::{DriverEnd, Library, Query, Reply};
use conda_torch_core::types::{CudaVersion, Detected, Machine, Origin, Outcome};

use super::driver_report::{Init, LibraryReport, Why};
use super::{Answered, driver_files, gpu, improve, installation};
use crate::probe::{Probe, quoted};

/// As many devices as a machine may have: a larger number is a damaged answer.
const DEVICES: u32 = 256;

/// Asks the libraries and sets every fact about driver and GPUs, to unknown at least.
pub(super) fn detect(probe: &mut Probe<'_>) -> Answered {
    if probe.host.target().is_static {
        return not_asked(probe, "this program is linked statically and cannot open a library");
    }
    let report = probe.host.driver(&driver_files::request(probe));
    if let DriverEnd::NotStarted(why) = &report.end {
        return not_asked(probe, why);
    }
    let nvml = LibraryReport { library: Library::Nvml, report: &report };
    let libcuda = LibraryReport { library: Library::Libcuda, report: &report };
    nvml_facts(&mut probe.machine, &nvml);
    libcuda_facts(&mut probe.machine, &nvml, &libcuda);
    installation::heard(&mut probe.machine.nvidia, &nvml, &libcuda);
    for heard in [&nvml, &libcuda] {
        let (outcome, detail) = heard.summary();
        probe.report(heard.library.as_str(), outcome, detail);
    }
    match (&report.end, nvml.init(), libcuda.init()) {
        (_, Init::Done(_), _) | (_, _, Init::Done(_)) => Answered::Yes,
        (DriverEnd::TimedOut, _, _) => Answered::Hangs,
        (DriverEnd::Finished, Init::NotThere | Init::Failed("DriverNotLoaded"), _) => {
            Answered::NotLoaded
        }
        (DriverEnd::Finished | DriverEnd::Crashed(_) | DriverEnd::NotStarted(_), _, _) => {
            Answered::No
        }
    }
}

fn not_asked(probe: &mut Probe<'_>, why: &str) -> Answered {
    let machine = &mut probe.machine;
    machine.driver = Detected::unknown(why.to_owned());
    machine.driver_cuda = Detected::unknown(why.to_owned());
    machine.nvml = Detected::unknown(why.to_owned());
    machine.libcuda = Detected::unknown(why.to_owned());
    machine.gpu_count = Detected::unknown(why.to_owned());
    for library in [Library::Nvml, Library::Libcuda] {
        probe.report(library.as_str(), Outcome::Failed, why);
    }
    Answered::No
}

fn nvml_facts(machine: &mut Machine, nvml: &LibraryReport<'_>) {
    machine.driver = nvml
        .fact(Query::DriverVersion, None, text)
        .and_then(|text| match text.parse() {
            Ok(version) => Ok(version),
            Err(_) => Err(format!("NVML calls it {}", quoted(text)).into()),
        })
        .into_detected(Origin::Nvml);
    machine.driver_cuda = nvml.fact(Query::CudaVersion, None, cuda).into_detected(Origin::Nvml);
    machine.nvml = match nvml.init() {
        Init::NotThere => Detected::Absent,
        // It answers, and has no CUDA to tell of: a container with the `utility` part of the driver.
        Init::Done(_) if nvml.refuses(Query::CudaVersion) => Detected::Absent,
        Init::Done(_) | Init::Failed(_) | Init::NoAnswer => machine.driver_cuda.clone(),
    };
    machine.gpu_count = match nvml.fact(Query::DeviceCount, None, count) {
        Ok(0) => Detected::Absent,
        Ok(count) => Detected::found(count, Origin::Nvml),
        Err(why) => Detected::unknown(why),
    };
    for index in 0..nvml.fact(Query::DeviceCount, None, count).unwrap_or(0) {
        let of = Some(index);
        let device = gpu(machine, index);
        device.name = nvml.fact(Query::Name, of, name).into_detected(Origin::Nvml);
        device.compute_capability =
            nvml.fact(Query::ComputeCapability, of, parsed).into_detected(Origin::Nvml);
        device.memory_mib = nvml
            .fact(Query::Memory, of, |a| number(a).map(|n| n >> 20))
            .into_detected(Origin::Nvml);
        device.mig = if nvml.says(Query::Mig, of, "NotSupported") {
            Detected::Absent
        } else {
            nvml.fact(Query::Mig, of, |a| number(a).map(|n| n == 1)).into_detected(Origin::Nvml)
        };
        device.mig_slices = mig_slices(nvml, index);
        device.virtualization = virtualization(nvml, index);
        device.pci_id = nvml
            .fact(Query::PciId, of, number)
            .ok()
            .map(|id| format!("{:04x}:{:04x}", id & 0xffff, id >> 16));
    }
}

/// Absent where the card is split and no slice was made; not known where nobody asked.
fn mig_slices(nvml: &LibraryReport<'_>, index: u32) -> Detected<Vec<String>> {
    match nvml.fact(Query::MigSlices, Some(index), text) {
        Ok("") => Detected::Absent,
        Ok(names) => Detected::found(names.lines().map(str::to_owned).collect(), Origin::Nvml),
        Err(why) => Detected::unknown(why),
    }
}

fn virtualization(nvml: &LibraryReport<'_>, index: u32) -> Detected<String> {
    match nvml.fact(Query::Virtualization, Some(index), text) {
        Ok("none") => Detected::Absent,
        Ok(mode) => Detected::found(mode.to_owned(), Origin::Nvml),
        Err(why) => Detected::unknown(why),
    }
}

fn libcuda_facts(machine: &mut Machine, nvml: &LibraryReport<'_>, libcuda: &LibraryReport<'_>) {
    let version = libcuda.fact(Query::CudaVersion, None, cuda);
    machine.libcuda = match libcuda.init() {
        Init::Done(_) => version.clone().into_detected(Origin::Libcuda),
        // What conda asks does not exist, or says that there is nothing to compute on.
        Init::NotThere | Init::Failed("100") => Detected::Absent,
        Init::Failed(_) | Init::NoAnswer => Detected::unknown(libcuda.why_not(Query::Init, None)),
    };
    improve(&mut machine.driver_cuda, version.into_detected(Origin::Libcuda));
    let devices = libcuda.fact(Query::DeviceCount, None, count);
    let nvml_is_there = !matches!(nvml.init(), Init::NotThere);
    match (&machine.gpu_count, libcuda.init(), &devices) {
        (Detected::Unknown { .. }, _, Ok(count @ 1..)) => {
            machine.gpu_count = Detected::found(*count, Origin::Libcuda);
        }
        // With NVML there and failing, "no device" may be the same failure.
        (Detected::Unknown { .. }, Init::Done(_), Ok(0))
        | (Detected::Unknown { .. }, Init::Failed("100"), _)
            if !nvml_is_there =>
        {
            machine.gpu_count = Detected::Absent;
        }
        (Detected::Found(_) | Detected::Absent | Detected::Unknown { .. }, _, _) => {}
    }
    // Numbers mean the same device in both only where both count the same (MIG, hidden devices).
    let Ok(count) = devices else { return };
    if machine.gpu_count.value() != Some(&count) {
        return;
    }
    for index in 0..count {
        let of = Some(index);
        let device = gpu(machine, index);
        improve(
            &mut device.name,
            libcuda.fact(Query::Name, of, name).into_detected(Origin::Libcuda),
        );
        improve(
            &mut device.compute_capability,
            libcuda.fact(Query::ComputeCapability, of, parsed).into_detected(Origin::Libcuda),
        );
    }
}

/// `Result` to `Detected`, with the origin of what was found.
pub(super) trait IntoDetected<T> {
    fn into_detected(self, origin: Origin) -> Detected<T>;
}

impl<T> IntoDetected<T> for Result<T, Why> {
    fn into_detected(self, origin: Origin) -> Detected<T> {
        match self {
            Ok(value) => Detected::found(value, origin),
            Err(why) => Detected::unknown(why),
        }
    }
}

pub(super) fn text(answer: &Reply) -> Option<&str> {
    match answer {
        Reply::Text(text) => Some(text),
        Reply::Number(_) | Reply::NotThere | Reply::Error(_) => None,
    }
}

fn name(answer: &Reply) -> Option<String> {
    text(answer).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned)
}

fn parsed<T: std::str::FromStr>(answer: &Reply) -> Option<T> {
    text(answer)?.parse().ok()
}

fn number(answer: &Reply) -> Option<u64> {
    match answer {
        Reply::Number(number) => Some(*number),
        Reply::Text(_) | Reply::NotThere | Reply::Error(_) => None,
    }
}

fn count(answer: &Reply) -> Option<u32> {
    number(answer)?.try_into().ok().filter(|count| *count <= DEVICES)
}

pub(super) fn cuda(answer: &Reply) -> Option<CudaVersion> {
    CudaVersion::from_driver_integer(number(answer)?.try_into().ok()?)
}
