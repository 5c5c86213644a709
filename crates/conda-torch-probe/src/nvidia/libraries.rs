//! NVML's and libcuda's answers, read as facts.

use crate::host::{Answer, Call, End, Library};
use conda_torch_core::types::{CudaVersion, Detected, Machine, Origin, Outcome};

use super::super::look::{Look, quoted};
use super::heard::{Heard, Init, Why};
use super::{Answered, gpu, improve, places, traces};

/// As many devices as a machine may have: a larger number is a damaged answer.
const DEVICES: u32 = 256;

/// Asks the libraries and sets every fact about driver and GPUs, to unknown at least.
pub(super) fn look(look: &mut Look<'_>) -> Answered {
    if look.host.target().is_static {
        return not_asked(look, "this program is linked statically and cannot open a library");
    }
    let report = look.host.driver(&places::request(look));
    if let End::NotStarted(why) = &report.end {
        return not_asked(look, why);
    }
    let nvml = Heard { library: Library::Nvml, report: &report };
    let libcuda = Heard { library: Library::Libcuda, report: &report };
    nvml_facts(&mut look.machine, &nvml);
    libcuda_facts(&mut look.machine, &nvml, &libcuda);
    traces::heard(&mut look.machine.nvidia, &nvml, &libcuda);
    for heard in [&nvml, &libcuda] {
        let (outcome, detail) = heard.summary();
        look.report(heard.library.as_str(), outcome, detail);
    }
    match (&report.end, nvml.init(), libcuda.init()) {
        (_, Init::Done(_), _) | (_, _, Init::Done(_)) => Answered::Yes,
        (End::TimedOut, _, _) => Answered::Hangs,
        (End::Finished, Init::NotThere | Init::Failed("DriverNotLoaded"), _) => Answered::NotLoaded,
        (End::Finished | End::Crashed(_) | End::NotStarted(_), _, _) => Answered::No,
    }
}

fn not_asked(look: &mut Look<'_>, why: &str) -> Answered {
    let machine = &mut look.machine;
    machine.driver = Detected::unknown(why.to_owned());
    machine.driver_cuda = Detected::unknown(why.to_owned());
    machine.nvml = Detected::unknown(why.to_owned());
    machine.libcuda = Detected::unknown(why.to_owned());
    machine.gpu_count = Detected::unknown(why.to_owned());
    for library in [Library::Nvml, Library::Libcuda] {
        look.report(library.as_str(), Outcome::Failed, why);
    }
    Answered::No
}

fn nvml_facts(machine: &mut Machine, nvml: &Heard<'_>) {
    machine.driver = nvml
        .fact(Call::DriverVersion, None, text)
        .and_then(|text| match text.parse() {
            Ok(version) => Ok(version),
            Err(_) => Err(format!("NVML calls it {}", quoted(text)).into()),
        })
        .into_detected(Origin::Nvml);
    machine.driver_cuda = nvml.fact(Call::CudaVersion, None, cuda).into_detected(Origin::Nvml);
    machine.nvml = match nvml.init() {
        Init::NotThere => Detected::Absent,
        // It answers, and has no CUDA to tell of: a container with the `utility` part of the driver.
        Init::Done(_) if nvml.refuses(Call::CudaVersion) => Detected::Absent,
        Init::Done(_) | Init::Failed(_) | Init::NoAnswer => machine.driver_cuda.clone(),
    };
    machine.gpu_count = match nvml.fact(Call::DeviceCount, None, count) {
        Ok(0) => Detected::Absent,
        Ok(count) => Detected::found(count, Origin::Nvml),
        Err(why) => Detected::unknown(why),
    };
    for index in 0..nvml.fact(Call::DeviceCount, None, count).unwrap_or(0) {
        let of = Some(index);
        let device = gpu(machine, index);
        device.name = nvml.fact(Call::Name, of, name).into_detected(Origin::Nvml);
        device.compute_capability =
            nvml.fact(Call::ComputeCapability, of, parsed).into_detected(Origin::Nvml);
        device.memory_mib =
            nvml.fact(Call::Memory, of, |a| number(a).map(|n| n >> 20)).into_detected(Origin::Nvml);
        device.mig = if nvml.says(Call::Mig, of, "NotSupported") {
            Detected::Absent
        } else {
            nvml.fact(Call::Mig, of, |a| number(a).map(|n| n == 1)).into_detected(Origin::Nvml)
        };
        device.mig_slices = mig_slices(nvml, index);
        device.virtualization = virtualization(nvml, index);
        device.pci_id = nvml
            .fact(Call::PciId, of, number)
            .ok()
            .map(|id| format!("{:04x}:{:04x}", id & 0xffff, id >> 16));
    }
}

/// Absent where the card is split and no slice was made; not known where nobody asked.
fn mig_slices(nvml: &Heard<'_>, index: u32) -> Detected<Vec<String>> {
    match nvml.fact(Call::MigSlices, Some(index), text) {
        Ok("") => Detected::Absent,
        Ok(names) => Detected::found(names.lines().map(str::to_owned).collect(), Origin::Nvml),
        Err(why) => Detected::unknown(why),
    }
}

fn virtualization(nvml: &Heard<'_>, index: u32) -> Detected<String> {
    match nvml.fact(Call::Virtualization, Some(index), text) {
        Ok("none") => Detected::Absent,
        Ok(mode) => Detected::found(mode.to_owned(), Origin::Nvml),
        Err(why) => Detected::unknown(why),
    }
}

fn libcuda_facts(machine: &mut Machine, nvml: &Heard<'_>, libcuda: &Heard<'_>) {
    let version = libcuda.fact(Call::CudaVersion, None, cuda);
    machine.libcuda = match libcuda.init() {
        Init::Done(_) => version.clone().into_detected(Origin::Libcuda),
        // What conda asks does not exist, or says that there is nothing to compute on.
        Init::NotThere | Init::Failed("100") => Detected::Absent,
        Init::Failed(_) | Init::NoAnswer => Detected::unknown(libcuda.why_not(Call::Init, None)),
    };
    improve(&mut machine.driver_cuda, version.into_detected(Origin::Libcuda));
    let devices = libcuda.fact(Call::DeviceCount, None, count);
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
            libcuda.fact(Call::Name, of, name).into_detected(Origin::Libcuda),
        );
        improve(
            &mut device.compute_capability,
            libcuda.fact(Call::ComputeCapability, of, parsed).into_detected(Origin::Libcuda),
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

pub(super) fn text(answer: &Answer) -> Option<&str> {
    match answer {
        Answer::Text(text) => Some(text),
        Answer::Number(_) | Answer::NotThere | Answer::Error(_) => None,
    }
}

fn name(answer: &Answer) -> Option<String> {
    text(answer).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned)
}

fn parsed<T: std::str::FromStr>(answer: &Answer) -> Option<T> {
    text(answer)?.parse().ok()
}

fn number(answer: &Answer) -> Option<u64> {
    match answer {
        Answer::Number(number) => Some(*number),
        Answer::Text(_) | Answer::NotThere | Answer::Error(_) => None,
    }
}

fn count(answer: &Answer) -> Option<u32> {
    number(answer)?.try_into().ok().filter(|count| *count <= DEVICES)
}

pub(super) fn cuda(answer: &Answer) -> Option<CudaVersion> {
    CudaVersion::from_driver_integer(number(answer)?.try_into().ok()?)
}
