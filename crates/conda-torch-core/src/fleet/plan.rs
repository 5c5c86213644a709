//! The answer for a fleet: environments, who gets which, and what would help the others.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use crate::clients::ClientTarget;
use crate::commands::{self, Step, StepKind, TargetEnvironment};
use crate::conda::{Channels, Subdir, Version};
use crate::diagnostics::{Context, Diagnostic, Severity};
use crate::matrix::{DriverFamily, Matrix};
use crate::resolve::{Choice, Request, Unlock, advise, choice_of};
use crate::types::{
    Build, ClientKind, ComputeCapability, CudaVersion, Detected, DriverParts, DriverVersion,
    Machine, Origin,
};

use super::class::{ClassFacts, DriverFact};
use super::curve::{CurvePoint, curve, demands};
use super::hosts::{HostList, HostSet, Names};
use super::nodes::{Class, Damage, Nodes};
use super::service::{Service, ServiceTable, Services};

/// The answer for a fleet.
#[derive(Debug, Clone)]
pub struct FleetPlan<'m> {
    /// The builds that it was chosen from.
    pub matrix: &'m Matrix,
    /// What was asked for.
    pub request: Request,
    /// How many nodes were read.
    pub nodes: u64,
    /// The classes, those with most nodes first.
    pub classes: Vec<FleetClass<'m>>,
    /// The environments, those for most nodes first.
    pub environments: Vec<FleetEnvironment<'m>>,
    /// The best environments of each number, from none on.
    pub curve: Vec<CurvePoint<'m>>,
    /// The place in `curve` of `environments`.
    pub chosen: usize,
    /// The driver updates that would gain something for all.
    pub driver_updates: Vec<DriverUpdate<'m>>,
    /// Parts of the input that describe no node; the first thousand.
    pub damage: Vec<Damage>,
    /// How many parts of the input describe no node.
    pub damaged: u64,
    /// Nodes without an answer: expected ones, and those whose answer is damaged.
    pub missing: HostList,
    /// Nodes with more than one answer; the last one counts.
    pub repeated: HostList,
    /// Those of them whose answers differ.
    pub contradicted: HostList,
}

/// Nodes that are the same for PyTorch.
#[derive(Debug, Clone)]
pub struct FleetClass<'m> {
    /// What they have in common.
    pub facts: ClassFacts,
    /// The first of them.
    pub machine: Machine,
    /// How many.
    pub nodes: u64,
    /// Their names.
    pub names: HostList,
    /// How many have no name.
    pub unnamed: u64,
    /// Their environment, by its place, and how it runs there; `None`: no build serves them.
    pub environment: Option<(usize, Service)>,
    /// The build that would be best for them alone.
    pub best: Option<&'m Build>,
    /// Why no build serves them; empty if one does.
    pub reasons: Vec<Diagnostic>,
    /// The reasons in words.
    pub reason_texts: Vec<String>,
    /// The change that helps most; empty if one serves them, or if nothing helps.
    pub help: Vec<Unlock>,
}

/// One environment on the shared file system.
#[derive(Debug, Clone)]
pub struct FleetEnvironment<'m> {
    /// `torch-2.13.0-cuda129`.
    pub name: String,
    /// What it installs.
    pub choice: Choice<'m>,
    /// The weakest of its nodes, which it is built for: the oldest driver and glibc, every kind of GPU.
    pub machine: Machine,
    /// The classes that it is for, by their places.
    pub classes: Vec<usize>,
    /// All classes that it runs on, with how well.
    pub serves: Vec<(usize, Service)>,
    /// How many nodes it is for.
    pub nodes: u64,
    /// Their names.
    pub names: HostList,
    /// The names of all nodes that it runs on.
    pub serves_names: HostList,
}

