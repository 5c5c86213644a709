//! The machines that a file is migrated for, the one described or all that ran the old pins, and the builds
//! for all platforms of an environment together.

use std::cell::RefCell;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::rc::Rc;

use crate::conda::{Constraint, Subdir, Version};
use crate::matrix::{DriverFamily, Matrix};
use crate::resolve::{Choice, Request, RequestedAccelerator, advise};
use crate::types::{
    Build, Companion, CompanionBuild, CudaVersion, Detected, DriverVersion, Machine, Origin,
};

use super::requested_specs::RequestedSpecs;

/// The machine and platform to migrate for.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The machine; `None` for a shared file.
    pub machine: Option<&'a Machine>,
    /// The platform, if the file names none.
    pub platform: Option<Subdir>,
}

/// The machine for one platform of a file, and what the file requests there.
#[derive(Clone)]
pub(super) struct PlatformTarget<'m> {
    pub subdir: Subdir,
    pub requested: RequestedSpecs,
    pub machine: Rc<Machine>,
    /// Whether the user described the machine; otherwise it follows from the old pins.
    pub is_described: bool,
    /// The CUDA that the file asks for, if no build with it fits.
    pub raised_from: Option<CudaVersion>,
    /// The lines that have its pin of `cuda-version`, or will have it, by their places in the file.
    pub pin_lines: Vec<usize>,
    /// The lines that name PyTorch, by their places in the file.
    pub pytorch_lines: Vec<usize>,
    /// The lines that may change, by their places in the file.
    pub edited_lines: Vec<usize>,
    pub matrix: &'m Matrix,
    pub advices: Advices<'m>,
}

/// What was needed before, since a file often repeats it.
pub(super) type Advices<'m> = Rc<RefCell<KnownAdvices<'m>>>;

#[derive(Default)]
pub(super) struct KnownAdvices<'m> {
    /// The choices of advices, by what they depend on in a file: the platform, whether the machine is described, else
    /// its driver, and the request.
    choices: HashMap<(Subdir, bool, Option<DriverVersion>, Request), Option<Choice<'m>>>,
    described: Option<Rc<Machine>>,
    /// See [`assumed`]: by the platform, whether it has an NVIDIA GPU, and the CUDA of the old builds.
    assumed: HashMap<(Subdir, bool, Option<CudaVersion>), Rc<Machine>>,
}

impl KnownAdvices<'_> {
    fn described(&mut self, machine: &Machine) -> Rc<Machine> {
        self.described.get_or_insert_with(|| Rc::new(machine.clone())).clone()
    }

    fn assumed(
        &mut self,
        subdir: Subdir,
        requested: &RequestedSpecs,
        matrix: &Matrix,
    ) -> Rc<Machine> {
        let key = (subdir, requested.device == RequestedAccelerator::Cuda, requested.cuda);
        let machine = || Rc::new(assumed(subdir, requested, matrix));
        self.assumed.entry(key).or_insert_with(machine).clone()
    }
}

impl<'m> PlatformTarget<'m> {
    /// Without a described machine: the oldest driver that runs the old builds, and an unknown GPU.
    pub(super) fn new(
        subdir: Subdir,
        requested: RequestedSpecs,
        target: Target<'_>,
        matrix: &'m Matrix,
        advices: Advices<'m>,
    ) -> Self {
        let described = target
            .machine
            .filter(|machine| machine.subdir.value().is_none_or(|own| *own == subdir));
        let is_described = described.is_some();
        let machine = match described {
            Some(machine) => advices.borrow_mut().described(machine),
            None => advices.borrow_mut().assumed(subdir, &requested, matrix),
        };
        Self {
            subdir,
            requested,
            machine,
            is_described,
            raised_from: None,
            pin_lines: Vec::new(),
            pytorch_lines: Vec::new(),
            edited_lines: Vec::new(),
            matrix,
            advices,
        }
    }

