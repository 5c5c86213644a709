//! What differs between conda, mamba 1, mamba 2, micromamba and pixi, and between their versions: the
//! words of every command. Each was run, or read in the client's source where the comment says so.

mod conda;
mod corrected;
mod dry_run;
mod mamba;
mod micromamba;
mod migration;
pub(crate) mod miniforge;
mod overrides;
mod owner;
mod pixi;
mod place;
mod settings;
pub mod shell;
mod step;

use crate::conda::{Channels, Version};
use crate::resolve::Choice;
use crate::types::{Accelerator, Client, ClientKind, Machine};
use crate::virtual_packages::Viewer;

pub use step::{Step, StepKind};

pub(crate) use corrected::corrected;
pub use dry_run::{DryRunCommand, dry_run, lock};
pub use overrides::overrides;
use place::Place;

pub use migration::{MigrationSteps, migration};
pub use pixi::{SystemRequirements, system_requirements};
pub use place::Environment;
pub use settings::settings;

/// The client that commands are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientTarget<'a> {
    /// Which.
    pub kind: ClientKind,
    /// Its version, where it is known.
    pub version: Option<Version>,
    /// The one on the machine, where there is one.
    pub found: Option<&'a Client>,
}

impl<'a> ClientTarget<'a> {
    /// The best client on the machine, or of a kind; conda where there is none.
    #[must_use]
    pub fn of(machine: &'a Machine, kind: Option<ClientKind>) -> Self {
        let found =
            machine.clients.iter().find(|client| kind.is_none_or(|kind| client.kind == kind));
        let version = found.and_then(|client| client.version.value()).copied();
        let kind = kind.or(found.map(|client| client.kind)).unwrap_or(ClientKind::Conda);
        Self { kind, version, found }
    }

    /// The client as one that looks at the machine.
    #[must_use]
    pub fn viewer(&self) -> Viewer<'a> {
        Viewer { kind: self.kind, version: self.version, found: self.found }
    }

    /// The client that an environment belongs to, or one of a kind; else the best.
    #[must_use]
    pub fn of_environment(machine: &'a Machine, prefix: &str, kind: Option<ClientKind>) -> Self {
        let is_its = |client: &&Client| {
            let root = client.root_prefix.as_deref().map(|root| root.trim_end_matches(['/', '\\']));
            let rest = root.and_then(|root| prefix.strip_prefix(root));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '\\']))
        };
        let is_wanted = |client: &&Client| kind.is_none_or(|kind| client.kind == kind);
        let found = machine.clients.iter().filter(is_wanted).find(is_its);
        match found {
            Some(client) => Self {
                kind: client.kind,
                version: client.version.value().copied(),
                found: Some(client),
            },
            None => Self::of(machine, kind),
        }
    }

    /// Whether its version is known and below another.
    fn is_below(&self, version: &[u16]) -> bool {
        self.version.is_some_and(|found| found < Version::new(version))
    }

    /// Whether its version is known and at least another.
    fn is_at_least(&self, version: &[u16]) -> bool {
        self.version.is_some_and(|found| found >= Version::new(version))
    }

    /// A command of this client.
    fn step<'s>(&self, kind: StepKind, arguments: impl IntoIterator<Item = &'s str>) -> Step {
        let program = std::iter::once(self.kind.as_str());
        Step {
            kind,
            client: self.kind,
            client_version: self.version,
            // Without these two the installation is the same.
            optional: matches!(kind, StepKind::Configure | StepKind::Check),
            env: Vec::new(),
            argv: program.chain(arguments).map(str::to_owned).collect(),
            note: None,
            stdout: None,
        }
    }
}

/// The commands for a choice, in order: settings that this machine lacks (optional), installation,
/// check (optional).
#[must_use]
pub fn plan(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
    environment: &Environment,
    channels: &Channels,
) -> Vec<Step> {
    if client.kind == ClientKind::Pixi {
        return pixi::plan(machine, choice, client, environment, channels);
    }
    // Settings are for conda-forge: whoever names other channels has settings of their own.
    let mut steps = match client.kind {
        _ if !channels.is_conda_forge() => Vec::new(),
        ClientKind::Conda => conda::configure(machine, client),
        ClientKind::Mamba => mamba::configure(machine, client),
        ClientKind::Micromamba | ClientKind::Pixi => micromamba::configure(machine, client),
    };
    steps.extend(install(machine, choice, client, environment, channels));
    if client.kind == ClientKind::Conda {
        conda::note_solver(machine, client, &mut steps);
    }
    steps
}

/// `create` or `install`, the same words for conda, mamba and micromamba: channels of the user's own
/// settings are left out, so that what stands there cannot change the answer. Never with `-y`, which
/// would replace an environment without asking.
fn install(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
    environment: &Environment,
    channels: &Channels,
) -> Vec<Step> {
    let other = overrides::platform(machine, choice, client);
    let place = environment.place(client, other);
    let specs: Vec<String> = choice.specs.iter().map(ToString::to_string).collect();
    install_specs(machine, choice, client, &place, channels, &specs)
}

/// The same with specs that the choice's own are among.
fn install_specs(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
    place: &Place,
    channels: &Channels,
    specs: &[String],
) -> Vec<Step> {
    let other = overrides::platform(machine, choice, client);
    // The flag came to conda's `create` with 23.10; the variable is understood from long before.
    let is_old = match client.kind {
        ClientKind::Conda => client.is_below(&[23, 10]),
        ClientKind::Mamba => client.is_below(&[2]),
        ClientKind::Micromamba | ClientKind::Pixi => false,
    };
    let verb = if place.is_new() { "create" } else { "install" };
    let mut words = vec![verb];
    words.extend(place.words());
    if let Some(subdir) = other.as_ref().filter(|_| !is_old) {
        words.extend(["--platform", subdir.as_str()]);
    }
    words.push("--override-channels");
    words.extend(channels.flags());
    words.push("--strict-channel-priority");
    words.extend(specs.iter().map(String::as_str));
    let mut install = client.step(StepKind::Install, words);
    install.env = overrides(machine, choice, client);
    if let Some(subdir) = other.filter(|_| is_old) {
        install.env.push(("CONDA_SUBDIR", subdir.to_string()));
    }
    install.note = place.note();

    let program = check_program(choice);
    let run = std::iter::once("run").chain(place.words());
    let check = client.step(StepKind::Check, run.chain(["python", "-c", program]));
    vec![install, check]
}

/// A program that computes something where the choice computes, short enough for a line. No character of
/// it is eaten by a shell inside double quotes.
fn check_program(choice: &Choice<'_>) -> &'static str {
    match choice.computes_on {
        Accelerator::Cuda(_) => "import torch as t; print(t.__version__, t.ones(2).cuda().sum())",
        // Falls back to the processor where PyTorch asks for a newer macOS: so it is asked, not used.
        Accelerator::Mps => "import torch as t; print(t.backends.mps.is_available())",
        Accelerator::Cpu => "import torch as t; print(t.__version__, t.ones(2).sum())",
    }
}
