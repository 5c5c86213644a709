//! Which packages need which: in an environment, a package is removed with all that need it.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::types::{Environment, InstalledPackage};

use super::requested_packages::dependencies;

/// The packages that depend on each package.
pub(super) struct Dependents<'e>(HashMap<&'e str, Vec<&'e str>>);

impl<'e> Dependents<'e> {
    pub(super) fn of(environment: &'e Environment) -> Self {
        let mut dependents: HashMap<&str, Vec<&str>> = HashMap::new();
        for package in &environment.packages {
            for name in dependencies(package) {
                dependents.entry(name).or_default().push(&package.name);
            }
        }
        Self(dependents)
    }

    /// A package and all that depend on it, directly or not, without those in the sets.
    pub(super) fn with(&self, name: &'e str, without: &[&BTreeSet<&str>]) -> BTreeSet<&'e str> {
        let mut found = BTreeSet::new();
        let mut next = vec![name];
        while let Some(name) = next.pop() {
            if !without.iter().any(|set| set.contains(name)) && found.insert(name) {
                next.extend(self.0.get(name).into_iter().flatten());
            }
        }
        found
    }
}

/// The packages of an environment, each after those that it needs.
pub(super) fn needed_first(environment: &Environment) -> Vec<&InstalledPackage> {
    let mut known: HashSet<&str> = HashSet::new();
    let mut ordered = Vec::new();
    for package in &environment.packages {
        // Second when its dependencies are done.
        let mut next = vec![(package, false)];
        while let Some((package, is_done)) = next.pop() {
            if is_done {
                ordered.push(package);
            } else if known.insert(&package.name) {
                next.push((package, true));
                let needed = dependencies(package).filter_map(|name| environment.package(name));
                next.extend(needed.map(|package| (package, false)));
            }
        }
    }
    ordered
}
