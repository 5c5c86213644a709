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
pub fn disk_space(folder: &str) -> Result<DiskSpace, Failure> {
    let existing = Path::new(folder).ancestors().find(|path| path.exists());
    let existing = existing.ok_or(Failure::NotThere)?;
    Ok(DiskSpace { free: fs4::available_space(existing)?, file_system: file_system(existing)? })
}

#[cfg(unix)]
fn file_system(folder: &Path) -> std::io::Result<u64> {
    std::fs::metadata(folder).map(|metadata| std::os::unix::fs::MetadataExt::dev(&metadata))
}

/// The drive: a folder with another drive mounted in it is rare.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
fn file_system(folder: &Path) -> std::io::Result<u64> {
    use std::hash::BuildHasher;
    let hasher = std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default();
    Ok(hasher.hash_one(folder.components().next()))
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
