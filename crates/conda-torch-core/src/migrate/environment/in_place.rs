//! Changing the environment itself: what is taken out first, what goes with it, and where that cannot
//! work.

use std::collections::{BTreeMap, BTreeSet};

use crate::conda::{ChannelKind, MatchSpec, Subdir, Version};
use crate::resolve::Choice;
use crate::types::{Environment, InstalledPackage, Machine, Outcome};

use super::packages::{PackageMigration, PackageOutcome};
use super::replacements::{
    REMOVED_FIRST, Replacement, follows_cuda_version, is_pip_torch, replacement,
};
use super::requested_packages::{RequestedFrom, RequestedPackages, needs};
use super::target::installed_python;

/// How an environment is changed in place: first `remove`, then `install`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InPlace {
    /// What is named to be taken out: packages that are installed, and no other. conda stops at a name
    /// that is not.
    pub remove: Vec<String>,
    /// What goes with it because it needs something of it.
    pub dependents: Vec<String>,
    /// How many packages a client also takes out because nothing asked for needs them.
    pub orphans: usize,
    /// What is installed then.
    pub specs: Vec<String>,
}

/// Why an environment is not changed in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// It is the base environment, which the client itself lives in.
    Base,
    /// Python's series changes, and what pip installed would be lost with it.
    OtherPython {
        /// The series that is installed.
        from: Version,
        /// The series that will be.
        to: Version,
    },
    /// Lines of its pinned file hold the old packages.
    Pinned(Vec<String>),
    /// pip installed PyTorch into it as well.
    TorchOfPip(Vec<String>),
    /// Every package in it is asked for with its build.
    Export,
    /// Without a history a client takes for unneeded what is needed.
    NoHistory,
    /// What is in it could not be read in full.
    Damaged,
    /// Its packages are for another platform.
    OtherPlatform(Subdir),
}

/// Everything that speaks against it.
pub(super) fn obstacles(
    environment: &Environment,
    requested: &RequestedPackages,
    machine: &Machine,
    choice: &Choice<'_>,
    python: Option<Version>,
) -> Vec<Obstacle> {
    let mut all = Vec::new();
    if is_base(environment, machine) {
        all.push(Obstacle::Base);
    }
    if environment.problems.iter().any(|problem| problem.outcome != Outcome::Ok) {
        all.push(Obstacle::Damaged);
    }
    match requested.from {
        RequestedFrom::History => {}
        RequestedFrom::Export => all.push(Obstacle::Export),
        RequestedFrom::Leaves => all.push(Obstacle::NoHistory),
    }
    if let (Some(from), Some(to)) = (installed_python(environment), python.map(Version::series))
        && from != to
    {
        all.push(Obstacle::OtherPython { from, to });
    }
    let pinned: Vec<String> =
        environment.pinned.iter().filter(|line| is_in_the_way(line)).cloned().collect();
    if !pinned.is_empty() {
        all.push(Obstacle::Pinned(pinned));
    }
    let of_pip = environment.pip.iter().filter(|package| is_pip_torch(&package.name));
    let of_pip: Vec<String> = of_pip.map(|package| package.name.clone()).collect();
    if !of_pip.is_empty() {
        all.push(Obstacle::TorchOfPip(of_pip));
    }
    if let Some(subdir) = environment.subdir.filter(|subdir| *subdir != choice.build.subdir) {
        all.push(Obstacle::OtherPlatform(subdir));
    }
    all
}

/// Whether the environment is a client's own.
#[must_use]
pub fn is_base(environment: &Environment, machine: &Machine) -> bool {
    let trim = |path: &str| path.trim_end_matches(['/', '\\']).to_owned();
    let mut roots = machine.clients.iter().filter_map(|client| client.root_prefix.as_deref());
    environment.name.as_deref() == Some("base")
        || roots.any(|root| trim(root) == trim(&environment.prefix))
        || environment.package("conda").is_some()
}

/// Whether a pin is about PyTorch, its companions or CUDA.
fn is_in_the_way(line: &str) -> bool {
    MatchSpec::parse(line).is_some_and(|spec| {
        matches!(replacement(&spec.name), Some(Replacement::Choice | Replacement::CudaVersion))
            || follows_cuda_version(&spec.name)
    })
}

