//! micromamba, and mamba from 2.0: `config` has verbs and not flags.

use crate::types::{ConfigFile, Machine};

use crate::commands::{
    ClientTarget, Step, StepKind,
    conda::{has_channels, is_conda_forge_first, old_channels},
    config_file::{named, written},
};

/// The same as conda's, in the words of `config prepend|remove|set`.
pub(super) fn configure(machine: &Machine, client: &ClientTarget<'_>) -> Vec<Step> {
    let files: Vec<&ConfigFile> = machine.config_files.iter().collect();
    if client.found.is_none() || files.iter().any(|file| file.problem.is_some()) {
        return Vec::new();
    }
    let step = |verb: &str, file: Option<&str>, words: &[&str]| {
        let file = file.map(|file| ["--file", file]);
        let words = file.iter().flatten().chain(words).copied();
        client.step(StepKind::Configure, ["config", verb].into_iter().chain(words))
    };
    let mut steps = Vec::new();
    // It writes `~/.condarc` whatever file the entry is in, and never `~/.mambarc`, which is stronger.
    for (file, channel) in old_channels(machine, &files) {
        steps.push(step("remove", named(file), &["channels", channel]));
    }
    // Without any channel it takes conda-forge by itself.
    let strongest = files.iter().find(|file| has_channels(file));
    if let Some(file) = strongest.filter(|file| !is_conda_forge_first(file)) {
        steps.push(step("prepend", written(machine, file), &["channels", "conda-forge"]));
    }
    let strongest = files.iter().find(|file| file.channel_priority.is_some());
    if strongest.and_then(|file| file.channel_priority.as_deref()) != Some("strict") {
        let file = strongest.and_then(|file| written(machine, file));
        steps.push(step("set", file, &["channel_priority", "strict"]));
    }
    steps
}
