//! Input that is read as a stream: it may be larger than memory.

use std::io::{self, Read};

use conda_torch_probe::host::Failure;

/// A file, or standard input for `-`.
///
/// # Errors
/// If it cannot be opened, or is a folder.
pub fn open_input(path: &str) -> Result<Box<dyn Read>, Failure> {
    if path == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = std::fs::File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(Failure::Other("a folder".to_owned()));
    }
    Ok(Box::new(file))
}

/// The name of this host.
pub fn host_name() -> Option<String> {
    sysinfo::System::host_name().ok().filter(|name| !name.is_empty())
}