    /// The same with the oldest driver for a newer CUDA, if there is one; `None` for a described machine.
    pub(super) fn with_newer_driver(&self) -> Option<Self> {
        let old = self.requested.cuda.filter(|_| !self.is_described)?;
        let major = self.matrix.majors.iter().find(|row| row.major > old.major);
        let major = major.map(|row| CudaVersion::new(row.major, 0));
        // Before CUDA 11, a driver runs no newer minor version.
        let minor = self.matrix.cuda_versions.iter().copied();
        let minor = minor.filter(|pin| pin.major == old.major && *pin > old && old.major < 11);
        let cuda = Some(minor.min().or(major)?);
        let requested = RequestedSpecs { cuda, ..self.requested.clone() };
        let machine = self.advices.borrow_mut().assumed(self.subdir, &requested, self.matrix);
        let raised_from = self.raised_from.or(Some(old));
        Some(Self { requested, machine, raised_from, ..self.clone() })
    }

    /// What to run on. A described machine without an NVIDIA GPU cannot run CUDA builds.
    pub(super) fn device(&self) -> RequestedAccelerator {
        let has_nvidia = self.machine.has_nvidia_card()
            || self.machine.driver.is_found()
            || self.machine.driver_cuda.is_found();
        // A shared file that does not choose leaves the choice to the solver.
        let is_impossible =
            self.requested.device == RequestedAccelerator::Cuda && self.is_described && !has_nvidia;
        if is_impossible { RequestedAccelerator::Auto } else { self.requested.device }
    }

    /// The build for a version of PyTorch and a pin of `cuda-version`, if given. A shared file
    /// with CUDA 12 keeps it if possible: newer GPUs need it.
    pub(super) fn choice(
        &self,
        pytorch: Option<Version>,
        pin: Option<CudaVersion>,
    ) -> Option<Choice<'m>> {
        let choice = self.as_pinned(pytorch, pin)?;
        // What is pinned on conda-forge is no pin of the old channel, and is not lowered.
        let major = choice.cuda_version.map(|cuda| cuda.major);
        let is_lower = major.zip(self.requested.own_cuda).is_some_and(|(major, own)| major < own);
        (!is_lower).then_some(choice)
    }

    fn as_pinned(&self, pytorch: Option<Version>, pin: Option<CudaVersion>) -> Option<Choice<'m>> {
        let choice = self.advised(pytorch, pin)?;
        // The pin that the file names stays if the build accepts it: a lower one brings older libraries.
        let named = self.requested.cuda.filter(|_| pin.is_none() && choice.cuda_version.is_some());
        let with_named = named.and_then(|named| self.advised(pytorch, Some(named)));
        let same_version = |other: &Choice<'m>| other.build.pytorch == choice.build.pytorch;
        let choice = with_named.filter(same_version).unwrap_or(choice);
        let old = self.requested.cuda.filter(|_| pin.is_none() && !self.is_described);
        let older = choice.cuda_version.zip(old).filter(|(own, old)| own.major < old.major);
        let Some((_, old)) = older else { return Some(choice) };
        let pins = self.matrix.cuda_versions.iter().filter(|pin| pin.major == old.major);
        let same_version = |other: &Choice<'m>| other.build.pytorch == choice.build.pytorch;
        let mut kept = pins.filter_map(|pin| self.advised(pytorch, Some(*pin)));
        Some(kept.find(same_version).unwrap_or(choice))
    }

    fn advised(&self, pytorch: Option<Version>, pin: Option<CudaVersion>) -> Option<Choice<'m>> {
        if self.requested.is_contradictory() {
            return None;
        }
        let mut companions: Vec<Companion> =
            self.requested.companions.iter().map(|(package, _)| *package).collect();
        companions.sort_unstable();
        companions.dedup();
        self.requested.pythons().into_iter().find_map(|python| {
            let request = Request {
                pytorch_range: None,
                python_range: None,
                others: Vec::new(),
                accelerator: self.device(),
                pytorch,
                python,
                cuda_version: pin,
                blas: None,
                companions: companions.clone(),
            };
            self.recommended(request)
        })
    }

    fn recommended(&self, request: Request) -> Option<Choice<'m>> {
        let driver = self.machine.driver.value().copied();
        let key = (self.subdir, self.is_described, driver, request);
        if let Some(known) = self.advices.borrow().choices.get(&key) {
            return known.clone();
        }
        let choice = advise(&self.machine, &key.3, self.matrix).recommended;
        self.advices.borrow_mut().choices.insert(key, choice.clone());
        choice
    }

    pub(super) fn newest(&self) -> Option<Choice<'m>> {
        self.recommended(Request { accelerator: self.device(), ..Request::default() })
    }
}

