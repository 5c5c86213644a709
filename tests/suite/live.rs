//! `conda-torch-live` with a channel on loopback: `tests/live/judge.py`, with the program of
//! `CONDA_TORCH_LIVE`, or the one next to the tests.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python for the judge: `CONDA_TORCH_PYTHON`, or the virtual environment of `.ci/run`.
fn python() -> PathBuf {
    let made = if cfg!(windows) { ".venv/Scripts/python.exe" } else { ".venv/bin/python" };
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join(made);
    std::env::var_os("CONDA_TORCH_PYTHON").map_or(made, PathBuf::from)
}

fn live_program() -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_conda-torch"))
        .with_file_name(format!("conda-torch-live{}", std::env::consts::EXE_SUFFIX));
    std::env::var_os("CONDA_TORCH_LIVE").map_or(beside, PathBuf::from)
}

/// Whether a source file is newer than the program.
fn is_stale(live: &Path) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let changed = |path: &Path| path.metadata().and_then(|it| it.modified()).ok();
    let folders = [
        "crates/conda-torch-live/src",
        "crates/conda-torch-core/src/channel",
        "crates/conda-torch-core/src/types",
    ]
    .map(|folder| root.join(folder));
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let files = files.filter_map(|entry| Some(entry.ok()?.path()));
    let newest =
        files.chain([root.join("live/Cargo.toml")]).filter_map(|file| changed(&file)).max();
    changed(live) < newest
}

/// Why the program cannot be tested here, if so.
fn obstacle(python: &Path, live: &Path) -> Option<String> {
    if cfg!(not(target_os = "linux")) {
        return Some("the judge runs on Linux".to_owned());
    }
    if !live.is_file() {
        return Some(format!("there is no {}", live.display()));
    }
    if is_stale(live) {
        return Some(format!("{} is older than its sources", live.display()));
    }
    let packages = Command::new(python).args(["-c", "import msgpack, rattler, zstandard"]).output();
    match packages {
        Err(error) => Some(format!("{}: {error}", python.display())),
        Ok(output) if !output.status.success() => {
            Some(format!("{} lacks packages of tests/live/requirements.txt", python.display()))
        }
        Ok(_) => None,
    }
}

#[test]
fn reads_every_channel_format_and_reports_every_fault() {
    let (python, live) = (python(), live_program());
    if let Some(why) = obstacle(&python, &live) {
        // The test harness would capture stdout.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: conda-torch-live: {why}; to run it: cargo build -p \
             conda-torch-live && .venv/bin/pip install -r tests/live/requirements.txt"
        );
        return;
    }
    let output = Command::new(python)
        .args(["-B", "tests/live/judge.py", "--live"])
        .arg(live)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("a Python that has just run runs again");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}
