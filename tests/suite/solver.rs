//! The advice compared with a real solver: `tests/solver/judge.py` on a small fixed subset. `.ci/run` runs the
//! whole grid.

use crate::common;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Python for the judge: `CONDA_TORCH_PYTHON`, or the virtual environment of `.ci/run`.
fn python() -> PathBuf {
    let made = if cfg!(windows) { ".venv/Scripts/python.exe" } else { ".venv/bin/python" };
    std::env::var_os("CONDA_TORCH_PYTHON").map_or_else(|| root().join(made), PathBuf::from)
}

/// Runs a script of `tests/solver`; an error without a Python that has `py-rattler`.
fn run(arguments: &[&str]) -> Result<Output, String> {
    let python = python();
    let rattler = Command::new(&python).args(["-c", "import rattler"]).output();
    match rattler {
        Err(error) => Err(format!("{}: {error}", python.display())),
        Ok(output) if !output.status.success() => {
            Err(format!("{} has no py-rattler", python.display()))
        }
        Ok(_) => Ok(Command::new(&python)
            .args(["-B", "-W", "error::RuntimeWarning"])
            .args(arguments)
            .current_dir(root().join("tests/solver"))
            .env(common::UP_TO.0, common::UP_TO.1)
            .output()
            .expect("a Python that has just run runs again")),
    }
}

/// Fails with the script's output. Without `py-rattler`, the test is skipped, or fails in CI.
fn must_agree(arguments: &[&str]) {
    match run(arguments) {
        Ok(output) => assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(why) => skip(&why),
    }
}

fn skip(why: &str) {
    let install = "python3 -m venv .venv && .venv/bin/pip install -r tests/solver/requirements.txt";
    common::skip(&format!("the advice was not checked by a solver: {why}"), install);
}

#[test]
fn the_judge_detects_wrong_answers() {
    must_agree(&["selftest.py"]);
}

#[test]
fn migrated_files_solve_and_keep_their_packages() {
    must_agree(&["files.py"]);
}

#[test]
fn a_solver_selects_the_recommended_build() {
    must_agree(&["judge.py", "--quick", "--binary", env!("CARGO_BIN_EXE_conda-torch")]);
}