fn assumed(subdir: Subdir, requested: &RequestedSpecs, matrix: &Matrix) -> Machine {
    let mut machine = Machine::baseline(subdir);
    if requested.device != RequestedAccelerator::Cuda {
        return machine;
    }
    let family = DriverFamily::of(subdir, false);
    let cuda = requested.cuda.unwrap_or(CudaVersion::new(12, 1));
    let own = matrix.toolkit_driver(cuda, family);
    let driver = match (matrix.major_driver(cuda, family), own) {
        (Some(floor), Some(own)) if floor.is_at_least(own) => Some(floor),
        (floor, own) => own.or(floor),
    };
    let oldest = || matrix.toolkits.first().map(|row| family.pick(row.linux, row.windows));
    if let Some(driver) = driver.or_else(oldest) {
        machine.driver = Detected::found(driver, Origin::Baseline);
        machine.driver_cuda = Detected::unknown("the file is for any machine");
        machine.gpu_count = Detected::unknown("the file is for any machine");
    }
    machine
}

pub(super) struct ChosenBuild<'m> {
    pub target: PlatformTarget<'m>,
    pub choice: Choice<'m>,
}

impl ChosenBuild<'_> {
    /// What the edits to a line depend on: of the builds with the same, one is enough.
    pub(super) fn key(&self) -> impl Hash + Eq + use<> {
        let Self { target, choice } = self;
        let RequestedSpecs { names_pytorch, has_cuda_pin, has_cpu_only, has_cpu_name, .. } =
            target.requested;
        let has_cpu_only = (has_cpu_only, has_cpu_name);
        let companions: Vec<*const CompanionBuild> =
            choice.companions.iter().map(|row| std::ptr::from_ref(*row)).collect();
        let requested = (target.subdir, target.device(), names_pytorch, has_cuda_pin, has_cpu_only);
        (requested, std::ptr::from_ref(choice.build), choice.cuda_version, companions)
    }
}

/// Chooses the build for each platform, if necessary with newer drivers; `None` if a platform has none. Platforms
/// without a line in common need not agree.
pub(super) fn choose<'m>(targets: &mut [PlatformTarget<'m>]) -> Option<Vec<Choice<'m>>> {
    let groups = sharing(targets, |target| &target.edited_lines);
    if groups.len() < 2 {
        return choose_together(targets);
    }
    let mut chosen = Vec::with_capacity(targets.len());
    for group in groups {
        let mut own: Vec<PlatformTarget<'m>> =
            group.iter().map(|at| targets[*at].clone()).collect();
        let choices = choose_together(&mut own)?;
        for ((at, target), choice) in group.into_iter().zip(own).zip(choices) {
            targets[at] = target;
            chosen.push((at, choice));
        }
    }
    chosen.sort_unstable_by_key(|(at, _)| *at);
    Some(chosen.into_iter().map(|(_, choice)| choice).collect())
}

fn choose_together<'m>(targets: &mut [PlatformTarget<'m>]) -> Option<Vec<Choice<'m>>> {
    loop {
        if let Some(choices) = choose_as_requested(targets) {
            return Some(choices);
        }
        // Those with the oldest CUDA first: the others may keep theirs.
        let oldest = targets.iter().filter(|target| target.with_newer_driver().is_some());
        let oldest = oldest.filter_map(|target| Some(target.requested.cuda?.major)).min()?;
        for target in targets.iter_mut() {
            if target.requested.cuda.is_some_and(|cuda| cuda.major == oldest)
                && let Some(raised) = target.with_newer_driver()
            {
                *target = raised;
            }
        }
    }
}

