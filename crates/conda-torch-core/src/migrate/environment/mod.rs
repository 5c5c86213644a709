//! What the old `pytorch` channel left, turned into conda-forge: [`Environment`] and the advice for this
//! machine in, [`Migration`] out. Pure, and no second decision about PyTorch: `advise` makes it.
//!
//! 1. `asked`: what the user had asked for in the environment.
//! 2. `wish`: that as a request; what of it must give way is told.
//! 3. `entries`: what becomes of each package that was asked for, by the rows of `table`.
//! 4. `in_place`: the same in the environment itself, and where that cannot work.
//! 5. `settings`: what the configuration adds of the old channels, and what is to change.

mod in_place;
mod packages;
mod replacements;
mod requested_packages;
mod settings;
mod target;
#[cfg(test)]
mod tests;
pub mod words;

pub use in_place::{InPlace, Obstacle, is_base};
pub use packages::{ChangeReason, PackageMigration, PackageOutcome};
pub use replacements::LeftOutReason;
pub use requested_packages::{RequestedFrom, RequestedPackages};
pub use settings::{
    EnvironmentChannels, ManualReason, Settings, SettingsAction, SettingsFinding, settings,
};
pub use target::{MigrationTarget, RequestChange, RequestOverrides};

use crate::conda::{ChannelKind, MatchSpec};
use crate::matrix::Matrix;
use crate::types::{Environment, Machine, PipPackage};

use replacements::is_pip_torch;

/// What an environment is and what becomes of it.
#[derive(Debug, Clone)]
pub struct Migration<'a, 'm> {
    /// The environment as it is.
    pub environment: &'a Environment,
    /// What of it came from where: the channel and how many packages, most first.
    pub origins: Vec<(&'a str, usize)>,
    /// Whether anything of PyTorch in it came from elsewhere than conda-forge.
    pub is_needed: bool,
    /// What was asked for, and where that was taken from.
    pub requested: RequestedPackages,
    /// The request that it comes to, its answer, and what gave way.
    pub target: MigrationTarget<'m>,
    /// The plan; `None` where nothing satisfies the request on this machine.
    pub plan: Option<MigrationPlan>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationPlan {
    /// What becomes of each package that was asked for, in their order.
    pub entries: Vec<PackageMigration>,
    /// Channels that are somebody's own and stay, after conda-forge.
    pub channels: Vec<String>,
    /// All specs of a new environment.
    pub specs: Vec<String>,
    /// What pip is to install again in a new environment.
    pub pip: Vec<PipPackage>,
    /// What pip had installed of PyTorch, which conda now brings.
    pub pip_left_out: Vec<String>,
    /// How the environment itself would be changed.
    pub in_place: InPlace,
    /// What speaks against that; empty where it works.
    pub obstacles: Vec<Obstacle>,
}

/// Plans the migration of an environment.
#[must_use]
pub fn migrate<'a, 'm>(
    environment: &'a Environment,
    machine: &Machine,
    matrix: &'m Matrix,
    overrides: &RequestOverrides,
) -> Migration<'a, 'm> {
    let requested = requested_packages::read(environment);
    let target = target::settle(environment, &requested, machine, matrix, overrides);
    let plan = plan(environment, &requested, &target, machine);
    Migration {
        environment,
        origins: origins(environment),
        is_needed: needs_migration(environment),
        requested,
        target,
        plan,
    }
}

fn plan(
    environment: &Environment,
    requested: &RequestedPackages,
    target: &MigrationTarget<'_>,
    machine: &Machine,
) -> Option<MigrationPlan> {
    let choice = target.advice.recommended.as_ref()?;
    let python = target.request.python;
    let other_python = python.is_some() && python != target::installed_python(environment);
    let rules = packages::PackageRules { environment, choice, other_python };
    let is_base = is_base(environment, machine);
    let mut entries: Vec<PackageMigration> =
        requested.specs.iter().map(|spec| rules.migrate(spec)).collect();
    if !is_base {
        // Outside of base, `conda` and its like were asked for on purpose.
        for entry in &mut entries {
            if entry.outcome == PackageOutcome::LeftOut(LeftOutReason::BaseOnly) {
                entry.outcome = PackageOutcome::Kept(entry.spec.argument());
            }
        }
    }
    let mut channels: Vec<String> = Vec::new();
    for entry in &entries {
        let goes = matches!(entry.outcome, PackageOutcome::Kept(_) | PackageOutcome::Changed(..));
        let channel = rules.channel(&entry.spec).filter(|_| goes);
        let own = channel.filter(|channel| ChannelKind::of(channel) == ChannelKind::Other);
        channels.extend(own.filter(|own| !channels.iter().any(|c| c == own)).map(str::to_owned));
    }
    let (torch, pip): (Vec<&PipPackage>, Vec<&PipPackage>) = environment
        .pip
        .iter()
        .filter(|package| is_plain(package))
        .partition(|package| is_pip_torch(&package.name));
    let specs = specs(&entries, choice, !pip.is_empty());
    Some(MigrationPlan {
        in_place: in_place::plan(environment, &entries, &specs, choice),
        obstacles: in_place::obstacles(environment, requested, machine, choice, python),
        entries,
        channels,
        specs,
        pip: pip.into_iter().cloned().collect(),
        pip_left_out: torch.into_iter().map(|package| package.name.clone()).collect(),
    })
}

/// Whether a package of pip is one that can be named on a command line; its folder may be called
/// anything.
fn is_plain(package: &PipPackage) -> bool {
    let plain = |text: &str| {
        !text.starts_with('-')
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '!'))
    };
    !package.name.is_empty() && plain(&package.name) && plain(&package.version)
}

