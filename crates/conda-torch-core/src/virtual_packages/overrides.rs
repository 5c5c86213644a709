//! What somebody has told the clients of the machine: `CONDA_OVERRIDE_*` and keys of their files.

use std::borrow::Cow;

use crate::types::{Machine, Origin, Setting};

use super::prediction::{Prediction, found};
use crate::clients::ClientTarget;

/// What is set for a virtual package and heeded by a client: `CUDA`, `GLIBC`.
pub(super) fn setting<'m>(
    machine: &'m Machine,
    client: &ClientTarget<'_>,
    name: &str,
) -> Option<&'m Setting> {
    let by_env = |setting: &&Setting| {
        matches!(setting.origin, Origin::Env(_))
            && setting.name.strip_prefix("CONDA_OVERRIDE_") == Some(name)
    };
    // Since 25.11 conda has the same in its files (https://github.com/conda/conda/pull/15248).
    let by_file = |setting: &&Setting| {
        setting
            .name
            .strip_prefix("override_virtual_packages.")
            .is_some_and(|package| package.eq_ignore_ascii_case(name))
    };
    let reads_files = client.is_conda() && !client.is_below(&[25, 11]);
    let environment = machine.settings.iter().find(by_env).filter(|_| is_read(client, name));
    environment.or_else(|| machine.settings.iter().find(by_file).filter(|_| reads_files))
}

/// Whether a client of this version knows the variable.
fn is_read(client: &ClientTarget<'_>, name: &str) -> bool {
    let is_between = |from: &[u16], to: &[u16]| !client.is_below(from) && client.is_below(to);
    match name {
        "CUDA_ARCH" => !client.is_libmamba(),
        "WIN" if client.is_conda() => !client.is_below(&[25, 1]),
        "WIN" | "ARCHSPEC" if client.is_libmamba() => !client.is_below(&[2]),
        // The first plugins had forgotten it.
        "ARCHSPEC" if client.is_conda() => !is_between(&[22, 11], &[23, 3]),
        _ => !(client.is_pixi() && client.is_below(&[0, 27])),
    }
}

/// The platform that is set: conda's and mamba's words for it.
pub(super) fn subdir<'m>(machine: &'m Machine, client: &ClientTarget<'_>) -> Option<&'m Setting> {
    let names: &[&str] = if client.is_pixi() {
        &[]
    } else if client.is_libmamba() && !client.is_below(&[2]) {
        &["CONDA_SUBDIR", "MAMBA_PLATFORM", "platform"]
    } else {
        &["CONDA_SUBDIR", "subdir"]
    };
    if client.is_first_plugin() {
        return None;
    }
    let setting = |name: &&str| machine.settings.iter().find(|setting| setting.name == **name);
    // libmamba takes an empty one for a platform, too.
    let counts = |setting: &&Setting| client.is_libmamba() || !setting.value.is_empty();
    names.iter().find_map(setting).filter(counts)
}

/// What a client makes of a version that was set, where empty is "not there".
pub(super) fn version(client: &ClientTarget<'_>, package: &str, setting: &Setting) -> Prediction {
    let origin = setting.origin.clone();
    if client.is_pixi() {
        return match setting.value.as_str() {
            "" => Prediction::Absent,
            text => match as_rattler(text) {
                Ok(text) => found(package, text, origin),
                Err(predict) => predict(setting),
            },
        };
    }
    // libmamba takes whatever stands there.
    let is_trimmed = is_trimmed(client, package);
    let text = if is_trimmed { setting.value.trim() } else { &setting.value };
    // The first plugins lost the version alone.
    let keeps_name = package == "__glibc" && client.is_first_plugin();
    if text.is_empty() && !keeps_name { Prediction::Absent } else { found(package, text, origin) }
}

/// Whether conda takes the space around a text away: of all since 25.11, of `__cuda` since 23.7.
pub(super) fn is_trimmed(client: &ClientTarget<'_>, package: &str) -> bool {
    let since: &[u16] = if package == "__cuda" { &[23, 7] } else { &[25, 11] };
    client.is_conda() && !client.is_below(since)
}

/// What rattler reads as a version and writes as it was; else how that ends.
fn as_rattler(text: &str) -> Result<&str, fn(&Setting) -> Prediction> {
    let is_number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    if text.split('.').all(is_number) {
        return Ok(text);
    }
    let belongs = |c: char| c.is_ascii_alphanumeric() || "._-+!*".contains(c);
    Err(if text.chars().all(belongs) {
        |setting| Prediction::Unknown(quoted(setting, "may or may not be a version to pixi"))
    } else {
        |setting| Prediction::Fails(quoted(setting, "is no version, and pixi ends on it"))
    })
}

fn quoted(setting: &Setting, what: &str) -> Cow<'static, str> {
    format!("{}: `{}` {what}", setting.name, setting.value).into()
}
