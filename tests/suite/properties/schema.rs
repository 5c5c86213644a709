//! Every document against the published schema, by an independent validator: Python's `jsonschema`, in
//! one process. One in Rust would cost a minute of compiling.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use conda_torch_core::report::probe;

use super::holds;

/// Reads documents from stdin, one per line, and prints the errors of each.
const VALIDATE: &str = "\
import json, sys
import jsonschema
schema = json.loads(open(sys.argv[1]).read())
validator = jsonschema.validators.validator_for(schema)(schema)
for number, line in enumerate(sys.stdin):
    error = next(validator.iter_errors(json.loads(line)), None)
    if error:
        sys.exit(f'document {number}: {\"/\".join(map(str, error.path))}: {error.message[:300]}')
";

/// One case of so many: the validator is slow.
const SOME: usize = 3;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// As in `tests/solver.rs`: `CONDA_TORCH_PYTHON`, or the virtual environment of `.ci/run`.
fn python() -> Option<PathBuf> {
    let made = if cfg!(windows) { ".venv/Scripts/python.exe" } else { ".venv/bin/python" };
    let named =
        std::env::var_os("CONDA_TORCH_PYTHON").map_or_else(|| root().join(made), PathBuf::from);
    let found =
        Command::new(&named).args(["-c", "import jsonschema"]).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success()).then_some(named)
}

fn validate(python: &Path, schema: &str, name: &str, documents: &str) {
    let file = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, schema).expect("the target folder can be written");
    let mut child = Command::new(python)
        .args(["-c", VALIDATE, &file])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a Python that has just run runs again");
    let written = child.stdin.take().expect("a pipe").write_all(documents.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    written.expect("it reads all");
}

#[test]
fn every_document_is_valid() {
    let Some(python) = python() else {
        let install =
            "python3 -m venv .venv && .venv/bin/pip install -r tests/solver/requirements.txt";
        let text = format!("SKIPPED: no Python with `jsonschema`; to run it: {install}");
        assert!(std::env::var_os("CI").is_none_or(|value| value.is_empty()), "{text}");
        // The test harness would capture stdout.
        let _ = writeln!(std::io::stderr(), "{text}");
        return;
    };
    let lines = Mutex::new((0_usize, String::new(), String::new()));
    super::each(|machine, request, view| {
        let mut lines = lines.lock().expect("no panic while it is held");
        lines.0 += 1;
        if !lines.0.is_multiple_of(SOME) {
            return;
        }
        let answer = holds::answered(machine, request, view);
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("one document");
        lines.1.extend([&*answer.to_string(), "\n"]);
        let probed: serde_json::Value =
            serde_json::from_str(&probe::document(machine)).expect("one document");
        lines.2.extend([&*probed.to_string(), "\n"]);
    });
    let (_, answers, machines) = lines.into_inner().expect("no panic while it was held");
    validate(&python, include_str!("../../../docs/schema/advise-1.json"), "advise.json", &answers);
    validate(&python, include_str!("../../../docs/schema/probe-1.json"), "probe.json", &machines);
}
