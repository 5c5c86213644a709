//! What a client must be told about the machine because it would see something else.

use crate::conda::{Os, Subdir, Version};
use crate::resolve::Choice;
use crate::types::{ClientKind, CudaVersion, Detected, Machine, Origin};
use crate::virtual_packages::{cuda_suffices, is_described, needs_cuda_hidden};

use crate::clients::ClientTarget;

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
    if choice.build.accelerator.cuda().is_none() && needs_cuda_hidden(machine, client) {
        variables.push(("CONDA_OVERRIDE_CUDA", String::new()));
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

/// Whether the client will take the machine to support CUDA as far as needed. Where that is not known
/// it is told of a machine that was described: the client will look at another one.
fn sees(machine: &Machine, client: &ClientTarget<'_>, toolkit: CudaVersion) -> bool {
    cuda_suffices(machine, client, toolkit).unwrap_or_else(|| !is_described(machine))
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
