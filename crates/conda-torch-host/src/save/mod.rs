//! Replaces a file of the user. Not part of [`Host`](conda_torch_probe::host::Host), which cannot write.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};

use conda_torch_probe::host::Failure;

use crate::signals::Signals;

#[cfg(unix)]
use unix::replace;
#[cfg(windows)]
use windows::replace;

/// Why a file was not replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SaveFailed {
    /// Its content is not the expected one; the change of the other program is in the file or in a backup.
    #[error("the file has changed")]
    Changed,
    /// A step failed: what could not be done, and why. The file is unchanged.
    #[error("{0}: {1}")]
    Step(String, Failure),
}

/// Replaces `old`, which must be the content of the file, with `new`, as one step: at every moment the file is the
/// old or the new one. What stood there becomes the backup, whose path is returned. A symbolic link is kept: the file
/// that it points to is replaced. Owner, permissions and extended attributes stay.
///
/// A signal to end is kept for [`received_signal`](crate::received_signal) until the file is whole.
///
/// # Errors
/// If the file has changed since, is no regular file, has hard links, or its folder cannot be written to.
pub fn save(path: &str, old: &[u8], new: &[u8]) -> Result<String, SaveFailed> {
    let _signals = Signals::catch();
    let step = |error: io::Error| SaveFailed::Step(format!("cannot write `{path}`"), error.into());
    let target = fs::canonicalize(path).map_err(step)?;
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(step(io::ErrorKind::IsADirectory.into()));
    };
    match replace(folder, name, old, new) {
        Ok(Some(backup)) => Ok(folder.join(backup).display().to_string()),
        Ok(None) => Err(SaveFailed::Changed),
        Err(error) => Err(step(error)),
    }
}

/// The most backups of a file.
const BACKUPS: u32 = 1000;

/// The names for backups: `.bak`, `.bak2`, …
fn backup_names(name: &OsStr) -> impl Iterator<Item = OsString> {
    (1..=BACKUPS).map(move |number| {
        let mut backup = name.to_owned();
        backup.push(if number == 1 { ".bak".to_owned() } else { format!(".bak{number}") });
        backup
    })
}

fn too_many_backups() -> io::Error {
    io::Error::other(format!("{BACKUPS} backups exist"))
}

/// The content of a file, of which one byte more than `limit` is enough.
fn content(file: &File, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
