//! `--live`: the channel's current builds.

use conda_torch_core::answer::LiveChannel;
use conda_torch_core::channel::{Origin, PACKAGES, Records, age, rows, since};
use conda_torch_core::conda::{Channels, FaultKind, Subdir, without_secrets};
use conda_torch_core::diagnostics::{Diagnostic, UnreadableChannel};
use conda_torch_core::matrix::Matrix;
use conda_torch_core::types::Date;
use conda_torch_host::live_program;
use conda_torch_probe::host::Host;

use super::live::{self, Read};

/// The channel's builds, or the built-in ones if the channel cannot be read.
pub(super) struct LiveRows {
    pub(super) matrix: Matrix,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) text: LiveChannel,
}

/// Reads the channels.
pub(super) fn read(
    host: &dyn Host,
    channels: &Channels,
    subdirs: &[Subdir],
    offline: bool,
) -> anyhow::Result<LiveRows> {
    let shown = channels.to_string();
    if live_program(host).is_none() {
        return Ok(built_in(&shown, UnreadableChannel::NoReader, None));
    }
    let read = live::records(host, channels, subdirs, &PACKAGES, offline)?;
    Ok(from_records(read, &shown, subdirs))
}

fn from_records(read: Read, channel: &str, subdirs: &[Subdir]) -> LiveRows {
    let known = Matrix::embedded();
    let records = match read.records {
        Ok(records) => records.records,
        Err(fault) => {
            let kind = Some(fault.kind);
            return built_in(channel, UnreadableChannel::Fault(fault), kind);
        }
    };
    let age = age(&read.origins);
    let day = Date::of_unix_time(now().saturating_sub(age));
    let records = Records { records: since(records, known) };
    let Some((matrix, gaps)) = rows(&records, subdirs, (channel, day), known) else {
        let why = UnreadableChannel::NoPytorch { channel: channel.to_owned() };
        return built_in(channel, why, None);
    };
    let mut faults = read.origins.iter().filter_map(|origin: &Origin| origin.fault.as_ref());
    let fault = faults.next();
    let mut diagnostics = Vec::new();
    if age > 0 || fault.is_some() {
        diagnostics.push(Diagnostic::ChannelFromCache { age_seconds: age, fault: fault.cloned() });
    }
    if let Some(first) = gaps.first() {
        let example = without_secrets(&first.url);
        diagnostics.push(Diagnostic::ChannelNotUnderstood { count: gaps.len(), example });
    }
    let text = LiveChannel {
        channel: channel.to_owned(),
        read: true,
        as_of: day,
        age_s: age,
        fault: fault.map(|fault| fault.kind),
    };
    LiveRows { matrix, diagnostics, text }
}

/// The built-in builds, with the reason.
fn built_in(channel: &str, why: UnreadableChannel, fault: Option<FaultKind>) -> LiveRows {
    let matrix = Matrix::embedded().clone();
    let as_of = matrix.as_of;
    let text = LiveChannel { channel: channel.to_owned(), read: false, as_of, age_s: 0, fault };
    LiveRows { matrix, diagnostics: vec![Diagnostic::ChannelUnreadable { why, as_of }], text }
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the age of channel data")]
pub(super) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
