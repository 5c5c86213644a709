//! What a client must be told about the machine because it would see something else.

use crate::advise::Choice;
use crate::model::{
    Client, ClientKind, CudaVersion, Detected, Machine, Origin, Os, SeenCuda, Subdir, Version,
    seen_cuda,
};

use super::ClientTarget;

/// `CONDA_OVERRIDE_…` variables that make the client see what the choice was made for; empty where it
/// sees that by itself.
#[must_use]
pub fn overrides(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
) -> Vec<(&'static str, String)> {
    let mut variables = Vec::new();
    if let (Some(toolkit), Some(needed)) = (choice.build.accelerator.cuda(), choice.needs_cuda)
        && !sees(machine, client, toolkit)
    {
        variables.push(("CONDA_OVERRIDE_CUDA", needed.to_string()));
    }
    let os = choice.build.subdir.os();
    if let Some(glibc) = unseen(&machine.glibc, "__glibc", client).filter(|_| os == Os::Linux) {
        variables.push(("CONDA_OVERRIDE_GLIBC", glibc.to_string()));
    }
    if let Some(macos) = unseen(&machine.macos, "__osx", client).filter(|_| os == Os::Macos) {
        variables.push(("CONDA_OVERRIDE_OSX", macos.to_string()));
    }
    variables
}

/// Whether the client will take the machine to support CUDA as far as needed: `cuda-version` asks for
/// the major version alone (`__cuda >=12`).
fn sees(machine: &Machine, client: &ClientTarget<'_>, toolkit: CudaVersion) -> bool {
    let seen = match client.found {
        Some(found) => seen_cuda(machine, found),
        None => seen_cuda(machine, &absent(client)),
    };
    match seen {
        SeenCuda::Sees(cuda) => cuda.major >= toolkit.major,
        SeenCuda::None => false,
        SeenCuda::Unknown => !is_described(machine),
    }
}

/// A client that is not there, to ask what it would see.
fn absent(client: &ClientTarget<'_>) -> Client {
    let version = client
        .version
        .map_or(Detected::Absent, |version| Detected::found(version, Origin::Baseline));
    Client {
        kind: client.kind,
        version,
        path: String::new(),
        root_prefix: None,
        subdir: None,
        environments: Vec::new(),
        sees: None,
    }
}

/// Whether the machine was described and not looked at, in what matters for CUDA.
fn is_described(machine: &Machine) -> bool {
    let said = |origin: Option<&Origin>| match origin {
        Some(Origin::Flag(_) | Origin::Document(_) | Origin::Baseline | Origin::Env(_)) => true,
        Some(
            Origin::Nvml
            | Origin::Libcuda
            | Origin::NvidiaSmi
            | Origin::System
            | Origin::Compiled
            | Origin::File(_)
            | Origin::Table(_),
        )
        | None => false,
    };
    said(machine.subdir.fact().map(|fact| &fact.origin))
        || said(machine.driver.fact().map(|fact| &fact.origin))
        || said(machine.driver_cuda.fact().map(|fact| &fact.origin))
}

/// A version that a flag or a document told, and that a client would look up for itself: not where it
/// said that it sees this one.
fn unseen(
    version: &Detected<Version>,
    package: &str,
    client: &ClientTarget<'_>,
) -> Option<Version> {
    let fact = version.fact()?;
    let told = matches!(fact.origin, Origin::Flag(_) | Origin::Document(_));
    let sees = client.found.and_then(|found| found.sees.as_ref()).is_some_and(|packages| {
        let same = |text: &str| text.parse() == Ok(fact.value);
        packages.iter().any(|other| other.name == package && same(&other.version))
    });
    (told && !sees).then_some(fact.value)
}

/// The platform to name, where the client's own packages are for another.
pub(super) fn platform(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
) -> Option<Subdir> {
    let own = client.found?.subdir?;
    let is_here = machine.subdir.value().is_some();
    (client.kind != ClientKind::Pixi && is_here && own != choice.build.subdir)
        .then_some(choice.build.subdir)
}
