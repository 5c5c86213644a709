//! Replaces a file. Windows keeps its owner, access rights and attributes.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::windows::ffi::OsStrExt;
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::ReplaceFileW;

use super::{backup_names, content, too_many_backups};

/// Replaces a file. Returns the name of the backup; `None` if the content is not `old`.
pub(super) fn replace(
    folder: &Path,
    name: &OsStr,
    old: &[u8],
    new: &[u8],
) -> io::Result<Option<OsString>> {
    let path = folder.join(name);
    let is_old = |path: &Path| Ok::<_, io::Error>(content(&File::open(path)?, old.len())? == old);
    if !is_old(&path)? {
        return Ok(None);
    }
    if fs::metadata(&path)?.permissions().readonly() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let is_free = |name: &OsString| fs::symlink_metadata(folder.join(name)).is_err();
    let backup = backup_names(name).find(is_free).ok_or_else(too_many_backups)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(new)?;
    file.as_file().sync_all()?;
    // The system opens it alone.
    let file = file.into_temp_path();
    exchange(&path, &file, &folder.join(&backup))?;
    Ok(is_old(&folder.join(&backup))?.then_some(backup))
}

/// Puts a new file in the place of an old one, which becomes the backup.
#[expect(unsafe_code, reason = "the standard library keeps no backup")]
fn exchange(old: &Path, new: &Path, backup: &Path) -> io::Result<()> {
    let [old, new, backup] = [old, new, backup]
        .map(|path| path.as_os_str().encode_wide().chain([0]).collect::<Vec<u16>>());
    let null = std::ptr::null;
    // SAFETY: three NUL-terminated texts that live until the call returns; the other two are reserved.
    let done =
        unsafe { ReplaceFileW(old.as_ptr(), new.as_ptr(), backup.as_ptr(), 0, null(), null()) };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
