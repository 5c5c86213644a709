//! The one door through which a file of the user's is changed: whole or not at all, and with the old
//! one kept beside it. Not in [`Host`](conda_torch_probe::host::Host): what only looks cannot write.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use conda_torch_probe::host::Failure;

/// What could not be done; the file is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{step}: {failure}")]
pub struct SaveFailed {
    /// What was being done.
    step: String,
    /// Why it failed.
    failure: Failure,
}

/// How many old copies may lie beside a file.
const BACKUPS: u32 = 1000;

/// Puts `new` in the place of `old`, which must be what the file holds. A symbolic link stays one: the
/// file that it leads to is changed. Returns the path of the copy of the old file.
///
/// # Errors
/// Where the file has changed meanwhile, or its folder may not be written to. Nothing is changed then.
pub fn save(path: &str, old: &[u8], new: &[u8]) -> Result<String, SaveFailed> {
    let target = fs::canonicalize(path).map_err(during(format!("cannot find `{path}`")))?;
    let permissions =
        unchanged(&target, old).map_err(during(format!("cannot read `{path}` again")))?;
    let (backup, temporary) = (backup_of(&target)?, beside(&target, ".conda-torch-new"));
    let named = backup.display().to_string();
    create(&backup, old, &permissions)
        .inspect_err(|error| remove_unless_there(&backup, error))
        .map_err(during(format!("cannot write the copy `{named}`")))?;
    let replaced = create(&temporary, new, &permissions)
        .inspect_err(|error| remove_unless_there(&temporary, error))
        .and_then(|()| {
            keep_owner(&target, &temporary);
            fs::rename(&temporary, &target).inspect_err(|_| remove(&temporary))
        });
    if let Err(error) = replaced {
        remove(&backup);
        return Err(during(format!("cannot write beside `{path}`"))(error));
    }
    // The new name lasts once its folder is written. Where that cannot be asked for, the file is
    // there all the same.
    if let Some(folder) = target.parent().and_then(|folder| open(folder).ok()) {
        let _ = folder.sync_all();
    }
    Ok(named)
}

fn during(step: String) -> impl FnOnce(io::Error) -> SaveFailed {
    move |error| SaveFailed { step, failure: error.into() }
}

#[expect(clippy::disallowed_methods, reason = "what is to be replaced is read here again")]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// The permissions of a file that holds what is expected.
fn unchanged(path: &Path, old: &[u8]) -> io::Result<Permissions> {
    let mut file = open(path)?;
    let metadata = file.metadata()?;
    if metadata.permissions().readonly() {
        return Err(io::Error::from(io::ErrorKind::PermissionDenied));
    }
    let mut found = Vec::with_capacity(old.len());
    file.read_to_end(&mut found)?;
    if found == old {
        Ok(metadata.permissions())
    } else {
        Err(io::Error::other("it has changed meanwhile"))
    }
}

/// A name beside a file.
fn beside(target: &Path, suffix: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The first free name for a copy: `.bak`, `.bak2`, …
fn backup_of(target: &Path) -> Result<PathBuf, SaveFailed> {
    let suffix = |number| match number {
        1 => ".bak".to_owned(),
        number => format!(".bak{number}"),
    };
    // A dangling link is in the way too.
    let free = |path: &PathBuf| fs::symlink_metadata(path).is_err();
    (1..=BACKUPS).map(|number| beside(target, &suffix(number))).find(free).ok_or_else(|| {
        let step = format!("cannot copy `{}`", target.display());
        SaveFailed { step, failure: Failure::Other(format!("{BACKUPS} old copies are there")) }
    })
}

/// Writes a file that must not be there yet, and waits until it is on the disk.
fn create(path: &Path, bytes: &[u8], permissions: &Permissions) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.set_permissions(permissions.clone())?;
    file.sync_all()
}

fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

/// Takes back what was written by half; not what somebody else put there.
fn remove_unless_there(path: &Path, error: &io::Error) {
    if error.kind() != io::ErrorKind::AlreadyExists {
        remove(path);
    }
}

/// Keeps owner and group, where this user may.
#[cfg(unix)]
fn keep_owner(from: &Path, to: &Path) {
    use std::os::unix::fs::MetadataExt;
    if let Ok(metadata) = fs::symlink_metadata(from) {
        let _ = std::os::unix::fs::chown(to, Some(metadata.uid()), Some(metadata.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_from: &Path, _to: &Path) {}
