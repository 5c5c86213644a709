//! The platform that a client installs for, and whose code looks at the machine.

use std::borrow::Cow;

use crate::clients::ClientTarget;
use crate::conda::{Os, Subdir, Version};
use crate::types::{ClientKind, Machine};

use super::overrides;

/// The platform that a client installs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TargetPlatform {
    pub(super) subdir: Subdir,
    /// Whether it is the client's own; else the machine says little about it.
    pub(super) is_own: bool,
    /// The client's own.
    pub(super) own: Subdir,
}

impl ClientTarget<'_> {
    /// Whether it sees the system that it runs on, whatever platform it is asked for: conda before 23.3
    /// has no `__osx` on Linux (<https://github.com/conda/conda/pull/12257>).
    #[must_use]
    pub fn sees_own_system_only(&self) -> bool {
        self.kind == ClientKind::Conda
            && self.version.is_some_and(|version| version < Version::new(&[23, 3]))
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

    /// What it installs for: `CONDA_SUBDIR` and its like, else its own platform.
    pub(super) fn target(&self, machine: &Machine) -> Result<TargetPlatform, Cow<'static, str>> {
        let own = self.found.and_then(|client| client.subdir);
        let Some(own) = own.or(machine.subdir.value().copied()) else {
            return Err("the platform is not known".into());
        };
        let own = TargetPlatform { subdir: own, is_own: true, own };
        let Some(setting) = overrides::subdir(machine, self) else { return Ok(own) };
        match setting.value.parse::<Subdir>() {
            Ok(subdir) => Ok(TargetPlatform { subdir, is_own: subdir == own.own, own: own.own }),
            Err(_) => Err(format!("{} is `{}`", setting.name, setting.value).into()),
        }
    }
}

impl TargetPlatform {
    /// Whether it is for an operating system, and whether the client runs on that.
    pub(super) fn on(self, os: Os) -> Option<bool> {
        (self.subdir.os() == os).then(|| self.own.os() == os)
    }
}
