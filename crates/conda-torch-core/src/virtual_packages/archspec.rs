//! `__archspec`: what the processor is. Its version is always 1; the build is the name.

use std::borrow::Cow;

use crate::conda::{Os, Subdir, Version};
use crate::types::{Detected, Machine, Origin, Processor, Setting, VirtualPackage};

use super::microarchitecture as named;
use super::overrides;
use super::platform::TargetPlatform;
use super::prediction::{Prediction, unknown};
use crate::clients::ClientTarget;

/// Processors that archspec 0.2.7 names and 0.2.6 took for their parents: name, parent, what tells them.
const NEWER: [(&str, &str, &str); 3] = [
    ("zen6", "zen5", "avx512_fp16"),
    ("alderlake", "skylake", "avx_vnni gfni movdiri rdpid serialize sha_ni vaes waitpkg"),
    ("neoverse_v3ae", "neoverse_v2", "ecv sveaes wfxt"),
];

/// Those that 0.2.6 was the first to name.
const NEW: [&str; 5] = ["m3", "m4", "ampere1", "ampere1a", "x60"];

pub(super) fn predict(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let target = match client.target(machine) {
        Ok(target) => target,
        Err(why) => return Prediction::Unknown(why),
    };
    if let Some(setting) = overrides::setting(machine, client, "ARCHSPEC") {
        return overridden(client, setting);
    }
    if client.is_libmamba() {
        return match level(machine, client, target) {
            Ok((name, origin)) => package(name, origin),
            Err(why) => Prediction::Unknown(why),
        };
    }
    if client.is_conda() && client.version.is_some_and(|version| version < Version::new(&[4, 9])) {
        return Prediction::Absent;
    }
    if client.is_first_plugin() {
        return unknown("conda 22.11 and 23.1 were of several minds about it");
    }
    if client.is_conda() && !target.is_own {
        return package(plain(target.subdir), Origin::System);
    }
    if client.is_pixi() && client.is_below(&[0, 71]) {
        return unknown("pixi before 0.71 has an older table of processors");
    }
    match detected(machine, client, target) {
        Ok((name, origin)) => package(name, origin),
        Err(why) => Prediction::Unknown(why),
    }
}

fn package(build: &str, origin: Origin) -> Prediction {
    let [name, version, build] = ["__archspec", "1", build].map(str::to_owned);
    Prediction::Present(VirtualPackage { name, version, build }, origin)
}

/// What is set: conda and mamba take any name, rattler since pixi 0.77 only those that it knows.
fn overridden(client: &ClientTarget<'_>, setting: &Setting) -> Prediction {
    let origin = setting.origin.clone();
    let is_trimmed = overrides::is_trimmed(client, "__archspec");
    let text = if is_trimmed { setting.value.trim() } else { &setting.value };
    if text.is_empty() {
        return if client.is_libmamba() { package("0", origin) } else { Prediction::Absent };
    }
    if client.is_pixi() && !client.is_below(&[0, 77]) && text != "0" && !named::is_known(text) {
        let why = format!("{}: `{text}` is no processor that pixi knows", setting.name);
        return Prediction::Fails(why.into());
    }
    package(text, origin)
}

/// The architecture in conda's word for it, where the processor is not looked at.
fn plain(subdir: Subdir) -> &'static str {
    match subdir.as_str().split_once('-').map(|(_, arch)| arch) {
        Some("64") | None => "x86_64",
        Some("32") => "x86",
        Some(other) => other,
    }
}

