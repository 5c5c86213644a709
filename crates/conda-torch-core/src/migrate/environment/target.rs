//! The request for the new environment: that of the old one, changed if no build satisfies it.

use crate::conda::{ChannelKind, MatchSpec, Version};
use crate::matrix::Matrix;
use crate::resolve::{Advice, Request, RequestedAccelerator, Unlock, VersionRange, advise};
use crate::types::{Companion, CudaVersion, Environment, Machine};

use super::super::CodeAndMessage;
use super::requested_packages::RequestedPackages;

/// What the user requests instead of the environment's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestOverrides {
    /// What to compute on.
    pub accelerator: Option<RequestedAccelerator>,
    /// PyTorch version or prefix, or a range; neither for the newest.
    pub pytorch: Option<(Option<Version>, Option<VersionRange>)>,
    /// Python series.
    pub python: Option<Version>,
}

/// The request for the new environment, its advice, and the changes from the old request.
#[derive(Debug, Clone)]
pub struct MigrationTarget<'m> {
    /// The request.
    pub request: Request,
    /// Its advice.
    pub advice: Advice<'m>,
    /// The changes from the request of the old environment.
    pub changes: Vec<CodeAndMessage>,
}

/// The most rounds of changes: each drops at least one part of the request.
const ROUNDS: usize = 4;

pub(super) fn choose<'m>(
    environment: &Environment,
    requested: &RequestedPackages,
    machine: &Machine,
    matrix: &'m Matrix,
    overrides: &RequestOverrides,
) -> MigrationTarget<'m> {
    let (prefix, range) =
        overrides.pytorch.clone().unwrap_or_else(|| (pytorch(requested, machine, matrix), None));
    let request = Request {
        accelerator: overrides.accelerator.unwrap_or_else(|| accelerator(environment, requested)),
        pytorch: prefix,
        pytorch_range: range,
        python: overrides.python.or_else(|| python(environment, requested)),
        companions: companions(environment, requested),
        ..Request::default()
    };
    let advice = advise(machine, &request, matrix);
    let mut target = MigrationTarget { request, advice, changes: Vec::new() };
    if overrides.python.is_none() && target.request.pytorch_text().is_none() {
        change_python(&mut target, machine, matrix);
    }
    for _ in 0..ROUNDS {
        if target.advice.recommended.is_some() || !use_nearest(&mut target, machine, matrix) {
            break;
        }
    }
    keep_cuda_version(&mut target, environment, requested, machine, matrix);
    target
}

/// Keeps the CUDA version that the environment names, if the chosen build accepts it.
fn keep_cuda_version<'m>(
    target: &mut MigrationTarget<'m>,
    environment: &Environment,
    requested: &RequestedPackages,
    machine: &Machine,
    matrix: &'m Matrix,
) {
    let Some(choice) = &target.advice.recommended else { return };
    let (build, chosen) = (choice.build, choice.cuda_version);
    let pinned = environment.pinned.iter().filter_map(|spec| MatchSpec::parse(spec));
    let specs: Vec<MatchSpec> = pinned.chain(requested.specs.iter().cloned()).collect();
    let version = |name: &str| {
        let pin = specs.iter().find(|spec| spec.name == name)?.constraint()?.pin()?;
        pin.to_string().parse::<CudaVersion>().ok()
    };
    let named = ["cuda-version", "pytorch-cuda", "cudatoolkit"].into_iter().find_map(version);
    let kept = named.filter(|named| Some(*named) != chosen && build.pins().contains(named));
    let Some(kept) = kept else { return };
    let request = Request { cuda_version: Some(kept), ..target.request.clone() };
    let advice = advise(machine, &request, matrix);
    if advice.recommended.as_ref().is_some_and(|choice| choice.build == build) {
        (target.request, target.advice) = (request, advice);
    }
}

/// If the newest PyTorch has no builds for the Python series, changes Python to the nearest series that has.
fn change_python<'m>(target: &mut MigrationTarget<'m>, machine: &Machine, matrix: &'m Matrix) {
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
        target.changes.push(other_python(from, to, keeps));
        (target.request, target.advice) = (request, advice);
    }
}

/// A change of the Python series. `keeps` is the newest PyTorch with builds for the old one.
fn other_python(from: Version, to: Version, keeps: Option<Version>) -> CodeAndMessage {
    let hint = keeps.map_or_else(String::new, |keeps| {
        format!("; `--python {from}` keeps it, with PyTorch {keeps}")
    });
    let text =
        format!("Python {from} becomes {to}: this PyTorch has no builds for Python {from}{hint}");
    CodeAndMessage::with("python-moves", text)
}

/// Changes the request to that of the nearest alternative; false if the request is not the reason.
fn use_nearest<'m>(
    target: &mut MigrationTarget<'m>,
    machine: &Machine,
    matrix: &'m Matrix,
) -> bool {
    let is_request = |unlock: &Unlock| {
        matches!(unlock, Unlock::Pytorch(_) | Unlock::Python(_) | Unlock::Without(_))
    };
    let mut alternatives = target.advice.alternatives.iter();
    let nearest = alternatives.find(|other| other.unlocked_by.iter().all(is_request));
    let Some(nearest) = nearest else { return false };
    let request = &mut target.request;
    for unlock in nearest.unlocked_by.clone() {
        if let Unlock::Pytorch(to) = unlock
            && let Some(from) = request.pytorch.replace(to)
        {
            let text = format!(
                "PyTorch {from} becomes {to}, the nearest on conda-forge that works on this machine"
            );
            target.changes.push(CodeAndMessage::with("pytorch-moves", text));
        } else if let Unlock::Python(to) = unlock {
            let from = request.python.replace(to);
            target.changes.extend(from.map(|from| other_python(from, to, None)));
        } else if let Unlock::Without(package) = unlock {
            request.companions.retain(|companion| *companion != package);
            let text = format!("{package} is not available for this PyTorch version");
            target.changes.push(CodeAndMessage::with("without-companion", text));
        }
    }
    target.advice = advise(machine, &target.request, matrix);
    true
}

/// What the environment computes on. A GPU that it used is required.
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

/// The requested version of PyTorch, or the newest one of a range that excludes the newest.
fn pytorch(requested: &RequestedPackages, machine: &Machine, matrix: &Matrix) -> Option<Version> {
    let spec = requested.specs.iter().find(|spec| {
        matches!(&*spec.name, "pytorch" | "pytorch-gpu" | "pytorch-cpu") && !spec.version.is_empty()
    });
    let constraint = spec?.constraint()?;
    if let Some(version) = constraint.pin() {
        return Some(version);
    }
    let subdir = machine.subdir.value().copied();
    let here = matrix.builds.iter().filter(|build| Some(build.subdir) == subdir);
    let versions = || here.clone().map(|build| build.pytorch).filter(|it| !it.is_candidate());
    let admitted = versions().filter(|version| constraint.admits(*version)).max();
    admitted.filter(|admitted| versions().max() != Some(*admitted))
}

/// The requested Python series, else the installed one.
fn python(environment: &Environment, requested: &RequestedPackages) -> Option<Version> {
    let series = |version: Version| (version.minor() > 0).then(|| version.series());
    let typed = requested.specs.iter().find(|spec| spec.name == "python");
    let typed = typed.and_then(|spec| spec.constraint()?.pin()).and_then(series);
    typed.or_else(|| installed_python(environment))
}

pub(super) fn installed_python(environment: &Environment) -> Option<Version> {
    let version = &environment.package("python")?.version;
    version.parse().ok().map(|version: Version| version.series())
}

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
