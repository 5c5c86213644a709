//! The packages that the user requested: by history and pinned file, else those that no other package needs.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;

use crate::conda::{MatchSpec, SpecParts};
use crate::types::{Environment, InstalledPackage};

/// The source of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum RequestedFrom {
    /// `conda-meta/history`.
    History,
    /// The packages that no other needs, without versions: the history requests nearly every package by
    /// its build, because the environment was created from an exported file.
    Export,
    /// The packages that no other needs, without versions: the environment has no history.
    Leaves,
}

/// The requested packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedPackages {
    /// The source.
    pub from: RequestedFrom,
    /// The specs in the order of the history, each package once.
    pub specs: Vec<MatchSpec>,
}

pub(super) fn read(environment: &Environment) -> RequestedPackages {
    let mut specs = parse(&environment.requested);
    let from = if specs.is_empty() {
        RequestedFrom::Leaves
    } else if is_export(environment, &specs) {
        RequestedFrom::Export
    } else {
        RequestedFrom::History
    };
    if from != RequestedFrom::History {
        specs = leaves(environment).filter_map(|package| MatchSpec::parse(&package.name)).collect();
    }
    // A pin overrides the request for an installed package.
    let names = specs.iter().enumerate().map(|(at, spec)| (spec.name.clone(), at));
    let places: HashMap<String, usize> = names.collect();
    for pin in parse(&environment.pinned) {
        match places.get(&pin.name).map(|at| &mut specs[*at]) {
            Some(spec) if !pin.version.is_empty() || pin.build.is_some() => {
                *spec = MatchSpec { channel: pin.channel.or(spec.channel.take()), ..pin };
            }
            None if environment.package(&pin.name).is_some() => specs.push(pin),
            Some(_) | None => {}
        }
    }
    RequestedPackages { from, specs }
}

/// The specs of some lines, each package once: the last line of each.
fn parse(lines: &[String]) -> Vec<MatchSpec> {
    let specs: Vec<MatchSpec> = lines.iter().filter_map(|line| MatchSpec::parse(line)).collect();
    let mut names = HashSet::new();
    let last_first = specs.into_iter().rev().filter(|spec| names.insert(spec.name.clone()));
    let mut specs: Vec<MatchSpec> = last_first.collect();
    specs.reverse();
    specs
}

/// Whether nearly every installed package is requested by version and build.
fn is_export(environment: &Environment, specs: &[MatchSpec]) -> bool {
    let full = specs.iter().filter(|spec| !spec.version.is_empty() && spec.build.is_some()).count();
    full > 5 && full * 4 >= environment.packages.len() * 3
}

fn leaves(environment: &Environment) -> impl Iterator<Item = &InstalledPackage> {
    let needed = environment
        .packages
        .iter()
        .flat_map(|package| dependencies(package).filter(|name| *name != package.name));
    let needed: BTreeSet<&str> = needed.collect();
    environment.packages.iter().filter(move |package| {
        let name = package.name.as_str();
        matches!(name, "python" | "pip" | "pytorch") || !needed.contains(name)
    })
}

pub(super) fn dependencies(package: &InstalledPackage) -> impl Iterator<Item = &str> {
    package.depends.iter().filter_map(|depend| Some(SpecParts::parse(depend)?.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, depends: &[&str]) -> InstalledPackage {
        InstalledPackage {
            name: name.to_owned(),
            version: "1.0".to_owned(),
            build: "0".to_owned(),
            depends: depends.iter().map(|&depend| depend.to_owned()).collect(),
            ..InstalledPackage::default()
        }
    }

    fn names(environment: &Environment) -> (RequestedFrom, Vec<String>) {
        let requested = read(environment);
        (requested.from, requested.specs.iter().map(MatchSpec::argument).collect())
    }

    fn environment() -> Environment {
        Environment {
            packages: vec![
                package("libpng", &["zlib"]),
                package("matplotlib", &["libpng", "numpy"]),
                package("numpy", &["python >=3.11,<3.12.0a0"]),
                package("python", &[]),
                package("scipy", &["numpy >=1.2", "python"]),
                package("zlib", &[]),
            ],
            ..Environment::default()
        }
    }

    #[test]
    fn pins_override_the_history() {
        let requested = ["python=3.11", "scipy", "numpy"].map(str::to_owned).to_vec();
        let pinned = ["numpy 1.26.*", "qt 5.*"].map(str::to_owned).to_vec();
        let environment = Environment { requested, pinned, ..environment() };
        let expected = ["python=3.11", "scipy", "numpy=1.26.*"].map(str::to_owned).to_vec();
        assert_eq!(names(&environment), (RequestedFrom::History, expected));
    }

    #[test]
    fn without_a_usable_history_leaf_packages_are_requested() {
        let expected = ["matplotlib", "python", "scipy"].map(str::to_owned).to_vec();
        assert_eq!(names(&environment()), (RequestedFrom::Leaves, expected.clone()));
        let requested =
            environment().packages.iter().map(|p| format!("{}=1.0=0", p.name)).collect();
        let environment = Environment { requested, ..environment() };
        assert_eq!(names(&environment), (RequestedFrom::Export, expected));
    }
}
