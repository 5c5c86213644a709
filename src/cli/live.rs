//! `--live`: the channel's current builds, read by `conda-torch-live`.

use std::time::Duration;

use anyhow::{Context, bail};

use crate::built_in;
use conda_torch_core::answer::LiveChannel;
use conda_torch_core::channel::{
    Addresses, LiveAnswer, LiveQuestion, LiveReply, LiveRequest, PACKAGES, PROTOCOL, Records,
    SubdirOrigin, age, by_priority, rows, since,
};
use conda_torch_core::conda::{Channels, Fault, FaultKind, Subdir, without_secrets};
use conda_torch_core::diagnostics::{Diagnostic, UnreadableChannel};
use conda_torch_core::matrix::Matrix;
use conda_torch_core::report::ErrorCode;
use conda_torch_core::types::Date;
use conda_torch_host::{CacheFolder, Command, CommandEnd, CommandOutput, run_command};
use conda_torch_probe::host::Host;

use super::flags::ChannelFlags;
use super::progress::Progress;
use super::{Failure, Interrupted, note};

/// How long a server may be silent, in seconds.
const PATIENCE: u32 = 30;

/// How long reading may take: a channel has several hundred megabytes.
const DEADLINE: Duration = Duration::from_mins(10);

const NOT_INSTALLED: &str = "\
`conda-torch-live` not found next to this program
hint: in a checkout, run `cargo install --path crates/conda-torch-live`, or set `CONDA_TORCH_LIVE`";

/// The path of `conda-torch-live`: `CONDA_TORCH_LIVE`, or else beside the running program. An empty
/// `CONDA_TORCH_LIVE` disables it.
pub(super) fn live_program(host: &dyn Host) -> Option<String> {
    if let Some(path) = host.env("CONDA_TORCH_LIVE") {
        return Some(path).filter(|path| !path.is_empty());
    }
    let name = format!("conda-torch-live{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok()?.parent()?.join(name);
    beside.is_file().then_some(beside)?.into_os_string().into_string().ok()
}

/// A request about channels, to be answered before `deadline`. This machine's settings apply, even if the answer is for
/// another machine.
pub(super) fn question(
    host: &dyn Host,
    channels: &Channels,
    subdirs: &[Subdir],
    cache: &CacheFolder,
    offline: bool,
    question: LiveQuestion,
    deadline: Duration,
) -> LiveRequest {
    let settings = conda_torch_probe::find_settings(host);
    let addresses = Addresses::of(&settings, |name: &str| host.env(name));
    let channels: Vec<_> = channels.addresses().map(|channel| addresses.resolve(channel)).collect();
    LiveRequest {
        protocol: PROTOCOL,
        shown: channels.iter().map(|channel| channel.public().to_owned()).collect(),
        channels,
        subdirs: subdirs.iter().map(ToString::to_string).collect(),
        cache: cache.path(),
        offline,
        patience: PATIENCE,
        // The rest of the time is for the cache.
        deadline: u32::try_from(deadline.as_secs() * 9 / 10).unwrap_or(u32::MAX),
        question,
    }
}

/// Where this run keeps channel data. Without a folder of the user's own nothing is kept, which a note says.
pub(super) fn cache_folder(host: &dyn Host) -> anyhow::Result<CacheFolder> {
    let folder = CacheFolder::of(host).context("cannot create a temporary folder")?;
    if matches!(folder, CacheFolder::Private(_)) {
        note(
            "note: no home folder of your own; channel data is not kept. `CONDA_TORCH_CACHE` sets a folder",
        );
    }
    Ok(folder)
}

/// Runs `conda-torch-live`, with a progress line on the terminal.
pub(super) fn ask(
    program: &str,
    request: &LiveRequest,
    deadline: Duration,
    mut progress: Progress,
) -> anyhow::Result<CommandOutput> {
    let stdin = &serde_json::to_string(request)?;
    let command = Command { program, arguments: &[], env: &[], stdin, deadline };
    let ran = run_command(&command, &mut |took| progress.tick(took));
    ran.with_context(|| format!("cannot start `{program}`"))
}

/// What was read from channels.
pub(super) struct ChannelRecords {
    pub(super) origins: Vec<SubdirOrigin>,
    /// The age of the oldest records in seconds; 0 if all were downloaded or confirmed.
    age: u64,
    /// The day of the oldest records.
    pub(super) day: Date,
    /// The records of the matrix's packages, from its oldest versions on, or why they cannot be read.
    pub(super) records: Result<Records, Fault>,
}

pub(super) fn read_records(
    host: &dyn Host,
    channels: &Channels,
    subdirs: &[Subdir],
    offline: bool,
) -> anyhow::Result<ChannelRecords> {
    let Some(program) = live_program(host) else {
        bail!(Failure::new(ErrorCode::LiveNotInstalled, NOT_INSTALLED))
    };
    let names = PACKAGES.map(str::to_owned).into();
    let cache = cache_folder(host)?;
    let records = LiveQuestion::Records { names };
    let request = question(host, channels, subdirs, &cache, offline, records, DEADLINE);
    let progress = Progress::new(format!("Reading {channels}"), true);
    let ran = ask(&program, &request, DEADLINE, progress)?;
    let message = String::from_utf8_lossy(&ran.stderr);
    let message = message.trim().trim_start_matches("error: ");
    let message = if message.is_empty() { String::new() } else { format!(": {message}") };
    let failed = |why| Failure::new(ErrorCode::LiveFailed, why);
    // A channel can be the cause.
    let fault = |kind, detail| {
        let answer = LiveAnswer::Failed(Fault { kind, at: channels.to_string(), detail });
        LiveReply { protocol: PROTOCOL, origins: Vec::new(), answer }
    };
    let reply = match ran.end {
        CommandEnd::Interrupted(signal) => bail!(Interrupted(signal)),
        CommandEnd::TimedOut => {
            fault(FaultKind::Slow, format!("timed out after {} s", DEADLINE.as_secs()))
        }
        CommandEnd::TooLarge => {
            bail!(failed(format!("`{program}` used too much memory")))
        }
        CommandEnd::Killed(signal) => {
            fault(FaultKind::Other, format!("`{program}` was killed by signal {signal}{message}"))
        }
        CommandEnd::Exited(0) => LiveReply::read(&ran.stdout)
            .with_context(|| format!("cannot read the reply of `{program}`"))
            .map_err(Failure::of(ErrorCode::LiveFailed))?,
        CommandEnd::Exited(code) => {
            bail!(failed(format!("`{program}` failed with exit code {code}{message}")))
        }
    };
    let LiveReply { origins, answer, .. } = reply;
    let records = match answer {
        LiveAnswer::Records(records) => {
            let records = by_priority(records, &origins).records;
            Ok(Records { records: since(records, built_in::matrix()) })
        }
        LiveAnswer::Failed(fault) => Err(fault),
        LiveAnswer::Solved(_) => {
            bail!(failed(format!("`{program}` replied to another request")))
        }
    };
    let age = age(&origins);
    let now = host.unix_time().unwrap_or_default();
    Ok(ChannelRecords { age, day: Date::of_unix_time(now.saturating_sub(age)), origins, records })
}

/// The channel's builds, or the built-in ones if the channel cannot be read.
pub(super) struct LiveMatrix {
    pub(super) matrix: Matrix,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) channel: LiveChannel,
}

