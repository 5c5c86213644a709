//! The platform that a client installs for.

use crate::clients::{ClientTarget, Detector};
use crate::conda::{Os, Subdir};
use crate::types::Machine;

use super::Why;

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
        // libmamba takes an empty one for a platform, too.
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
