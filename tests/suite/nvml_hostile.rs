//! Libraries and programs that misbehave: the program still answers, and says why a fact is missing.
//!
//! No test depends on time. A program that must be ended runs forever, so that any limit ends it. All others have
//! a limit (`LONG`) that only a faulty program reaches.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;

static HOSTILE: LazyLock<PathBuf> = LazyLock::new(build);

/// Compiles the stub. The file is renamed into place, because a runner may start each test as a process.
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

/// A time limit for programs that end, in seconds.
const LONG: (&str, &str) = ("CONDA_TORCH_TIMEOUT", "600");
/// A time limit for programs that never end.
const SHORT: (&str, &str) = ("CONDA_TORCH_TIMEOUT", "1");

/// `probe --json` with this library and these variables.
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

/// `advise` with a library that plays this, in an empty environment.
fn advise(plays: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conda-torch"))
        .arg("advise")
        .args(arguments)
        .env_clear()
        .env("CONDA_TORCH_NVML", &*HOSTILE)
        .env("CONDA_TORCH_LIBCUDA", "/nowhere/libcuda.so.1")
        .env("STUB_HOSTILE", plays)
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
    machine(&probe(&HOSTILE, &[("STUB_HOSTILE", plays), LONG]))
}

/// The report of a source: `timed-out: no answer within 1 second`.
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

/// Runs all at the same time: each takes as long as its limit.
fn at_once<T: Send>(all: impl IntoIterator<Item = T>, one: impl Fn(T) + Sync) {
    let one = &one;
    std::thread::scope(|scope| {
        for item in all {
            scope.spawn(move || one(item));
        }
    });
}

#[test]
fn the_stub_library_answers_by_default() {
    let machine = played("");
    assert_eq!(driver(&machine), "580.65.06");
    assert!(source(&machine, "nvml").starts_with("ok: "));
}

#[test]
fn a_library_that_never_answers_ends_at_the_time_limit() {
    at_once(["hangs-when-loaded", "ignores-sigterm", "stops", "talks-forever"], |plays| {
        let machine = machine(&probe(&HOSTILE, &[("STUB_HOSTILE", plays), SHORT]));
        // On a busy machine, the limit may be reached before the first call.
        let nvml = source(&machine, "nvml");
        assert!(nvml.starts_with("timed-out: no answer within 1 second"), "{plays}: {nvml}");
        assert!(driver(&machine).starts_with("NVML: no answer within 1 second"), "{plays}");
    });
}

#[test]
fn a_slow_driver_is_waited_for() {
    let output = advise("is-slow", &["--driver-timeout", "600", "--json"]);
    assert_eq!(driver(&machine(&output)), "580.65.06");
}

#[test]
fn a_driver_that_does_not_answer_is_unknown_and_not_missing() {
    let cases: [(&[&str], i32, &str); 6] = [
        (&["--driver-timeout", "1"], 1, "1 second"),
        // Without the flag.
        (&[], 1, "10 seconds"),
        (&["--driver-timeout", "1", "--accelerator", "cuda"], 1, "1 second"),
        (&["--driver-timeout", "1", "--format", "commands"], 1, "1 second"),
        (&["--driver-timeout", "1", "--accelerator", "cpu"], 0, "1 second"),
        (&["--driver-timeout", "1", "--driver", "580.65.06"], 0, "1 second"),
    ];
    at_once(cases, |(arguments, code, limit)| {
        let output = advise("hangs-when-loaded", arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let page = String::from_utf8_lossy(&output.stdout);
        if code == 0 {
            assert!(page.contains("conda create"), "{arguments:?}: {page}");
            return;
        }
        assert!(!page.contains("conda create"), "{arguments:?}: {page}");
        if arguments.contains(&"--format") {
            assert_eq!(page, "");
            let message = String::from_utf8_lossy(&output.stderr);
            assert!(message.contains("the NVIDIA driver did not answer"), "{message}");
            return;
        }
        assert!(page.contains("Cannot tell which PyTorch runs on this machine"), "{page}");
        let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&format!("no answer within {limit}")), "{page}");
        assert!(words.contains("hint: allow more time with `--driver-timeout SECONDS`"), "{page}");
    });
    let output = advise("aborts", &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!(document["status"], "unknown");
    assert_eq!(document["recommendation"], Value::Null);
    assert_eq!(document["commands"], Value::Array(Vec::new()));
}