/// A driver update, and what it would gain.
#[derive(Debug, Clone)]
pub struct DriverUpdate<'m> {
    /// The driver that they need at least.
    pub driver: DriverVersion,
    /// How many nodes need it.
    pub nodes: u64,
    /// Their names.
    pub names: HostList,
    /// The fewest environments afterwards.
    pub after: CurvePoint<'m>,
    /// What most of these nodes have now and get then: PyTorch's version; `None`: no build serves them.
    pub pytorch: (Option<Version>, Option<Version>),
}

/// How many environments to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EnvironmentCount {
    /// The fewest that serve all nodes that any build serves.
    #[default]
    Fewest,
    /// At most so many.
    AtMost(usize),
}

/// With more kinds of nodes, but for their drivers, driver updates are not tried.
const MOST_KINDS_FOR_UPDATES: usize = 500;

impl<'m> FleetPlan<'m> {
    pub(super) fn of(
        nodes: &Nodes,
        request: &Request,
        matrix: &'m Matrix,
        count: EnvironmentCount,
    ) -> Self {
        let all = nodes.classes();
        let mut classes: Vec<&Class> = all.iter().collect();
        classes.sort_by_key(|class| Reverse(class.nodes()));
        let mut table = ServiceTable::new(request, matrix);
        let services: Vec<Services<'m>> =
            classes.iter().map(|it| table.of(&it.facts, || it.machine.clone())).collect();
        let curve = curve(&demands(&classes, &services));
        let chosen = match count {
            EnvironmentCount::Fewest => fewest(&curve),
            EnvironmentCount::AtMost(most) => most.min(curve.len() - 1),
        };
        let now = &curve[fewest(&curve)];
        let driver_updates =
            driver_updates(&classes, &services, now, &mut table, matrix, &nodes.names);
        let mut plan = Self {
            matrix,
            request: request.clone(),
            nodes: classes.iter().map(|class| class.nodes()).sum(),
            classes: Vec::new(),
            environments: Vec::new(),
            curve,
            chosen,
            driver_updates,
            damage: nodes.damage.clone(),
            damaged: nodes.damaged,
            missing: nodes.names.list(&nodes.missing()),
            repeated: nodes.names.list(&nodes.repeated),
            contradicted: nodes.names.list(&nodes.contradicted),
        };
        plan.add_environments(&classes, &services, &nodes.names);
        plan.add_classes(&classes, &services, &nodes.names);
        plan
    }

