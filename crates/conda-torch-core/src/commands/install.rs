//! The installation of a choice.

use crate::clients::{ClientTarget, ConfigCommand};
use crate::conda::{ChannelName, Channels, MatchSpec, Subdir};
use crate::resolve::Choice;
use crate::types::{Accelerator, ClientKind, Machine};

use super::config::configure;
use super::environment::{InstallTarget, TargetEnvironment};
use super::overrides::overrides;
use super::{Step, StepKind};

/// The commands for a choice, in order: settings that this machine lacks, installation, check.
pub fn plan(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
    environment: &TargetEnvironment,
    channels: &Channels,
) -> Vec<Step> {
    let specs: Vec<String> = choice.specs.iter().map(ToString::to_string).collect();
    let installation = Installation { machine, choice, client, channels, specs: &specs };
    if client.kind == ClientKind::Pixi {
        return installation.in_project(environment);
    }
    // The settings are for conda-forge alone.
    let is_conda_forge = channels.is_conda_forge();
    let mut steps = if is_conda_forge { configure(machine, client) } else { Vec::new() };
    steps
        .extend(installation.in_target(&environment.target(client, installation.other_platform())));
    steps
}

/// What is installed, and by which client.
#[derive(Clone, Copy)]
pub(super) struct Installation<'a> {
    pub(super) machine: &'a Machine,
    pub(super) choice: &'a Choice<'a>,
    pub(super) client: &'a ClientTarget<'a>,
    pub(super) channels: &'a Channels,
    /// Those of the choice, and others.
    pub(super) specs: &'a [String],
}

impl Installation<'_> {
    /// `create` or `install`, and a check: the same words for conda, mamba and micromamba. With
    /// `--override-channels` the user's own settings cannot change the answer. Never with `-y`, which would
    /// replace an environment without asking.
    pub(super) fn in_target(&self, target: &InstallTarget) -> Vec<Step> {
        let Self { machine, choice, client, channels, specs } = *self;
        // A client that was not found may be an old one.
        let has_platform_flag = client.habits().has_platform_flag && client.found.is_some();
        let other = self.other_platform();
        let mut words = vec![if target.exists { "install" } else { "create" }];
        words.extend(target.words());
        if let Some(subdir) = other.as_ref().filter(|_| has_platform_flag) {
            words.extend(["--platform", subdir.as_str()]);
        }
        words.push("--override-channels");
        words.extend(channels.flags());
        let is_flexible = self.needs_flexible_priority();
        if !is_flexible {
            words.push("--strict-channel-priority");
        }
        words.extend(specs.iter().map(String::as_str));
        let mut install = client.step(StepKind::Install, words);
        install.env = overrides(machine, choice, client);
        if is_flexible {
            let variables = client.priority_variables().iter();
            install.env.extend(variables.map(|name| (*name, "flexible".to_owned())));
        }
        if let Some(subdir) = other.filter(|_| !has_platform_flag) {
            install.env.push(("CONDA_SUBDIR", subdir.to_string()));
        }
        let priority = is_flexible.then(|| {
            "the channel priority is flexible: strict excludes packages that conda-forge has too".to_owned()
        });
        install.note = target.note().or_else(|| self.login()).or(priority).or_else(|| {
            self.is_solved_slowly().then(||
            "conda's classic solver takes minutes here; conda 23.10 or newer, or mamba, is faster"
                .to_owned()
        )
        });
        let run = std::iter::once("run").chain(target.words());
        let check = client.step(StepKind::Check, run.chain(["python", "-c", self.check_program()]));
        vec![install, check]
    }

    /// Whether a spec names another channel than the first: with strict priority no solver takes it, or what it
    /// needs, from there if the first channel has a package of the same name.
    fn needs_flexible_priority(&self) -> bool {
        let first = self.channels.iter().next().map(|channel| ChannelName::of(channel).name);
        let channels = self.specs.iter().filter_map(|spec| MatchSpec::parse(spec)?.channel);
        let mut names = channels.map(|channel| ChannelName::of(&channel).name);
        names.any(|name| Some(name) != first)
    }

    /// What to do if an address has a login, which a command would show to everybody.
    pub(super) fn login(&self) -> Option<String> {
        let hosts: Vec<&str> = self.channels.with_secrets().collect();
        let store = match self.client.habits().config {
            ConfigCommand::Conda => "under `custom_channels` in `~/.condarc`".to_owned(),
            ConfigCommand::Own | ConfigCommand::None => {
                format!("with `{} auth login`", self.client.kind)
            }
        };
        (!hosts.is_empty()).then(|| {
            format!("the login for `{}` is left out; store it {store}", hosts.join("`, `"))
        })
    }

    /// The platform to name: that of the packages, if it is not the client's own.
    pub(super) fn other_platform(&self) -> Option<Subdir> {
        // A Mac with programs for x86-64 has a client of them too.
        let is_rosetta = self.machine.rosetta.value() == Some(&true);
        let own = match self.client.found {
            Some(client) => client.subdir?,
            None => is_rosetta.then_some(Subdir::Osx64)?,
        };
        let subdir = self.choice.build.subdir;
        (self.machine.subdir.is_found() && own != subdir).then_some(subdir)
    }

    /// Whether conda uses its classic solver.
    fn is_solved_slowly(&self) -> bool {
        let Self { machine, client, .. } = self;
        let mut files = machine.config_files.iter().filter(|_| client.found.is_some());
        client.kind == ClientKind::Conda
            && (client.habits().is_classic_by_default
                || files.find_map(|file| file.solver.as_deref()) == Some("classic"))
    }

    /// A program that computes something where the choice computes, short enough for a line. No character
    /// of it changes inside double quotes in a shell.
    pub(super) fn check_program(&self) -> &'static str {
        match self.choice.computes_on {
            Accelerator::Cuda(_) => {
                "import torch as t; print(t.__version__, t.ones(2).cuda().sum())"
            }
            // Falls back to the processor if PyTorch needs a newer macOS: so the check queries it.
            Accelerator::Mps => "import torch as t; print(t.backends.mps.is_available())",
            Accelerator::Cpu => "import torch as t; print(t.__version__, t.ones(2).sum())",
        }
    }
}