#[test]
fn an_invalid_time_limit_is_refused() {
    for limit in ["0", "3601", "-1", "soon", ""] {
        let output = probe(&HOSTILE, &[("CONDA_TORCH_TIMEOUT", limit)]);
        assert_eq!(output.status.code(), Some(2), "{limit}");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains("expected 1 to 3600 seconds"), "{message}");
    }
}

#[test]
fn a_spinning_library_ends_with_the_program() {
    use std::os::unix::process::ExitStatusExt;
    // However the program ends, with the process that the library started.
    let cases = ["spins", "spins-in-a-child"].map(|plays| [9, 2, 15, 1].map(|it| (plays, it)));
    // What `nohup` and a shell's background ignore ends nothing.
    let cases = cases.into_iter().flatten().filter(|(_, signal)| !is_ignored(*signal));
    at_once(cases, |(plays, signal)| {
        let pid = folder("spins").join(format!("{plays}-{signal}"));
        let _ = std::fs::remove_file(&pid);
        let mut program = Command::new(env!("CARGO_BIN_EXE_conda-torch"))
            .arg("probe")
            .env_clear()
            .env("CONDA_TORCH_NVML", &*HOSTILE)
            .env("STUB_PID", &pid)
            .envs([("STUB_HOSTILE", plays), LONG])
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("the program can be run");
        while !pid.exists() {
            assert!(program.try_wait().expect("its state").is_none(), "it waits for the library");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let mut kill = Command::new("kill");
        kill.args([format!("-{signal}"), program.id().to_string()]);
        assert!(kill.status().expect("kill").success());
        assert_eq!(program.wait().expect("its end").signal(), Some(signal), "{plays}");
        assert!(crate::common::ends(&pid), "{plays} after signal {signal}");
    });
}

/// Whether this process, and what it starts, ignores a signal.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[test]
fn a_library_that_fills_the_memory_is_ended() {
    let machine = played("fills-memory");
    let expected = "failed: the driver's library used too much memory (initialization of nvml)";
    assert_eq!(source(&machine, "nvml"), expected);
}

#[test]
fn a_text_without_an_end_is_read_to_the_end_of_its_buffer() {
    let machine = played("forgets-ends");
    assert!(driver(&machine).starts_with("NVML reports `5555"), "{}", driver(&machine));
    let gpu = &machine["gpus"][0];
    assert_eq!(gpu["name"]["value"], "x".repeat(96), "{gpu:#}");
    assert_eq!(gpu["pci_id"], "10de:1b06");
}

#[test]
fn an_impossible_number_of_devices_is_an_error() {
    let machine = played("counts-too-many");
    assert!(source(&machine, "nvml").starts_with("ok: "), "{machine:#}");
    assert_eq!(machine["gpu_count"]["why"], "NVML reports `4294967295`");
    assert_eq!(machine["gpus"], Value::Array(Vec::new()));
}

#[test]
fn programs_that_hang_share_one_time_limit() {
    use conda_torch_probe::host::{Failure, Host};
    let host = conda_torch_host::LiveHost::new(None);
    let ends: Vec<_> = (0..20).map(|_| host.run("/bin/sleep", &["600"])).collect();
    // Two fifths of ten seconds, of which each has half of what is left.
    let limits = [2, 1].into_iter().chain(std::iter::repeat_n(0, 18));
    let expected: Vec<_> = limits.map(|limit| Err(Failure::TimedOut(limit))).collect();
    assert_eq!(ends, expected);
}

/// What a terminal shows while the driver is waited for.
#[test]
fn a_terminal_shows_that_the_driver_is_waited_for() {
    let command = format!("'{}' probe --driver-timeout 3", env!("CARGO_BIN_EXE_conda-torch"));
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .envs([
            ("STUB_HOSTILE", "hangs-when-loaded"),
            ("CONDA_TORCH_NVML", HOSTILE.to_str().expect("a path")),
        ])
        .output();
    let Ok(output) = output else {
        return crate::common::skip("no `script`", "install `bsdutils`");
    };
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("\rWaiting for the NVIDIA driver: 1 s"), "{shown}");
}