/// Reads the channels if `--live` is set.
pub(super) fn read_matrix(
    host: &dyn Host,
    flags: &ChannelFlags,
    channels: &Channels,
    subdirs: &[Subdir],
) -> anyhow::Result<Option<LiveMatrix>> {
    if !flags.live {
        return Ok(None);
    }
    let channel = channels.to_string();
    let known = built_in::matrix();
    let built_in = |why, fault| {
        let (channel, as_of) = (channel.clone(), known.as_of);
        Ok(Some(LiveMatrix {
            matrix: known.clone(),
            diagnostics: vec![Diagnostic::ChannelUnreadable { why, as_of }],
            channel: LiveChannel { channel, read: false, as_of, age_s: 0, fault },
        }))
    };
    if live_program(host).is_none() {
        return built_in(UnreadableChannel::NoReader, None);
    }
    let read = read_records(host, channels, subdirs, flags.offline)?;
    let ChannelRecords { origins, age, day, records } = read;
    let records = match records {
        Ok(records) => records,
        Err(fault) => {
            let kind = fault.kind;
            return built_in(UnreadableChannel::Fault(fault), Some(kind));
        }
    };
    let Some((matrix, gaps)) = rows(&records, subdirs, (&channel, day), known) else {
        return built_in(UnreadableChannel::NoPytorch { channel: channel.clone() }, None);
    };
    let fault = origins.into_iter().find_map(|origin| origin.fault);
    let kind = fault.as_ref().map(|fault| fault.kind);
    let mut diagnostics = Vec::new();
    if age > 0 || fault.is_some() {
        diagnostics.push(Diagnostic::ChannelFromCache { age_seconds: age, fault });
    }
    if let Some(first) = gaps.first() {
        let example = without_secrets(&first.url);
        diagnostics.push(Diagnostic::ChannelNotUnderstood { count: gaps.len(), example });
    }
    let channel = LiveChannel { channel, read: true, as_of: day, age_s: age, fault: kind };
    Ok(Some(LiveMatrix { matrix, diagnostics, channel }))
}
