//! Writes the man pages into a folder: `cargo run --example man_pages FOLDER`.

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| std::io::Error::other("expected a folder"))?;
    std::fs::create_dir_all(&folder)?;
    clap_mangen::generate_to(conda_torch::cli::command(), folder)
}
