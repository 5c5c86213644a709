//! The change of an environment itself: what to remove first, what that removes too, and what prevents it.

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;

use crate::conda::{ChannelKind, MatchSpec, Version};
use crate::resolve::Choice;
use crate::types::{Environment, InstalledPackage, Machine, Outcome};

use super::super::old_packages::{
    REMOVED_FIRST, Replacement, follows_cuda_version, is_pip_torch, replacement,
};
use super::super::{CodeAndMessage, list};
use super::dependents::{Dependents, needed_first};
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
    // A pin of a package that is not installed joins the solve in place, but not the dry run before it.
    let joins = |line: &&String| {
        limits_pytorch(line)
            || MatchSpec::parse(line).is_some_and(|spec| environment.package(&spec.name).is_none())
    };
    let pinned: Vec<String> = environment.pinned.iter().filter(joins).cloned().collect();
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
    let is_old = |package: &InstalledPackage| ChannelKind::of(&package.channel).is_old_torch();
    let requested: HashSet<&str> =
        packages.iter().map(|package| package.spec.name.as_str()).collect();
    let first = environment.packages.iter().filter(|package| {
        REMOVED_FIRST.contains(&package.name.as_str())
            || is_old(package) && requested.contains(package.name.as_str())
    });
    // Nothing replaces these, and a client would keep them: they are requested.
    let left_out = packages.iter().filter(|package| package.outcome == PackageOutcome::LeftOut);
    let left_out = left_out.filter_map(|package| environment.package(&package.spec.name));
    let mut remove: BTreeSet<&str> =
        first.chain(left_out).map(|package| package.name.as_str()).collect();
    let dependents = Dependents::of(environment);
    let mut gone = BTreeSet::new();
    for name in &remove {
        gone.extend(dependents.with(name, &[&gone]));
    }
    // A client keeps what it finds, and packages of the old channels do not mix with conda-forge's: with those
    // that others need, all of them are removed.
    for package in needed_first(environment) {
        if is_replaced(package) && !gone.contains(package.name.as_str()) {
            remove.insert(&package.name);
            gone.extend(dependents.with(&package.name, &[&gone]));
        }
    }
    // mamba 2 keeps pip without Python; its next command asks that pip what it installed, and fails. Source:
    // https://github.com/mamba-org/mamba: load_site_packages in libmamba/src/core/prefix_data.cpp
    if gone.contains("python")
        && let Some(pip) = environment.package("pip")
    {
        remove.insert(&pip.name);
        gone.extend(dependents.with(&pip.name, &[&gone]));
    }
    let kept = packages.iter().filter(|package| {
        package.outcome == PackageOutcome::Kept && !gone.contains(package.spec.name.as_str())
    });
    let stays: HashSet<&[String]> = kept.map(|package| package.specs.as_slice()).collect();
    let is_new = |spec: &&String| *spec == "pip" || !stays.contains(std::slice::from_ref(*spec));
    let needed = count_needed(environment, packages, &gone);
    InPlace {
        dependents: gone.difference(&remove).map(|&name| name.to_owned()).collect(),
        orphans: environment.packages.len().saturating_sub(needed + gone.len()),
        specs: new_specs.iter().filter(is_new).cloned().collect(),
        remove: remove.into_iter().map(str::to_owned).collect(),
    }
}

/// Whether conda-forge's package must take the place of an installed one. Python code for every platform and
/// certificates of `defaults` work with conda-forge's packages.
fn is_replaced(package: &InstalledPackage) -> bool {
    match ChannelKind::of(&package.channel) {
        ChannelKind::Pytorch | ChannelKind::Nvidia => true,
        ChannelKind::Defaults => {
            let name = package.name.as_str();
            follows_cuda_version(name) || package.subdir != "noarch" && name != "ca-certificates"
        }
        ChannelKind::CondaForge | ChannelKind::Other => false,
    }
}

/// How many packages stay because they are requested, or a requested one that stays needs them.
fn count_needed(
    environment: &Environment,
    packages: &[PackageMigration],
    gone: &BTreeSet<&str>,
) -> usize {
    let requested = packages.iter().filter_map(|package| environment.package(&package.spec.name));
    let mut next: Vec<&InstalledPackage> =
        requested.filter(|package| !gone.contains(package.name.as_str())).collect();
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    while let Some(package) = next.pop() {
        if needed.insert(&package.name) {
            next.extend(dependencies(package).filter_map(|name| environment.package(name)));
        }
    }
    needed.len()
}