#[test]
fn the_end_of_the_process_is_reported() {
    for (plays, how) in
        [("aborts", "signal 6"), ("allocates", "signal 6"), ("exits", "exit status 0")]
    {
        let machine = played(plays);
        let expected =
            format!("failed: the driver's library crashed with {how} (initialization of nvml)");
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
        .envs([("STUB_HOSTILE", "aborts"), LONG])
        .current_dir(&folder)
        .output()
        .expect("a shell");
    let page = String::from_utf8_lossy(&output.stdout);
    assert!(page.contains("crashed with signal 6"), "{page}");
    let left = std::fs::read_dir(&folder).expect("the folder").count();
    assert_eq!(left, 0, "something is in {}", folder.display());
}

#[test]
fn output_of_a_library_does_not_mix_with_replies() {
    for plays in ["floods", "leaves-a-line-unfinished", "closes-stdout"] {
        let machine = played(plays);
        assert_eq!(driver(&machine), "580.65.06", "{plays}");
        assert_eq!(machine["driver_cuda"]["value"], "13.0", "{plays}");
        assert_eq!(machine["gpu_count"]["status"], "absent", "{plays}");
    }
}

#[test]
fn processes_of_a_library_are_not_waited_for() {
    for plays in ["leaves-a-process", "comes-back-twice", "hangs-at-the-end"] {
        let machine = played(plays);
        assert_eq!(driver(&machine), "580.65.06", "{plays}");
        assert!(source(&machine, "nvml").starts_with("ok: "), "{plays}: {machine:#}");
        // It is asked after NVML, in the same process.
        assert!(source(&machine, "libcuda").starts_with("absent: "), "{plays}");
    }
}

/// The detected client if this program is `micromamba`.
fn with_micromamba(name: &str, script: &str, limit: (&str, &str)) -> Value {
    let program = folder(name).join("micromamba");
    std::fs::write(&program, script).expect("the target folder can be written");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&program, executable).expect("it can be made a program");
    let path = program.to_str().expect("a path in Unicode");
    let no_library = Path::new("/nowhere/libnvidia-ml.so.1");
    let machine = machine(&probe(no_library, &[("MAMBA_EXE", path), limit]));
    let clients = machine["clients"].as_array().expect("clients");
    clients.iter().find(|client| client["path"] == path).expect("it is found").clone()
}

#[test]
fn a_client_that_hangs_or_prints_forever_has_no_version() {
    let programs = [
        ("hangs", "#!/bin/sh\nexec /bin/sleep 600\n"),
        ("ignores", "#!/bin/sh\ntrap '' TERM HUP\n/bin/sleep 600\n"),
        ("talks", "#!/bin/sh\nwhile :; do echo garbage; done\n"),
    ];
    // A program has a fifth of the driver's time.
    at_once(programs, |(name, script)| {
        let client = with_micromamba(name, script, ("CONDA_TORCH_TIMEOUT", "5"));
        assert_eq!(client["version"]["why"], "no answer within 1 second", "{name}");
    });
}

#[test]
fn a_client_that_leaves_a_background_process_has_a_version() {
    let client = with_micromamba("leaves", "#!/bin/sh\n/bin/sleep 20 &\necho 2.8.1\n", LONG);
    assert_eq!(client["version"]["value"], "2.8.1", "{client:#}");
}

#[test]
fn unrecognized_client_output_is_shortened() {
    let script = "#!/bin/sh\nprintf '\\033[31m\\377\\000%s' garbage\n";
    let client = with_micromamba("garbage", script, LONG);
    let why = client["version"]["why"].as_str().expect("a reason");
    assert!(why.starts_with("no version in `"), "{why}");
    assert!(!why.chars().any(char::is_control), "{why:?}");
}
