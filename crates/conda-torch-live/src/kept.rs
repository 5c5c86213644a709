//! What was kept, set aside while it is asked for anew: a download that turns out damaged takes its place
//! before anybody has read it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Names of the files in which rattler keeps what a channel's index of shards was.
const INDEX: &str = ".shards-cache-v1";

/// How the name of a folder that is set aside begins, behind that of the cache.
const ASIDE: &str = "aside-";

/// For how long one may be in use: no run takes a day.
const IN_USE: Duration = Duration::from_hours(24);

/// The folder of the shards themselves.
const SHARDS: &str = "shards-v1";

/// Where in such a file the length of what follows stands, and how long it is without.
const LENGTH_AT: usize = 14;
const HEAD: usize = 18;

/// A copy of what was kept; gone when it is dropped.
pub(crate) struct Aside {
    cache: PathBuf,
    folder: PathBuf,
}

impl Aside {
    /// Sets aside what lies in the folder of a cache. Without room for that there is nothing to go back to,
    /// which is no fault of the answer.
    pub(crate) fn of(cache: &Path) -> Self {
        let folder = cache.with_extension(format!("{ASIDE}{}", std::process::id()));
        let aside = Self { cache: cache.to_owned(), folder };
        if fs::create_dir_all(&aside.folder).is_ok() {
            for file in files(cache) {
                let Some(name) = file.file_name() else { continue };
                let to = aside.folder.join(name);
                let name = name.to_string_lossy();
                let is_whole = name.ends_with(".json") && !name.ends_with(".info.json");
                // A link keeps the old file when another takes its name; the small ones are written in place.
                let linked = is_whole && fs::hard_link(&file, &to).is_ok();
                if !linked {
                    let _ = fs::copy(&file, &to);
                }
            }
        }
        aside
    }

    /// Takes what is kept of shards out of the cache: any of it may be damaged, and all is cheap to have again.
    pub(crate) fn forget_shards(&self) {
        remove_indexes(&self.cache, |_| true);
        let (shards, aside) = (self.cache.join(SHARDS), self.folder.join(SHARDS));
        let moved = !aside.exists() && fs::rename(&shards, &aside).is_ok();
        if !moved {
            let _ = fs::remove_dir_all(&shards);
        }
    }

    /// Puts back what was there.
    pub(crate) fn restore(&self) {
        // Not over another that has come meanwhile.
        let _ = fs::rename(self.folder.join(SHARDS), self.cache.join(SHARDS));
        for file in files(&self.folder) {
            if let Some(name) = file.file_name() {
                // A rename: whoever reads has the one file or the other, never half of one.
                let _ = fs::rename(&file, self.cache.join(name));
            }
        }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes what runs set aside that were ended by force.
pub(crate) fn forget_asides(cache: &Path) {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let (Some(parent), Some(own)) = (cache.parent(), name(cache)) else { return };
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_aside = name(&entry.path()).is_some_and(|name| {
            name.strip_prefix(&own).is_some_and(|rest| rest.starts_with(&format!(".{ASIDE}")))
        });
        let made = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        let is_old = made.and_then(|made| made.elapsed().ok()).is_some_and(|age| age > IN_USE);
        if is_aside && is_old {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The files of a folder, without locks, which others may hold.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_kept = |path: &PathBuf| {
        path.is_file() && path.extension().is_none_or(|extension| extension != "lock")
    };
    entries.map(|entry| entry.path()).filter(is_kept).collect()
}

/// Removes the indexes of shards for which `is_bad` holds of their bytes.
fn remove_indexes(cache: &Path, is_bad: impl Fn(&[u8]) -> bool) {
    for file in files(cache) {
        let is_index = file.to_string_lossy().ends_with(INDEX);
        if is_index && fs::read(&file).is_ok_and(|bytes| is_bad(&bytes)) {
            let _ = fs::remove_file(&file);
        }
    }
}

/// Forgets that channels had no index of shards, which rattler remembers for ever: they may have one by now.
/// So are those that were cut short.
pub(crate) fn forget_empty_indexes(cache: &Path) {
    remove_indexes(cache, |bytes| {
        match bytes.get(LENGTH_AT..HEAD).and_then(|it| it.try_into().ok()) {
            Some(length) => {
                let policy = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
                bytes.len() <= HEAD.saturating_add(policy)
            }
            None => true,
        }
    });
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_a_run_left_that_was_ended_by_force_goes_after_a_day() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = folder.path().join("repodata");
        for (name, hours) in
            [("repodata.aside-1", 25), ("repodata.aside-2", 1), ("other.aside-3", 25)]
        {
            let path = folder.path().join(name);
            fs::create_dir(&path).expect("a folder");
            let made = SystemTime::now() - Duration::from_hours(hours);
            fs::File::open(&path).and_then(|file| file.set_modified(made)).expect("a time");
        }
        forget_asides(&cache);
        let is_there = |name: &str| folder.path().join(name).exists();
        assert!(!is_there("repodata.aside-1"));
        assert!(is_there("repodata.aside-2") && is_there("other.aside-3"));
    }

    #[test]
    fn what_is_put_back_is_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = folder.path().join("repodata");
        fs::create_dir(&cache).expect("a folder");
        let file = cache.join("1.json");
        fs::write(&file, "good").expect("a file");
        let aside = Aside::of(&cache);
        // As rattler does it: another file takes its name.
        fs::remove_file(&file).expect("it was there");
        fs::write(&file, "bad").expect("a file");
        aside.restore();
        assert_eq!(fs::read_to_string(&file).expect("a file"), "good");
        drop(aside);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