    /// Gives each class the environment that costs it least.
    fn add_environments(&mut self, classes: &[&Class], services: &[Services<'m>], names: &Names) {
        let builds = self.curve[self.chosen].builds.clone();
        let mut of_class: Vec<Vec<usize>> = vec![Vec::new(); builds.len()];
        for (class, services) in services.iter().enumerate() {
            let cost = |at: &usize| services.on(builds[*at]).and_then(|it| it.cost);
            let best = (0..builds.len()).filter(|at| cost(at).is_some()).min_by_key(cost);
            if let Some(best) = best {
                of_class[best].push(class);
            }
        }
        for (build, its_classes) in builds.into_iter().zip(of_class) {
            let serves: Vec<(usize, Service)> = services
                .iter()
                .enumerate()
                .filter_map(|(class, services)| Some((class, services.on(build)?.service?)))
                .collect();
            let all = |of: &mut dyn Iterator<Item = usize>| {
                let mut hosts = HostSet::default();
                of.for_each(|class| hosts.extend(&classes[class].hosts));
                names.list(&hosts)
            };
            let machine = weakest(build, its_classes.iter().map(|class| &classes[*class].machine));
            self.environments.push(FleetEnvironment {
                name: String::new(),
                choice: choice_of(&machine, &self.request, self.matrix, build),
                machine,
                nodes: its_classes.iter().map(|class| classes[*class].nodes()).sum(),
                names: all(&mut its_classes.iter().copied()),
                serves_names: all(&mut serves.iter().map(|(class, _)| *class)),
                classes: its_classes,
                serves,
            });
        }
        self.environments.sort_by_key(|it| Reverse(it.nodes));
        let subdirs: Vec<Subdir> =
            self.environments.iter().map(|it| it.choice.build.subdir).collect();
        let has_others = subdirs.iter().any(|subdir| *subdir != subdirs[0]);
        let mut taken: BTreeMap<String, u32> = BTreeMap::new();
        for environment in &mut self.environments {
            let build = environment.choice.build;
            let mut name = format!("torch-{}-{}", build.pytorch, build.accelerator.build_prefix());
            if has_others {
                name.push('-');
                name.push_str(build.subdir.as_str());
            }
            let count = taken.entry(name.clone()).or_default();
            *count += 1;
            environment.name = if *count > 1 { format!("{name}-{count}") } else { name };
        }
    }

    fn add_classes(&mut self, classes: &[&Class], services: &[Services<'m>], names: &Names) {
        let mut environment_of: Vec<Option<usize>> = vec![None; classes.len()];
        for (at, environment) in self.environments.iter().enumerate() {
            environment.classes.iter().for_each(|class| environment_of[*class] = Some(at));
        }
        for ((class, services), environment) in classes.iter().zip(services).zip(environment_of) {
            let served = environment.and_then(|at| {
                let build = self.environments[at].choice.build;
                Some((at, services.on(build)?.service?))
            });
            let best = services.best().map(|it| it.build);
            let (reasons, reason_texts, help) = if best.is_none() {
                reasons(&class.machine, &self.request, self.matrix)
            } else {
                Default::default()
            };
            self.classes.push(FleetClass {
                facts: class.facts.clone(),
                machine: class.machine.clone(),
                nodes: class.nodes(),
                names: names.list(&class.hosts),
                unnamed: class.unnamed,
                environment: served,
                best,
                reasons,
                reason_texts,
                help,
            });
        }
    }

    /// The environment of the nodes with these facts.
    pub fn environment_of(&self, facts: &ClassFacts) -> Option<&FleetEnvironment<'m>> {
        let class = self.classes.iter().find(|class| class.facts == *facts)?;
        class.environment.map(|(at, _)| &self.environments[at])
    }

    /// How many nodes no environment serves.
    pub fn unserved(&self) -> u64 {
        let unserved = self.classes.iter().filter(|class| class.environment.is_none());
        unserved.map(|class| class.nodes).sum()
    }

    /// The exit code of the process: 3 if no node is served, 4 if some are not, or if a line is damaged or a node
    /// missing.
    pub fn exit_code(&self) -> u8 {
        let unserved = self.unserved();
        if self.nodes > 0 && unserved == self.nodes {
            3
        } else if unserved > 0 || self.damaged > 0 || !self.missing.is_empty() {
            4
        } else {
            0
        }
    }

    /// Without names, and without what else identifies a fleet.
    pub fn redacted(mut self) -> Self {
        for class in &mut self.classes {
            class.names = class.names.redacted();
        }
        for environment in &mut self.environments {
            environment.names = environment.names.redacted();
            environment.serves_names = environment.serves_names.redacted();
        }
        for update in &mut self.driver_updates {
            update.names = update.names.redacted();
        }
        for list in [&mut self.missing, &mut self.repeated, &mut self.contradicted] {
            *list = list.redacted();
        }
        for damage in &mut self.damage {
            damage.file = None;
            damage.node = None;
            damage.why = damage.why.redacted();
        }
        self
    }
}

impl FleetEnvironment<'_> {
    /// The environment as a client names it: by its name, or in a folder for all.
    pub fn target(&self, folder: Option<&str>) -> TargetEnvironment {
        match folder {
            None => TargetEnvironment::Name(self.name.clone()),
            Some(folder) => TargetEnvironment::Prefix(self.path(folder)),
        }
    }

