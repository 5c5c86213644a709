//! `--live`: the channel's current builds, read by `conda-torch-live`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};

use conda_torch_core::answer::LiveChannel;
use conda_torch_core::channel::{
    Addresses, LiveAnswer, LiveQuestion, LiveReply, LiveRequest, PACKAGES, PROTOCOL, Records,
    SubdirOrigin, age, by_priority, rows, since,
};
use conda_torch_core::conda::{Channels, Fault, FaultKind, Os, Subdir, without_secrets};
use conda_torch_core::diagnostics::{Diagnostic, UnreadableChannel};
use conda_torch_core::matrix::Matrix;
use conda_torch_core::types::Date;
use conda_torch_host::{CommandEnd, CommandOutput, ask_live, live_program};
use conda_torch_probe::host::Host;

use super::Interrupted;
use super::progress::Progress;

/// How long a server may be silent, in seconds.
const PATIENCE: u32 = 30;

/// How long reading may take: a channel has several hundred megabytes.
const DEADLINE: Duration = Duration::from_mins(10);

const NOT_INSTALLED: &str = "\
`conda-torch-live` not found next to this program
hint: in a checkout, run `cargo install --path crates/conda-torch-live`, or set `CONDA_TORCH_LIVE`";

/// A request about channels.
pub(super) fn question(
    host: &dyn Host,
    channels: &Channels,
    subdirs: &[Subdir],
    offline: bool,
    question: LiveQuestion,
) -> LiveRequest {
    // This machine's settings apply, even if the answer is for another machine.
    let env = |name: &str| host.env(name);
    let addresses = Addresses::of(&conda_torch_probe::find_settings(host), env);
    LiveRequest {
        protocol: PROTOCOL,
        channels: channels.iter().map(|channel| addresses.resolve(channel)).collect(),
        subdirs: subdirs.iter().map(ToString::to_string).collect(),
        cache: cache(host),
        offline,
        patience: PATIENCE,
        question,
    }
}

/// Runs it, with a progress line on the terminal.
pub(super) fn ask(
    program: &Path,
    ask: &LiveRequest,
    deadline: Duration,
    mut progress: Progress,
) -> anyhow::Result<CommandOutput> {
    let text = serde_json::to_string(ask)?;
    let ran = ask_live(program, &text, deadline, &mut |took| progress.tick(took));
    ran.with_context(|| format!("cannot start `{}`", program.display()))
}

/// Reads the records of these packages.
pub(super) fn records(
    host: &dyn Host,
    channels: &Channels,
    subdirs: &[Subdir],
    names: &[&str],
    offline: bool,
) -> anyhow::Result<Read> {
    let Some(program) = live_program(host) else { bail!(NOT_INSTALLED) };
    let names = names.iter().map(|&name| name.to_owned()).collect();
    let request = question(host, channels, subdirs, offline, LiveQuestion::Records { names });
    let progress = Progress::new(format!("Reading {channels}"), true);
    let ran = ask(&program, &request, DEADLINE, progress)?;
    let shown = program.display();
    match ran.end {
        CommandEnd::Interrupted(signal) => bail!(Interrupted(signal)),
        CommandEnd::TimedOut => bail!("`{shown}` timed out after {} s", DEADLINE.as_secs()),
        CommandEnd::Killed(signal) => bail!("`{shown}` was killed by signal {signal}"),
        CommandEnd::Exited(0) => {}
        CommandEnd::Exited(code) => {
            let message = String::from_utf8_lossy(&ran.stderr);
            let message = message.trim().trim_start_matches("error: ");
            bail!("`{shown}` failed with exit code {code}: {message}");
        }
    }
    let reply = LiveReply::read(&ran.stdout)
        .with_context(|| format!("cannot read the reply of `{shown}`"))?;
    let records = match reply.answer {
        LiveAnswer::Records(records) => Ok(by_priority(records, &reply.origins)),
        LiveAnswer::Failed(fault) => Err(fault),
        LiveAnswer::Solved(_) => bail!("`{shown}` replied to another request"),
    };
    Ok(Read { origins: reply.origins, records })
}

/// The records of the channels, or why they cannot be read.
pub(super) struct Read {
    pub(super) origins: Vec<SubdirOrigin>,
    pub(super) records: Result<Records, Fault>,
}

/// The folder for cached channel data: `CONDA_TORCH_CACHE`, else the system's cache folder.
fn cache(host: &dyn Host) -> String {
    let target = host.target();
    if let Some(named) = host.env("CONDA_TORCH_CACHE").filter(|folder| !folder.is_empty()) {
        return named;
    }
    let home = |name: &str| host.env(name).filter(|folder| !folder.is_empty());
    let folder = match target.os() {
        Some(Os::Windows) => home("LOCALAPPDATA"),
        Some(Os::Macos) => home("HOME").map(|folder| format!("{folder}/Library/Caches")),
        Some(Os::Linux | Os::FreeBsd) | None => {
            home("XDG_CACHE_HOME").or_else(|| home("HOME").map(|folder| format!("{folder}/.cache")))
        }
    };
    let folder = folder.unwrap_or_else(|| std::env::temp_dir().to_string_lossy().into_owned());
    target.join(&folder, "conda-torch")
}

/// The channel's builds, or the built-in ones if the channel cannot be read.
pub(super) struct LiveMatrix {
    pub(super) matrix: Matrix,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) channel: LiveChannel,
}

/// Reads the channels.
pub(super) fn read_matrix(
    host: &dyn Host,
    channels: &Channels,
    subdirs: &[Subdir],
    offline: bool,
) -> anyhow::Result<LiveMatrix> {
    let shown = channels.to_string();
    if live_program(host).is_none() {
        return Ok(built_in(&shown, UnreadableChannel::NoReader, None));
    }
    let read = records(host, channels, subdirs, &PACKAGES, offline)?;
    Ok(from_records(read, &shown, subdirs))
}

fn from_records(read: Read, channel: &str, subdirs: &[Subdir]) -> LiveMatrix {
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
    let fault = read.origins.iter().find_map(|origin| origin.fault.as_ref());
    let mut diagnostics = Vec::new();
    if age > 0 || fault.is_some() {
        diagnostics.push(Diagnostic::ChannelFromCache { age_seconds: age, fault: fault.cloned() });
    }
    if let Some(first) = gaps.first() {
        let example = without_secrets(&first.url);
        diagnostics.push(Diagnostic::ChannelNotUnderstood { count: gaps.len(), example });
    }
    let channel = LiveChannel {
        channel: channel.to_owned(),
        read: true,
        as_of: day,
        age_s: age,
        fault: fault.map(|fault| fault.kind),
    };
    LiveMatrix { matrix, diagnostics, channel }
}

/// The built-in builds, with the reason.
fn built_in(channel: &str, why: UnreadableChannel, fault: Option<FaultKind>) -> LiveMatrix {
    let matrix = Matrix::embedded().clone();
    let as_of = matrix.as_of;
    let channel = LiveChannel { channel: channel.to_owned(), read: false, as_of, age_s: 0, fault };
    LiveMatrix { matrix, diagnostics: vec![Diagnostic::ChannelUnreadable { why, as_of }], channel }
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the age of channel data")]
pub(super) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
