//! The space on a file system.

use std::path::Path;

use conda_torch_probe::host::Failure;

/// The space on a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    /// How many bytes this user can still write.
    pub free: u64,
    /// The same number for all folders of one file system.
    pub file_system: u64,
}

/// The space for a folder, which need not exist yet.
///
/// # Errors
/// If the system does not report it.
pub fn disk_space(folder: &str) -> Result<DiskSpace, Failure> {
    let existing = Path::new(folder).ancestors().find(|path| path.exists());
    of_existing(existing.ok_or(Failure::NotThere)?)
}

#[cfg(unix)]
fn of_existing(folder: &Path) -> Result<DiskSpace, Failure> {
    use std::os::unix::fs::MetadataExt;
    let space = rustix::fs::statvfs(folder).map_err(std::io::Error::from)?;
    let file_system = std::fs::metadata(folder)?.dev();
    Ok(DiskSpace { free: space.f_bavail.saturating_mul(space.f_frsize), file_system })
}

#[cfg(windows)]
#[expect(unsafe_code, reason = "the standard library does not report the space on a disk")]
fn of_existing(folder: &Path) -> Result<DiskSpace, Failure> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::os::windows::ffi::OsStrExt;
    use windows_sys::Win32::Storage::FileSystem::GetDiskFreeSpaceExW;
    let path: Vec<u16> = folder.as_os_str().encode_wide().chain([0]).collect();
    let mut free = 0_u64;
    let none = std::ptr::null_mut();
    // SAFETY: the path ends with a zero, the number can be written to, and the other two may be null.
    if unsafe { GetDiskFreeSpaceExW(path.as_ptr(), &raw mut free, none, none) } == 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    // Named by its drive: a folder with another drive mounted in it is rare.
    let mut hasher = DefaultHasher::new();
    folder.components().next().hash(&mut hasher);
    Ok(DiskSpace { free, file_system: hasher.finish() })
}

#[cfg(not(any(unix, windows)))]
fn of_existing(_: &Path) -> Result<DiskSpace, Failure> {
    Err(Failure::NotThere)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_has_the_space_of_its_nearest_existing_parent() {
        let existing = std::env::temp_dir();
        let existing = existing.to_str().expect("a path");
        let space = disk_space(existing).expect("reported");
        let below = disk_space(&format!("{existing}/no/such/folder")).expect("reported");
        assert_eq!(space.file_system, below.file_system);
        assert!(space.free > 0 && below.free > 0);
    }
}
