//! Libraries and programs that do what none should: the answer comes within the deadline all the same,
//! and says why something is missing. Nothing here is timed: where the program waited for ever, or as
//! long as what was left behind lives, a test would not end or would say `timed-out`.
#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![expect(clippy::disallowed_methods, reason = "tests build libraries and run the program")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;

static HOSTILE: LazyLock<PathBuf> = LazyLock::new(build);

/// Compiles the stand-in. A runner may start each test as a process of its own: the file appears whole.
fn build() -> PathBuf {
    let library = folder("hostile").join("libnvidia-ml.so.1");
    let unfinished = library.with_extension(std::process::id().to_string());
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--edition", "2024", "--crate-type", "cdylib", "-O", "-o"])
        .arg(&unfinished)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stub/hostile.rs"))
        .output()
        .expect("rustc can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::rename(unfinished, &library).expect("the library can be put in its place");
    library
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// `probe --json` with this library, and nothing else around.
fn probe(library: &Path, more: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conda-torch"))
        .args(["probe", "--json"])
        .env_clear()
        .env("CONDA_TORCH_NVML", library)
        .env("CONDA_TORCH_LIBCUDA", "/nowhere/libcuda.so.1")
        .envs(more.iter().copied())
        .current_dir(folder("hostile"))
        .output()
        .expect("the program can be run")
}

fn machine(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mut document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    document["machine"].take()
}

fn played(plays: &str) -> Value {
    machine(&probe(&HOSTILE, &[("STUB_HOSTILE", plays)]))
}

/// How asking a source went: `timed-out: no answer within two seconds`.
fn source(machine: &Value, name: &str) -> String {
    let sources = machine["sources"].as_array().expect("sources");
    let source = sources.iter().find(|source| source["source"] == name).expect("the source");
    let text = |key: &str| source[key].as_str().expect("a text");
    format!("{}: {}", text("outcome"), text("detail"))
}

fn driver(machine: &Value) -> &str {
    let driver = &machine["driver"];
    driver["value"].as_str().or(driver["why"].as_str()).expect("a value or a reason")
}

/// Does all of it at the same time: each takes the two seconds.
fn at_once<T: Send>(all: impl IntoIterator<Item = T>, one: impl Fn(T) + Sync) {
    let one = &one;
    std::thread::scope(|scope| {
        for item in all {
            scope.spawn(move || one(item));
        }
    });
}

#[test]
fn the_stand_in_answers_well_where_it_plays_nothing() {
    let machine = played("");
    assert_eq!(driver(&machine), "580.65.06");
    assert!(source(&machine, "nvml").starts_with("ok: "));
}

#[test]
fn what_never_answers_is_ended_at_the_deadline() {
    at_once(["hangs-when-loaded", "ignores-sigterm", "stops", "talks-forever"], |plays| {
        let machine = played(plays);
        let nvml = source(&machine, "nvml");
        let expected = "timed-out: no answer within two seconds (initialisation of nvml)";
        assert_eq!(nvml, expected, "{plays}");
        assert!(driver(&machine).starts_with("NVML: no answer within two seconds"), "{plays}");
    });
}

#[test]
fn what_ends_the_process_is_named() {
    for (plays, how) in
        [("aborts", "signal 6"), ("allocates", "signal 6"), ("exits", "exit status 0")]
    {
        let machine = played(plays);
        let expected =
            format!("failed: the driver's library crashed with {how} (initialisation of nvml)");
        assert_eq!(source(&machine, "nvml"), expected, "{plays}");
        assert!(driver(&machine).contains(how), "{plays}: {}", driver(&machine));
        assert_eq!(machine["gpu_count"]["status"], "unknown", "{plays}");
    }
    let machine = played("exits-later");
    assert_eq!(driver(&machine), "580.65.06");
    let count = machine["gpu_count"]["why"].as_str().expect("a reason");
    assert!(count.ends_with("crashed with exit status 0 (device count of nvml)"), "{count}");
}

#[test]
fn a_crash_leaves_no_core_dump() {
    // The shell sets the limit that the program inherits.
    let script = format!("ulimit -c unlimited; exec '{}' probe", env!("CARGO_BIN_EXE_conda-torch"));
    let folder = folder("core");
    let output = Command::new("/bin/sh")
        .args(["-c", &script])
        .env_clear()
        .env("CONDA_TORCH_NVML", &*HOSTILE)
        .env("STUB_HOSTILE", "aborts")
        .current_dir(&folder)
        .output()
        .expect("a shell");
    let page = String::from_utf8_lossy(&output.stdout);
    assert!(page.contains("crashed with signal 6"), "{page}");
    let left = std::fs::read_dir(&folder).expect("the folder").count();
    assert_eq!(left, 0, "something is in {}", folder.display());
}

#[test]
fn what_a_library_prints_or_closes_does_not_reach_the_answers() {
    for plays in ["floods", "leaves-a-line-unfinished", "closes-stdout"] {
        let machine = played(plays);
        assert_eq!(driver(&machine), "580.65.06", "{plays}");
        assert_eq!(machine["driver_cuda"]["value"], "13.0", "{plays}");
        assert_eq!(machine["gpu_count"]["status"], "absent", "{plays}");
    }
}

#[test]
fn what_a_library_leaves_behind_is_not_waited_for() {
    for plays in ["leaves-a-process", "comes-back-twice", "hangs-at-the-end"] {
        let machine = played(plays);
        assert_eq!(driver(&machine), "580.65.06", "{plays}");
        assert!(source(&machine, "nvml").starts_with("ok: "), "{plays}: {machine:#}");
        // It is asked after NVML, in the same process.
        assert!(source(&machine, "libcuda").starts_with("absent: "), "{plays}");
    }
}

/// A program of this text as the only micromamba.
fn with_micromamba(name: &str, script: &str) -> Value {
    let program = folder(name).join("micromamba");
    std::fs::write(&program, script).expect("the target folder can be written");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&program, executable).expect("it can be made a program");
    let path = program.to_str().expect("a path in Unicode");
    let no_library = Path::new("/nowhere/libnvidia-ml.so.1");
    let machine = machine(&probe(no_library, &[("MAMBA_EXE", path)]));
    let clients = machine["clients"].as_array().expect("clients");
    clients.iter().find(|client| client["path"] == path).expect("it is found").clone()
}

#[test]
fn a_client_that_hangs_or_talks_without_end_has_no_version() {
    let programs = [
        ("hangs", "#!/bin/sh\nexec /bin/sleep 600\n"),
        ("ignores", "#!/bin/sh\ntrap '' TERM HUP\n/bin/sleep 600\n"),
        ("talks", "#!/bin/sh\nwhile :; do echo garbage; done\n"),
    ];
    at_once(programs, |(name, script)| {
        let client = with_micromamba(name, script);
        assert_eq!(client["version"]["why"], "no answer within two seconds", "{name}");
    });
}

#[test]
fn a_client_that_leaves_a_process_behind_has_one() {
    let client = with_micromamba("leaves", "#!/bin/sh\n/bin/sleep 20 &\necho 2.8.1\n");
    assert_eq!(client["version"]["value"], "2.8.1", "{client:#}");
}

#[test]
fn a_client_that_prints_garbage_is_quoted_in_short() {
    let script = "#!/bin/sh\nprintf '\\033[31m\\377\\000%s' garbage\n";
    let client = with_micromamba("garbage", script);
    let why = client["version"]["why"].as_str().expect("a reason");
    assert!(why.starts_with("it calls itself `"), "{why}");
    assert!(!why.chars().any(char::is_control), "{why:?}");
}
