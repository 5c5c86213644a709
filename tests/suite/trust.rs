//! The promises of `docs/trust.md` that no other subject holds, and that each of its tests is there.

use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The sources of a test that the page names, and its function.
fn place(name: &str) -> (Vec<PathBuf>, &str) {
    let (module, function) = name.rsplit_once("::").expect("a module and a function");
    let path = module.replace("::", "/");
    let files = match module {
        "hostile" => vec![format!("{ROOT}/crates/conda-torch-live/tests/hostile.rs")],
        _ => ["", "/mod"].map(|end| format!("{ROOT}/tests/suite/{path}{end}.rs")).to_vec(),
    };
    (files.into_iter().map(PathBuf::from).collect(), function)
}

#[test]
fn every_promise_is_held_by_a_test_that_is_there() {
    let page = std::fs::read_to_string(format!("{ROOT}/docs/trust.md")).expect("the page");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).collect();
    assert!(rows.len() > 25, "{} rows", rows.len());
    for row in rows.iter().filter(|row| !row.starts_with("| promise ")) {
        let held_by = row.trim_end_matches(" |").rsplit(" | ").next().expect("a cell");
        for name in held_by.split(", ").map(|name| name.trim_matches('`')) {
            if name.starts_with("bench/") {
                assert!(Path::new(ROOT).join(name).exists(), "{name}");
                continue;
            }
            let (files, function) = place(name);
            let head = format!("#[test]\nfn {function}()");
            let is_there = |file: &PathBuf| {
                std::fs::read_to_string(file).is_ok_and(|text| text.contains(&head))
            };
            assert!(files.iter().any(is_there), "there is no test `{name}`");
        }
    }
}

/// All that is below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn nothing_is_written_unless_asked_for() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trust");
    let _ = std::fs::remove_dir_all(&folder);
    for name in ["home", "temporary", "here/env/conda-meta"] {
        std::fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    std::fs::write(folder.join("here/env/conda-meta/history"), "").expect("written");
    let file = "channels: [pytorch]\ndependencies: [pytorch=2.1, cpuonly]\n";
    std::fs::write(folder.join("here/environment.yml"), file).expect("written");
    let before = files(&folder);
    for arguments in [
        "advise",
        "advise --json",
        "advise --format dockerfile --platform linux-64",
        "check -p env",
        "probe",
        "matrix",
        "migrate environment.yml",
        "migrate -p env",
        "migrate --config",
        "explain no-kernels",
        "schema advise",
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_conda-torch"))
            .args(arguments.split(' '))
            .current_dir(folder.join("here"))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", folder.join("home"))
            .env("TMPDIR", folder.join("temporary"))
            .output()
            .expect("the program runs");
        assert_ne!(output.status.code(), Some(2), "{arguments}: {output:?}");
        assert_eq!(files(&folder), before, "{arguments}");
    }
    let after = std::fs::read_to_string(folder.join("here/environment.yml")).expect("the file");
    assert_eq!(after, file);
}

/// Crates that open connections, and a use of the standard library's.
#[test]
fn no_dependency_opens_connections() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--edges", "normal", "--prefix", "none"])
        .current_dir(ROOT)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8_lossy(&output.stdout);
    let crates: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(crates.contains(&"clap") && crates.contains(&"nvml-wrapper"), "{crates:?}");
    for network in ["curl", "hyper", "mio", "reqwest", "rustls", "socket2", "tokio", "ureq"] {
        assert!(!crates.contains(&network), "{network}");
    }
    for folder in
        ["src", "crates/conda-torch-core", "crates/conda-torch-probe", "crates/conda-torch-host"]
    {
        for file in files(&Path::new(ROOT).join(folder)) {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            assert!(
                !text.contains("std::net") && !text.contains("os::unix::net"),
                "{}",
                file.display()
            );
        }
    }
}