/// The plan.
pub(super) fn plan(
    environment: &Environment,
    entries: &[PackageMigration],
    all: &[String],
    choice: &Choice<'_>,
) -> InPlace {
    let is_requested = |name: &str| entries.iter().any(|entry| entry.spec.name == name);
    let is_old =
        |name: &str, channel: &str| ChannelKind::of(channel).is_old_torch() && is_requested(name);
    let mut remove: BTreeSet<&str> = BTreeSet::new();
    for package in &environment.packages {
        let (name, channel) = (package.name.as_str(), package.channel.as_str());
        if REMOVED_FIRST.contains(&name) || is_old(name, channel) {
            remove.insert(name);
        }
    }
    // What would be left of the old channels because something else needs it goes too.
    loop {
        let gone = with_dependents(environment, &remove);
        let stays = needed(environment, entries, &gone);
        let left = environment.packages.iter().find(|package| {
            ChannelKind::of(&package.channel).is_old_torch()
                && stays.contains(package.name.as_str())
                && !gone.contains(package.name.as_str())
        });
        let Some(left) = left else {
            let in_list = |name: &&&str| !remove.contains(**name);
            let dependents = gone.iter().filter(in_list).map(|name| (*name).to_owned()).collect();
            let kept = stays.len() + gone.len();
            return InPlace {
                dependents,
                orphans: environment.packages.len().saturating_sub(kept),
                specs: specs(entries, all, choice, &gone),
                remove: remove.into_iter().map(str::to_owned).collect(),
            };
        };
        remove.insert(&left.name);
    }
}

/// What is installed afterwards: the choice, what was asked for and had to go, and what must be asked
/// for in another form.
fn specs(
    entries: &[PackageMigration],
    all: &[String],
    choice: &Choice<'_>,
    gone: &BTreeSet<&str>,
) -> Vec<String> {
    let mut specs: Vec<String> = choice.specs.iter().map(ToString::to_string).collect();
    for entry in entries {
        let is_gone = gone.contains(entry.spec.name.as_str());
        match &entry.outcome {
            PackageOutcome::Changed(text, _) => specs.push(text.clone()),
            PackageOutcome::Kept(text) if is_gone => specs.push(text.clone()),
            PackageOutcome::Kept(_) | PackageOutcome::Replaced(_) | PackageOutcome::LeftOut(_) => {}
        }
    }
    specs.retain(|spec| all.contains(spec));
    if all.iter().any(|spec| spec == "pip") {
        specs.push("pip".to_owned());
    }
    let mut seen = BTreeSet::new();
    specs.retain(|spec| seen.insert(spec.clone()));
    specs
}

/// These packages and all that need one of them, directly or not.
fn with_dependents<'e>(
    environment: &'e Environment,
    names: &BTreeSet<&'e str>,
) -> BTreeSet<&'e str> {
    let mut gone = names.clone();
    loop {
        let needs_one =
            |package: &&InstalledPackage| needs(package).any(|name| gone.contains(name));
        let stays = environment.packages.iter().filter(|it| !gone.contains(it.name.as_str()));
        let more: Vec<&str> = stays.filter(needs_one).map(|it| it.name.as_str()).collect();
        if more.is_empty() {
            return gone;
        }
        gone.extend(more);
    }
}

/// What was asked for and stays, and all that it needs.
fn needed<'e>(
    environment: &'e Environment,
    entries: &[PackageMigration],
    gone: &BTreeSet<&str>,
) -> BTreeSet<&'e str> {
    let installed: BTreeMap<&str, &InstalledPackage> =
        environment.packages.iter().map(|package| (package.name.as_str(), package)).collect();
    let mut stays: BTreeSet<&str> = BTreeSet::new();
    let asked = entries.iter().filter_map(|entry| installed.get(entry.spec.name.as_str()));
    let mut next: Vec<&InstalledPackage> =
        asked.copied().filter(|package| !gone.contains(package.name.as_str())).collect();
    while let Some(package) = next.pop() {
        if stays.insert(&package.name) {
            next.extend(needs(package).filter_map(|name| installed.get(name)).copied());
        }
    }
    stays
}
