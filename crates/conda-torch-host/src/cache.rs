//! The cache folder of `conda-torch-live`: where it is, and its removal.

use std::path::Path;
use std::{fs, io};

use conda_torch_core::conda::Os;
use conda_torch_probe::host::{Failure, Host};

use crate::TempFolder;

/// Where a run keeps channel data.
#[derive(Debug)]
pub enum CacheFolder {
    /// For later runs too.
    Kept(String),
    /// For this run alone: the user has no folder of their own, and in a shared one others could have put links.
    Private(TempFolder),
}

impl CacheFolder {
    /// The folder for this user.
    ///
    /// # Errors
    /// If there is none and no temporary folder can be made.
    pub fn of(host: &dyn Host) -> Result<Self, Failure> {
        match kept_cache(host) {
            Some(folder) if host.env(NAMED).is_some_and(|named| named == folder) => {
                Ok(Self::Kept(folder))
            }
            Some(folder) if is_own(Path::new(&folder)) => Ok(Self::Kept(folder)),
            Some(_) | None => TempFolder::new().map(Self::Private),
        }
    }

    /// The path, which need not exist.
    pub fn path(&self) -> String {
        match self {
            Self::Kept(folder) => folder.clone(),
            Self::Private(folder) => folder.path("cache"),
        }
    }
}

/// Whether a folder, or else the one that it would be made in, is this user's and closed to others: a home may be that
/// of another user (`sudo`) or a shared folder.
fn is_own(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let metadata = path.ancestors().find_map(|folder| fs::metadata(folder).ok());
        let user = rustix::process::geteuid().as_raw();
        metadata.is_some_and(|it| it.uid() == user && it.mode() & 0o002 == 0)
    }
    #[cfg(not(unix))]
    path.is_absolute()
}

/// The variable that names the folder.
const NAMED: &str = "CONDA_TORCH_CACHE";

/// `CONDA_TORCH_CACHE`, else the system's folder for this user's caches; `None` without one.
pub fn kept_cache(host: &dyn Host) -> Option<String> {
    let folder = |name: &str| host.env(name).filter(|folder| !folder.is_empty());
    if let Some(named) = folder(NAMED) {
        return Some(named);
    }
    // A relative one would be in whatever folder the program runs in.
    let absolute = |name: &str| folder(name).filter(|folder| Path::new(folder).is_absolute());
    let home = |below: &str| absolute("HOME").map(|home| host.target().join(&home, below));
    let caches = match host.target().os() {
        Some(Os::Windows) => absolute("LOCALAPPDATA"),
        Some(Os::Macos) => home("Library/Caches"),
        Some(Os::Linux | Os::FreeBsd) | None => absolute("XDG_CACHE_HOME").or(home(".cache")),
    };
    caches.map(|caches| host.target().join(&caches, "conda-torch"))
}

/// Removes what `conda-torch-live` keeps in a folder, and the folder if nothing else is in it. Whether there was any.
///
/// # Errors
/// If a part cannot be removed.
pub fn remove_cache(folder: &str) -> io::Result<bool> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        entries => entries?,
    };
    let mut was_there = false;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name == "read" || name == "repodata" || name.starts_with("repodata.aside-") {
            // A link is removed, not what it leads to.
            let is_folder = entry.file_type()?.is_dir();
            let remove = if is_folder { fs::remove_dir_all } else { fs::remove_file };
            remove(&entry.path())?;
            was_there = true;
        }
    }
    let _ = fs::remove_dir(folder);
    Ok(was_there)
}
