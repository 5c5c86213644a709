//! How much room there is where something is to be written.

use std::path::Path;

use conda_torch_probe::host::Failure;

/// The room on a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    /// How many bytes this user may still write.
    pub free: u64,
    /// A mark that two folders on one file system have in common.
    pub file_system: u64,
}

/// The room where a folder is, or where it would be made.
///
/// # Errors
/// Where the system does not say.
pub fn disk_space(folder: &str) -> Result<DiskSpace, Failure> {
    let there = Path::new(folder).ancestors().find(|path| path.exists());
    look(there.ok_or(Failure::NotThere)?)
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library does not tell the room on a file system")]
#[expect(clippy::disallowed_methods, reason = "this is `Host`")]
fn look(folder: &Path) -> Result<DiskSpace, Failure> {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::MetadataExt;
    let path = std::ffi::CString::new(folder.as_os_str().as_bytes())
        .map_err(|_| Failure::Other("a path with a zero in it".to_owned()))?;
    // SAFETY: all zeros is a valid value of this plain C structure.
    let mut said: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends with a zero, and the structure is there to be written to.
    if unsafe { libc::statvfs(path.as_ptr(), &raw mut said) } != 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    // Their types differ between systems.
    let free = u128::from(said.f_bavail) * u128::from(said.f_frsize);
    let file_system = std::fs::metadata(folder)?.dev();
    Ok(DiskSpace { free: u64::try_from(free).unwrap_or(u64::MAX), file_system })
}

#[cfg(windows)]
#[expect(unsafe_code, reason = "the standard library does not tell the room on a file system")]
fn look(folder: &Path) -> Result<DiskSpace, Failure> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::os::windows::ffi::OsStrExt;
    let path: Vec<u16> = folder.as_os_str().encode_wide().chain([0]).collect();
    let mut free = 0_u64;
    let none = std::ptr::null_mut();
    // SAFETY: the path ends with a zero, the number is there to be written to, and the other two may be null.
    let said = unsafe {
        windows_sys::Win32::Storage::FileSystem::GetDiskFreeSpaceExW(
            path.as_ptr(),
            &raw mut free,
            none,
            none,
        )
    };
    if said == 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    // Its drive stands for it: a folder that another drive is mounted in is rare.
    let mut hasher = DefaultHasher::new();
    folder.components().next().hash(&mut hasher);
    Ok(DiskSpace { free, file_system: hasher.finish() })
}

#[cfg(not(any(unix, windows)))]
fn look(_: &Path) -> Result<DiskSpace, Failure> {
    Err(Failure::NotThere)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_to_be_made_has_the_room_of_the_nearest_that_is_there() {
        let there = std::env::temp_dir();
        let there = there.to_str().expect("a path");
        let is = disk_space(there).expect("the system says");
        let will_be = disk_space(&format!("{there}/no/such/folder")).expect("the system says");
        assert_eq!(is.file_system, will_be.file_system);
        assert!(is.free > 0 && will_be.free > 0);
    }
}
