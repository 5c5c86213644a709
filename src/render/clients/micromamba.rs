//! micromamba, and mamba from 2.0: `config` has verbs and not flags.

use crate::advise::Choice;
use crate::model::{ConfigFile, Machine};

use super::super::step::{Step, StepKind};
use super::conda::{is_conda_forge, is_own, old_channels};
use super::{ClientTarget, Environment, install};

/// micromamba's commands.
pub(super) fn plan(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
    environment: &Environment,
) -> Vec<Step> {
    let mut steps = configure(machine, client);
    steps.extend(install(machine, choice, client, environment));
    steps
}

/// The same as conda's, in the words of `config prepend|remove|set`.
pub(super) fn configure(machine: &Machine, client: &ClientTarget<'_>) -> Vec<Step> {
    let files: Vec<&ConfigFile> = machine.config_files.iter().collect();
    if client.found.is_none() || files.iter().any(|file| file.problem.is_some()) {
        return Vec::new();
    }
    let step = |words: &[&str]| {
        client.step(StepKind::Configure, std::iter::once("config").chain(words.iter().copied()))
    };
    let mut steps = Vec::new();
    // It writes `~/.condarc` whatever file the entry is in.
    for (file, channel) in old_channels(&files) {
        steps.push(if is_own(&file.path) {
            step(&["remove", "channels", channel])
        } else {
            step(&["remove", "--file", &file.path, "channels", channel])
        });
    }
    // Without any channel it takes conda-forge by itself.
    let first = files.iter().find_map(|file| file.channels.as_ref()?.first());
    if first.is_some_and(|channel| !is_conda_forge(channel)) {
        steps.push(step(&["prepend", "channels", "conda-forge"]));
    }
    if files.iter().find_map(|file| file.channel_priority.as_deref()) != Some("strict") {
        steps.push(step(&["set", "channel_priority", "strict"]));
    }
    steps
}
