//! Writes files. [`save`] replaces a file of the user atomically and keeps a copy of the
//! old one. Not part of [`Host`](conda_torch_probe::host::Host), which cannot write.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use conda_torch_probe::host::Failure;

/// A step that failed. The file is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}: {1}")]
pub struct SaveFailed(String, Failure);

/// The most copies of a file.
const BACKUPS: u32 = 1000;

/// Replaces `old`, which must be the content of the file, with `new`. A symbolic link is kept: the file that
/// it points to is replaced. Returns the path of the copy.
///
/// # Errors
/// If the file has changed since, or its folder cannot be written to. Nothing is changed then.
pub fn save(path: &str, old: &[u8], new: &[u8]) -> Result<String, SaveFailed> {
    let target = fs::canonicalize(path).map_err(failed(format!("cannot find `{path}`")))?;
    let permissions =
        unchanged(&target, old).map_err(failed(format!("cannot read `{path}` again")))?;
    let cannot_copy = format!("cannot copy `{}`", target.display());
    let backup = backup_path(&target).map_err(failed(cannot_copy))?;
    let shown = backup.display().to_string();
    create(&backup, old, &permissions)
        .map_err(failed(format!("cannot write the copy `{shown}`")))?;
    if let Err(error) = replace(&target, new, &permissions) {
        let _ = fs::remove_file(&backup);
        return Err(failed(format!("cannot write beside `{path}`"))(error));
    }
    Ok(shown)
}

fn failed(step: String) -> impl FnOnce(io::Error) -> SaveFailed {
    move |error| SaveFailed(step, error.into())
}

/// The permissions of a file whose content is as expected.
fn unchanged(path: &Path, old: &[u8]) -> io::Result<Permissions> {
    let permissions = fs::metadata(path)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::from(io::ErrorKind::PermissionDenied));
    }
    if fs::read(path)? == old {
        Ok(permissions)
    } else {
        Err(io::Error::other("the file has changed"))
    }
}

/// The first free name for a copy: `.bak`, `.bak2`, …
fn backup_path(target: &Path) -> io::Result<PathBuf> {
    let path = |number: u32| {
        let mut name = target.as_os_str().to_owned();
        name.push(if number == 1 { ".bak".to_owned() } else { format!(".bak{number}") });
        PathBuf::from(name)
    };
    // A dangling link is not free either.
    let is_free = |path: &PathBuf| fs::symlink_metadata(path).is_err();
    let free = (1..=BACKUPS).map(path).find(is_free);
    free.ok_or_else(|| io::Error::other(format!("{BACKUPS} copies exist")))
}

/// Writes a file that must not exist yet.
fn create(path: &Path, bytes: &[u8], permissions: &Permissions) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    write(&mut file, bytes, permissions).inspect_err(|_| drop(fs::remove_file(path)))
}

/// Writes to a file, and waits until it is on the disk.
fn write(file: &mut File, bytes: &[u8], permissions: &Permissions) -> io::Result<()> {
    file.write_all(bytes)?;
    file.set_permissions(permissions.clone())?;
    file.sync_all()
}

/// Replaces a file, and keeps its owner and group if this user may set them.
fn replace(target: &Path, bytes: &[u8], permissions: &Permissions) -> io::Result<()> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    write(new.as_file_mut(), bytes, permissions)?;
    #[cfg(unix)]
    if let Ok(metadata) = fs::symlink_metadata(target) {
        use std::os::unix::fs::{MetadataExt, chown};
        let _ = chown(new.path(), Some(metadata.uid()), Some(metadata.gid()));
    }
    new.persist(target)?;
    // The new name is only durable once its folder is on the disk, where the system supports that.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// A new folder that only this user can read; removed with its content when dropped.
#[derive(Debug)]
pub struct TempFolder(tempfile::TempDir);

impl TempFolder {
    /// Creates a folder among the system's temporary files.
    pub fn new() -> Result<Self, Failure> {
        Ok(Self(tempfile::Builder::new().prefix("conda-torch-").tempdir()?))
    }

    /// The path of a file or folder in it, which need not exist.
    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_string_lossy().into_owned()
    }

    /// Writes a file in it.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        Ok(std::fs::write(self.0.path().join(name), text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_removed_with_its_content() {
        let folder = TempFolder::new().expect("a folder");
        folder.write("pixi.toml", "[workspace]").expect("written");
        let file = folder.path("pixi.toml");
        assert!(std::path::Path::new(&file).is_file());
        drop(folder);
        assert!(!std::path::Path::new(&file).parent().expect("a folder").exists());
    }
}
