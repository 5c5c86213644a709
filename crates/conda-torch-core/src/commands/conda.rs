//! conda. Its `config` takes one action a call, and acts on `~/.condarc` unless told otherwise.

use crate::conda::{ChannelKind, without_secrets};
use crate::types::{ConfigFile, Machine};

use crate::commands::{
    ClientTarget, Step, StepKind,
    config_file::{is_own, is_users, named, written},
};

/// Says of an installation that it takes long, where it does.
pub(super) fn note_solver(machine: &Machine, client: &ClientTarget<'_>, steps: &mut [Step]) {
    let classic = client.is_below(&[23, 10])
        || files(machine, client).find_map(|file| file.solver.as_deref()) == Some("classic");
    if let Some(step) = steps.iter_mut().find(|step| step.kind == StepKind::Install)
        && classic
        && step.note.is_none()
    {
        step.note = Some(
            "conda's classic solver takes minutes here; conda 23.10 or newer, or mamba, is faster"
                .to_owned(),
        );
    }
}

/// The files that conda reads, the strongest first.
fn files<'a>(
    machine: &'a Machine,
    client: &ClientTarget<'_>,
) -> impl Iterator<Item = &'a ConfigFile> {
    let found = client.found.is_some();
    machine.config_files.iter().filter(move |file| found && !file.path.ends_with(".mambarc"))
}

/// Makes conda-forge the first channel with strict priority, as far as it is not: the steps of
/// conda-forge's migration page that this machine needs, and none that fails.
pub(super) fn configure(machine: &Machine, client: &ClientTarget<'_>) -> Vec<Step> {
    let files: Vec<&ConfigFile> = files(machine, client).collect();
    if client.found.is_none() || files.iter().any(|file| file.problem.is_some()) {
        return Vec::new();
    }
    let step = |words: &[&str]| {
        let words = std::iter::once("config").chain(words.iter().copied());
        let mut step = client.step(StepKind::Configure, words);
        // mamba 1 has no `config` of its own, and conda is always beside it.
        "conda".clone_into(&mut step.argv[0]);
        step
    };
    let mut steps = Vec::new();
    // `--remove` fails unless the entry stands literally in that very file.
    let step = |file: Option<&str>, words: &[&str]| match file {
        Some(file) => step(&[&["--file", file], words].concat()),
        None => step(words),
    };
    for (file, channel) in old_channels(machine, &files) {
        steps.push(step(named(file), &["--remove", "channels", channel]));
    }
    let strongest = files.iter().find(|file| has_channels(file));
    if !strongest.is_some_and(|file| is_conda_forge_first(file)) {
        let file = strongest.and_then(|file| written(machine, file));
        steps.push(step(file, &["--add", "channels", "conda-forge"]));
        // Up to 25.8 the first `--add` writes `defaults` too (https://github.com/conda/conda/pull/15196).
        let has_own = files.iter().any(|file| is_own(&file.path) && file.channels.is_some());
        if client.is_below(&[25, 9]) && file.is_none() && !has_own {
            steps.push(step(None, &["--remove", "channels", "defaults"]));
        }
    }
    let strongest = files.iter().find(|file| file.channel_priority.is_some());
    if strongest.and_then(|file| file.channel_priority.as_deref()) != Some("strict") {
        let file = strongest.and_then(|file| written(machine, file));
        steps.push(step(file, &["--set", "channel_priority", "strict"]));
    }
    steps
}

/// Entries for the channel `pytorch`, which ended with PyTorch 2.5, in files of the user's own.
pub(super) fn old_channels<'a>(
    machine: &Machine,
    files: &[&'a ConfigFile],
) -> impl Iterator<Item = (&'a ConfigFile, &'a str)> {
    let writable = files.iter().filter(|file| is_users(machine, &file.path));
    writable.flat_map(|file| {
        let channels = file.channels.iter().flatten().map(String::as_str);
        // A command with the token or password of an address would show it to everybody.
        let is_old = |channel: &&str| {
            ChannelKind::of(channel) == ChannelKind::Pytorch
                && !channel.contains(char::is_control)
                && without_secrets(channel) == **channel
        };
        channels.filter(is_old).map(|channel| (*file, channel))
    })
}

/// Whether a file says which channels there are.
pub(super) fn has_channels(file: &ConfigFile) -> bool {
    file.channels.as_ref().is_some_and(|channels| !channels.is_empty())
}

/// Whether conda-forge is the first channel of a file.
pub(super) fn is_conda_forge_first(file: &ConfigFile) -> bool {
    let first = file.channels.as_ref().and_then(|channels| channels.first());
    first.is_some_and(|channel| ChannelKind::of(channel) == ChannelKind::CondaForge)
}
