//! What an environment asks for, as a request that the advice can answer, and what of it must give way.

use crate::conda::{ChannelKind, Version};
use crate::matrix::Matrix;
use crate::resolve::{Advice, Request, RequestedAccelerator, Unlock, advise};
use crate::types::{Companion, Environment, Machine};

use super::requested_packages::RequestedPackages;

/// What the user says in place of what the environment tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestOverrides {
    /// What to compute on.
    pub accelerator: Option<RequestedAccelerator>,
    /// A version of PyTorch, or its beginning.
    pub pytorch: Option<Version>,
    /// A series of Python.
    pub python: Option<Version>,
}

/// Something that the environment asks for and that cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestChange {
    /// The series of Python is not built for the PyTorch that is chosen.
    Python {
        /// What the environment has or asks for.
        from: Version,
        /// What it will be.
        to: Version,
        /// The newest PyTorch that has it on this machine.
        keeps: Option<Version>,
    },
    /// conda-forge has no such PyTorch for this machine.
    Pytorch {
        /// What was asked for.
        from: Version,
        /// The nearest.
        to: Version,
    },
    /// A companion does not exist for the PyTorch that is chosen.
    Without(Companion),
}

/// The request that stands in the end, its answer, and what gave way.
#[derive(Debug, Clone)]
pub struct MigrationTarget<'m> {
    /// What is asked for.
    pub request: Request,
    /// The answer.
    pub advice: Advice<'m>,
    /// What gave way for it.
    pub changes: Vec<RequestChange>,
}

/// How often something may give way: each time one or two overrides less.
const ROUNDS: usize = 4;

/// Finds the request that the environment stands for, and its answer.
pub(super) fn settle<'m>(
    environment: &Environment,
    requested: &RequestedPackages,
    machine: &Machine,
    matrix: &'m Matrix,
    overrides: &RequestOverrides,
) -> MigrationTarget<'m> {
    let request = Request {
        accelerator: overrides.accelerator.unwrap_or_else(|| accelerator(environment, requested)),
        pytorch: overrides.pytorch.or_else(|| pytorch(requested, machine, matrix)),
        python: overrides.python.or_else(|| python(environment, requested)),
        companions: companions(environment, requested),
        ..Request::default()
    };
    let advice = advise(machine, &request, matrix);
    let mut target = MigrationTarget { request, advice, changes: Vec::new() };
    if overrides.python.is_none() && target.request.pytorch.is_none() {
        move_python(&mut target, machine, matrix);
    }
    for _ in 0..ROUNDS {
        if target.advice.recommended.is_some() || !give_way(&mut target, machine, matrix) {
            break;
        }
    }
    target
}

/// Where the newest PyTorch is not built for the environment's Python, Python moves and not PyTorch:
/// the nearest series that has it.
fn move_python<'m>(target: &mut MigrationTarget<'m>, machine: &Machine, matrix: &'m Matrix) {
    let Some(from) = target.request.python else { return };
    let any = Request { python: None, ..target.request.clone() };
    let newest = advise(machine, &any, matrix);
    let Some(best) = &newest.recommended else { return };
    let keeps = target.advice.recommended.as_ref().map(|choice| choice.build.pytorch);
    if keeps.is_some_and(|keeps| keeps >= best.build.pytorch) {
        return;
    }
    let to = from.clamp(best.pythons.0, best.pythons.1);
    let request = Request { python: Some(to), ..any };
    let advice = advise(machine, &request, matrix);
    let pytorch = advice.recommended.as_ref().map(|choice| choice.build.pytorch);
    if pytorch == Some(best.build.pytorch) && to != from {
        target.changes.push(RequestChange::Python { from, to, keeps });
        (target.request, target.advice) = (request, advice);
    }
}

