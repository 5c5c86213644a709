//! The best sets of environments, each of one build, for classes of nodes: exact for every size.

use std::ops::Add;

/// What the nodes of a class lose with a set of environments. The order is that of the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cost {
    /// Nodes without an environment.
    pub unserved: u64,
    /// By how many releases of PyTorch each node is behind the newest that runs there, in sum.
    pub releases: u64,
    /// Nodes on which the driver compiles PTX at the first run.
    pub ptx_jit: u64,
    /// Nodes with machine code for another GPU of the same generation.
    pub same_major: u64,
    /// The places of the builds in the ranking of each node, in sum: chooses between equal ones.
    pub places: u64,
}

impl Cost {
    /// The same without what only chooses between equal builds.
    pub const fn loss(self) -> Self {
        Self { places: 0, ..self }
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            unserved: self.unserved.saturating_add(other.unserved),
            releases: self.releases.saturating_add(other.releases),
            ptx_jit: self.ptx_jit.saturating_add(other.ptx_jit),
            same_major: self.same_major.saturating_add(other.same_major),
            places: self.places.saturating_add(other.places),
        }
    }
}

/// A class: how many nodes it has, and what each loses with each build; `None`: the build does not run there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Demand {
    pub costs: Vec<Option<Cost>>,
    pub nodes: u64,
}

/// The best set of builds of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cover {
    /// The builds, by their places, ascending.
    pub builds: Vec<usize>,
    pub cost: Cost,
    /// Whether every other set was excluded; false only if that would take too long.
    pub exact: bool,
}

/// The most sets that are tried for one size.
const MOST_STEPS: u64 = 2_000_000;

/// The best sets of one build, of two and so on, until another build gains nothing. The first entry is the empty set.
pub(super) fn covers(demands: &[Demand]) -> Vec<Cover> {
    let search = Search::new(demands);
    let nothing = search.cost(&[]);
    let mut covers = vec![Cover { builds: Vec::new(), cost: nothing, exact: true }];
    let ideal = search.cost(&search.builds);
    while covers.last().is_some_and(|last| last.cost.loss() > ideal.loss()) {
        let size = covers.len();
        let cover = search.best(size);
        if covers.last().is_some_and(|last| cover.cost.loss() >= last.cost.loss()) {
            break;
        }
        covers.push(cover);
    }
    covers
}

/// The demands with equal ones joined, and the builds without those that another replaces everywhere.
struct Search {
    /// For each class, the cost of all its nodes with each build.
    costs: Vec<Vec<Cost>>,
    /// The cost of all its nodes without a build.
    none: Vec<Cost>,
    builds: Vec<usize>,
}

impl Search {
    fn new(demands: &[Demand]) -> Self {
        let mut demands: Vec<Demand> = demands.to_vec();
        demands.sort_unstable();
        demands.dedup_by(|next, kept| {
            let is_same = next.costs == kept.costs;
            if is_same {
                kept.nodes += next.nodes;
            }
            is_same
        });
        let none = |demand: &Demand| Cost { unserved: demand.nodes, ..Cost::default() };
        let costs: Vec<Vec<Cost>> = demands
            .iter()
            .map(|demand| {
                let times = |it: u64| it.saturating_mul(demand.nodes);
                let all = |cost: &Option<Cost>| match cost {
                    Some(cost) => Cost {
                        unserved: 0,
                        releases: times(cost.releases),
                        ptx_jit: times(cost.ptx_jit),
                        same_major: times(cost.same_major),
                        places: times(cost.places),
                    },
                    None => none(demand),
                };
                demand.costs.iter().map(all).collect()
            })
            .collect();
        let count = demands.first().map_or(0, |demand| demand.costs.len());
        let mut search =
            Self { costs, none: demands.iter().map(none).collect(), builds: Vec::new() };
        let mut builds: Vec<usize> =
            (0..count).filter(|build| !search.is_replaced(*build, count)).collect();
        // Those that are good for most come first, so that a good set is found early.
        builds.sort_by_cached_key(|build| search.cost(&[*build]));
        search.builds = builds;
        search
    }

    /// Whether another build costs no node more; of two equal ones the first stays.
    fn is_replaced(&self, build: usize, count: usize) -> bool {
        let is_no_worse = |other: usize, build: usize| {
            self.costs.iter().all(|costs| costs[other] <= costs[build])
        };
        let runs = self.costs.iter().zip(&self.none).any(|(costs, none)| costs[build] < *none);
        !runs
            || (0..count).any(|other| {
                other != build
                    && is_no_worse(other, build)
                    && (other < build || !is_no_worse(build, other))
            })
    }

    /// The cost of all nodes, each with the best build of a set.
    fn cost(&self, builds: &[usize]) -> Cost {
        let classes = self.costs.iter().zip(&self.none);
        let best = |(costs, none): (&Vec<Cost>, &Cost)| {
            builds.iter().map(|build| costs[*build]).fold(*none, Cost::min)
        };
        classes.map(best).fold(Cost::default(), Cost::add)
    }