    /// The commands that build it on a login node: those that must be run. `folder` has all environments.
    pub fn steps(
        &self,
        client: ClientKind,
        folder: Option<&str>,
        channels: &Channels,
    ) -> Vec<Step> {
        let client = ClientTarget::of(&self.machine, Some(client));
        let steps =
            commands::plan(&self.machine, &self.choice, &client, &self.target(folder), channels);
        let mut steps: Vec<Step> = steps.into_iter().filter(|step| !step.optional).collect();
        // The login node may be of another platform. pixi has it in the manifest.
        for step in steps.iter_mut().filter(|_| client.kind != ClientKind::Pixi) {
            if step.kind == StepKind::Install {
                step.env.push(("CONDA_SUBDIR", self.choice.build.subdir.to_string()));
            }
        }
        steps
    }

    /// Its place in a folder for all.
    pub fn path(&self, folder: &str) -> String {
        format!("{}/{}", folder.trim_end_matches('/'), self.name)
    }
}

/// The place of the fewest environments that serve all nodes that any serve.
fn fewest(curve: &[CurvePoint<'_>]) -> usize {
    let least = curve.iter().map(|point| point.cost.unserved).min();
    curve.iter().position(|point| Some(point.cost.unserved) == least).unwrap_or(0)
}

/// The machine that an environment is built for: the oldest glibc and driver of its nodes, and every kind of their GPUs.
fn weakest<'a>(build: &Build, machines: impl Iterator<Item = &'a Machine> + Clone) -> Machine {
    let subdir = build.subdir;
    let origin = || Origin::Document("fleet".to_owned());
    let mut weakest = Machine { document: Some("fleet".to_owned()), ..Machine::baseline(subdir) };
    weakest.subdir = Detected::found(subdir, origin());
    let glibc = machines.clone().filter_map(|it| it.glibc.fact()).min_by_key(|it| it.value);
    if let Some(fact) = glibc {
        let is_assumed = fact.origin == Origin::Baseline;
        let origin = if is_assumed { Origin::Baseline } else { origin() };
        weakest.glibc = Detected::found(fact.value, origin);
    }
    let macos = machines.clone().filter_map(|it| it.macos.value()).min();
    if let Some(macos) = macos {
        weakest.macos = Detected::found(*macos, origin());
    }
    let jetson = machines.clone().find_map(|it| it.jetson.value());
    if let Some(model) = jetson {
        weakest.jetson = Detected::found(model.clone(), origin());
    }
    let with_gpu = machines.filter(|it| !it.gpus.is_empty() || it.jetson.is_found());
    let mut capabilities: Vec<Option<ComputeCapability>> = Vec::new();
    let older = |a: DriverVersion, b: DriverVersion| if a.is_at_least(b) { b } else { a };
    let mut driver: Option<DriverVersion> = None;
    let mut cuda: Option<CudaVersion> = None;
    let mut is_cuda_known = true;
    for machine in with_gpu {
        let its = machine.driver.value().copied();
        driver = its.map_or(driver, |its| Some(driver.map_or(its, |driver| older(driver, its))));
        is_cuda_known &= machine.driver_cuda.is_found() || its.is_none();
        let its = machine.driver_cuda.value().copied();
        cuda = its.map_or(cuda, |its| Some(cuda.map_or(its, |cuda| cuda.min(its))));
        for gpu in &machine.gpus {
            let capability = gpu.compute_capability.value().copied();
            if !capabilities.contains(&capability) {
                capabilities.push(capability);
                weakest.gpus.push(gpu.clone());
            }
        }
    }
    for (index, gpu) in (0..).zip(&mut weakest.gpus) {
        gpu.index = index;
    }
    if !weakest.gpus.is_empty() || driver.is_some() {
        let count = u32::try_from(weakest.gpus.len().max(1)).unwrap_or(1);
        weakest.gpu_count = Detected::found(count, origin());
        weakest.driver = Detected::found_or(driver, origin(), "the nodes do not report it");
        let cuda = cuda.filter(|_| is_cuda_known);
        weakest.driver_cuda = Detected::found_or(cuda, origin(), "not every node reports it");
    }
    weakest
}

