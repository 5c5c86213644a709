//! What the user asked for in an environment: its history, its pinned file, or, where neither tells,
//! what nothing else in it needs.

use serde::Serialize;

use std::collections::BTreeSet;

use crate::conda::{MatchSpec, SpecParts};
use crate::types::{Environment, InstalledPackage};

/// Where the list was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum RequestedFrom {
    /// `conda-meta/history`.
    History,
    /// The history names nearly every package with its build, as an exported file does: what no other
    /// package needs is taken, without versions.
    Export,
    /// There is no history: what no other package needs is taken, without versions.
    Leaves,
}

/// The list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedPackages {
    /// Where it was taken from.
    pub from: RequestedFrom,
    /// In the order of the history; each package once.
    pub specs: Vec<MatchSpec>,
    /// Lines that are no specs.
    pub unread: Vec<String>,
}

/// Reads it.
#[must_use]
pub(super) fn read(environment: &Environment) -> RequestedPackages {
    let (mut specs, unread) = parse(&environment.requested);
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
    // A pin counts for a package that is there, and more than what was asked for.
    for pin in parse(&environment.pinned).0 {
        match specs.iter_mut().find(|spec| spec.name == pin.name) {
            Some(spec) if !pin.version.is_empty() || pin.build.is_some() => {
                *spec = MatchSpec { channel: pin.channel.or(spec.channel.take()), ..pin };
            }
            None if environment.package(&pin.name).is_some() => specs.push(pin),
            Some(_) | None => {}
        }
    }
    RequestedPackages { from, specs, unread }
}

fn parse(lines: &[String]) -> (Vec<MatchSpec>, Vec<String>) {
    let mut specs: Vec<MatchSpec> = Vec::new();
    let mut unread = Vec::new();
    for line in lines {
        match MatchSpec::parse(line) {
            Some(spec) => {
                specs.retain(|other| other.name != spec.name);
                specs.push(spec);
            }
            None if line.trim().is_empty() || line.trim_start().starts_with('#') => {}
            None => unread.push(line.clone()),
        }
    }
    (specs, unread)
}

/// Whether nearly all that is installed was named with version and build: nobody types that.
fn is_export(environment: &Environment, specs: &[MatchSpec]) -> bool {
    let full = specs.iter().filter(|spec| !spec.version.is_empty() && spec.build.is_some()).count();
    full > 5 && full * 4 >= environment.packages.len() * 3
}

/// What no other package in the environment needs.
fn leaves(environment: &Environment) -> impl Iterator<Item = &InstalledPackage> {
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    for package in &environment.packages {
        needed.extend(needs(package).filter(|name| *name != package.name));
    }
    let is_base = |name: &str| matches!(name, "python" | "pip" | "pytorch");
    let is_leaf = move |package: &&InstalledPackage| {
        is_base(&package.name) || !needed.contains(package.name.as_str())
    };
    environment.packages.iter().filter(is_leaf)
}

/// The names of what a package depends on.
pub(super) fn needs(package: &InstalledPackage) -> impl Iterator<Item = &str> {
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
                package("python", &[]),
                package("numpy", &["python >=3.11,<3.12.0a0"]),
                package("scipy", &["numpy >=1.2", "python"]),
                package("zlib", &[]),
                package("libpng", &["zlib"]),
                package("matplotlib", &["libpng", "numpy"]),
            ],
            ..Environment::default()
        }
    }

    #[test]
    fn a_history_is_taken_as_it_is_and_a_pin_counts_more() {
        let requested = ["python=3.11", "scipy", "numpy"].map(str::to_owned).to_vec();
        let pinned = ["numpy 1.26.*", "qt 5.*"].map(str::to_owned).to_vec();
        let environment = Environment { requested, pinned, ..environment() };
        let expected = ["python=3.11", "scipy", "numpy=1.26.*"].map(str::to_owned).to_vec();
        assert_eq!(names(&environment), (RequestedFrom::History, expected));
    }

    #[test]
    fn an_exported_file_and_no_history_come_down_to_what_nothing_else_needs() {
        let expected = ["python", "scipy", "matplotlib"].map(str::to_owned).to_vec();
        assert_eq!(names(&environment()), (RequestedFrom::Leaves, expected.clone()));
        let requested =
            environment().packages.iter().map(|p| format!("{}=1.0=0", p.name)).collect();
        let environment = Environment { requested, ..environment() };
        assert_eq!(names(&environment), (RequestedFrom::Export, expected));
    }
}