/// The choice's specs and what goes over, each package once.
fn specs(
    entries: &[PackageMigration],
    choice: &crate::resolve::Choice<'_>,
    with_pip: bool,
) -> Vec<String> {
    let mut specs: Vec<String> = choice.specs.iter().map(ToString::to_string).collect();
    let mut names: Vec<String> = choice.specs.iter().map(|spec| spec.name.clone()).collect();
    let pip = with_pip.then(|| "pip".to_owned());
    let carried = entries.iter().filter_map(|entry| match &entry.outcome {
        PackageOutcome::Kept(text) | PackageOutcome::Changed(text, _) => Some(text.clone()),
        PackageOutcome::Replaced(_) | PackageOutcome::LeftOut(_) => None,
    });
    for text in carried.chain(pip) {
        let name = MatchSpec::parse(&text).map_or_else(|| text.clone(), |spec| spec.name);
        if !names.contains(&name) {
            names.push(name);
            specs.push(text);
        }
    }
    specs
}

/// The channels and how many packages each gave, most first.
fn origins(environment: &Environment) -> Vec<(&str, usize)> {
    let mut origins: Vec<(&str, usize)> = Vec::new();
    for package in &environment.packages {
        match origins.iter_mut().find(|(channel, _)| *channel == package.channel) {
            Some((_, count)) => *count += 1,
            None => origins.push((&package.channel, 1)),
        }
    }
    origins.sort_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
    origins
}

/// Whether an environment has PyTorch packages that are not from conda-forge.
#[must_use]
pub fn needs_migration(environment: &Environment) -> bool {
    const OLD: [&str; 3] = ["cpuonly", "pytorch-cuda", "pytorch-mutex"];
    environment.packages.iter().any(|package| match ChannelKind::of(&package.channel) {
        ChannelKind::Pytorch => true,
        ChannelKind::Defaults => package.name == "pytorch" || OLD.contains(&package.name.as_str()),
        ChannelKind::Nvidia => environment.package("pytorch").is_some(),
        ChannelKind::CondaForge | ChannelKind::Other => OLD.contains(&package.name.as_str()),
    })
}
