//! Migration of an environment from the `pytorch` channel to conda-forge. The decision about PyTorch is
//! that of `resolve`.
//!
//! 1. `requested_packages`: what the user requested in the environment.
//! 2. `target`: the request for the new environment, and its advice.
//! 3. `packages`: what replaces each requested package, by the rows of `old_packages`.
//! 4. `in_place`: the change of the environment itself, and what prevents it.
//! 5. `settings`: the lines of the configuration that add old channels.

mod channel_names;
mod dependents;
mod in_place;
mod packages;
mod requested_packages;
mod settings;
mod target;
#[cfg(test)]
mod tests;

pub use channel_names::name_channels;
pub use in_place::{InPlace, is_base};
pub use packages::{PackageMigration, PackageOutcome};
pub use requested_packages::{RequestedFrom, RequestedPackages};
pub use settings::{Settings, SettingsAction, SettingsFinding, settings};
pub use target::{MigrationTarget, RequestOverrides};

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use crate::conda::{ChannelKind, MatchSpec};
use crate::matrix::Matrix;
use crate::resolve::Choice;
use crate::types::{Environment, InstalledPackage, Machine, PipPackage};

use super::CodeAndMessage;
use super::old_packages::{is_only_old, is_pip_torch};
use requested_packages::dependencies;

/// An environment and its migration.
#[derive(Debug, Clone)]
pub struct Migration<'a, 'm> {
    /// The environment as it is.
    pub environment: &'a Environment,
    /// The channels of its packages, those with most packages first.
    pub origins: Vec<ChannelCount<'a>>,
    /// Whether it has PyTorch packages that are not from conda-forge.
    pub is_needed: bool,
    /// The packages that the user requested.
    pub requested: RequestedPackages,
    /// The request for the new environment, its advice, and how it differs from the old one.
    pub target: MigrationTarget<'m>,
    /// The plan; `None` if nothing satisfies the request on the machine.
    pub plan: Option<MigrationPlan>,
}

/// A channel and how many packages it provided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChannelCount<'a> {
    /// The channel.
    pub channel: &'a str,
    /// How many.
    pub packages: usize,
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
    /// What packages of other channels need from there. With strict priority, which is pixi's, a solver takes a package
    /// that conda-forge has too from another channel only if a spec says so.
    pub needed_from_others: Vec<String>,
    /// The packages for pip to reinstall in a new environment.
    pub pip: Vec<PipPackage>,
    /// The packages of PyTorch that pip installed, which conda replaces.
    pub pip_left_out: Vec<String>,
    /// The change of the environment itself.
    pub in_place: InPlace,
    /// What prevents that change.
    pub obstacles: Vec<CodeAndMessage>,
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
    let rules = packages::PackageRules::new(environment, choice, other_python, is_base);
    let packages: Vec<PackageMigration> =
        requested.specs.iter().map(|spec| rules.migrate(spec)).collect();
    let carried_over = packages.iter().filter(|package| package.is_carried_over());
    let channels = carried_over.filter_map(|package| rules.channel(&package.spec));
    let others = channels.filter(|channel| ChannelKind::of(channel) == ChannelKind::Other);
    let mut known = HashSet::new();
    let others = others.filter(|other| known.insert(*other));
    let channels = others.map(str::to_owned).collect();
    let installable = environment.pip.iter().filter(|package| is_installable(package)).cloned();
    let (torch, pip): (Vec<PipPackage>, Vec<PipPackage>) =
        installable.partition(|package| is_pip_torch(&package.name));
    let specs = specs(&packages, choice, !pip.is_empty());
    Some(MigrationPlan {
        needed_from_others: needed_from_others(environment, &packages, &specs),
        in_place: in_place::plan(environment, &packages, &specs),
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
    let mut names: HashSet<String> = choice.specs.iter().map(|spec| spec.name.clone()).collect();
    let kept = packages.iter().filter(|package| package.is_carried_over());
    let kept = kept.flat_map(|package| package.specs.clone());
    for text in kept.chain(with_pip.then(|| "pip".to_owned())) {
        let name = MatchSpec::parse(&text).map_or_else(|| text.clone(), |spec| spec.name);
        if names.insert(name) {
            specs.push(text);
        }
    }
    specs
}

/// The packages of other channels that a carried-over one needs, with their channels, if no spec names them.
fn needed_from_others(
    environment: &Environment,
    packages: &[PackageMigration],
    specs: &[String],
) -> Vec<String> {
    let is_other =
        |package: &&InstalledPackage| ChannelKind::of(&package.channel) == ChannelKind::Other;
    let other = |name: &str| environment.package(name).filter(is_other);
    let carried_over = packages.iter().filter(|package| package.is_carried_over());
    let mut next: Vec<&InstalledPackage> =
        carried_over.filter_map(|package| other(&package.spec.name)).collect();
    let named = specs.iter().filter_map(|spec| Some(MatchSpec::parse(spec)?.name));
    let mut known: HashSet<String> = named.collect();
    let mut needed = Vec::new();
    while let Some(package) = next.pop() {
        for package in dependencies(package).filter_map(other) {
            if !package.channel.is_empty() && known.insert(package.name.clone()) {
                needed.push(format!("{}::{}", package.channel, package.name));
                next.push(package);
            }
        }
    }
    needed.sort();
    needed
}

fn origins(environment: &Environment) -> Vec<ChannelCount<'_>> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for package in &environment.packages {
        *counts.entry(&package.channel).or_default() += 1;
    }
    let counts = counts.into_iter().map(|(channel, packages)| ChannelCount { channel, packages });
    let mut origins: Vec<ChannelCount<'_>> = counts.collect();
    origins.sort_by_key(|origin| std::cmp::Reverse(origin.packages));
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
