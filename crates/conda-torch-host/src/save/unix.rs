//! Replaces a file without trusting its folder, which another user may own: its names can become others at any
//! moment. Everything is done on open files, and by names in the open folder that are never followed.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{
    AtFlags, Mode, OFlags, RenameFlags, linkat, openat, renameat, renameat_with, unlinkat,
};
use rustix::io::Errno;
use xattr::FileExt;

use super::{backup_names, content, too_many_backups};
use crate::signals;

/// How often another run is asked for, and the time between.
const LOCK: (u32, Duration) = (500, Duration::from_millis(20));

/// Replaces a file. Returns the name of the backup; `None` if the content is not `old`.
pub(super) fn replace(
    folder: &Path,
    name: &OsStr,
    old: &[u8],
    new: &[u8],
) -> io::Result<Option<OsString>> {
    let folder = File::open(folder)?;
    let file = open(&folder, name)?;
    lock(&file)?;
    let limit = old.len().max(new.len());
    let is_old = |file: &File| Ok::<_, io::Error>(content(file, limit)? == old);
    if !is_same(&open(&folder, name)?, &file)? || !is_old(&file)? {
        return Ok(None);
    }

    let (mut free, mut copy) = (Vec::new(), None);
    for backup in backup_names(name) {
        let found = open(&folder, &backup);
        if let Ok(found) = &found
            && let Ok(text) = content(found, limit)
        {
            // Left by a run that was killed: the new text or its beginning, or a link to the file.
            if is_same(found, &file)? || new.starts_with(&text) {
                unlinkat(&folder, &backup, AtFlags::empty())?;
                free.push(backup);
            } else if text == old && is_alone(found)? && copy.is_none() && free.is_empty() {
                copy = Some(backup);
            }
        } else if found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            free.push(backup);
        }
        if free.len() == 2 {
            break;
        }
    }
    let [backup, second] = &free[..] else { return Err(too_many_backups()) };
    let metadata = file.metadata()?;
    if metadata.permissions().readonly() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    if !is_alone(&file)? {
        let links = metadata.nlink();
        return Err(io::Error::other(format!(
            "it is one of {links} hard links to the file, and the others would keep the old text; remove them first"
        )));
    }

    let write_to = |new_file: &mut File| {
        new_file.write_all(new)?;
        copy_attributes(&file, new_file)?;
        new_file.sync_all()
    };
    let new_file = match create_unnamed(&folder, backup, write_to) {
        Some(created) => created?,
        None => create(&folder, backup, write_to)?,
    };
    let exchanged = exchange(&folder, name, backup, second, is_old);
    if !matches!(exchanged, Ok(true)) {
        // Perhaps not the new file any more: then a change that another program made a moment ago.
        if open(&folder, backup).and_then(|found| is_same(&found, &new_file)).unwrap_or(false) {
            unlinkat(&folder, backup, AtFlags::empty())?;
        }
        return exchanged.map(|_| None);
    }
    let backup = match copy {
        Some(copy) => renameat(&folder, backup, &folder, &copy).map(|()| copy)?,
        None => backup.clone(),
    };
    // The new names are only durable once the folder is on the disk, where the system supports that.
    let _ = folder.sync_all();
    Ok(Some(backup))
}

/// Opens a regular file. A link is an error, and a pipe does not wait.
fn open(folder: &File, name: &OsStr) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(openat(folder, name, flags | OFlags::RDONLY, Mode::empty())?);
    let is_file = file.metadata()?.is_file();
    if is_file { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

/// Waits for another run that writes the same file.
fn lock(file: &File) -> io::Result<()> {
    let (times, pause) = LOCK;
    for _ in 0..times {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if signals::received().is_none() => {
                std::thread::sleep(pause);
            }
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::Interrupted.into()),
            // Some network file systems have no locks.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(()),
        }
    }
    Err(io::Error::other("another program has locked it"))
}

