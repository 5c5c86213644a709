//! The change of an environment itself: what to remove first, what that removes too, and what prevents it.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::conda::{ChannelKind, MatchSpec, Version};
use crate::resolve::Choice;
use crate::types::{Environment, InstalledPackage, Machine, Outcome};

use super::super::old_packages::{
    REMOVED_FIRST, Replacement, follows_cuda_version, is_pip_torch, replacement,
};
use super::super::{CodeAndMessage, list};
use super::packages::{PackageMigration, PackageOutcome};
use super::requested_packages::{RequestedFrom, RequestedPackages, dependencies};
use super::target::installed_python;

/// The change of an environment: first `remove`, then `specs`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct InPlace {
    /// The packages to remove by name, all of them installed: conda fails on others.
    pub remove: Vec<String>,
    /// The packages that are removed with them, because they need one of them.
    pub dependents: Vec<String>,
    /// How many packages a client also removes because no requested package needs them.
    #[serde(skip)]
    pub orphans: usize,
    /// The match specs to install then.
    pub specs: Vec<String>,
}

pub(super) fn obstacles(
    environment: &Environment,
    requested: &RequestedPackages,
    is_base: bool,
    choice: &Choice<'_>,
    python: Option<Version>,
) -> Vec<CodeAndMessage> {
    let mut all = Vec::new();
    let mut add = |code, message: String| all.push(CodeAndMessage::with(code, message));
    if is_base {
        add("base", "the base environment contains the client itself".to_owned());
    }
    if environment.problems.iter().any(|problem| problem.outcome != Outcome::Ok) {
        add("damaged", "parts of it cannot be read".to_owned());
    }
    match requested.from {
        RequestedFrom::History => {}
        RequestedFrom::Export => {
            add("export", "its history requests every package by its build".to_owned());
        }
        RequestedFrom::Leaves => add(
            "no-history",
            "it has no history, so a client would remove needed packages".to_owned(),
        ),
    }
    if let (Some(from), Some(to)) = (installed_python(environment), python.map(Version::series))
        && from != to
    {
        let text = format!("Python {from} would become {to}, and lose what pip installed");
        add("other-python", text);
    }
    let pinned = environment.pinned.iter().filter(|line| limits_pytorch(line));
    let pinned: Vec<String> = pinned.cloned().collect();
    if !pinned.is_empty() {
        let (prefix, lines) = (&environment.prefix, list(&pinned));
        let text = format!("`{prefix}/conda-meta/pinned` pins {lines}; remove the pin first");
        add("pinned", text);
    }
    let torch = environment.pip.iter().filter(|package| is_pip_torch(&package.name));
    let torch: Vec<String> = torch.map(|package| package.name.clone()).collect();
    if !torch.is_empty() {
        let text = format!("pip installed {}; run `pip uninstall` first", list(&torch));
        add("torch-of-pip", text);
    }
    if let Some(other) = environment.subdir.filter(|subdir| *subdir != choice.build.subdir) {
        add("other-platform", format!("its packages are for {other}"));
    }
    all
}

/// Whether the environment is a client's own.
pub fn is_base(environment: &Environment, machine: &Machine) -> bool {
    let trim = |path: &str| path.trim_end_matches(['/', '\\']).to_owned();
    let mut roots = machine.clients.iter().filter_map(|client| client.root_prefix.as_deref());
    environment.name.as_deref() == Some("base")
        || roots.any(|root| trim(root) == trim(&environment.prefix))
        || environment.package("conda").is_some()
}

/// Whether a pin is about PyTorch, its companions or CUDA.
pub(super) fn limits_pytorch(pin: &str) -> bool {
    MatchSpec::parse(pin).is_some_and(|spec| {
        matches!(
            replacement(&spec.name),
            Some(Replacement::Pytorch | Replacement::Companion(_) | Replacement::CudaVersion)
        ) || follows_cuda_version(&spec.name)
    })
}

pub(super) fn plan(
    environment: &Environment,
    packages: &[PackageMigration],
    new_specs: &[String],
) -> InPlace {
    let is_requested = |name: &str| packages.iter().any(|package| package.spec.name == name);
    let is_old = |package: &InstalledPackage| ChannelKind::of(&package.channel).is_old_torch();
    let stays = |spec: &str, gone: &BTreeSet<&str>| {
        let mut kept = packages.iter().filter(|package| package.outcome == PackageOutcome::Kept);
        let has_it = |package: &PackageMigration| {
            !gone.contains(package.spec.name.as_str()) && package.specs == [spec]
        };
        spec != "pip" && kept.any(has_it)
    };
    let first = environment.packages.iter().filter(|package| {
        REMOVED_FIRST.contains(&package.name.as_str())
            || is_old(package) && is_requested(&package.name)
    });
    let mut remove: BTreeSet<&str> = first.map(|package| package.name.as_str()).collect();
    // Packages of the old channels that others need are removed too.
    loop {
        let gone = with_dependents(environment, &remove);
        let needed = needed(environment, packages, &gone);
        let is_left = |name: &str| needed.contains(name) && !gone.contains(name);
        let mut all = environment.packages.iter();
        if let Some(left) = all.find(|package| is_old(package) && is_left(&package.name)) {
            remove.insert(&left.name);
            continue;
        }
        return InPlace {
            dependents: gone.difference(&remove).map(|&name| name.to_owned()).collect(),
            orphans: environment.packages.len().saturating_sub(needed.len() + gone.len()),
            specs: new_specs.iter().filter(|spec| !stays(spec, &gone)).cloned().collect(),
            remove: remove.into_iter().map(str::to_owned).collect(),
        };
    }
}

/// These packages and all that depend on one of them, directly or not.
fn with_dependents<'e>(
    environment: &'e Environment,
    names: &BTreeSet<&'e str>,
) -> BTreeSet<&'e str> {
    let mut gone = names.clone();
    loop {
        let count = gone.len();
        for package in &environment.packages {
            if dependencies(package).any(|name| gone.contains(name)) {
                gone.insert(&package.name);
            }
        }
        if gone.len() == count {
            return gone;
        }
    }
}

fn needed<'e>(
    environment: &'e Environment,
    packages: &[PackageMigration],
    gone: &BTreeSet<&str>,
) -> BTreeSet<&'e str> {
    let requested = packages.iter().filter_map(|package| environment.package(&package.spec.name));
    let mut next: Vec<&InstalledPackage> =
        requested.filter(|package| !gone.contains(package.name.as_str())).collect();
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    while let Some(package) = next.pop() {
        if needed.insert(&package.name) {
            next.extend(dependencies(package).filter_map(|name| environment.package(name)));
        }
    }
    needed
}
