//! A folder for files that a client needs during a dry run.

use conda_torch_probe::host::Failure;

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