fn choose_as_requested<'m>(targets: &[PlatformTarget<'m>]) -> Option<Vec<Choice<'m>>> {
    let kept = together(targets, |target, pin| {
        let companion = || by_companion(target).into_iter().collect();
        let requested = Some(target.requested.pytorch.clone());
        let pytorch = requested.filter(|pytorch| !pytorch.is_empty()).unwrap_or_else(companion);
        admitted(target, &pytorch, pin)
    });
    let kept = kept.and_then(|choices| {
        if agree(targets, &choices) {
            return Some(choices);
        }
        versions(targets).into_iter().find_map(|version| {
            let is_admitted = |target: &PlatformTarget<'_>| {
                target.requested.pytorch.iter().all(|constraint| constraint.admits(version))
            };
            let choose = |target: &PlatformTarget<'m>, pin| {
                is_admitted(target).then(|| target.choice(Some(version), pin)).flatten()
            };
            together(targets, choose)
        })
    });
    kept.or_else(|| {
        // A limit beside a pin on conda-forge: no version fits both, and neither is of the old channel.
        let is_limited = |target: &PlatformTarget<'_>| {
            let mut constraints = target.requested.pytorch.iter();
            target.requested.own_cuda.is_some() && constraints.any(|it| it.pin().is_none())
        };
        if targets.iter().any(is_limited) {
            return None;
        }
        let anchor =
            targets.iter().find_map(|target| target.requested.pytorch.first()?.anchor())?;
        nearest_first(&versions(targets), anchor)
            .into_iter()
            .find_map(|version| together(targets, |target, pin| target.choice(Some(version), pin)))
    })
}

/// Whether choices can be on the same line: one that has to name the version names one. With several accelerators
/// on it, a line names none.
fn agree(targets: &[PlatformTarget<'_>], choices: &[Choice<'_>]) -> bool {
    let mut choices_of_line: HashMap<usize, Vec<&Choice<'_>>> = HashMap::new();
    for (target, choice) in targets.iter().zip(choices) {
        for line in &target.pytorch_lines {
            choices_of_line.entry(*line).or_default().push(choice);
        }
    }
    choices_of_line.values().all(|choices| {
        let same = |one: fn(&Build) -> bool| choices.iter().all(|choice| one(choice.build));
        let first = choices[0].build.pytorch;
        same(|build| build.metapackage)
            || !same(Build::is_cuda) && !same(|build| !build.is_cuda())
            || choices.iter().all(|choice| choice.build.pytorch == first)
    })
}

/// A choice for every platform, with one pin of `cuda-version` for those that share its line.
fn together<'m>(
    targets: &[PlatformTarget<'m>],
    choose: impl Fn(&PlatformTarget<'m>, Option<CudaVersion>) -> Option<Choice<'m>>,
) -> Option<Vec<Choice<'m>>> {
    let mut choices: Vec<Choice<'m>> =
        targets.iter().map(|target| choose(target, None)).collect::<Option<_>>()?;
    for members in sharing(targets, |target| &target.pin_lines) {
        let pins: Vec<CudaVersion> =
            members.iter().filter_map(|at| choices[*at].cuda_version).collect();
        if pins.is_empty() {
            continue;
        }
        let own: Vec<Choice<'m>> = pins.into_iter().find_map(|pin| {
            let with_pin = |at: &usize| match choices[*at].cuda_version {
                Some(own) if own != pin => choose(&targets[*at], Some(pin)),
                Some(_) | None => Some(choices[*at].clone()),
            };
            members.iter().map(with_pin).collect()
        })?;
        for (at, choice) in members.into_iter().zip(own) {
            choices[at] = choice;
        }
    }
    Some(choices)
}

