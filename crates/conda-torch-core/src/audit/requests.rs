//! The specs that an environment was installed with, and what to install instead.

use crate::conda::{ChannelKind, MatchSpec, Version};
use crate::diagnostics::Diagnostic;
use crate::matrix::Matrix;
use crate::resolve::{Advice, Request, advise};
use crate::types::{Companion, CudaVersion, Environment, Machine};

use super::{Checkup, Installed};

/// What the requested specs cost, and what newer PyTorch there is.
pub(super) fn check(checkup: &Checkup<'_>, installed: &Installed<'_>) -> Vec<Diagnostic> {
    let Checkup { environment, machine, matrix, .. } = checkup;
    let channel = installed.channel_kind();
    let alone = newest(&advise(machine, &Request::default(), matrix));
    let can_limit = |_: &CudaVersion| {
        channel == Some(ChannelKind::CondaForge)
            && !alone.is_some_and(|newest| requests_other_pytorch(environment, newest))
    };
    let limit = requested_cuda_version(environment).filter(can_limit).and_then(|pin| {
        let request = Request { cuda_version: Some(pin), ..Request::default() };
        let diagnostics = advise(machine, &request, matrix).diagnostics;
        let is_limit = |it: &Diagnostic| matches!(it, Diagnostic::CudaVersionHoldsBack { .. });
        diagnostics.into_iter().find(is_limit)
    });
    let ended = (channel == Some(ChannelKind::Pytorch)).then_some(Diagnostic::ChannelEnded);
    // The limit names the newest version already.
    let newer = match (installed.version, alone) {
        (Some(installed), Some(newest)) if installed < newest && limit.is_none() => {
            Some(Diagnostic::NewerPytorch { installed, newest })
        }
        _ => None,
    };
    limit.into_iter().chain(ended).chain(newer).collect()
}

/// The advice for the machine with the environment's companions and Python. The companions stay if PyTorch gets no
/// older than the installed one and uses the same kind of processor; else those stay that do not limit it. Python
/// stays if it does not limit PyTorch.
pub(super) fn advice<'m>(
    environment: &Environment,
    installed: Option<Version>,
    machine: &Machine,
    matrix: &'m Matrix,
) -> Advice<'m> {
    let with = |request: &Request| advise(machine, request, matrix);
    let uses_cuda =
        |advice: &Advice<'_>| advice.recommended.as_ref().map(|choice| choice.build.is_cuda());
    let (mut request, mut best) = (Request::default(), with(&Request::default()));
    let companions = companions(environment);
    let all = Request { companions: companions.clone(), ..Request::default() };
    let with_all = with(&all);
    if newest(&with_all) >= installed && uses_cuda(&with_all) == uses_cuda(&best) {
        (request, best) = (all, with_all);
    } else {
        for companion in companions {
            let mut more = request.clone();
            more.companions.push(companion);
            let advice = with(&more);
            if newest(&advice) >= newest(&best) {
                (request, best) = (more, advice);
            }
        }
    }
    let python = environment.package("python").and_then(|it| it.version.parse::<Version>().ok());
    let Some(python) = python else { return best };
    let advice = with(&Request { python: Some(python.series()), ..request });
    if newest(&advice) < newest(&best) { best } else { advice }
}

/// Those that an environment has.
pub(super) fn companions(environment: &Environment) -> Vec<Companion> {
    let has = |companion: &Companion| {
        let name = companion.as_str();
        environment.package(name).is_some() || environment.pip.iter().any(|it| it.name == name)
    };
    [Companion::Torchvision, Companion::Torchaudio].into_iter().filter(has).collect()
}

fn newest(advice: &Advice<'_>) -> Option<Version> {
    advice.recommended.as_ref().map(|choice| choice.build.pytorch)
}

/// The spec that requests a CPU build.
pub(super) fn cpu_request(environment: &Environment) -> Option<String> {
    let is_for_cpu = |text: &&String| MatchSpec::parse(text).is_some_and(|spec| is_for_cpu(&spec));
    environment.requested.iter().find(is_for_cpu).cloned()
}

fn is_for_cpu(spec: &MatchSpec) -> bool {
    match spec.name.as_str() {
        "cpuonly" | "pytorch-cpu" => true,
        "pytorch" => spec.build.as_ref().is_some_and(|build| build.starts_with("cpu")),
        _ => false,
    }
}

/// The `cuda-version` that is pinned or requested, if it is a version and not a range.
fn requested_cuda_version(environment: &Environment) -> Option<CudaVersion> {
    let specs = environment.pinned.iter().chain(&environment.requested);
    specs.filter_map(|spec| MatchSpec::parse(spec)).find_map(|spec| cuda_version(&spec))
}

/// Whether PyTorch itself is requested in versions without this one: then no other spec limits it.
fn requests_other_pytorch(environment: &Environment, version: Version) -> bool {
    let specs = environment.pinned.iter().chain(&environment.requested);
    specs.filter_map(|spec| MatchSpec::parse(spec)).any(|spec| {
        matches!(&*spec.name, "pytorch" | "pytorch-gpu" | "pytorch-cpu")
            && spec.constraint().is_some_and(|constraint| !constraint.admits(version))
    })
}

fn cuda_version(spec: &MatchSpec) -> Option<CudaVersion> {
    let pin = spec.constraint().filter(|_| spec.name == "cuda-version")?.pin()?;
    // `cuda-version=12` allows every 12.x.
    pin.to_string().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> MatchSpec {
        MatchSpec::parse(text).expect("a spec")
    }

    #[test]
    fn a_cuda_pin_is_a_version_and_not_a_range() {
        for text in [
            "cuda-version=12.4",
            "cuda-version==12.4",
            "conda-forge::cuda-version 12.4.*",
            "cuda-version=12.4.*",
            "cuda-version[version='12.4.*']",
        ] {
            assert_eq!(cuda_version(&spec(text)), Some(CudaVersion::new(12, 4)), "{text}");
        }
        for text in ["cuda-version", "cuda-version>=12,<13", "cuda-version=12", "cuda-version<12.5"]
        {
            assert_eq!(cuda_version(&spec(text)), None, "{text}");
        }
    }

    #[test]
    fn a_requested_pytorch_is_not_limited_by_cuda_version() {
        let newest = Version::new(&[2, 13]);
        let excludes = |specs: &[&str]| {
            let requested = specs.iter().map(|&spec| spec.to_owned()).collect();
            requests_other_pytorch(&Environment { requested, ..Environment::default() }, newest)
        };
        assert!(excludes(&["cuda-version=12.0", "pytorch-gpu=2.5.1"]));
        assert!(excludes(&["pytorch[version='>=2.5,<2.9',build='cuda*']"]));
        assert!(!excludes(&["cuda-version=12.0", "pytorch-gpu>=2.5", "torchvision=0.20"]));
    }

    #[test]
    fn a_cpu_build_is_requested_by_name_or_build() {
        for text in ["cpuonly", "pytorch-cpu=2.13", "conda-forge::pytorch=2.13=cpu*"] {
            assert!(is_for_cpu(&spec(text)), "{text}");
        }
        assert!(!is_for_cpu(&spec("pytorch")));
    }
}