fn is_same(one: &File, other: &File) -> io::Result<bool> {
    let (one, other) = (one.metadata()?, other.metadata()?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

/// Whether a file has one name only.
fn is_alone(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.nlink() == 1)
}

/// The access to a file that is not filled yet: its owner's.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// Creates a file that gets its name when it is filled, so that nothing is left if this process is killed. `None`
/// where the system has no such files.
fn create_unnamed(
    folder: &File,
    name: &OsStr,
    write_to: impl Fn(&mut File) -> io::Result<()>,
) -> Option<io::Result<File>> {
    #[cfg(target_os = "linux")]
    {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let mut file = File::from(openat(folder, ".", flags, PRIVATE).ok()?);
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
        let follow = AtFlags::SYMLINK_FOLLOW;
        Path::new(&path).exists().then(|| {
            write_to(&mut file)?;
            linkat(rustix::fs::CWD, path, folder, name, follow)?;
            Ok(file)
        })
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (folder, name, write_to);
        None
    }
}

/// Creates a file that must not exist yet.
fn create(
    folder: &File,
    name: &OsStr,
    write_to: impl Fn(&mut File) -> io::Result<()>,
) -> io::Result<File> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::RDWR | OFlags::CLOEXEC;
    let mut file = File::from(openat(folder, name, flags, PRIVATE)?);
    write_to(&mut file).inspect_err(|_| {
        let _ = unlinkat(folder, name, AtFlags::empty());
    })?;
    Ok(file)
}

/// Gives a file the owner, the extended attributes and the permissions of another.
fn copy_attributes(from: &File, to: &File) -> io::Result<()> {
    let (wanted, own) = (from.metadata()?, to.metadata()?);
    let is_owner = (own.uid(), own.gid()) == (wanted.uid(), wanted.gid());
    if !is_owner && fchown(to, Some(wanted.uid()), Some(wanted.gid())).is_err() {
        return Err(io::Error::other(
            "its owner or group is another, and this user may not set it",
        ));
    }
    // The system sets these itself, and may refuse others.
    let is_system = |name: &OsStr| {
        let name = name.as_encoded_bytes();
        name.starts_with(b"security.") || name.starts_with(b"com.apple.")
    };
    let names = |file: &File| match file.list_xattr() {
        Ok(names) => Ok(names.collect()),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(Vec::new()),
        Err(error) => Err(error),
    };
    let kept: Vec<OsString> = names(from)?;
    // Such as the access that the folder gives to others by default.
    for name in names(to)?.iter().filter(|name| !kept.contains(name) && !is_system(name)) {
        to.remove_xattr(name)?;
    }
    for name in &kept {
        let Some(value) = from.get_xattr(name)? else { continue };
        let result = to.set_xattr(name, &value);
        if !is_system(name) {
            result?;
        }
    }
    to.set_permissions(Permissions::from_mode(wanted.mode() & 0o7777))
}

/// Exchanges the new file, which has the name of the backup, with the old one. If that is not the expected one, they
/// are exchanged back: `false`.
fn exchange(
    folder: &File,
    name: &OsStr,
    backup: &OsStr,
    second: &OsStr,
    is_old: impl Fn(&File) -> io::Result<bool> + Copy,
) -> io::Result<bool> {
    let swap = || renameat_with(folder, backup, folder, name, RenameFlags::EXCHANGE);
    match swap() {
        Ok(()) if is_expected(folder, backup, is_old) => Ok(true),
        Ok(()) => Ok(swap().map(|()| false)?),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            replace_linked(folder, name, backup, second, is_old)
        }
        Err(error) => Err(error.into()),
    }
}

/// The same on a file system without exchanges, such as NFS: the old file gets a second name, and the new one takes
/// its first.
fn replace_linked(
    folder: &File,
    name: &OsStr,
    backup: &OsStr,
    second: &OsStr,
    is_old: impl Fn(&File) -> io::Result<bool> + Copy,
) -> io::Result<bool> {
    linkat(folder, name, folder, second, AtFlags::empty())?;
    if !is_expected(folder, second, is_old) {
        unlinkat(folder, second, AtFlags::empty())?;
        return Ok(false);
    }
    renameat(folder, backup, folder, name)?;
    renameat(folder, second, folder, backup)?;
    Ok(true)
}

