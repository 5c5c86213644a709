//! The `CONDA_OVERRIDE_*` that a client needs because it detects something else.

use crate::clients::ClientTarget;
use crate::conda::{Os, Version};
use crate::resolve::Choice;
use crate::types::{Detected, Machine, Origin};
use crate::virtual_packages::{cuda_suffices, is_described, needs_cuda_hidden};

/// The variables with which a client detects what the choice was made for; empty if it does so by itself.
pub fn overrides(
    machine: &Machine,
    choice: &Choice<'_>,
    client: &ClientTarget<'_>,
) -> Vec<(&'static str, String)> {
    // An unknown `__cuda` is set for a described machine: the client will look at another one.
    let suffices =
        |toolkit| cuda_suffices(machine, client, toolkit).unwrap_or_else(|| !is_described(machine));
    let cuda = match (choice.build.accelerator.cuda(), choice.needs_cuda) {
        (Some(toolkit), Some(needed)) if !suffices(toolkit) => Some(needed.to_string()),
        (None, _) if needs_cuda_hidden(machine, client) => Some(String::new()),
        _ => None,
    };
    let os = choice.build.subdir.os();
    let glibc = stated(&machine.glibc, "__glibc", client).filter(|_| os == Os::Linux);
    let macos = stated(&machine.macos, "__osx", client).filter(|_| os == Os::Macos);
    let all = [
        ("CONDA_OVERRIDE_CUDA", cuda),
        ("CONDA_OVERRIDE_GLIBC", glibc.map(|glibc| glibc.to_string())),
        ("CONDA_OVERRIDE_OSX", macos.map(|macos| macos.to_string())),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// A version that a flag or a document states, unless the client's `info` lists the same.
fn stated(
    version: &Detected<Version>,
    package: &str,
    client: &ClientTarget<'_>,
) -> Option<Version> {
    let fact = version.fact()?;
    let listed = client.listed_packages().unwrap_or_default();
    let is_listed =
        listed.iter().any(|it| it.name == package && it.version.parse() == Ok(fact.value));
    let is_stated = matches!(fact.origin, Origin::Flag(_) | Origin::Document(_));
    (is_stated && !is_listed).then_some(fact.value)
}