/// Lets go what stands in the way of the nearest answer; false where nothing of the request does.
fn give_way<'m>(target: &mut MigrationTarget<'m>, machine: &Machine, matrix: &'m Matrix) -> bool {
    let is_ours = |unlock: &Unlock| {
        matches!(unlock, Unlock::Pytorch(_) | Unlock::Python(_) | Unlock::Without(_))
    };
    let nearest =
        target.advice.alternatives.iter().find(|other| other.unlocked_by.iter().all(is_ours));
    let Some(nearest) = nearest else { return false };
    let request = &mut target.request;
    for unlock in nearest.unlocked_by.clone() {
        match unlock {
            Unlock::Pytorch(to) => {
                target
                    .changes
                    .extend(request.pytorch.map(|from| RequestChange::Pytorch { from, to }));
                request.pytorch = Some(to);
            }
            Unlock::Python(to) => {
                let change = |from| RequestChange::Python { from, to, keeps: None };
                target.changes.extend(request.python.map(change));
                request.python = Some(to);
            }
            Unlock::Without(package) => {
                request.companions.retain(|companion| *companion != package);
                target.changes.push(RequestChange::Without(package));
            }
            Unlock::Driver(_)
            | Unlock::Gpu
            | Unlock::Glibc(_)
            | Unlock::Macos(_)
            | Unlock::Accelerator(_)
            | Unlock::CudaVersion(_)
            | Unlock::Blas(_) => {}
        }
    }
    target.advice = advise(machine, &target.request, matrix);
    true
}

/// What the environment computes on: a GPU that it used must not be lost without a word.
fn accelerator(environment: &Environment, requested: &RequestedPackages) -> RequestedAccelerator {
    let has = |name: &str| {
        requested.specs.iter().any(|spec| spec.name == name) || environment.package(name).is_some()
    };
    let build = environment.package("pytorch").map_or("", |package| package.build.as_str());
    if has("cpuonly") || has("pytorch-cpu") {
        RequestedAccelerator::Cpu
    } else if has("pytorch-cuda") || has("pytorch-gpu") || build.contains("cuda") {
        RequestedAccelerator::Cuda
    } else {
        RequestedAccelerator::Auto
    }
}

/// The version of PyTorch that was asked for by number, or the newest of a range that has an end.
fn pytorch(requested: &RequestedPackages, machine: &Machine, matrix: &Matrix) -> Option<Version> {
    let is_pytorch = |name: &str| matches!(name, "pytorch" | "pytorch-gpu" | "pytorch-cpu");
    let spec =
        requested.specs.iter().find(|spec| is_pytorch(&spec.name) && !spec.version.is_empty())?;
    let constraint = spec.constraint()?;
    if let Some(version) = constraint.pin() {
        return Some(version);
    }
    let subdir = machine.subdir.value().copied();
    let here = matrix.builds.iter().filter(|build| Some(build.subdir) == subdir);
    let mut versions: Vec<Version> =
        here.map(|build| build.pytorch).filter(|version| !version.is_candidate()).collect();
    versions.sort_unstable();
    let newest = *versions.last()?;
    if constraint.admits(newest) {
        return None;
    }
    versions.into_iter().rev().find(|version| constraint.admits(*version))
}

/// The series of Python that was asked for, or that is installed.
fn python(environment: &Environment, requested: &RequestedPackages) -> Option<Version> {
    let series = |version: Version| (version.minor() > 0).then(|| version.series());
    let typed = requested.specs.iter().find(|spec| spec.name == "python");
    let typed = typed.and_then(|spec| spec.constraint()?.pin()).and_then(series);
    typed.or_else(|| installed_python(environment))
}

/// The series of Python in an environment.
pub(super) fn installed_python(environment: &Environment) -> Option<Version> {
    let version = &environment.package("python")?.version;
    version.parse().ok().map(|version: Version| version.series())
}

/// Companions that were asked for, or that came from an old channel.
fn companions(environment: &Environment, requested: &RequestedPackages) -> Vec<Companion> {
    let is_wanted = |companion: &Companion| {
        let name = companion.as_str();
        requested.specs.iter().any(|spec| spec.name == name)
            || environment
                .package(name)
                .is_some_and(|package| ChannelKind::of(&package.channel).is_replaced())
    };
    [Companion::Torchvision, Companion::Torchaudio].into_iter().filter(is_wanted).collect()
}
