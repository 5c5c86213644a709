//! What somebody has told the clients of the machine: `CONDA_OVERRIDE_*` and keys of their files.

use std::borrow::Cow;

use crate::types::{Machine, Origin, Setting};

use super::seen::{Seen, found};
use super::viewer::Viewer;

/// What is set for a virtual package and heeded by a client: `CUDA`, `GLIBC`.
pub(super) fn of<'m>(machine: &'m Machine, viewer: &Viewer<'_>, name: &str) -> Option<&'m Setting> {
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
    let reads_files = viewer.is_conda() && !viewer.is_below(&[25, 11]);
    let environment = machine.settings.iter().find(by_env).filter(|_| heeds(viewer, name));
    environment.or_else(|| machine.settings.iter().find(by_file).filter(|_| reads_files))
}

/// Whether a client of this version knows the variable.
fn heeds(viewer: &Viewer<'_>, name: &str) -> bool {
    let is_between = |from: &[u16], to: &[u16]| !viewer.is_below(from) && viewer.is_below(to);
    match name {
        "CUDA_ARCH" => !viewer.is_libmamba(),
        "WIN" if viewer.is_conda() => !viewer.is_below(&[25, 1]),
        "WIN" | "ARCHSPEC" if viewer.is_libmamba() => !viewer.is_below(&[2]),
        // The first plugins had forgotten it.
        "ARCHSPEC" if viewer.is_conda() => !is_between(&[22, 11], &[23, 3]),
        _ => !(viewer.is_pixi() && viewer.is_below(&[0, 27])),
    }
}

/// The platform that is set: conda's and mamba's words for it.
pub(super) fn subdir<'m>(machine: &'m Machine, viewer: &Viewer<'_>) -> Option<&'m Setting> {
    let names: &[&str] = if viewer.is_pixi() {
        &[]
    } else if viewer.is_libmamba() && !viewer.is_below(&[2]) {
        &["CONDA_SUBDIR", "MAMBA_PLATFORM", "platform"]
    } else {
        &["CONDA_SUBDIR", "subdir"]
    };
    if viewer.is_first_plugin() {
        return None;
    }
    let setting = |name: &&str| machine.settings.iter().find(|setting| setting.name == **name);
    // libmamba takes an empty one for a platform, too.
    let counts = |setting: &&Setting| viewer.is_libmamba() || !setting.value.is_empty();
    names.iter().find_map(setting).filter(counts)
}

/// What a client makes of a version that was set, where empty is "not there".
pub(super) fn version(viewer: &Viewer<'_>, package: &str, setting: &Setting) -> Seen {
    let origin = setting.origin.clone();
    if viewer.is_pixi() {
        return match setting.value.as_str() {
            "" => Seen::Nothing,
            text => match as_rattler(text) {
                Ok(text) => found(package, text, origin),
                Err(seen) => seen(setting),
            },
        };
    }
    // libmamba takes whatever stands there.
    let is_trimmed = is_trimmed(viewer, package);
    let text = if is_trimmed { setting.value.trim() } else { &setting.value };
    // The first plugins lost the version alone.
    let keeps_name = package == "__glibc" && viewer.is_first_plugin();
    if text.is_empty() && !keeps_name { Seen::Nothing } else { found(package, text, origin) }
}

/// Whether conda takes the space around a text away: of all since 25.11, of `__cuda` since 23.7.
pub(super) fn is_trimmed(viewer: &Viewer<'_>, package: &str) -> bool {
    let since: &[u16] = if package == "__cuda" { &[23, 7] } else { &[25, 11] };
    viewer.is_conda() && !viewer.is_below(since)
}

/// What rattler reads as a version and writes as it was; else how that ends.
fn as_rattler(text: &str) -> Result<&str, fn(&Setting) -> Seen> {
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
        |setting| Seen::Unknown(quoted(setting, "may or may not be a version to pixi"))
    } else {
        |setting| Seen::Stops(quoted(setting, "is no version, and pixi ends on it"))
    })
}

fn quoted(setting: &Setting, what: &str) -> Cow<'static, str> {
    format!("{}: `{}` {what}", setting.name, setting.value).into()
}
