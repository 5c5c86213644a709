//! What this machine should have instead.

use crate::conda::Version;
use crate::matrix::Matrix;
use crate::resolve::{Advice, Request, advise};
use crate::types::{Companion, Environment, Machine};

/// The advice for the machine, with the companions that the environment has, and with its Python where
/// that costs no newer PyTorch.
pub(super) fn advice<'m>(
    environment: &Environment,
    machine: &Machine,
    matrix: &'m Matrix,
) -> Advice<'m> {
    let companions = [Companion::Torchvision, Companion::Torchaudio]
        .into_iter()
        .filter(|companion| has(environment, *companion))
        .collect();
    let request = Request { companions, ..Request::default() };
    let any = advise(machine, &request, matrix);
    // torchaudio has ended, and would hold PyTorch back; what cannot be had is left out.
    let alone = advise(machine, &Request::default(), matrix);
    let any = if newest(&any) < newest(&alone) { alone } else { any };
    let Some(python) = python(environment) else { return any };
    let companions =
        any.recommended.iter().flat_map(|choice| choice.companions.iter().map(|it| it.package));
    let request =
        Request { python: Some(python), companions: companions.collect(), ..Request::default() };
    let same = advise(machine, &request, matrix);
    if newest(&same) < newest(&any) { any } else { same }
}

fn newest(advice: &Advice<'_>) -> Option<Version> {
    advice.recommended.as_ref().map(|choice| choice.build.pytorch)
}

fn has(environment: &Environment, companion: Companion) -> bool {
    let name = companion.as_str();
    environment.package(name).is_some()
        || environment.pip.iter().any(|package| package.name == name)
}

/// The series of the environment's Python.
pub(super) fn python(environment: &Environment) -> Option<Version> {
    let version: Version = environment.package("python")?.version.parse().ok()?;
    Some(version.series())
}
