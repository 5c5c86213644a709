//! `__archspec`: what the processor is. Its version is always 1; the build is the name.

use std::collections::HashSet;

use crate::clients::{Archspec, ClientTarget};
use crate::conda::{Os, Subdir, Version};
use crate::types::{Detected, Fact, Machine, Origin, Processor, VirtualPackage};

use super::overrides::TargetPlatform;
use super::{NoPrediction, Prediction, Why, microarchitecture, overrides, unknown};

/// Processors that archspec 0.2.7 names and 0.2.6 took for their parents: name, parent, features.
const NEW_IN_0_2_7: [(&str, &str, &str); 3] = [
    ("zen6", "zen5", "avx512_fp16"),
    ("alderlake", "skylake", "avx_vnni gfni movdiri rdpid serialize sha_ni vaes waitpkg"),
    ("neoverse_v3ae", "neoverse_v2", "ecv sveaes wfxt"),
];

/// Processors that 0.2.6 was the first to name.
const NEW_IN_0_2_6: [&str; 5] = ["m3", "m4", "ampere1", "ampere1a", "x60"];

/// libmamba's levels of x86-64, and what each needs beyond the one before it.
const LEVELS: [(&str, &str); 3] = [
    ("4", "avx512f avx512bw avx512cd avx512dq avx512vl"),
    ("3", "avx avx2 bmi1 bmi2 fma"),
    ("2", "popcnt ssse3 sse4_1 sse4_2 sse3"),
];

pub(super) fn archspec(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let target = TargetPlatform::of(machine, client)?;
    if let Some(overridden) = overridden(machine, client) {
        return overridden;
    }
    let architecture = architecture(target.subdir);
    let is_x86_64 = architecture == "x86_64" && self::architecture(target.own) == "x86_64";
    let is_windows = target.own.os() == Os::Windows;
    let (name, origin) = match client.habits().archspec {
        Archspec::None => return Ok(None),
        Archspec::Unknown(why) => return unknown(why),
        Archspec::Level { has_dash, on_windows } if is_x86_64 && (on_windows || !is_windows) => {
            level(machine, target.own.os(), has_dash)?
        }
        Archspec::Package { is_dependency } if target.subdir == target.own => {
            by_package(machine, client, target.own, is_dependency)?
        }
        Archspec::Architecture | Archspec::Level { .. } | Archspec::Package { .. } => {
            (architecture.to_owned(), Origin::System)
        }
        Archspec::Table => by_table(machine, target.own)?,
    };
    package(&name, origin)
}

#[expect(clippy::unnecessary_wraps, reason = "it ends a prediction")]
fn package(build: &str, origin: Origin) -> Prediction {
    let [name, version, build] = ["__archspec", "1", build].map(str::to_owned);
    Ok(Some((VirtualPackage { name, version, build }, origin)))
}

/// conda and mamba accept any name.
fn overridden(machine: &Machine, client: &ClientTarget<'_>) -> Option<Prediction> {
    let setting = overrides::setting(machine, client, "__archspec")?;
    let habits = client.habits();
    let origin = setting.origin.clone();
    Some(match overrides::text(client, "__archspec", setting) {
        "" if habits.kept_with_empty_override.contains(&"__archspec") => package("0", origin),
        "" => Ok(None),
        text if habits.checks_archspec && text != "0" && !microarchitecture::is_known(text) => {
            let why = format!("{}: pixi does not know the processor `{text}`", setting.name);
            Err(NoPrediction::Fails(why.into()))
        }
        text => package(text, origin),
    })
}

/// The architecture in conda's word for it.
fn architecture(subdir: Subdir) -> &'static str {
    match subdir.as_str().split_once('-').map(|(_, arch)| arch) {
        Some("64") | None => "x86_64",
        Some("32") => "x86",
        Some(other) => other,
    }
}

fn processor(machine: &Machine) -> Result<&Fact<Processor>, Why> {
    match &machine.processor {
        Detected::Found(processor) => Ok(processor),
        Detected::Absent => Err("the processor is unknown".into()),
        Detected::Unknown { why } => Err(format!("the processor is unknown: {why}").into()),
    }
}

fn level(machine: &Machine, os: Os, has_dash: bool) -> Result<(String, Origin), Why> {
    let Fact { value: processor, origin } = processor(machine)?;
    if processor.vendor == "Apple" {
        return Err("what Rosetta shows of the processor is unknown".into());
    }
    let mut flags = microarchitecture::flags(processor, os);
    if flags.contains("pni") {
        flags.insert("sse3"); // Linux' word for it
    }
    let has = |(_, all): &&(&str, &str)| all.split(' ').all(|flag| flags.contains(flag));
    let dash = if has_dash { '-' } else { '_' };
    let level = LEVELS.iter().find(has).map(|(level, _)| format!("x86_64{dash}v{level}"));
    Ok((level.unwrap_or_else(|| "x86_64".to_owned()), origin.clone()))
}

/// The name by archspec's table, for rattler and conda.
fn by_table(machine: &Machine, own: Subdir) -> Result<(String, Origin), Why> {
    let Fact { value: processor, origin } = processor(machine)?;
    let family = match own {
        // archspec looks through Rosetta.
        Subdir::Osx64 if processor.vendor == "Apple" => "aarch64",
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
        | Subdir::FreeBsd64 => return Err("archspec's name on this platform is unknown".into()),
    };
    let name = microarchitecture::name(processor, family, own.os())?;
    Ok((name.to_owned(), origin.clone()))
}

/// The name by the package archspec beside conda, which may be older or newer than the table.
fn by_package(
    machine: &Machine,
    client: &ClientTarget<'_>,
    own: Subdir,
    is_dependency: bool,
) -> Result<(String, Origin), Why> {
    let (name, origin) = by_table(machine, own)?;
    let part = client.part(machine, "archspec");
    if part.is_none() && !is_dependency {
        return Err("whether this conda has archspec beside it is unknown".into());
    }
    let version = part.and_then(|part| part.version.as_deref()?.parse::<Version>().ok());
    let flags: HashSet<&str> =
        processor(machine).map(|it| microarchitecture::flags(&it.value, own.os()))?;
    let newer = NEW_IN_0_2_7.iter().find(|(_, parent, features)| {
        *parent == name && features.split(' ').all(|feature| flags.contains(feature))
    });
    match newer {
        Some((newer, ..)) if version.is_none_or(|it| it >= Version::new(&[0, 2, 7])) => {
            Err(format!("`{newer}` or `{name}`, by the version of archspec beside it").into())
        }
        _ if NEW_IN_0_2_6.contains(&name.as_str())
            && version.is_none_or(|it| it < Version::new(&[0, 2, 6])) =>
        {
            Err(format!("`{name}`, unless the archspec beside it is older than 0.2.6").into())
        }
        Some(_) | None => Ok((name, origin)),
    }
}
