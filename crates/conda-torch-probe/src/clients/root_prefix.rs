//! A root prefix and its packages.

use conda_torch_core::conda::{Os, Subdir, Version};
use conda_torch_core::types::ClientKind;

use crate::host::{Failure, Host, links, parent};
use crate::package_record::FileName;
use crate::probe::{Probe, failed};

/// How much of a package's record is read: it lists every file of the package.
const RECORD: usize = 4 << 20;

pub(super) fn of(probe: &Probe<'_>, kind: ClientKind, path: &str) -> Option<String> {
    match kind {
        ClientKind::Conda => around(probe.host, path),
        // mamba 2 is one program, which may be anywhere.
        ClientKind::Mamba => around(probe.host, path).or_else(|| probe.env("MAMBA_ROOT_PREFIX")),
        ClientKind::Micromamba => micromamba(probe),
        ClientKind::Pixi => None,
    }
}

/// The prefix that a program is installed in, through links if necessary.
fn around(host: &dyn Host, path: &str) -> Option<String> {
    links(host, path).find_map(|path| {
        let root = parent(parent(&path)?)?;
        let candidates = [Some(root), parent(root)]; // Windows has `Library\bin`
        let root = candidates.into_iter().flatten().find(|root| is_prefix(host, root));
        root.map(str::to_owned)
    })
}

fn is_prefix(host: &dyn Host, folder: &str) -> bool {
    host.exists(&host.target().join(folder, "conda-meta"))
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
    [target.join(&home, "micromamba"), new].into_iter().find(|root| is_prefix(probe.host, root))
}

/// The packages of a prefix, by the names of their records.
pub(super) struct Packages<'h> {
    host: &'h dyn Host,
    folder: String,
    records: Result<Vec<String>, Failure>,
}

impl<'h> Packages<'h> {
    pub(super) fn of(host: &'h dyn Host, root: &str) -> Self {
        let folder = host.target().join(root, "conda-meta");
        Self { host, records: host.list(&folder), folder }
    }

    fn record(&self, name: &str) -> Option<(&str, String)> {
        self.records.as_ref().ok()?.iter().find_map(|file| {
            let record = FileName::parse(file).filter(|record| record.name == name)?;
            Some((record.version, self.host.target().join(&self.folder, file)))
        })
    }

    /// The version of a package as a number, and its file.
    pub(super) fn version(&self, name: &str) -> Result<(Version, String), Failure> {
        if let Err(failure) = &self.records {
            return failed(format!("conda-meta: {failure}"));
        }
        let record = self.record(name);
        let version = record.and_then(|(version, path)| Some((version.parse().ok()?, path)));
        version.ok_or_else(|| Failure::Other(format!("no record of {name} in conda-meta")))
    }

    /// The platform of the packages: conda's, or Python's if conda is `noarch`.
    pub(super) fn subdir(&self) -> Option<Subdir> {
        let records = ["conda", "python", "mamba"].into_iter().filter_map(|name| self.record(name));
        let mut records = records.filter_map(|(_, path)| self.host.read(&path, RECORD).ok());
        records.find_map(|record| subdir(&record))
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
