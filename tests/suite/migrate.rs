//! The commands of `migrate`, run by real clients on recorded channels: `tests/migrate/judge.py` for each client
//! in `CONDA_TORCH_CLIENTS`, such as `/opt/conda/bin/conda=libmamba:/usr/bin/micromamba`.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

/// The clients for the judge.
fn clients() -> Vec<String> {
    let named = std::env::var("CONDA_TORCH_CLIENTS").unwrap_or_default();
    named.split(':').filter(|client| !client.is_empty()).map(str::to_owned).collect()
}

fn python() -> PathBuf {
    std::env::var_os("CONDA_TORCH_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from)
}

#[test]
fn printed_commands_create_the_planned_environment() {
    let clients = clients();
    if clients.is_empty() || cfg!(not(target_os = "linux")) {
        // The test harness would capture stdout.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no real clients; to run it: \
             CONDA_TORCH_CLIENTS=/opt/conda/bin/conda=libmamba,classic:/usr/bin/micromamba"
        );
        return;
    }
    let output = Command::new(python())
        .args(["-B", "tests/migrate/judge.py", "--binary", env!("CARGO_BIN_EXE_conda-torch")])
        .args(&clients)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("a Python that runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}
