//! Migration of an environment from the `pytorch` channel to conda-forge. The decision about PyTorch is
//! that of `resolve`.
//!
//! 1. `requested_packages`: what the user requested in the environment.
//! 2. `target`: the request for the new environment, and its advice.
//! 3. `packages`: what replaces each requested package, by the rows of `old_packages`.
//! 4. `in_place`: the change of the environment itself, and what prevents it.
//! 5. `settings`: the lines of the configuration that add old channels.
//! 6. `messages`: the codes and sentences for all of it.

mod in_place;
pub mod messages;
mod packages;
mod requested_packages;
mod settings;
mod target;
#[cfg(test)]
mod tests;

pub use super::old_packages::LeftOutReason;
pub use in_place::{InPlace, Obstacle, is_base};
pub use packages::{ChangeReason, PackageMigration, PackageOutcome};
pub use requested_packages::{RequestedFrom, RequestedPackages};
pub use settings::{
    EnvironmentChannels, ManualReason, Settings, SettingsAction, SettingsFinding, settings,
};
pub use target::{MigrationTarget, RequestChange, RequestOverrides};

use std::collections::BTreeMap;

use crate::conda::{ChannelKind, MatchSpec};
use crate::matrix::Matrix;
use crate::resolve::Choice;
use crate::types::{Environment, Machine, PipPackage};

use super::old_packages::{is_only_old, is_pip_torch};

/// An environment and its migration.
#[derive(Debug, Clone)]
pub struct Migration<'a, 'm> {
    /// The environment as it is.
    pub environment: &'a Environment,
    /// The channels of its packages and how many packages are from each, most first.
    pub origins: Vec<(&'a str, usize)>,
    /// Whether it has PyTorch packages that are not from conda-forge.
    pub is_needed: bool,
    /// The packages that the user requested.
    pub requested: RequestedPackages,
    /// The request for the new environment, its advice, and how it differs from the old one.
    pub target: MigrationTarget<'m>,
    /// The plan; `None` if nothing satisfies the request on the machine.
    pub plan: Option<MigrationPlan>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationPlan {
    /// What replaces each requested package, in their order.
    pub packages: Vec<PackageMigration>,
    /// Other people's channels to keep, after conda-forge.
    pub channels: Vec<String>,
    /// All specs of a new environment.
    pub specs: Vec<String>,
    /// The packages for pip to reinstall in a new environment.
    pub pip: Vec<PipPackage>,
    /// The packages of PyTorch that pip installed, which conda replaces.
    pub pip_left_out: Vec<String>,
    /// The change of the environment itself.
    pub in_place: InPlace,
    /// What prevents that change.
    pub obstacles: Vec<Obstacle>,
}

/// Plans the migration of an environment.
pub fn migrate<'a, 'm>(
    environment: &'a Environment,
    machine: &Machine,
    matrix: &'m Matrix,
    overrides: &RequestOverrides,
) -> Migration<'a, 'm> {
    let requested = requested_packages::read(environment);
    let target = target::choose(environment, &requested, machine, matrix, overrides);
    let plan = plan(environment, &requested, &target, machine);
    let (origins, is_needed) = (origins(environment), needs_migration(environment));
    Migration { environment, origins, is_needed, requested, target, plan }
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
    let is_base = is_base(environment, machine);
    let rules = packages::PackageRules { environment, choice, other_python, is_base };
    let package =
        |spec: &MatchSpec| PackageMigration { spec: spec.clone(), outcome: rules.outcome(spec) };
    let packages: Vec<PackageMigration> = requested.specs.iter().map(package).collect();
    let mut channels: Vec<String> = Vec::new();
    for package in &packages {
        let is_kept =
            matches!(package.outcome, PackageOutcome::Kept(_) | PackageOutcome::Changed(..));
        let channel = rules.channel(&package.spec).filter(|_| is_kept);
        let other = channel.filter(|channel| ChannelKind::of(channel) == ChannelKind::Other);
        let new = other.map(str::to_owned).filter(|other| !channels.contains(other));
        channels.extend(new);
    }
    let installable = environment.pip.iter().filter(|package| is_installable(package)).cloned();
    let (torch, pip): (Vec<PipPackage>, Vec<PipPackage>) =
        installable.partition(|package| is_pip_torch(&package.name));
    let specs = specs(&packages, choice, !pip.is_empty());
    Some(MigrationPlan {
        in_place: in_place::plan(environment, &packages, &specs, choice),
        obstacles: in_place::obstacles(environment, requested, is_base, choice, python),
        packages,
        channels,
        specs,
        pip,
        pip_left_out: torch.into_iter().map(|package| package.name).collect(),
    })
}

/// Whether a package of pip can be named on a command line: its folder may have any name.
fn is_installable(package: &PipPackage) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.+!".contains(c);
    let is_word = |text: &str| !text.starts_with('-') && text.chars().all(is_plain);
    !package.name.is_empty() && is_word(&package.name) && is_word(&package.version)
}

/// The specs of the recommended build and those of the kept packages, each package once.
fn specs(packages: &[PackageMigration], choice: &Choice<'_>, with_pip: bool) -> Vec<String> {
    let mut specs: Vec<String> = choice.specs.iter().map(ToString::to_string).collect();
    let mut names: Vec<String> = choice.specs.iter().map(|spec| spec.name.clone()).collect();
    let kept = packages.iter().filter_map(|package| match &package.outcome {
        PackageOutcome::Kept(text) | PackageOutcome::Changed(text, _) => Some(text.clone()),
        PackageOutcome::Replaced(_) | PackageOutcome::LeftOut(_) => None,
    });
    for text in kept.chain(with_pip.then(|| "pip".to_owned())) {
        let name = MatchSpec::parse(&text).map_or_else(|| text.clone(), |spec| spec.name);
        if !names.contains(&name) {
            names.push(name);
            specs.push(text);
        }
    }
    specs
}

/// The channels and how many packages are from each, most first.
fn origins(environment: &Environment) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for package in &environment.packages {
        *counts.entry(&package.channel).or_default() += 1;
    }
    let mut origins: Vec<(&str, usize)> = counts.into_iter().collect();
    origins.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    origins
}

/// Whether an environment has PyTorch packages that are not from conda-forge.
pub fn needs_migration(environment: &Environment) -> bool {
    environment.packages.iter().any(|package| {
        let is_old = is_only_old(&package.name);
        match ChannelKind::of(&package.channel) {
            ChannelKind::Pytorch => true,
            ChannelKind::Defaults => package.name == "pytorch" || is_old,
            ChannelKind::Nvidia => environment.package("pytorch").is_some(),
            ChannelKind::CondaForge | ChannelKind::Other => is_old,
        }
    })
}
