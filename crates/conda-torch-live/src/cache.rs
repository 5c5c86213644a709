//! The cache folder: rattler's repodata, when each subdir was last confirmed by its server, and a backup while
//! repodata is fetched again.

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, io};

use conda_torch_core::channel::RepodataForm;
use conda_torch_core::conda::Fault;
use rattler_conda_types::{Channel, Subdir};

use crate::fault::of_cache;

/// The end of the names of rattler's files with a channel's index of shards.
const INDEX: &str = ".shards-cache-v1";

/// The folder of the shards.
const SHARDS: &str = "shards-v1";

/// The extension of a backup of the cache starts so; its process id follows.
const BACKUP: &str = "aside-";

/// The start of the names of rattler's downloads until they are complete.
const UNFINISHED: &str = ".tmp";

/// How long a backup or an unfinished download may be in use: no run takes an hour.
const IN_USE: Duration = Duration::from_hours(1);

/// In an index, where the length of the cache policy is, and where the policy starts. The entries follow it.
const LENGTH_AT: usize = 14;
const HEAD: usize = 18;

#[derive(Debug, Clone)]
pub(crate) struct Cache(PathBuf);

/// When a subdir was last confirmed by its server.
#[derive(serde::Serialize, serde::Deserialize)]
struct Confirmed {
    /// Seconds since 1970.
    at: u64,
    form: RepodataForm,
}

impl Cache {
    /// Opens the folder and creates it if it does not exist. Only the user can read what is in it.
    pub(crate) fn open(path: &str) -> Result<Self, Fault> {
        let cache = Self(PathBuf::from(path));
        let folders = [cache.0.join("read"), cache.repodata()];
        match folders.iter().try_for_each(|folder| private_folder(folder)) {
            Ok(()) => Ok(cache),
            Err(error) => {
                let (kind, detail) = (of_cache(&error), error.to_string());
                Err(Fault { kind, at: path.to_owned(), detail })
            }
        }
    }

    /// The folder of rattler's downloads.
    pub(crate) fn repodata(&self) -> PathBuf {
        self.0.join("repodata")
    }

    /// Records that the server confirmed a subdir just now. Best effort: only the age depends on it.
    pub(crate) fn confirm(&self, channel: &Channel, subdir: Subdir, form: RepodataForm) {
        let Ok(text) = serde_json::to_vec(&Confirmed { at: now(), form }) else { return };
        let path = self.path(channel, subdir);
        let new = path.with_extension(format!("{}.part", std::process::id()));
        if fs::write(&new, text).and_then(|()| fs::rename(&new, &path)).is_err() {
            let _ = fs::remove_file(&new);
        }
    }

    /// The form of a confirmed subdir, and its age in seconds: at least 1, since 0 means this run.
    pub(crate) fn confirmed(
        &self,
        channel: &Channel,
        subdir: Subdir,
    ) -> Option<(RepodataForm, u64)> {
        let text = fs::read(self.path(channel, subdir)).ok()?;
        let Confirmed { at, form } = serde_json::from_slice(&text).ok()?;
        Some((form, now().saturating_sub(at).max(1)))
    }

    fn path(&self, channel: &Channel, subdir: Subdir) -> PathBuf {
        let url = crate::channel::without_secrets(&channel.platform_url(subdir));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
        let name: String = url.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
        // Long URLs differ at their end.
        let start = name.len().saturating_sub(200);
        self.0.join("read").join(format!("{}.json", &name[start..]))
    }
}

/// Creates a folder, and closes one that exists to other users, which fails if it is not this user's.
fn private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    #[cfg(unix)]
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
    Ok(())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A copy of the cache, removed when dropped: a damaged download replaces the cached file before it is read.
pub(crate) struct Backup {
    cache: PathBuf,
    folder: PathBuf,
}

impl Backup {
    /// Copies the files of a cache. Best effort: without a copy there is nothing to restore.
    pub(crate) fn of(cache: &Path) -> Self {
        let folder = cache.with_extension(format!("{BACKUP}{}", std::process::id()));
        let backup = Self { cache: cache.to_owned(), folder };
        if fs::create_dir_all(&backup.folder).is_ok() {
            for (file, name) in files(cache) {
                let copy = backup.folder.join(&name);
                // A link keeps the old content if a new file replaces it. Small files are overwritten in place.
                let is_json = file.extension().is_some_and(|extension| extension == "json");
                let is_replaced = is_json && !name.ends_with(".info.json");
                if !is_replaced || fs::hard_link(&file, &copy).is_err() {
                    let _ = fs::copy(&file, &copy);
                }
            }
        }
        backup
    }

