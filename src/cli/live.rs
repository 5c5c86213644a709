//! What `conda-torch-live` is asked for: the records of a channel.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};

use conda_torch_core::channel::{
    Addresses, Ask, Origin, PROTOCOL, Question, Records, Reply, Told, by_priority,
};
use conda_torch_core::conda::{Channels, Fault, Os, Subdir};
use conda_torch_host::{WatchEnd, Watched, ask_live, live_program};
use conda_torch_probe::host::Host;

use super::progress::Progress;
use super::verify::Interrupted;

/// How long a server may be silent, in seconds.
const PATIENCE: u32 = 30;

/// How long all of it may take: a whole channel is some hundred megabytes.
const DEADLINE: Duration = Duration::from_mins(10);

/// Why there is nobody to ask, and what to do about it.
const NOT_INSTALLED: &str = "\
`conda-torch-live`, the program that reads channels, is not beside this one; in a checkout: \
`cargo install --path crates/conda-torch-live`, or name it with `CONDA_TORCH_LIVE`";

/// A question about channels.
pub(super) fn question(
    host: &dyn Host,
    channels: &Channels,
    subdirs: &[Subdir],
    offline: bool,
    question: Question,
) -> Ask {
    // Where this machine's clients look for them, and not the one that an answer may be for.
    let env = |name: &str| host.env(name).map(Cow::into_owned);
    let addresses = Addresses::of(&conda_torch_probe::settings_of(host), env);
    Ask {
        protocol: PROTOCOL,
        channels: channels.iter().map(|channel| addresses.resolve(channel)).collect(),
        subdirs: subdirs.iter().map(ToString::to_string).collect(),
        cache: cache(host),
        offline,
        patience: PATIENCE,
        question,
    }
}

/// Asks it, with a line on the terminal meanwhile.
pub(super) fn ask(
    program: &Path,
    ask: &Ask,
    deadline: Duration,
    mut progress: Progress,
) -> anyhow::Result<Watched> {
    let text = serde_json::to_string(ask)?;
    let ran = ask_live(program, &text, deadline, &mut |took| progress.tick(took));
    ran.with_context(|| format!("cannot start `{}`", program.display()))
}

/// Reads the records of these packages; or somebody wanted this program to end.
pub(super) fn records(
    host: &dyn Host,
    channels: &Channels,
    subdirs: &[Subdir],
    names: &[&str],
    offline: bool,
) -> anyhow::Result<Result<Read, Interrupted>> {
    let Some(program) = live_program(host) else { bail!(NOT_INSTALLED) };
    let names = names.iter().map(|&name| name.to_owned()).collect();
    let asked = question(host, channels, subdirs, offline, Question::Records { names });
    let progress = Progress::new(format!("Reading {channels}"), true);
    let ran = ask(&program, &asked, DEADLINE, progress)?;
    let shown = program.display();
    match ran.end {
        WatchEnd::Interrupted(signal) => return Ok(Err(Interrupted(signal))),
        WatchEnd::TimedOut => {
            bail!("`{shown}` took more than {} s and was ended", DEADLINE.as_secs())
        }
        WatchEnd::Killed(signal) => bail!("`{shown}` was ended by signal {signal}"),
        WatchEnd::Exited(0) => {}
        WatchEnd::Exited(code) => {
            let said = String::from_utf8_lossy(&ran.stderr);
            bail!("`{shown}` ended with {code}: {}", said.trim().trim_start_matches("error: "));
        }
    }
    let reply = Reply::read(&ran.stdout).with_context(|| format!("cannot read `{shown}`"))?;
    let told = match reply.told {
        Told::Records(records) => Ok(by_priority(records, &reply.origins)),
        Told::Failed(fault) => Err(fault),
        Told::Solved(_) => bail!("`{shown}` answers another question than it was asked"),
    };
    Ok(Ok(Read { origins: reply.origins, told }))
}

/// A channel that was read, or could not be.
pub(super) struct Read {
    pub(super) origins: Vec<Origin>,
    pub(super) told: Result<Records, Fault>,
}

/// Where what was read of channels is kept: `CONDA_TORCH_CACHE`, else as each system has it.
fn cache(host: &dyn Host) -> String {
    let target = host.target();
    if let Some(named) = host.env("CONDA_TORCH_CACHE").filter(|folder| !folder.is_empty()) {
        return named.into_owned();
    }
    let home = |name: &str| host.env(name).filter(|folder| !folder.is_empty());
    let folder = match target.os() {
        Some(Os::Windows) => home("LOCALAPPDATA").map(Cow::into_owned),
        Some(Os::Macos) => home("HOME").map(|folder| format!("{folder}/Library/Caches")),
        Some(Os::Linux | Os::FreeBsd) | None => home("XDG_CACHE_HOME")
            .map(Cow::into_owned)
            .or_else(|| home("HOME").map(|folder| format!("{folder}/.cache"))),
    };
    let folder = folder.unwrap_or_else(|| std::env::temp_dir().to_string_lossy().into_owned());
    target.join(&folder, "conda-torch")
}