/// Why no build serves a machine, and the change that helps most.
fn reasons(
    machine: &Machine,
    request: &Request,
    matrix: &Matrix,
) -> (Vec<Diagnostic>, Vec<String>, Vec<Unlock>) {
    let advice = advise(machine, request, matrix);
    let is_gpu_build = |unlocks: &[Unlock]| {
        // What can be changed on the node, not in the request.
        unlocks.iter().all(|it| {
            matches!(it, Unlock::Driver(_) | Unlock::Glibc(_) | Unlock::Macos(_) | Unlock::Gpu)
        })
    };
    let better = advice.alternatives.iter().find(|it| is_gpu_build(&it.unlocked_by));
    let mut reasons: Vec<Diagnostic> = match better {
        Some(better) => better.blockers.clone(),
        None => Vec::new(),
    };
    let severe = advice.diagnostics.iter().filter(|it| it.severity() >= Severity::Warning);
    let severe = severe.filter(|it| !matches!(it, Diagnostic::GpuNotUsed { .. }));
    for diagnostic in severe {
        if !reasons.contains(diagnostic) && reasons.len() < 2 {
            reasons.push(diagnostic.clone());
        }
    }
    if reasons.is_empty()
        && let Some(newest) = advice.rejected.iter().find(|it| !it.blockers.is_empty())
    {
        reasons.extend(newest.blockers.iter().take(2).cloned());
    }
    let context: Context<'_> = advice.context(machine, matrix);
    let texts = reasons.iter().map(|it| it.message(&context)).collect();
    (reasons, texts, better.map(|it| it.unlocked_by.clone()).unwrap_or_default())
}

/// The drivers that would gain something if all nodes had them: fewer environments, a newer PyTorch, or more nodes served.
fn driver_updates<'m>(
    classes: &[&Class],
    services: &[Services<'m>],
    now: &CurvePoint<'m>,
    table: &mut ServiceTable<'_, 'm>,
    matrix: &'m Matrix,
    names: &Names,
) -> Vec<DriverUpdate<'m>> {
    let mut updates: Vec<DriverUpdate<'m>> = Vec::new();
    let mut best = gain(now, classes, services);
    for driver in thresholds(classes, matrix) {
        let looked = table.looked();
        let mut is_updated = vec![false; classes.len()];
        let mut after: Vec<Services<'m>> = services.to_vec();
        for (at, class) in classes.iter().enumerate() {
            if let Some(facts) = updated(class, driver, matrix) {
                is_updated[at] = true;
                after[at] = table.of(&facts, || with_driver(&class.machine, driver));
            }
            if table.looked() - looked > MOST_KINDS_FOR_UPDATES {
                return Vec::new();
            }
        }
        if !is_updated.contains(&true) {
            continue;
        }
        let points = curve(&demands(classes, &after));
        let point = points[fewest(&points)].clone();
        let reached = gain(&point, classes, &after);
        if reached <= best {
            continue;
        }
        // Nodes that lose nothing with the driver that they have need no other.
        let mut hosts = HostSet::default();
        let mut nodes = 0;
        let mut pytorch = None;
        for (at, class) in classes.iter().enumerate().filter(|(at, _)| is_updated[*at]) {
            let build = |point: &CurvePoint<'m>, services: &Services<'m>| {
                let its = point.builds.iter().filter_map(|build| services.on(build));
                let best = its.filter(|it| it.cost.is_some()).min_by_key(|it| it.cost);
                best.map(|it| it.build)
            };
            let then = build(&point, &after[at]);
            let with_its_own = build(&point, &services[at]);
            if with_its_own.map(std::ptr::from_ref) == then.map(std::ptr::from_ref) {
                continue;
            }
            // The largest class comes first.
            let releases = (build(now, &services[at]), then);
            let version = |build: Option<&Build>| build.map(|build| build.pytorch);
            pytorch.get_or_insert((version(releases.0), version(releases.1)));
            hosts.extend(&class.hosts);
            nodes += class.nodes();
        }
        if nodes > 0 {
            best = reached;
            let (names, pytorch) = (names.list(&hosts), pytorch.unwrap_or_default());
            updates.push(DriverUpdate { driver, nodes, names, after: point, pytorch });
        }
    }
    updates
}