fn is_expected(folder: &File, name: &OsStr, is_old: impl Fn(&File) -> io::Result<bool>) -> bool {
    open(folder, name).and_then(|file| is_old(&file)).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder with a file `a.yml`, as a path and open.
    fn folder(text: &str) -> (tempfile::TempDir, File) {
        let path = tempfile::tempdir().expect("a folder");
        fs::write(path.path().join("a.yml"), text).expect("a file");
        let folder = File::open(path.path()).expect("it opens");
        (path, folder)
    }

    fn text(folder: &tempfile::TempDir, name: &str) -> String {
        fs::read_to_string(folder.path().join(name)).unwrap_or_default()
    }

    fn names(folder: &tempfile::TempDir) -> Vec<OsString> {
        let entries = fs::read_dir(folder.path()).expect("the folder");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    }

    fn mode(file: &File) -> u32 {
        file.metadata().expect("it exists").mode() & 0o7777
    }

    #[test]
    fn nobody_else_can_read_a_file_that_is_not_filled() {
        let (path, folder) = folder("old");
        let name = OsStr::new("a.yml.bak");
        let write_to = |is_named: bool| {
            let path = &path;
            move |file: &mut File| {
                assert_eq!(mode(file), 0o600);
                assert_eq!(names(path).len(), 1 + usize::from(is_named));
                file.write_all(b"new")
            }
        };
        create(&folder, name, write_to(true)).expect("created");
        assert_eq!(text(&path, "a.yml.bak"), "new");
        assert!(create(&folder, name, write_to(true)).is_err(), "the name is taken");
        fs::remove_file(path.path().join(name)).expect("removed");
        if let Some(created) = create_unnamed(&folder, name, write_to(false)) {
            created.expect("created");
            assert_eq!(text(&path, "a.yml.bak"), "new");
            assert!(create_unnamed(&folder, name, write_to(true)).expect("as before").is_err());
        }
        let failed = |_: &mut File| Err(io::ErrorKind::StorageFull.into());
        let other = OsStr::new("b");
        assert!(create(&folder, other, failed).is_err());
        assert!(create_unnamed(&folder, other, failed).is_none_or(|it| it.is_err()));
        assert_eq!(names(&path), ["a.yml", "a.yml.bak"]);
    }

    /// The owner of the folder puts a link to a file of another user in the place of the new file.
    #[test]
    fn owner_and_permissions_are_set_on_the_open_file() {
        let (path, folder) = folder("old");
        let other = tempfile::NamedTempFile::new().expect("a file");
        other.as_file().set_permissions(Permissions::from_mode(0o600)).expect("set");
        let from = open(&folder, OsStr::new("a.yml")).expect("it opens");
        from.set_permissions(Permissions::from_mode(0o664)).expect("set");
        let at = path.path().join("b");
        let swap = |file: &mut File| {
            fs::rename(&at, path.path().join("moved"))?;
            symlink(other.path(), &at)?;
            copy_attributes(&from, file)
        };
        let file = create(&folder, OsStr::new("b"), swap).expect("created");
        assert_eq!(mode(&file), 0o664);
        assert_eq!(mode(other.as_file()), 0o600);
        assert!(create(&folder, OsStr::new("b"), swap).is_err(), "a link is not followed");
        assert!(open(&folder, OsStr::new("b")).is_err());
    }

    #[test]
    fn a_change_just_before_the_exchange_stays_in_the_file() {
        for exchange_by in [exchange, replace_linked] {
            let (path, folder) = folder("of an editor");
            fs::write(path.path().join("a.yml.bak"), "new").expect("written");
            let [name, backup, second] = ["a.yml", "a.yml.bak", "a.yml.bak2"].map(OsStr::new);
            let is_old = |file: &File| Ok(content(file, 99)? == b"old");
            assert!(!exchange_by(&folder, name, backup, second, is_old).expect("no failure"));
            assert_eq!(text(&path, "a.yml"), "of an editor");
            assert_eq!(text(&path, "a.yml.bak"), "new");
            fs::write(path.path().join("a.yml"), "old").expect("written");
            assert!(exchange_by(&folder, name, backup, second, is_old).expect("no failure"));
            assert_eq!(text(&path, "a.yml"), "new");
            assert_eq!(text(&path, "a.yml.bak"), "old");
            assert_eq!(names(&path).len(), 2);
        }
    }

    /// A file that an editor has open is the backup itself: what the editor still writes is there.
    #[test]
    fn the_backup_is_the_old_file_itself() {
        let (path, _) = folder("old");
        let mut editor =
            fs::OpenOptions::new().append(true).open(path.path().join("a.yml")).expect("open");
        let saved = replace(path.path(), OsStr::new("a.yml"), b"old", b"new").expect("saved");
        assert_eq!(saved, Some("a.yml.bak".into()));
        editor.write_all(b" and more").expect("written");
        assert_eq!(text(&path, "a.yml.bak"), "old and more");
        let again = replace(path.path(), OsStr::new("a.yml"), b"old", b"new").expect("no failure");
        assert_eq!(again, None, "the file has changed");
    }
}
