//! What one of the driver's libraries was heard to say, and in which words it did not.

use std::borrow::Cow;
use std::fmt::Write;

use crate::host::{Answer, Call, DriverReport, End, Library, Said};
use conda_torch_core::types::Outcome;

use super::super::look::quoted;
use super::reasons;

/// How a library's initialisation went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Init<'r> {
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
pub(super) struct Heard<'r> {
    pub library: Library,
    pub report: &'r DriverReport,
}

/// A value, or why there is none.
pub(super) type Why = Cow<'static, str>;

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
    pub(super) fn init(&self) -> Init<'r> {
        let mut init = Init::NoAnswer;
        for said in self.all().filter(|said| said.call == Call::Init) {
            init = match (&said.answer, init) {
                (_, Init::Done(_)) | (None | Some(Answer::Number(_)), _) => init,
                (Some(Answer::Text(path)), _) => Init::Done(path),
                (Some(Answer::Error(code)), _) => Init::Failed(code),
                (Some(Answer::NotThere), Init::Failed(code)) => Init::Failed(code),
                (Some(Answer::NotThere), Init::NotThere | Init::NoAnswer) => Init::NotThere,
            };
        }
        init
    }

    /// Whether a call was answered with an error.
    pub(super) fn refuses(&self, call: Call) -> bool {
        matches!(self.answer(call, None), Some(Answer::Error(_)))
    }

    pub(super) fn says(&self, call: Call, device: Option<u32>, code: &str) -> bool {
        matches!(self.answer(call, device), Some(Answer::Error(said)) if said == code)
    }

    /// A call's answer, read by `read`.
    pub(super) fn fact<T>(
        &self,
        call: Call,
        device: Option<u32>,
        read: impl FnOnce(&'r Answer) -> Option<T>,
    ) -> Result<T, Why> {
        self.answer(call, device).and_then(read).ok_or_else(|| self.why_not(call, device))
    }

    /// Why there is no answer: its own error, that of the device or the library, or the end.
    pub(super) fn why_not(&self, call: Call, device: Option<u32>) -> Why {
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
    pub(super) fn summary(&self) -> (Outcome, String) {
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
            (Init::NotThere, _) | (Init::NoAnswer, None) => {
                (Outcome::Absent, "the library is not there".to_owned())
            }
            (Init::NoAnswer, Some(Outcome::TimedOut)) => {
                (Outcome::Skipped, "the driver hung before".to_owned())
            }
            (Init::NoAnswer, Some(_)) => (Outcome::Skipped, "the driver crashed before".to_owned()),
        }
    }

    /// The file that answered, and what it failed to answer. That a card has no MIG is no failure.
    fn complaints(&self, path: &str) -> String {
        let mut line = path.to_owned();
        for said in self.all() {
            let Some(Answer::Error(code)) = &said.answer else { continue };
            if matches!(
                said.call,
                Call::Init | Call::Mig | Call::MigSlices | Call::Virtualization | Call::File
            ) {
                continue;
            }
            let what = said.call.as_str();
            let of = said.device.map(|index| format!(" of GPU {index}")).unwrap_or_default();
            let _ = write!(line, "; {what}{of}: {}", reasons::words(self.library, code));
        }
        line
    }
}
