//! The old channels out of the configuration, in the words of each client's `config`.

use crate::migrate::environment::{Settings, SettingsAction};
use crate::types::{ClientKind, Machine};

use crate::commands::{
    ClientTarget, Step, StepKind,
    config_file::{is_own, is_users},
};

/// The commands for the configuration, in order; none where the client has no `config` for these files.
///
/// conda-forge comes in before anything goes out, so that the list is never empty on the way: conda
/// takes an empty one for `defaults`, or refuses to work without any.
#[must_use]
pub fn settings(machine: &Machine, settings: &Settings, client: &ClientTarget<'_>) -> Vec<Step> {
    if client.kind == ClientKind::Pixi {
        return Vec::new();
    }
    let words = Words { client, is_conda: is_conda(client) };
    let mut steps = Vec::new();
    let readable = |path: &Option<String>| path.clone().filter(|path| words.reads(path));
    if !settings.conda_forge_first {
        let file = readable(&settings.channels_in).filter(|path| is_users(machine, path));
        steps.push(words.add(file.as_deref()));
        let is_new = settings.channels_in.is_none();
        // Up to 25.8 the first `--add` writes `defaults` too (https://github.com/conda/conda/pull/15196).
        if is_new && words.is_conda && client.is_below(&[25, 9]) {
            steps.push(words.remove(None, "defaults"));
        }
    }
    if !settings.is_strict {
        let file = readable(&settings.priority_in).filter(|path| is_users(machine, path));
        steps.push(words.strict(file.as_deref()));
    }
    let mut told: Vec<(&str, &str)> = Vec::new();
    for finding in &settings.findings {
        let (Some(path), SettingsAction::Remove { used_by }) = (&finding.path, &finding.action)
        else {
            continue;
        };
        let value = finding.line.value.as_str();
        let twice = told.contains(&(path.as_str(), value));
        if twice || !words.reads(path) || path.contains(char::is_control) {
            continue;
        }
        told.push((path, value));
        let mut step = words.remove(Some(path), value);
        let is_ours = is_users(machine, path);
        step.optional = !used_by.is_empty() || !is_ours || !finding.kind.is_old_torch();
        if !is_ours {
            step.note = Some(format!("`{path}` is the system's: as an administrator"));
        }
        steps.push(step);
    }
    steps
}

/// Whether conda's `config` does it: mamba 1 has none of its own, and conda is always beside it.
fn is_conda(client: &ClientTarget<'_>) -> bool {
    match client.kind {
        ClientKind::Conda => true,
        ClientKind::Mamba => client.is_below(&[2]),
        ClientKind::Micromamba | ClientKind::Pixi => false,
    }
}

/// One client's words. conda takes one action a call, and both act on `~/.condarc` unless told otherwise.
struct Words<'a> {
    client: &'a ClientTarget<'a>,
    is_conda: bool,
}

impl Words<'_> {
    /// Whether the client reads that file: conda knows nothing of `.mambarc`.
    fn reads(&self, path: &str) -> bool {
        !self.is_conda || !path.ends_with(".mambarc")
    }

    fn step(&self, verb: &str, file: Option<&str>, words: &[&str]) -> Step {
        let file = file.filter(|path| !is_own(path)).map(|path| ["--file", path]);
        let file = file.iter().flatten().copied();
        let verb = [verb].into_iter();
        let all: Vec<&str> = if self.is_conda {
            std::iter::once("config").chain(file).chain(verb).chain(words.iter().copied()).collect()
        } else {
            std::iter::once("config").chain(verb).chain(file).chain(words.iter().copied()).collect()
        };
        let mut step = self.client.step(StepKind::Configure, all);
        if self.is_conda {
            "conda".clone_into(&mut step.argv[0]);
        }
        step.optional = false;
        step
    }

    fn add(&self, file: Option<&str>) -> Step {
        let verb = if self.is_conda { "--add" } else { "prepend" };
        self.step(verb, file, &["channels", "conda-forge"])
    }

    fn remove(&self, file: Option<&str>, channel: &str) -> Step {
        let verb = if self.is_conda { "--remove" } else { "remove" };
        self.step(verb, file, &["channels", channel])
    }

    fn strict(&self, file: Option<&str>) -> Step {
        let verb = if self.is_conda { "--set" } else { "set" };
        self.step(verb, file, &["channel_priority", "strict"])
    }
}
