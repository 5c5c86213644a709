//! A root prefix: its packages and its environments.

use conda_torch_core::conda::{Os, Subdir, Version};
use conda_torch_core::types::ClientKind;

use crate::host::{Failure, Target};
use crate::package_record::FileName;
use crate::probe::Probe;

/// How much of a package's record is read: it lists every file of the package.
const RECORD: usize = 4 << 20;

/// How many links from one program to another are followed.
const LINKS: usize = 4;

/// The root prefix that a client works with.
pub(super) fn of(probe: &Probe<'_>, kind: ClientKind, path: &str) -> Option<String> {
    match kind {
        ClientKind::Conda | ClientKind::Mamba => around(probe, path),
        ClientKind::Micromamba => micromamba(probe),
        ClientKind::Pixi => None,
    }
}

/// The prefix that a program is installed in, through links if necessary.
fn around(probe: &Probe<'_>, path: &str) -> Option<String> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let root = parent(parent(&path)?)?;
        let candidates = [Some(root), parent(root)]; // Windows has `Library\bin`
        if let Some(root) = candidates.into_iter().flatten().find(|root| is_prefix(probe, root)) {
            return Some(root.to_owned());
        }
        let link = probe.host.read_link(&path).ok()?;
        path = if link.starts_with('/') { link } else { format!("{}/{link}", parent(&path)?) };
    }
    None
}

fn is_prefix(probe: &Probe<'_>, folder: &str) -> bool {
    probe.host.exists(&probe.host.target().join(folder, "conda-meta"))
}

fn parent(path: &str) -> Option<&str> {
    let at = path.rfind(['/', '\\'])?;
    Some(&path[..at]).filter(|parent| !parent.is_empty())
}

/// micromamba's root prefix is not where its program is.
fn micromamba(probe: &Probe<'_>) -> Option<String> {
    if let Some(root) = probe.env("MAMBA_ROOT_PREFIX") {
        return Some(root);
    }
    let target = probe.host.target();
    let home = super::home(probe.host)?;
    let new = if target.is(Os::Windows) {
        target.join(&probe.env("APPDATA")?, "mamba")
    } else {
        target.join(&home, ".local/share/mamba")
    };
    [target.join(&home, "micromamba"), new].into_iter().find(|root| is_prefix(probe, root))
}

/// The names of the environments in `envs`, as far as this user can list them.
pub(super) fn environments(probe: &Probe<'_>, root: &str) -> Vec<String> {
    let target = probe.host.target();
    let folder = target.join(root, "envs");
    let mut names = probe.host.list(&folder).unwrap_or_default();
    names.retain(|name| is_prefix(probe, &target.join(&folder, name)));
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
        let target = probe.host.target().clone();
        let folder = target.join(root, "conda-meta");
        let records = probe.host.list(&folder);
        Self { target, folder, records }
    }

    /// Why the packages are unknown.
    pub(super) fn failure(&self) -> Option<&Failure> {
        self.records.as_ref().err()
    }

    /// The version of a package, and its file.
    fn record(&self, name: &str) -> Option<(&str, String)> {
        self.records.as_ref().ok()?.iter().find_map(|file| {
            let record = FileName::parse(file).filter(|record| record.name == name)?;
            Some((record.version, self.target.join(&self.folder, file)))
        })
    }

    /// The version of a package, and its file.
    pub(super) fn version(&self, name: &str) -> Option<(Version, String)> {
        let (version, path) = self.record(name)?;
        Some((version.parse().ok()?, path))
    }

    /// The platform of the packages: conda's, or Python's if conda is `noarch`.
    pub(super) fn subdir(&self, probe: &Probe<'_>) -> Option<Subdir> {
        let mut paths =
            ["conda", "python", "mamba"].into_iter().filter_map(|name| self.record(name));
        paths.find_map(|(_, path)| subdir(&probe.host.read(&path, RECORD).ok()?))
    }
}

/// The value of `"subdir": "linux-64"`, without parsing the long list of files.
fn subdir(record: &[u8]) -> Option<Subdir> {
    let text = String::from_utf8_lossy(record);
    text.split_once("\"subdir\"")?.1.split('"').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subdir_is_found_in_any_text() {
        assert_eq!(subdir(b"{\"subdir\": \"osx-64\", \"x\": 1}"), Some(Subdir::Osx64));
        assert_eq!(subdir(b"{\"subdir\":\"noarch\"}"), None);
        assert_eq!(subdir(b"\"subdir\""), None);
        assert_eq!(subdir(b"\xff\"subdir\"\xff\"\xff\""), None);
    }
}
