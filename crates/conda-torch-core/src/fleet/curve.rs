//! The best environments of each number over all platforms: an environment is for one platform.

use std::collections::BTreeMap;

use crate::conda::Subdir;
use crate::types::Build;

use super::cover::{Cost, Cover, Demand, covers};
use super::nodes::Class;
use super::service::Services;

/// The best environments of one number.
#[derive(Debug, Clone)]
pub struct CurvePoint<'m> {
    /// What each installs.
    pub builds: Vec<&'m Build>,
    /// What the nodes lose with them.
    pub cost: Cost,
    /// Whether it is proven that no other environments of this number are better.
    pub exact: bool,
}

/// A class as the curve needs it: its number of nodes and the builds on it.
pub(super) type ClassDemand<'a, 'm> = (u64, &'a Services<'m>);

/// The classes as the curve needs them; those with the same builds are one.
pub(super) fn demands<'a, 'm>(
    classes: &[&Class],
    services: &'a [Services<'m>],
) -> Vec<ClassDemand<'a, 'm>> {
    let mut demands: Vec<ClassDemand<'a, 'm>> = Vec::new();
    for (class, services) in classes.iter().zip(services) {
        match demands.iter_mut().find(|(_, other)| other.is_same(services)) {
            Some((nodes, _)) => *nodes += class.nodes(),
            None => demands.push((class.nodes(), services)),
        }
    }
    demands
}

/// The best environments of each number, from none to those with which one more gains nothing.
pub(super) fn curve<'m>(classes: &[ClassDemand<'_, 'm>]) -> Vec<CurvePoint<'m>> {
    let mut platforms: BTreeMap<Option<Subdir>, Vec<ClassDemand<'_, 'm>>> = BTreeMap::new();
    for class in classes {
        platforms.entry(class.1.subdir()).or_default().push(*class);
    }
    let nothing = CurvePoint { builds: Vec::new(), cost: Cost::default(), exact: true };
    let mut points = vec![nothing];
    for classes in platforms.values() {
        let demands: Vec<Demand> =
            classes.iter().map(|(nodes, services)| services.demand(*nodes)).collect();
        let builds = classes.first().map_or(&[][..], |(_, services)| &services.builds[..]);
        let covers = covers(&demands);
        points = combined(&points, &covers, &|at| builds[at].build);
    }
    // One more that gains nothing is none.
    let mut kept: Vec<CurvePoint<'m>> = Vec::new();
    for point in points {
        if kept.last().is_none_or(|last| point.cost.loss() < last.cost.loss()) {
            kept.push(point);
        }
    }
    kept
}

/// The best of each number over what came before and one more platform.
fn combined<'m>(
    before: &[CurvePoint<'m>],
    covers: &[Cover],
    build: &dyn Fn(usize) -> &'m Build,
) -> Vec<CurvePoint<'m>> {
    let most = before.len() + covers.len() - 1;
    (0..most)
        .filter_map(|number| {
            let pairs = (0..=number)
                .filter_map(|here| Some((covers.get(here)?, before.get(number - here)?)));
            let (cover, point) = pairs.min_by_key(|(cover, point)| point.cost + cover.cost)?;
            let builds = cover.builds.iter().map(|at| build(*at));
            Some(CurvePoint {
                builds: point.builds.iter().copied().chain(builds).collect(),
                cost: point.cost + cover.cost,
                exact: point.exact && cover.exact,
            })
        })
        .collect()
}
