//! NVML's and libcuda's answers, read as facts.

use std::borrow::Cow;

use crate::host::{Answer, Call, DriverReport, End, Library, Said};
use crate::model::{CudaVersion, Detected, Machine, Origin, Outcome};

use super::super::look::{Look, quoted};
use super::{Answered, gpu, improve, places, reasons};

/// More devices than any machine has: a damaged answer is not followed further.
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
    for heard in [&nvml, &libcuda] {
        let (outcome, detail) = heard.summary();
        look.report(heard.library.as_str(), outcome, detail);
    }
    match (&report.end, nvml.init(), libcuda.init()) {
        (_, Init::Done(_), _) | (_, _, Init::Done(_)) => Answered::Yes,
        (End::TimedOut, _, _) => Answered::Hangs,
        (End::Finished | End::Crashed(_) | End::NotStarted(_), _, _) => Answered::No,
    }
}

fn not_asked(look: &mut Look<'_>, why: &str) -> Answered {
    let machine = &mut look.machine;
    machine.driver = Detected::unknown(why.to_owned());
    machine.driver_cuda = Detected::unknown(why.to_owned());
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
    machine.gpu_count = match nvml.fact(Call::DeviceCount, None, small) {
        Ok(0) => Detected::Absent,
        Ok(count) => Detected::found(count, Origin::Nvml),
        Err(why) => Detected::unknown(why),
    };
    for index in 0..nvml.fact(Call::DeviceCount, None, small).unwrap_or(0).min(DEVICES) {
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
        device.pci_id = nvml
            .fact(Call::PciId, of, number)
            .ok()
            .map(|id| format!("{:04x}:{:04x}", id & 0xffff, id >> 16));
    }
}

