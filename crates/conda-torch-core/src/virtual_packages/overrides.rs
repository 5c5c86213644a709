//! Settings that change virtual packages (`CONDA_OVERRIDE_*`, keys of configuration files) and the platform.

use crate::clients::{ClientTarget, Detector};
use crate::conda::{Os, Subdir};
use crate::types::{Machine, Origin, Setting};

use super::{NoPrediction, Prediction, Why, present};

/// The override of a package that a client reads.
pub(super) fn setting<'m>(
    machine: &'m Machine,
    client: &ClientTarget<'_>,
    package: &str,
) -> Option<&'m Setting> {
    let habits = client.habits();
    let by = |prefix: &'static str| {
        machine.settings.iter().find(move |setting| {
            let name = setting.name.strip_prefix(prefix);
            name.is_some_and(|name| name.eq_ignore_ascii_case(package.trim_start_matches('_')))
        })
    };
    let variable = by("CONDA_OVERRIDE_").filter(|it| matches!(it.origin, Origin::Env(_)));
    let key = by("override_virtual_packages.").filter(|_| habits.reads_override_files);
    variable.filter(|_| habits.overrides.contains(&package)).or(key)
}

/// What a client makes of the override of a package, if there is one.
pub(super) fn overridden(
    machine: &Machine,
    client: &ClientTarget<'_>,
    package: &str,
) -> Option<Prediction> {
    let setting = setting(machine, client, package)?;
    let habits = client.habits();
    let text = text(client, package, setting);
    if text.is_empty() && !habits.kept_with_empty_override.contains(&package) {
        return Some(Ok(None));
    }
    if habits.detector == Detector::Rattler && !is_plain_version(text) {
        let belongs = |c: char| c.is_ascii_alphanumeric() || "._-+!*".contains(c);
        return Some(Err(if text.chars().all(belongs) {
            let why = format!("{}: `{text}` may not be a version to pixi", setting.name);
            NoPrediction::Unknown(why.into())
        } else {
            let why = format!("{}: `{text}` is not a version; pixi fails", setting.name);
            NoPrediction::Fails(why.into())
        }));
    }
    Some(present(package, text, setting.origin.clone()))
}

/// The text of an override as a client reads it.
pub(super) fn text<'s>(client: &ClientTarget<'_>, package: &str, setting: &'s Setting) -> &'s str {
    let is_trimmed = client.habits().trimmed_overrides.contains(&package);
    if is_trimmed { setting.value.trim() } else { &setting.value }
}

/// Whether rattler reads a text as a version and writes it as it was.
fn is_plain_version(text: &str) -> bool {
    let is_number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    text.split('.').all(is_number)
}

/// The platform that a client installs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TargetPlatform {
    pub(super) subdir: Subdir,
    /// The client's own.
    pub(super) own: Subdir,
}

impl TargetPlatform {
    /// What `CONDA_SUBDIR` and its like set, else the client's own platform.
    pub(super) fn of(machine: &Machine, client: &ClientTarget<'_>) -> Result<Self, Why> {
        let own = client.found.and_then(|client| client.subdir);
        let own = own.or(machine.subdir.value().copied()).ok_or("the platform is unknown")?;
        let habits = client.habits();
        let mut names = habits.platform_settings.iter();
        let setting = names.find_map(|name| machine.settings.iter().find(|it| it.name == **name));
        // To libmamba, an empty one is a platform too.
        match setting.filter(|set| habits.detector == Detector::Libmamba || !set.value.is_empty()) {
            Some(set) => match set.value.parse() {
                Ok(subdir) => Ok(Self { subdir, own }),
                Err(_) => Err(format!("{} is `{}`", set.name, set.value).into()),
            },
            None => Ok(Self { subdir: own, own }),
        }
    }

    /// Whether it is for an operating system, and whether the client runs on that.
    pub(super) fn on(self, os: Os) -> Option<bool> {
        (self.subdir.os() == os).then(|| self.own.os() == os)
    }
}