/// What an update can gain, in this order: more nodes served, fewer environments, newer releases of PyTorch on the nodes.
fn gain<'m>(
    point: &CurvePoint<'m>,
    classes: &[&Class],
    services: &[Services<'m>],
) -> (Reverse<u64>, Reverse<usize>, Reverse<u64>) {
    let age = |(class, services): (&&Class, &Services<'m>)| {
        let its = point.builds.iter().filter_map(|build| services.on(build));
        let best = its.filter(|it| it.cost.is_some()).min_by_key(|it| it.cost);
        best.map_or(0, |it| class.nodes().saturating_mul(it.age))
    };
    let age = classes.iter().zip(services).map(age).fold(0, u64::saturating_add);
    (Reverse(point.cost.unserved), Reverse(point.builds.len()), Reverse(age))
}

/// The drivers from which on a toolkit of a build runs, ascending.
fn thresholds(classes: &[&Class], matrix: &Matrix) -> Vec<DriverVersion> {
    let families = classes
        .iter()
        .filter_map(|class| Some(DriverFamily::of(class.facts.subdir?, class.facts.wsl.is_some())));
    let mut drivers: Vec<DriverVersion> = Vec::new();
    let mut seen: Vec<DriverFamily> = Vec::new();
    for family in families {
        if seen.contains(&family) {
            continue;
        }
        seen.push(family);
        for toolkit in matrix.builds.iter().filter_map(|build| build.accelerator.cuda()) {
            let floors =
                [matrix.oldest_driver(toolkit, family), matrix.toolkit_driver(toolkit, family)];
            for driver in floors.into_iter().flatten() {
                if !drivers.contains(&driver) {
                    drivers.push(driver);
                }
            }
        }
    }
    drivers.sort_by(|a, b| match (a.is_at_least(*b), b.is_at_least(*a)) {
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        _ => Ordering::Equal,
    });
    drivers
}

/// A class with a newer driver; `None` if it has it, has no GPU for one, or if newer drivers dropped its GPU. A
/// Jetson's driver comes with its system.
fn updated(class: &Class, driver: DriverVersion, matrix: &Matrix) -> Option<ClassFacts> {
    let facts = &class.facts;
    let is_older = match facts.driver {
        DriverFact::Found(has) => !has.is_at_least(driver),
        DriverFact::Absent => facts.has_hidden_card,
        DriverFact::Unknown | DriverFact::Silent => false,
    };
    let last = facts.gpus.iter().filter_map(|gpu| matrix.last_branch(gpu.capability?)).min();
    let is_dropped = last.is_some_and(|last| last < driver.branch());
    if !is_older || is_dropped || facts.jetson.is_some() || facts.gpus.is_empty() {
        return None;
    }
    let driver = DriverFact::Found(driver);
    Some(ClassFacts { driver, driver_cuda: None, fault: None, ..facts.clone() })
}

/// A machine with another driver.
fn with_driver(machine: &Machine, driver: DriverVersion) -> Machine {
    Machine {
        driver: Detected::found(driver, Origin::Document("fleet".to_owned())),
        driver_cuda: Detected::unknown("follows from the driver"),
        libcuda: Detected::unknown("follows from the driver"),
        nvml: Detected::unknown("follows from the driver"),
        nvidia: DriverParts::default(),
        ..machine.clone()
    }
}
