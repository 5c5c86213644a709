//! How well each build serves a class of nodes.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use serde::Serialize;

use crate::conda::{Os, Subdir, Version};
use crate::matrix::Matrix;
use crate::resolve::{BuildOnMachine, Request, RequestedAccelerator, every_build};
use crate::types::{Build, KernelSupport, Machine};

use super::class::ClassFacts;
use super::cover::{Cost, Demand};

/// How a build runs on nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Service {
    /// Machine code for exactly these GPUs.
    Native,
    /// Machine code for a GPU of the same generation with a lower minor number.
    SameMajor,
    /// The driver compiles PTX at the first run.
    PtxJit,
    /// On GPUs whose compute capability is unknown, or Apple's.
    Gpu,
    /// On the processor of nodes without a GPU.
    Cpu,
}

impl Service {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::SameMajor => "same-major",
            Self::PtxJit => "ptx-jit",
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
        }
    }
}

/// The builds of a class's platform, and how each serves it.
#[derive(Debug, Clone)]
pub(super) struct Services<'m> {
    pub(super) builds: Rc<[ClassBuild<'m>]>,
}

/// How a build serves a class, and what it costs there.
type ServiceCost = (Option<Service>, Option<Cost>);

/// What each build is on each class. Classes on which they are the same share it: there may be many, with a driver each.
pub(super) struct ServiceTable<'r, 'm> {
    request: &'r Request,
    matrix: &'m Matrix,
    by_facts: HashMap<String, Services<'m>>,
    known: HashMap<(Option<Subdir>, Vec<ServiceCost>), Services<'m>>,
}

impl<'r, 'm> ServiceTable<'r, 'm> {
    pub(super) fn new(request: &'r Request, matrix: &'m Matrix) -> Self {
        Self { request, matrix, by_facts: HashMap::new(), known: HashMap::new() }
    }

    /// Of how many different facts it has looked.
    pub(super) fn looked(&self) -> usize {
        self.by_facts.len()
    }

    /// What each build is on a class with these facts. `machine` has them.
    pub(super) fn of(
        &mut self,
        facts: &ClassFacts,
        machine: impl FnOnce() -> Machine,
    ) -> Services<'m> {
        let key = facts.key();
        if let Some(services) = self.by_facts.get(&key) {
            return services.clone();
        }
        let services = Services::of(facts, &machine(), self.request, self.matrix);
        let its = services.builds.iter().map(|it| (it.service, it.cost)).collect();
        let services = self.known.entry((services.subdir(), its)).or_insert(services).clone();
        self.by_facts.insert(key, services.clone());
        services
    }
}

/// A build on a class.
#[derive(Debug, Clone)]
pub(super) struct ClassBuild<'m> {
    pub build: &'m Build,
    /// `None`: it does not run there, or leaves a GPU unused.
    pub service: Option<Service>,
    pub cost: Option<Cost>,
    /// How many releases of PyTorch are newer.
    pub age: u64,
}

impl<'m> Services<'m> {
    pub(super) fn of(
        facts: &ClassFacts,
        machine: &Machine,
        request: &Request,
        matrix: &'m Matrix,
    ) -> Self {
        let builds = every_build(machine, request, matrix);
        let fits = || builds.iter().filter(|it| it.place.is_some());
        let best = fits().map(|it| (it.uses_gpu, it.served_gpus)).max().unwrap_or_default();
        let has_gpu = facts.gpu_count() > 0
            || facts.has_hidden_card
            || facts.jetson.is_some()
            || !facts.knows_gpus && facts.subdir.is_some_and(|it| it.os() != Os::Macos);
        let wants_cpu = request.accelerator == RequestedAccelerator::Cpu;
        let count = fits().count();
        // Where the answer is the processor although a GPU is there, nothing serves the node.
        let wastes_gpu = has_gpu && !best.0 && !wants_cpu;
        let service = |it: &BuildOnMachine<'m>| match it.place {
            _ if wastes_gpu => None,
            Some(place) if (it.uses_gpu, it.served_gpus) == best => Some((service_of(it), place)),
            None if it.runs_without_gpu && !has_gpu => Some((Service::Cpu, count)),
            Some(_) | None => None,
        };
        let services: Vec<_> = builds.iter().map(service).collect();
        // Releases, the newest first.
        let releases: BTreeSet<Version> =
            builds.iter().map(|it| it.build.pytorch).filter(|it| !it.is_candidate()).collect();
        let releases: Vec<Version> = releases.into_iter().rev().collect();
        let place_of = |build: &Build| releases.iter().position(|it| *it == build.pytorch);
        let served = builds.iter().zip(&services).filter(|(_, service)| service.is_some());
        let newest = served.filter_map(|(it, _)| place_of(it.build)).min().unwrap_or(0);
        let builds = (0_usize..).zip(builds.iter().zip(services)).map(|(at, (it, service))| {
            let age = place_of(it.build).unwrap_or(releases.len());
            let behind = age.saturating_sub(newest);
            let cost = service.map(|(service, place)| Cost {
                unserved: 0,
                releases: behind as u64,
                ptx_jit: u64::from(service == Service::PtxJit),
                same_major: u64::from(service == Service::SameMajor),
                // On the processor a build for it comes first, and the others in the matrix' order.
                places: if it.place.is_some() { place } else { place + at } as u64,
            });
            let service = service.map(|(service, _)| service);
            ClassBuild { build: it.build, service, cost, age: age as u64 }
        });
        Self { builds: builds.collect() }
    }

    /// The platform of the builds, which is not that of a program under Rosetta; `None` without any.
    pub(super) fn subdir(&self) -> Option<Subdir> {
        self.builds.first().map(|it| it.build.subdir)
    }

    pub(super) fn on(&self, build: &Build) -> Option<&ClassBuild<'m>> {
        self.builds.iter().find(|it| std::ptr::eq(it.build, build))
    }

    /// Whether they are shared with another class.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.builds, &other.builds)
    }

    /// The best build for this class alone.
    pub(super) fn best(&self) -> Option<&ClassBuild<'m>> {
        let served = self.builds.iter().filter(|it| it.cost.is_some());
        served.min_by_key(|it| it.cost)
    }

    pub(super) fn demand(&self, nodes: u64) -> Demand {
        Demand { nodes, costs: self.builds.iter().map(|it| it.cost).collect() }
    }
}

fn service_of(it: &BuildOnMachine<'_>) -> Service {
    match it.kernels {
        _ if !it.uses_gpu => Service::Cpu,
        Some(KernelSupport::Native) => Service::Native,
        Some(KernelSupport::SameMajor) => Service::SameMajor,
        Some(KernelSupport::Jit) => Service::PtxJit,
        Some(KernelSupport::Missing) | None => Service::Gpu,
    }
}
