//! A root prefix: what is installed in it, and which environments it has.

use crate::host::{Failure, Target};
use conda_torch_core::conda::{Os, Subdir, Version};
use conda_torch_core::types::ClientKind;

use crate::probe::Probe;

/// How much of a package's record is read: it lists every file of the package.
const RECORD: usize = 4 << 20;

/// Links from a program to another that are followed.
const LINKS: usize = 4;

/// The root prefix that a client works with.
pub(super) fn of(probe: &Probe<'_>, kind: ClientKind, path: &str) -> Option<String> {
    match kind {
        ClientKind::Conda | ClientKind::Mamba => around(probe, path),
        ClientKind::Micromamba => micromamba(probe),
        ClientKind::Pixi => None,
    }
}

/// The prefix that a program is installed in, through links if need be.
fn around(probe: &Probe<'_>, path: &str) -> Option<String> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let root = parent(parent(&path)?)?;
        let candidates = [Some(root), parent(root)]; // Windows has `Library\bin`
        let is_root =
            |root: &&str| probe.host.exists(&probe.host.target().join(root, "conda-meta"));
        if let Some(root) = candidates.into_iter().flatten().find(is_root) {
            return Some(root.to_owned());
        }
        let link = probe.host.read_link(&path).ok()?;
        path = if link.starts_with('/') { link } else { format!("{}/{link}", parent(&path)?) };
    }
    None
}

fn parent(path: &str) -> Option<&str> {
    let at = path.rfind(['/', '\\'])?;
    Some(&path[..at]).filter(|parent| !parent.is_empty())
}

/// micromamba's root prefix is not where its program is.
fn micromamba(probe: &Probe<'_>) -> Option<String> {
    if let Some(root) = probe.env("MAMBA_ROOT_PREFIX") {
        return Some(root.into_owned());
    }
    let target = probe.host.target();
    let home = super::home(probe)?;
    let old = target.join(&home, "micromamba");
    let new = if target.os() == Some(Os::Windows) {
        target.join(&probe.env("APPDATA")?, "mamba")
    } else {
        format!("{home}/.local/share/mamba")
    };
    [old, new].into_iter().find(|root| probe.host.exists(&target.join(root, "conda-meta")))
}

/// Names of the environments below `envs`.
pub(super) fn environments(probe: &Probe<'_>, root: &str) -> Vec<String> {
    let target = probe.host.target();
    let folder = target.join(root, "envs");
    // Most often there is none; a folder that may not be listed has none for this user.
    let mut names = probe.host.list(&folder).unwrap_or_default();
    names.retain(|name| probe.host.exists(&target.join(&target.join(&folder, name), "conda-meta")));
    names
}

/// The packages of a prefix, by the names of their records.
pub(super) struct Packages {
    target: Target,
    folder: String,
    records: Result<Vec<String>, Failure>,
}

impl Packages {
    pub(super) fn of(probe: &Probe<'_>, root: &str) -> Self {
        let target = probe.host.target();
        let folder = target.join(root, "conda-meta");
        let records = probe.host.list(&folder);
        Self { target, folder, records }
    }

    /// Why nothing is known of the packages.
    pub(super) fn failure(&self) -> Option<&Failure> {
        self.records.as_ref().err()
    }

    fn record(&self, name: &str) -> Option<(&str, &str)> {
        self.records.as_ref().ok()?.iter().find_map(|file| {
            let (package, version) = name_and_version(file)?;
            (package == name).then_some((version, file.as_str()))
        })
    }

    /// A package's version and the file that says so.
    pub(super) fn version(&self, name: &str) -> Option<(Version, String)> {
        let (version, file) = self.record(name)?;
        Some((version.parse().ok()?, self.target.join(&self.folder, file)))
    }

    /// The platform that the packages are for: conda's own, or Python's where conda is `noarch`.
    pub(super) fn subdir(&self, probe: &Probe<'_>) -> Option<Subdir> {
        ["conda", "python", "mamba"].into_iter().find_map(|name| {
            let (_, file) = self.record(name)?;
            let path = self.target.join(&self.folder, file);
            // Only a hint for who runs conda under Rosetta: without it the machine's counts.
            subdir(&probe.host.read(&path, RECORD).ok()?)
        })
    }
}

/// From `conda-23.10.0-py311h06a4308_1.json`.
fn name_and_version(file: &str) -> Option<(&str, &str)> {
    let (rest, _build) = file.strip_suffix(".json")?.rsplit_once('-')?;
    rest.rsplit_once('-')
}

/// The value of `"subdir": "linux-64"`, without reading the long list of files around it.
fn subdir(record: &[u8]) -> Option<Subdir> {
    let key = b"\"subdir\"";
    let rest = &record[memchr::memmem::find(record, key)? + key.len()..];
    let rest = &rest[..rest.len().min(40)];
    rest.split(|byte| *byte == b'"').nth(1).and_then(|v| std::str::from_utf8(v).ok())?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_records_name_is_taken_apart_from_its_end() {
        assert_eq!(name_and_version("conda-23.10.0-py311h0_1.json"), Some(("conda", "23.10.0")));
        let libmamba = name_and_version("conda-libmamba-solver-24.1.0-pyhd8ed1ab_0.json");
        assert_eq!(libmamba, Some(("conda-libmamba-solver", "24.1.0")));
        assert_eq!(name_and_version("history"), None);
        assert_eq!(name_and_version("conda.json"), None);
    }

    #[test]
    fn the_subdir_is_found_whatever_stands_around_it() {
        assert_eq!(subdir(b"{\"subdir\": \"osx-64\", \"x\": 1}"), Some(Subdir::Osx64));
        assert_eq!(subdir(b"{\"subdir\":\"noarch\"}"), None);
        assert_eq!(subdir(b"\"subdir\""), None);
        assert_eq!(subdir(b"\xff\"subdir\"\xff\"\xff\""), None);
    }
}