fn libcuda_facts(machine: &mut Machine, nvml: &Heard<'_>, libcuda: &Heard<'_>) {
    let version = libcuda.fact(Call::CudaVersion, None, cuda);
    machine.libcuda = match libcuda.init() {
        Init::Done(_) => version.clone().into_detected(Origin::Libcuda),
        // What conda asks does not exist, or says that there is nothing to compute on.
        Init::NotThere => Detected::Absent,
        Init::Failed(code) if code == "100" => Detected::Absent,
        Init::Failed(_) | Init::NoAnswer => Detected::unknown(libcuda.why_not(Call::Init, None)),
    };
    improve(&mut machine.driver_cuda, version.into_detected(Origin::Libcuda));
    let count = libcuda.fact(Call::DeviceCount, None, small);
    let nvml_is_there = !matches!(nvml.init(), Init::NotThere);
    match (&machine.gpu_count, libcuda.init(), &count) {
        (Detected::Unknown { .. }, _, Ok(count @ 1..)) => {
            machine.gpu_count = Detected::found(*count, Origin::Libcuda);
        }
        // With NVML there and failing, "no device" may be the same failure.
        (Detected::Unknown { .. }, Init::Done(_), Ok(0)) if !nvml_is_there => {
            machine.gpu_count = Detected::Absent;
        }
        (Detected::Unknown { .. }, Init::Failed("100"), _) if !nvml_is_there => {
            machine.gpu_count = Detected::Absent;
        }
        (Detected::Found(_) | Detected::Absent | Detected::Unknown { .. }, _, _) => {}
    }
    // Numbers mean the same device in both only where both count the same (MIG, hidden devices).
    let Ok(count) = count else { return };
    if machine.gpu_count.value() != Some(&count) {
        return;
    }
    for index in 0..count.min(DEVICES) {
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

/// How a library's initialisation went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Init<'r> {
    /// With this file.
    Done(&'r str),
    /// With this code.
    Failed(&'r str),
    /// No file of it is there.
    NotThere,
    /// It was never asked, or never answered.
    NoAnswer,
}

/// What one library was heard to say.
struct Heard<'r> {
    library: Library,
    report: &'r DriverReport,
}

/// A value, or why there is none.
type Why = Cow<'static, str>;

impl<'r> Heard<'r> {
    fn all(&self) -> impl DoubleEndedIterator<Item = &'r Said> {
        let library = self.library;
        self.report.said.iter().filter(move |said| said.library == library)
    }

    /// The last answer to a call: an earlier one was another file's.
    fn answer(&self, call: Call, device: Option<u32>) -> Option<&'r Answer> {
        self.all()
            .rev()
            .filter(|said| said.call == call && said.device == device)
            .find_map(|said| said.answer.as_ref())
    }

    /// Of several files that were tried: the one that worked, else the last that failed.
    fn init(&self) -> Init<'r> {
        let mut init = Init::NoAnswer;
        for said in self.all().filter(|said| said.call == Call::Init) {
            init = match (&said.answer, init) {
                (_, Init::Done(_)) | (None, _) => init,
                (Some(Answer::Text(path)), _) => Init::Done(path),
                (Some(Answer::Error(code)), _) => Init::Failed(code),
                (Some(Answer::NotThere), Init::Failed(code)) => Init::Failed(code),
                (Some(Answer::NotThere), Init::NotThere | Init::NoAnswer) => Init::NotThere,
                (Some(Answer::Number(_)), _) => init,
            };
        }
        init
    }

    fn says(&self, call: Call, device: Option<u32>, code: &str) -> bool {
        matches!(self.answer(call, device), Some(Answer::Error(said)) if said == code)
    }

    /// A call's answer, read by `read`.
    fn fact<T>(
        &self,
        call: Call,
        device: Option<u32>,
        read: impl FnOnce(&'r Answer) -> Option<T>,
    ) -> Result<T, Why> {
        self.answer(call, device).and_then(read).ok_or_else(|| self.why_not(call, device))
    }

    /// Why there is no answer: its own error, that of the device or the library, or the end.
    fn why_not(&self, call: Call, device: Option<u32>) -> Why {
        let name = match self.library {
            Library::Nvml => "NVML",
            Library::Libcuda => "libcuda",
        };
        let of_device = device.and_then(|_| self.answer(Call::Device, device));
        match (self.answer(call, device).or(of_device), self.init()) {
            (Some(Answer::Error(code)), _) => {
                format!("{name}: {}", reasons::words(self.library, code)).into()
            }
            (_, Init::Failed(code)) => {
                format!("{name}: {}", reasons::words(self.library, code)).into()
            }
            (_, Init::NotThere) | (Some(Answer::NotThere), _) => {
                format!("{name} is not there").into()
            }
            (Some(Answer::Text(text)), _) => format!("{name} says {}", quoted(text)).into(),
            (Some(Answer::Number(number)), _) => format!("{name} says `{number}`").into(),
            (None, Init::Done(_) | Init::NoAnswer) => format!("{name}: {}", self.ended()).into(),
        }
    }

    /// The call that never came back, in words.
    fn ended(&self) -> String {
        let last = self.report.said.last().filter(|said| said.answer.is_none());
        let during = match last {
            Some(Said { library, call, device: Some(index), .. }) => {
                format!(" ({} of {} for GPU {index})", call.as_str(), library.as_str())
            }
            Some(Said { library, call, device: None, .. }) => {
                format!(" ({} of {})", call.as_str(), library.as_str())
            }
            None => String::new(),
        };
        match &self.report.end {
            End::TimedOut => format!("no answer within two seconds{during}"),
            End::Crashed(how) => format!("the driver's library crashed with {how}{during}"),
            End::Finished | End::NotStarted(_) => "it did not say".to_owned(),
        }
    }

    /// The line for the list of sources.
    fn summary(&self) -> (Outcome, String) {
        let unfinished = match &self.report.end {
            End::TimedOut => Some(Outcome::TimedOut),
            End::Crashed(_) => Some(Outcome::Failed),
            End::Finished | End::NotStarted(_) => None,
        };
        let is_stuck = self
            .report
            .said
            .last()
            .is_some_and(|s| s.library == self.library && s.answer.is_none());
        match (self.init(), unfinished) {
            (_, Some(outcome)) if is_stuck => (outcome, self.ended()),
            (Init::Done(path), _) => (Outcome::Ok, self.complaints(path)),
            (Init::Failed(code), _) => {
                (Outcome::Failed, reasons::words(self.library, code).into_owned())
            }
            (Init::NotThere, _) => (Outcome::Absent, "the library is not there".to_owned()),
            (Init::NoAnswer, Some(Outcome::TimedOut)) => {
                (Outcome::Skipped, "the driver hung before".to_owned())
            }
            (Init::NoAnswer, Some(_)) => (Outcome::Skipped, "the driver crashed before".to_owned()),
            (Init::NoAnswer, None) => (Outcome::Absent, "the library is not there".to_owned()),
        }
    }

    /// The file that answered, and what it failed to answer. That a card has no MIG is no failure.
    fn complaints(&self, path: &str) -> String {
        let mut line = path.to_owned();
        for said in self.all() {
            let Some(Answer::Error(code)) = &said.answer else { continue };
            if matches!(said.call, Call::Mig | Call::Init) {
                continue;
            }
            let what = said.call.as_str();
            let of = said.device.map(|index| format!(" of GPU {index}")).unwrap_or_default();
            line.push_str(&format!("; {what}{of}: {}", reasons::words(self.library, code)));
        }
        line
    }
}

/// `Result` to `Detected`, with the origin of what was found.
trait IntoDetected<T> {
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

fn text(answer: &Answer) -> Option<&str> {
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

fn small(answer: &Answer) -> Option<u32> {
    number(answer)?.try_into().ok()
}

fn cuda(answer: &Answer) -> Option<CudaVersion> {
    CudaVersion::from_driver_integer(number(answer)?.try_into().ok()?)
}