    /// The best set of at most `size` builds: depth first, without the sets that cannot be better.
    fn best(&self, size: usize) -> Cover {
        // For each place, the cost of each class with the best build from there on.
        let mut rest = vec![self.none.clone()];
        for build in self.builds.iter().rev() {
            let after = &rest[rest.len() - 1];
            let with =
                after.iter().zip(&self.costs).map(|(after, costs)| costs[*build].min(*after));
            rest.push(with.collect());
        }
        rest.reverse();
        let mut greedy = Vec::new();
        for _ in 0..size {
            let with = |build: &usize| self.cost(&[&greedy[..], &[*build]].concat());
            greedy.extend(self.builds.iter().copied().min_by_key(with));
        }
        let mut best = Best { cost: self.cost(&greedy), builds: greedy, steps: 0 };
        self.extend(&mut best, &rest, &mut Vec::new(), 0, size, &self.none);
        best.builds.sort_unstable();
        best.builds.dedup();
        Cover { builds: best.builds, cost: best.cost, exact: best.steps < MOST_STEPS }
    }

    fn extend(
        &self,
        best: &mut Best,
        rest: &[Vec<Cost>],
        chosen: &mut Vec<usize>,
        from: usize,
        left: usize,
        now: &[Cost],
    ) {
        let sum = |costs: &mut dyn Iterator<Item = Cost>| costs.fold(Cost::default(), Cost::add);
        let cost = sum(&mut now.iter().copied());
        if cost < best.cost {
            (best.cost, best.builds) = (cost, chosen.clone());
        }
        if left == 0 {
            return;
        }
        for at in from..self.builds.len() {
            best.steps += 1;
            let bound = sum(&mut now.iter().zip(&rest[at]).map(|(now, rest)| *now.min(rest)));
            if bound >= best.cost || best.steps >= MOST_STEPS {
                return;
            }
            let build = self.builds[at];
            let with: Vec<Cost> =
                now.iter().zip(&self.costs).map(|(now, costs)| costs[build].min(*now)).collect();
            chosen.push(build);
            self.extend(best, rest, chosen, at + 1, left - 1, &with);
            chosen.pop();
        }
    }
}

struct Best {
    cost: Cost,
    builds: Vec<usize>,
    steps: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(nodes: u64, costs: &[Option<u64>]) -> Demand {
        let cost = |it: &Option<u64>| it.map(|releases| Cost { releases, ..Cost::default() });
        Demand { nodes, costs: costs.iter().map(cost).collect() }
    }

    #[test]
    fn one_build_for_all_costs_releases_and_two_cost_none() {
        // Old GPUs run builds 0 and 1, new ones 1 and 2; build 1 is three releases older than the best.
        let old = demand(10, &[Some(0), Some(3), None]);
        let new = demand(90, &[None, Some(3), Some(0)]);
        let covers = covers(&[old, new]);
        let sets: Vec<&[usize]> = covers.iter().map(|it| &it.builds[..]).collect();
        assert_eq!(sets, [&[][..], &[1], &[0, 2]]);
        assert_eq!(covers[1].cost.releases, 300);
        assert_eq!(covers[2].cost, Cost::default());
    }

    #[test]
    fn greed_would_take_three_where_two_are_enough() {
        // The classic set cover: the greedy choice has the most, and is part of no smallest cover.
        let costs = |builds: [bool; 3]| builds.map(|it| it.then_some(0));
        let demands = [
            demand(1, &costs([true, true, false])),
            demand(1, &costs([true, true, false])),
            demand(1, &costs([true, false, true])),
            demand(1, &costs([true, false, true])),
            demand(1, &costs([false, true, false])),
            demand(1, &costs([false, false, true])),
        ];
        let covers = covers(&demands);
        assert_eq!(covers.last().map(|it| &it.builds[..]), Some(&[1, 2][..]));
        assert_eq!(covers.len(), 3);
    }

    /// Every set of every size, one after the other.
    fn brute_force(demands: &[Demand], size: usize) -> Cost {
        let count = demands[0].costs.len();
        let of = |set: u32| {
            let best = |demand: &Demand| {
                let builds = (0..count).filter(|build| set >> build & 1 == 1);
                let costs = builds.filter_map(|build| demand.costs[build]);
                costs.min().map_or(Cost { unserved: demand.nodes, ..Cost::default() }, |cost| {
                    Cost {
                        unserved: 0,
                        releases: cost.releases * demand.nodes,
                        ptx_jit: cost.ptx_jit * demand.nodes,
                        same_major: cost.same_major * demand.nodes,
                        places: cost.places * demand.nodes,
                    }
                })
            };
            demands.iter().map(best).fold(Cost::default(), Cost::add)
        };
        let sets = (0..1_u32 << count).filter(|set| set.count_ones() as usize <= size);
        sets.map(of).min().expect("the empty set")
    }

    #[test]
    fn every_cover_is_as_good_as_the_best_of_all_sets() {
        let mut state = 7_u64;
        let mut random = move |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..300 {
            let (classes, builds) = (1 + random(6), 1 + random(9));
            let mut cost = |_| {
                let parts = [random(3), random(2), random(2), random(4)];
                let [releases, ptx_jit, same_major, places] = parts;
                let cost = Cost { unserved: 0, releases, ptx_jit, same_major, places };
                (random(3) > 0).then_some(cost)
            };
            let mut demands: Vec<Demand> = (0..classes)
                .map(|_| Demand { nodes: 0, costs: (0..builds).map(&mut cost).collect() })
                .collect();
            for demand in &mut demands {
                demand.nodes = 1 + random(5);
            }
            for (size, cover) in covers(&demands).iter().enumerate() {
                assert!(cover.exact && cover.builds.len() <= size);
                assert_eq!(cover.cost, brute_force(&demands, size), "{demands:?} {size}");
            }
        }
    }
}
