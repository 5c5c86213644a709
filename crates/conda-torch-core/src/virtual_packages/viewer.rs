//! A client as far as it matters for what it sees.

use std::borrow::Cow;

use crate::conda::{Os, Subdir, Version};
use crate::types::{Client, ClientKind, ClientPart, Machine};

use super::told;

/// A client that looks at a machine. One whose version is not known is taken for a current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer<'a> {
    /// Which.
    pub kind: ClientKind,
    /// Its version, where it is known.
    pub version: Option<Version>,
    /// The one on the machine, where there is one.
    pub found: Option<&'a Client>,
}

/// The platform that a client installs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) subdir: Subdir,
    /// Whether it is the client's own; else the machine says little about it.
    pub(super) is_own: bool,
    /// The client's own.
    pub(super) own: Subdir,
}

impl<'a> Viewer<'a> {
    /// The clients of today. Sources: the newest tags of their repositories in November 2026.
    pub(super) const CURRENT: [Self; 4] = [
        Self::current(ClientKind::Conda, &[26, 7, 1]),
        Self::current(ClientKind::Mamba, &[2, 8, 1]),
        Self::current(ClientKind::Micromamba, &[2, 8, 1]),
        Self::current(ClientKind::Pixi, &[0, 77, 0]),
    ];

    /// Whether it looks at the system that it runs on, whatever platform it is asked for: conda before 23.3
    /// has no `__osx` on Linux whatever it is told (<https://github.com/conda/conda/pull/12257>).
    #[must_use]
    pub fn sees_its_own_system_alone(&self) -> bool {
        self.kind == ClientKind::Conda
            && self.version.is_some_and(|version| version < Version::new(&[23, 3]))
    }

    const fn current(kind: ClientKind, version: &[u16]) -> Self {
        Self { kind, version: Some(Version::new(version)), found: None }
    }

    /// A client on the machine.
    #[must_use]
    pub fn of(client: &'a Client) -> Self {
        let version = client.version.value().copied();
        Self { kind: client.kind, version, found: Some(client) }
    }

    /// Whether its version is known and below another.
    pub(super) fn is_below(&self, version: &[u16]) -> bool {
        self.version.is_some_and(|found| found < Version::new(version))
    }

    /// Whether it sees by conda's Python: conda, and mamba before 0.24, whose solves still asked conda.
    pub(super) fn is_conda(&self) -> bool {
        self.kind == ClientKind::Conda || self.is_old_mamba()
    }

    fn is_old_mamba(&self) -> bool {
        self.kind == ClientKind::Mamba && self.is_below(&[0, 24])
    }

    /// conda 22.11 and 23.1, whose new plugins asked the system for the platform, not the settings:
    /// <https://github.com/conda/conda/pull/12257>.
    pub(super) fn is_first_plugin(&self) -> bool {
        self.is_conda() && !self.is_below(&[22, 11]) && self.is_below(&[23, 3])
    }

    /// Whether it sees by libmamba, as mamba 1 does too: it is conda's Python that reads its settings,
    /// and libmamba that looks at the machine (`api.get_virtual_packages` in mamba's `install`).
    pub(super) fn is_libmamba(&self) -> bool {
        matches!(self.kind, ClientKind::Mamba | ClientKind::Micromamba) && !self.is_old_mamba()
    }

    /// Whether it sees by rattler.
    pub(super) fn is_pixi(&self) -> bool {
        self.kind == ClientKind::Pixi
    }

    /// Something of it, or beside it, by its name.
    pub(super) fn part<'m>(&self, machine: &'m Machine, name: &str) -> Option<&'m ClientPart> {
        let path = &self.found?.path;
        machine.client_parts.iter().find(|part| part.client == *path && part.part == name)
    }

    /// What it installs for: `CONDA_SUBDIR` and its like, else its own platform.
    pub(super) fn target(&self, machine: &Machine) -> Result<Target, Cow<'static, str>> {
        let own = self.found.and_then(|client| client.subdir);
        let Some(own) = own.or(machine.subdir.value().copied()) else {
            return Err("the platform is not known".into());
        };
        let own = Target { subdir: own, is_own: true, own };
        let Some(setting) = told::subdir(machine, self) else { return Ok(own) };
        match setting.value.parse::<Subdir>() {
            Ok(subdir) => Ok(Target { subdir, is_own: subdir == own.own, own: own.own }),
            Err(_) => Err(format!("{} is `{}`", setting.name, setting.value).into()),
        }
    }
}

impl Target {
    /// Whether it is for an operating system, and whether the client runs on that.
    pub(super) fn on(self, os: Os) -> Option<bool> {
        (self.subdir.os() == os).then(|| self.own.os() == os)
    }
}
