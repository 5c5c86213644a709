//! A folder for a short while: it goes when it is no longer needed.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use conda_torch_probe::host::Failure;

/// A new folder of this user's alone; removed with all that is in it at the end of its life.
#[derive(Debug)]
pub struct TempFolder {
    folder: PathBuf,
}

impl TempFolder {
    /// Makes one where the system has such folders.
    ///
    /// # Errors
    /// Where it cannot be made.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is `Host`; the time makes the name a new one"
    )]
    pub fn new() -> Result<Self, Failure> {
        let process = std::process::id();
        let start =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.subsec_nanos());
        for number in 0..100_u32 {
            let name = format!("conda-torch-{process}-{}", start.wrapping_add(number));
            let folder = std::env::temp_dir().join(name);
            // Never one that is there: it may be somebody else's.
            match builder().create(&folder) {
                Ok(()) => return Ok(Self { folder }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::Other("every name for it is taken".to_owned()))
    }

    /// A file or folder in it, which need not be there.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    /// Writes a file in it.
    ///
    /// # Errors
    /// Where that does not work.
    #[expect(clippy::disallowed_methods, reason = "this is `Host`")]
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        Ok(std::fs::write(self.folder.join(name), text)?)
    }
}

#[cfg(unix)]
fn builder() -> std::fs::DirBuilder {
    let mut builder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(not(unix))]
fn builder() -> std::fs::DirBuilder {
    std::fs::DirBuilder::new()
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // What cannot be removed stays for the system to tidy up.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_gone_with_all_that_is_in_it_in_the_end() {
        let scratch = TempFolder::new().expect("a folder");
        scratch.write("pixi.toml", "[workspace]").expect("written");
        let file = scratch.path("pixi.toml");
        assert!(std::path::Path::new(&file).is_file());
        drop(scratch);
        assert!(!std::path::Path::new(&file).parent().expect("a folder").exists());
    }

    #[test]
    fn two_at_once_are_two() {
        let (one, other) = (TempFolder::new().expect("one"), TempFolder::new().expect("another"));
        assert_ne!(one.path("x"), other.path("x"));
    }
}