    /// Removes all shards and their indexes from the cache: any may be damaged, and they are small.
    pub(crate) fn remove_shards(&self) {
        remove_indexes(&self.cache, |_| true);
        let (shards, copy) = (self.cache.join(SHARDS), self.folder.join(SHARDS));
        if copy.exists() || fs::rename(&shards, &copy).is_err() {
            let _ = fs::remove_dir_all(&shards);
        }
    }

    /// Restores the cache. A rename is atomic for other processes that read it.
    pub(crate) fn restore(&self) {
        // Fails if shards were fetched since, which then stay.
        let _ = fs::rename(self.folder.join(SHARDS), self.cache.join(SHARDS));
        for (file, name) in files(&self.folder) {
            let _ = fs::rename(&file, self.cache.join(name));
        }
    }
}

impl Drop for Backup {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes the backups and the unfinished downloads of killed runs.
pub(crate) fn remove_leftovers(cache: &Path) {
    let backup = cache.with_extension(BACKUP);
    let (Some(parent), Some(backup)) = (cache.parent(), backup.file_name()) else { return };
    let shards = cache.join(SHARDS);
    for (folder, start) in
        [(parent, &*backup.to_string_lossy()), (cache, UNFINISHED), (&shards, UNFINISHED)]
    {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let is_leftover = entry.file_name().to_string_lossy().starts_with(start);
            let modified = entry.metadata().and_then(|metadata| metadata.modified()).ok();
            let age = modified.and_then(|modified| modified.elapsed().ok());
            if is_leftover && age.is_some_and(|age| age > IN_USE) {
                let path = entry.path();
                let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
            }
        }
    }
}

/// The files of a folder with their names, except locks, which other processes may hold, and unfinished downloads.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.map(|entry| (entry.path(), entry.file_name().to_string_lossy().into()));
    let is_lock = |path: &Path| path.extension().is_some_and(|extension| extension == "lock");
    files.filter(|(path, _): &(PathBuf, _)| path.is_file() && !is_lock(path)).collect()
}

/// Removes the indexes of shards whose bytes match.
fn remove_indexes(cache: &Path, matches: impl Fn(&[u8]) -> bool) {
    for (file, name) in files(cache) {
        if name.ends_with(INDEX) && fs::read(&file).is_ok_and(|bytes| matches(&bytes)) {
            let _ = fs::remove_file(&file);
        }
    }
}

/// Removes indexes without entries, with which rattler remembers for ever that a channel has no shards, and
/// those that are cut off.
pub(crate) fn remove_empty_indexes(cache: &Path) {
    remove_indexes(cache, |bytes| {
        let length = bytes.get(LENGTH_AT..HEAD).and_then(|length| length.try_into().ok());
        let policy = length.map(u32::from_le_bytes).and_then(|length| usize::try_from(length).ok());
        policy.is_none_or(|policy| bytes.len() <= HEAD.saturating_add(policy))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_of_killed_runs_are_removed_after_an_hour() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = folder.path().join("repodata");
        for (name, minutes) in [
            ("repodata.aside-1/shards-v1", 61),
            ("repodata.aside-2", 59),
            ("other.aside-3", 61),
            ("repodata/.tmpabc", 61),
            ("repodata/.tmpdef", 59),
            ("repodata/shards-v1/.tmpghi", 61),
            ("repodata/1.json", 61),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(&path).expect("a folder");
            let made = SystemTime::now() - Duration::from_mins(minutes);
            let first = folder.path().join(name.split('/').next().expect("a name"));
            for path in [path, first] {
                fs::File::open(&path).and_then(|file| file.set_modified(made)).expect("a time");
            }
        }
        remove_leftovers(&cache);
        let is_there = |name: &str| folder.path().join(name).exists();
        for removed in ["repodata.aside-1", "repodata/.tmpabc", "repodata/shards-v1/.tmpghi"] {
            assert!(!is_there(removed), "{removed}");
        }
        for kept in ["repodata.aside-2", "other.aside-3", "repodata/.tmpdef", "repodata/1.json"] {
            assert!(is_there(kept), "{kept}");
        }
    }

    #[test]
    fn restoring_brings_back_a_replaced_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = folder.path().join("repodata");
        fs::create_dir(&cache).expect("a folder");
        let file = cache.join("1.json");
        fs::write(&file, "good").expect("a file");
        let backup = Backup::of(&cache);
        // As rattler replaces it.
        fs::remove_file(&file).expect("removed");
        fs::write(&file, "bad").expect("a file");
        backup.restore();
        assert_eq!(fs::read_to_string(&file).expect("a file"), "good");
        drop(backup);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