/// libmamba's levels of x86-64; for all else the word in the platform.
fn level(
    machine: &Machine,
    client: &ClientTarget<'_>,
    target: TargetPlatform,
) -> Result<(&'static str, Origin), Cow<'static, str>> {
    let none = plain(target.subdir);
    let is_windows = target.own.os() == Os::Windows;
    // Levels came with 1.5.3, on Windows with 2.0.7 (https://github.com/mamba-org/mamba/pull/3803).
    let has_levels = !(client.is_below(&[1, 5, 3]) || is_windows && client.is_below(&[2, 0, 7]));
    if none != "x86_64" || plain(target.own) != "x86_64" || !has_levels {
        return Ok((none, Origin::System));
    }
    let (processor, origin) = processor(machine)?;
    if processor.vendor == "Apple" {
        return Err("what Rosetta lets a program see of the processor is not known".into());
    }
    let flags = named::flags(processor, target.own.os());
    let has = |all: &str| all.split(' ').all(|flag| flags.contains(flag));
    let level = if has("avx512f avx512bw avx512cd avx512dq avx512vl") {
        4
    } else if has("avx avx2 bmi1 bmi2 fma") {
        3
    } else if has("popcnt ssse3 sse4_1 sse4_2") && (has("pni") || has("sse3")) {
        2
    } else {
        1
    };
    // With a dash up to 1.5.9.
    let is_dashed = client.is_below(&[1, 5, 10]);
    let name = match (level, is_dashed) {
        (4, false) => "x86_64_v4",
        (3, false) => "x86_64_v3",
        (2, false) => "x86_64_v2",
        (4, true) => "x86_64-v4",
        (3, true) => "x86_64-v3",
        (2, true) => "x86_64-v2",
        _ => "x86_64",
    };
    Ok((name, origin.clone()))
}

fn processor(machine: &Machine) -> Result<(&Processor, &Origin), Cow<'static, str>> {
    match &machine.processor {
        Detected::Found(processor) => Ok((&processor.value, &processor.origin)),
        Detected::Absent => Err("the processor is not known".into()),
        Detected::Unknown { why } => Err(format!("the processor is not known: {why}").into()),
    }
}

/// The name by archspec, as conda and rattler ask it.
fn detected(
    machine: &Machine,
    client: &ClientTarget<'_>,
    target: TargetPlatform,
) -> Result<(&'static str, Origin), Cow<'static, str>> {
    let (processor, origin) = processor(machine)?;
    let os = target.own.os();
    let is_apple = processor.vendor == "Apple";
    let family = match target.own {
        // archspec looks through Rosetta.
        Subdir::Osx64 if is_apple => "aarch64",
        Subdir::Linux64 | Subdir::Osx64 => "x86_64",
        Subdir::LinuxAarch64 | Subdir::OsxArm64 => "aarch64",
        Subdir::LinuxPpc64le => "ppc64le",
        Subdir::LinuxRiscv64 => "riscv64",
        Subdir::Win64
        | Subdir::WinArm64
        | Subdir::Win32
        | Subdir::Linux32
        | Subdir::LinuxArmv6l
        | Subdir::LinuxArmv7l
        | Subdir::LinuxS390x
        | Subdir::FreeBsd64 => return Err("what archspec calls it was not looked at".into()),
    };
    let name = named::name(processor, family, os)?;
    if client.is_conda() {
        depends_on_archspec(machine, client, name, &named::flags(processor, os))?;
    }
    Ok((name, origin.clone()))
}

/// conda asks the package archspec beside it, whose table grows.
fn depends_on_archspec(
    machine: &Machine,
    client: &ClientTarget<'_>,
    name: &str,
    flags: &std::collections::HashSet<&str>,
) -> Result<(), Cow<'static, str>> {
    let part = client.part(machine, "archspec");
    let version: Option<Version> =
        part.and_then(|part| part.version.as_deref()).and_then(|text| text.parse().ok());
    // A dependency since 23.11: before, it might be missing, and then there is only the architecture.
    if part.is_none() && client.is_below(&[23, 11]) {
        return Err("whether this conda has archspec beside it is not known".into());
    }
    let is_newer = |(_, parent, marks): &(&str, &str, &str)| {
        *parent == name && marks.split(' ').all(|mark| flags.contains(mark))
    };
    let newer = NEWER.iter().find(|row| is_newer(row));
    let is_at_least = |other: &[u16]| version.is_some_and(|version| version >= Version::new(other));
    let is_below = |other: &[u16]| version.is_some_and(|version| version < Version::new(other));
    match newer {
        Some((newer, ..)) if !is_below(&[0, 2, 7]) => {
            Err(format!("`{newer}` or `{name}`, by the version of archspec beside it").into())
        }
        _ if NEW.contains(&name) && !is_at_least(&[0, 2, 6]) => {
            Err(format!("`{name}`, unless the archspec beside it is older than 0.2.6").into())
        }
        Some(_) | None => Ok(()),
    }
}
