//! The commands of conda, mamba, micromamba and pixi: what their versions do differently, and quoting for
//! every shell. Each was run, or read in the client's source where a comment says so.

mod conda;
mod config_file;
mod correction;
mod dry_run;
mod environment;
mod mamba;
mod micromamba;
mod migration;
mod overrides;
mod pixi;
mod settings;
pub mod shell;
mod step;

use crate::clients::ClientTarget;
use crate::conda::Channels;
use crate::resolve::Choice;
use crate::types::{Accelerator, ClientKind, Machine};

use environment::InstallTarget;

pub(crate) use correction::corrected;
pub use dry_run::{DryRunCommand, dry_run, lock};
pub use environment::TargetEnvironment;
pub use migration::{MigrationSteps, migration};
pub use overrides::overrides;
pub use pixi::{SystemRequirements, system_requirements};
pub use settings::settings;
pub use step::{Step, StepKind};

impl ClientTarget<'_> {
    fn is_below(&self, version: &[u16]) -> bool {
        self.version.is_some_and(|found| found < crate::conda::Version::new(version))
    }
    fn is_at_least(&self, version: &[u16]) -> bool {
        self.version.is_some_and(|found| found >= crate::conda::Version::new(version))
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
    environment: &TargetEnvironment,
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
    environment: &TargetEnvironment,
    channels: &Channels,
) -> Vec<Step> {
    let other = overrides::platform(machine, choice, client);
    let target = environment.place(client, other);
    let specs: Vec<String> = choice.specs.iter().map(ToString::to_string).collect();
    install_specs(machine, choice, client, &target, channels, &specs)
}

/// The same with specs that the choice's own are among.
fn install_specs(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
    target: &InstallTarget,
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
    let verb = if target.is_new() { "create" } else { "install" };
    let mut words = vec![verb];
    words.extend(target.words());
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
    install.note = target.note();

    let program = check_program(choice);
    let run = std::iter::once("run").chain(target.words());
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