/// The targets with the same lines of a kind, together.
fn sharing<'m>(
    targets: &[PlatformTarget<'m>],
    lines: for<'t> fn(&'t PlatformTarget<'m>) -> &'t Vec<usize>,
) -> Vec<Vec<usize>> {
    /// The first member of a target's group: groups are trees of targets, with the first as the root.
    fn first(parents: &mut [usize], mut at: usize) -> usize {
        while parents[at] != at {
            parents[at] = parents[parents[at]];
            at = parents[at];
        }
        at
    }
    let mut parents: Vec<usize> = (0..targets.len()).collect();
    let mut target_of_line: HashMap<usize, usize> = HashMap::new();
    for (at, target) in targets.iter().enumerate() {
        for line in lines(target) {
            let other = *target_of_line.entry(*line).or_insert(at);
            let roots = [first(&mut parents, at), first(&mut parents, other)];
            parents[roots[0].max(roots[1])] = roots[0].min(roots[1]);
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); targets.len()];
    for at in 0..targets.len() {
        groups[first(&mut parents, at)].push(at);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// The choice with the newest PyTorch that all constraints allow.
fn admitted<'m>(
    target: &PlatformTarget<'m>,
    constraints: &[Constraint],
    pin: Option<CudaVersion>,
) -> Option<Choice<'m>> {
    if constraints.is_empty() {
        return target.choice(None, pin);
    }
    let mut versions = versions(std::slice::from_ref(target)).into_iter();
    versions.find_map(|version| {
        let is_admitted = constraints.iter().all(|constraint| constraint.admits(version));
        is_admitted.then(|| target.choice(Some(version), pin)).flatten()
    })
}

/// The PyTorch for a companion, if only the companion has a version.
fn by_companion(target: &PlatformTarget<'_>) -> Option<Constraint> {
    let (package, constraint) =
        target.requested.companions.iter().find_map(|(package, constraint)| {
            Some((*package, constraint.as_ref().filter(|constraint| constraint.pin().is_some())?))
        })?;
    let rows = || target.matrix.companions.iter().filter(|row| row.package == package);
    let row = rows().find(|row| constraint.admits(row.version)).or_else(|| {
        let versions: Vec<Version> = rows().map(|row| row.version).collect();
        let nearest = nearest_first(&versions, constraint.anchor()?).into_iter().next()?;
        rows().find(|row| row.version == nearest)
    });
    Some(Constraint::begins(row?.pytorch))
}

/// Every version of PyTorch on one of the platforms, newest first.
fn versions(targets: &[PlatformTarget<'_>]) -> Vec<Version> {
    let Some(first) = targets.first() else { return Vec::new() };
    let is_here = |build: &&Build| targets.iter().any(|target| target.subdir == build.subdir);
    let builds = first.matrix.builds.iter().filter(is_here);
    let versions = builds.map(|build| build.pytorch).filter(|version| !version.is_candidate());
    let versions: BTreeSet<Version> = versions.collect();
    versions.into_iter().rev().collect()
}

/// Versions by their distance from a missing one: in its series the next patches, then
/// the earlier ones; then later series, nearest first, each from its newest patch; then older ones.
fn nearest_first(versions: &[Version], missing: Version) -> Vec<Version> {
    let mut near = versions.to_vec();
    near.sort_by_key(|&version| {
        let series = version.series();
        let newest_first = Reverse(version);
        match series.cmp(&missing.series()) {
            Ordering::Equal if version >= missing => (0, version, newest_first),
            Ordering::Equal => (1, series, newest_first),
            Ordering::Greater => (2, series, newest_first),
            Ordering::Less => (3, missing, newest_first),
        }
    });
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_is_in_the_series_then_later_then_earlier() {
        let there = ["2.5.1", "2.4.1", "2.4.0", "2.3.1", "2.3.0", "2.1.2", "2.1.0", "2.0.0"];
        let there: Vec<Version> =
            there.iter().map(|text| text.parse().expect("a version")).collect();
        let near = |text: &str| {
            let near = nearest_first(&there, text.parse().expect("a version"));
            near.iter().take(2).map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(near("2.2.2"), "2.3.1 2.3.0");
        assert_eq!(near("2.5.0"), "2.5.1 2.4.1");
        assert_eq!(near("2.1.1"), "2.1.2 2.1.0");
        assert_eq!(near("2.0.1"), "2.0.0 2.1.2");
        assert_eq!(near("2.4.1"), "2.4.1 2.4.0");
        assert_eq!(near("1.7.1"), "2.0.0 2.1.2");
    }
}
