//! Changes of the settings: conda-forge first, strict priority, no old channels.
//!
//! conda takes one action a call (`config --add`), mamba 2 and micromamba have verbs (`config prepend`). Both
//! write `~/.condarc` unless another file is named, and match an entry as it is written in that very file:
//! conda fails if it is not there.

use std::collections::HashSet;

use crate::clients::{ClientTarget, ConfigCommand};
use crate::conda::{Address, ChannelKind};
use crate::escapes::is_hidden;
use crate::migrate::environment::{Settings, SettingsAction};
use crate::types::{ClientKind, ConfigFile, Machine};

use super::{Step, StepKind};

/// Folders that need an administrator.
const SYSTEM_FOLDERS: [&str; 4] = ["/etc/", "/opt/", "/usr/", "/var/"];

/// Makes conda-forge the first channel with strict priority: the steps of conda-forge's migration page that
/// this machine needs, and none that fails.
pub(super) fn configure(machine: &Machine, client: &ClientTarget<'_>) -> Vec<Step> {
    // No line works on both mamba 1 and 2.
    let is_unknown_mamba = client.kind == ClientKind::Mamba && client.version.is_none();
    let Some(config) = Config::of(client).filter(|_| !is_unknown_mamba) else { return Vec::new() };
    let files = machine.config_files.iter().filter(|file| config.reads(&file.path));
    let files: Vec<&ConfigFile> = files.collect();
    if client.found.is_none() || files.iter().any(|file| file.problem.is_some()) {
        return Vec::new();
    }
    let writable = |file: &&&ConfigFile| is_users(machine, &file.path);
    let mut steps = Vec::new();
    for file in files.iter().filter(writable) {
        let channels = file.channels.iter().flatten().filter(|channel| is_removable(channel));
        steps.extend(channels.map(|channel| config.remove(Some(&file.path), channel.public())));
    }
    let first_channel =
        |file: &&&ConfigFile| file.channels.as_ref().is_some_and(|it| !it.is_empty());
    let strongest = files.iter().find(first_channel);
    let has_conda_forge = match strongest.and_then(|file| file.channels.as_ref()?.first()) {
        Some(channel) => ChannelKind::of(channel.public()) == ChannelKind::CondaForge,
        // libmamba's default.
        None => config.command == ConfigCommand::Own,
    };
    if !has_conda_forge {
        let file = strongest.filter(writable).map(|file| file.path.as_str());
        steps.push(config.add(file));
        let has_own = files.iter().any(|file| is_own(&file.path) && file.channels.is_some());
        if file.is_none() && !has_own {
            steps.extend(config.remove_added_defaults());
        }
    }
    let strongest = files.iter().find(|file| file.channel_priority.is_some());
    if strongest.and_then(|file| file.channel_priority.as_deref()) != Some("strict") {
        steps.push(config.set_strict(strongest.filter(writable).map(|file| file.path.as_str())));
    }
    steps
}

/// The commands that remove old channels from the settings, in order; none if the client has no `config`.
///
/// conda-forge is added before a channel is removed, so that the list is never empty in between: an
/// empty one means `defaults` to conda, or is an error.
pub fn settings(machine: &Machine, settings: &Settings, client: &ClientTarget<'_>) -> Vec<Step> {
    let Some(config) = Config::of(client) else { return Vec::new() };
    let writable = |path: &Option<String>| {
        path.clone().filter(|path| config.reads(path) && is_users(machine, path))
    };
    let mut steps = Vec::new();
    if !settings.conda_forge_first {
        steps.push(config.add(writable(&settings.channels_in).as_deref()));
        if settings.channels_in.is_none() {
            steps.extend(config.remove_added_defaults());
        }
    }
    if !settings.is_strict {
        steps.push(config.set_strict(writable(&settings.priority_in).as_deref()));
    }
    for step in &mut steps {
        step.optional = false;
    }
    let mut removed = HashSet::new();
    for finding in &settings.findings {
        let (Some(path), SettingsAction::Remove) = (&finding.path, finding.action) else {
            continue;
        };
        let entry = (path.as_str(), finding.line.value.public());
        if !config.reads(path) || path.contains(is_hidden) || !removed.insert(entry) {
            continue;
        }
        let is_users = is_users(machine, path);
        let mut step = config.remove(Some(path), entry.1);
        step.optional = !finding.used_by.is_empty() || !is_users || !finding.kind.is_old_torch();
        step.note =
            (!is_users).then(|| format!("`{path}` belongs to the system: run as administrator"));
        steps.push(step);
    }
    steps
}

