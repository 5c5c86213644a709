//! What one of the driver's libraries was heard to say, and in which words it did not.

use std::borrow::Cow;
use std::fmt::Write;

use crate::host::{DriverCall, DriverEnd, DriverReport, Library, Query, Reply};
use conda_torch_core::types::Outcome;

use super::error_codes;
use crate::probe::quoted;

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
pub(super) struct LibraryReport<'r> {
    pub library: Library,
    pub report: &'r DriverReport,
}

/// A value, or why there is none.
pub(super) type Why = Cow<'static, str>;

impl<'r> LibraryReport<'r> {
    fn all(&self) -> impl DoubleEndedIterator<Item = &'r DriverCall> {
        let library = self.library;
        self.report.calls.iter().filter(move |call| call.library == library)
    }

    /// The last answer to a call: an earlier one was another file's.
    fn answer(&self, query: Query, device: Option<u32>) -> Option<&'r Reply> {
        self.all()
            .rev()
            .filter(|call| call.query == query && call.device == device)
            .find_map(|call| call.reply.as_ref())
    }

    /// Of several files that were tried: the one that worked, else the last that failed.
    pub(super) fn init(&self) -> Init<'r> {
        let mut init = Init::NoAnswer;
        for call in self.all().filter(|call| call.query == Query::Init) {
            init = match (&call.reply, init) {
                (_, Init::Done(_)) | (None | Some(Reply::Number(_)), _) => init,
                (Some(Reply::Text(path)), _) => Init::Done(path),
                (Some(Reply::Error(code)), _) => Init::Failed(code),
                (Some(Reply::NotThere), Init::Failed(code)) => Init::Failed(code),
                (Some(Reply::NotThere), Init::NotThere | Init::NoAnswer) => Init::NotThere,
            };
        }
        init
    }

    /// Whether a call was answered with an error.
    pub(super) fn refuses(&self, query: Query) -> bool {
        matches!(self.answer(query, None), Some(Reply::Error(_)))
    }

    pub(super) fn says(&self, query: Query, device: Option<u32>, code: &str) -> bool {
        matches!(self.answer(query, device), Some(Reply::Error(said)) if said == code)
    }

    /// A call's answer, read by `read`.
    pub(super) fn fact<T>(
        &self,
        query: Query,
        device: Option<u32>,
        read: impl FnOnce(&'r Reply) -> Option<T>,
    ) -> Result<T, Why> {
        self.answer(query, device).and_then(read).ok_or_else(|| self.why_not(query, device))
    }

    /// Why there is no answer: its own error, that of the device or the library, or the end.
    pub(super) fn why_not(&self, query: Query, device: Option<u32>) -> Why {
        let name = match self.library {
            Library::Nvml => "NVML",
            Library::Libcuda => "libcuda",
        };
        let of_device = device.and_then(|_| self.answer(Query::Device, device));
        match (self.answer(query, device).or(of_device), self.init()) {
            (Some(Reply::Error(code)), _) => {
                format!("{name}: {}", error_codes::words(self.library, code)).into()
            }
            (_, Init::Failed(code)) => {
                format!("{name}: {}", error_codes::words(self.library, code)).into()
            }
            (_, Init::NotThere) | (Some(Reply::NotThere), _) => {
                format!("{name} is not there").into()
            }
            (Some(Reply::Text(text)), _) => format!("{name} says {}", quoted(text)).into(),
            (Some(Reply::Number(number)), _) => format!("{name} says `{number}`").into(),
            (None, Init::Done(_) | Init::NoAnswer) => format!("{name}: {}", self.ended()).into(),
        }
    }

    /// The call that never came back, in words.
    fn ended(&self) -> String {
        let last = self.report.calls.last().filter(|call| call.reply.is_none());
        let during = match last {
            Some(DriverCall { library, query, device: Some(index), .. }) => {
                format!(" ({} of {} for GPU {index})", query.as_str(), library.as_str())
            }
            Some(DriverCall { library, query, device: None, .. }) => {
                format!(" ({} of {})", query.as_str(), library.as_str())
            }
            None => String::new(),
        };
        match &self.report.end {
            DriverEnd::TimedOut => format!("no answer within two seconds{during}"),
            DriverEnd::Crashed(how) => format!("the driver's library crashed with {how}{during}"),
            DriverEnd::Finished | DriverEnd::NotStarted(_) => "it did not say".to_owned(),
        }
    }

    /// The line for the list of sources.
    pub(super) fn summary(&self) -> (Outcome, String) {
        let unfinished = match &self.report.end {
            DriverEnd::TimedOut => Some(Outcome::TimedOut),
            DriverEnd::Crashed(_) => Some(Outcome::Failed),
            DriverEnd::Finished | DriverEnd::NotStarted(_) => None,
        };
        let is_stuck = self
            .report
            .calls
            .last()
            .is_some_and(|s| s.library == self.library && s.reply.is_none());
        match (self.init(), unfinished) {
            (_, Some(outcome)) if is_stuck => (outcome, self.ended()),
            (Init::Done(path), _) => (Outcome::Ok, self.complaints(path)),
            (Init::Failed(code), _) => {
                (Outcome::Failed, error_codes::words(self.library, code).into_owned())
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
        for call in self.all() {
            let Some(Reply::Error(code)) = &call.reply else { continue };
            if matches!(
                call.query,
                Query::Init | Query::Mig | Query::MigSlices | Query::Virtualization | Query::File
            ) {
                continue;
            }
            let what = call.query.as_str();
            let of = call.device.map(|index| format!(" of GPU {index}")).unwrap_or_default();
            let _ = write!(line, "; {what}{of}: {}", error_codes::words(self.library, code));
        }
        line
    }
}
