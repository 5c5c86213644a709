//! Helpers of several tests.

pub(crate) mod facts;

use std::sync::LazyLock;

use conda_torch_core::matrix::Matrix;
use conda_torch_core::types::Machine;

/// For a run of the program: the rows that the expectations were written for. A release adds rows and changes no test.
pub(crate) const UP_TO: (&str, &str) = ("CONDA_TORCH_UP_TO", include_str!("../../up_to"));

/// The same rows.
pub(crate) fn matrix() -> &'static Matrix {
    static MATRIX: LazyLock<Matrix> =
        LazyLock::new(|| Matrix::embedded().up_to(UP_TO.1).expect("a version and a day"));
    &MATRIX
}

/// A recorded machine by its name.
pub(crate) fn machine(name: &str) -> Machine {
    let path = format!("{}/tests/machines/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let document: serde_json::Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_value(document["machine"].clone())
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names of all recorded machines.
pub(crate) fn machine_names() -> Vec<String> {
    let folder = format!("{}/tests/machines", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder of machines")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Whether the process with the ID in a file ends. A killed process takes a moment.
#[cfg(unix)]
pub(crate) fn ends(file: &std::path::Path) -> bool {
    let number = std::fs::read_to_string(file).expect("the number of a process");
    for _ in 0..600 {
        let mut ps = std::process::Command::new("ps");
        let output = ps.args(["-o", "stat=", "-p", number.trim()]).output().expect("ps");
        let state = String::from_utf8_lossy(&output.stdout);
        if state.trim().is_empty() || state.trim().starts_with('Z') {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    false
}

/// Reports a test whose tool is missing. Under `CI` that is a failure.
pub(crate) fn skip(what: &str, install: &str) {
    let text = format!("SKIPPED: {what}; to run it: {install}");
    assert!(std::env::var_os("CI").is_none_or(|value| value.is_empty()), "{text}");
    // The test harness would capture stdout.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{text}\n").as_bytes());
}
