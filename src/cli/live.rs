//! Runs `conda-torch-live`, which reads channels and solves.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};

use conda_torch_core::channel::{
    Addresses, Ask, Origin, PROTOCOL, Question, Records, Reply, Told, by_priority,
};
use conda_torch_core::conda::{Channels, Fault, Os, Subdir};
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
    question: Question,
) -> Ask {
    // This machine's settings apply, even if the answer is for another machine.
    let env = |name: &str| host.env(name);
    let addresses = Addresses::of(&conda_torch_probe::find_settings(host), env);
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

/// Runs it, with a progress line on the terminal.
pub(super) fn ask(
    program: &Path,
    ask: &Ask,
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
    let request = question(host, channels, subdirs, offline, Question::Records { names });
    let progress = Progress::new(format!("Reading {channels}"), true);
    let ran = ask(&program, &request, DEADLINE, progress)?;
    let shown = program.display();
    match ran.end {
        CommandEnd::Interrupted(signal) => bail!(Interrupted(signal)),
        CommandEnd::TimedOut => {
            bail!("`{shown}` timed out after {} s", DEADLINE.as_secs())
        }
        CommandEnd::Killed(signal) => bail!("`{shown}` was killed by signal {signal}"),
        CommandEnd::Exited(0) => {}
        CommandEnd::Exited(code) => {
            let message = String::from_utf8_lossy(&ran.stderr);
            bail!(
                "`{shown}` failed with exit code {code}: {}",
                message.trim().trim_start_matches("error: ")
            );
        }
    }
    let reply =
        Reply::read(&ran.stdout).with_context(|| format!("cannot read the reply of `{shown}`"))?;
    let records = match reply.told {
        Told::Records(records) => Ok(by_priority(records, &reply.origins)),
        Told::Failed(fault) => Err(fault),
        Told::Solved(_) => bail!("`{shown}` replied to another request"),
    };
    Ok(Read { origins: reply.origins, records })
}

/// The records of the channels, or why they cannot be read.
pub(super) struct Read {
    pub(super) origins: Vec<Origin>,
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