struct Config<'a> {
    client: &'a ClientTarget<'a>,
    command: ConfigCommand,
}

impl<'a> Config<'a> {
    fn of(client: &'a ClientTarget<'a>) -> Option<Self> {
        let command = client.habits().config;
        (command != ConfigCommand::None).then_some(Self { client, command })
    }

    /// Whether it reads a file: conda ignores `.mambarc`.
    fn reads(&self, path: &str) -> bool {
        self.command == ConfigCommand::Own || !path.ends_with(".mambarc")
    }

    fn add(&self, file: Option<&str>) -> Step {
        self.step(["--add", "prepend"], file, ["channels", "conda-forge"])
    }

    fn remove(&self, file: Option<&str>, channel: &str) -> Step {
        self.step(["--remove", "remove"], file, ["channels", channel])
    }

    fn set_strict(&self, file: Option<&str>) -> Step {
        self.step(["--set", "set"], file, ["channel_priority", "strict"])
    }

    /// Removes the `defaults` that the first `--add` to `~/.condarc` writes.
    fn remove_added_defaults(&self) -> Option<Step> {
        self.client.habits().config_adds_defaults.then(|| self.remove(None, "defaults"))
    }

    /// An action, in conda's words and in the other clients'.
    fn step(&self, [flag, verb]: [&str; 2], file: Option<&str>, words: [&str; 2]) -> Step {
        let file = file.filter(|path| !is_own(path)).map(|path| ["--file", path]);
        let file = file.as_ref().map_or(&[][..], |file| file);
        let is_conda = self.command == ConfigCommand::Conda;
        let arguments = if is_conda {
            [&["config"], file, &[flag], &words].concat()
        } else {
            [&["config", verb], file, &words].concat()
        };
        let mut step = self.client.step(StepKind::Configure, arguments);
        if is_conda {
            step.run_by_conda();
        }
        step
    }
}

/// Whether an entry is for the channel `pytorch`, which ended with PyTorch 2.5, and may be in a command: one
/// with the token or password of an address would show it to everybody.
fn is_removable(channel: &Address) -> bool {
    ChannelKind::of(channel.public()) == ChannelKind::Pytorch
        && !channel.public().contains(is_hidden)
        && !channel.has_secrets()
}

/// The part of a path after the user's home; `None` outside of the usual places of one.
fn below_home(path: &str) -> Option<&str> {
    if let Some(rest) = path.strip_prefix("/root/") {
        return Some(rest);
    }
    let homes = ["/home/", "/Users/", "C:\\Users\\"];
    let rest = homes.iter().find_map(|folder| path.strip_prefix(folder))?;
    rest.split_once(['/', '\\']).map(|(_, rest)| rest)
}

/// Whether a file is the user's to write: below a home, or, as homes may be elsewhere, called like a user's
/// file and not in a folder of the system or of a client.
fn is_users(machine: &Machine, path: &str) -> bool {
    if path.contains(is_hidden) {
        return false; // cannot be in a command
    }
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let is_below = |root: &str| {
        let rest = path.strip_prefix(root.trim_end_matches(['/', '\\']));
        rest.is_some_and(|rest| rest.starts_with(['/', '\\']))
    };
    let mut roots = machine.clients.iter().filter_map(|client| client.root_prefix.as_deref());
    below_home(path).is_some()
        || matches!(name, ".condarc" | ".mambarc" | "condarc")
            && !SYSTEM_FOLDERS.iter().any(|folder| path.starts_with(folder))
            && !path.contains("\\ProgramData\\")
            && !roots.any(is_below)
}

/// Whether a file is `~/.condarc`. For a home in an unusual place it is named, which is right too.
fn is_own(path: &str) -> bool {
    below_home(path) == Some(".condarc")
}
