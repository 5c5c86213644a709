//! The promises of `docs/trust.md` that no other subject holds, and that each of its tests is there.

use crate::common::UP_TO;
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

/// Command lines that only read, in a folder with an environment `env` and an `environment.yml`.
const READING: [&str; 14] = [
    "advise",
    "advise --json",
    "advise --format dockerfile --platform linux-64",
    "check -p env",
    "completions bash",
    "explain no-kernels",
    "install",
    "matrix",
    "migrate .",
    "migrate environment.yml",
    "migrate -p env",
    "migrate --config",
    "probe",
    "schema advise",
];

/// System calls that change a file or make a connection.
#[cfg(target_os = "linux")]
const CHANGES: &str = "openat,open,creat,mkdir,mkdirat,mknod,mknodat,unlink,unlinkat,rmdir,rename,renameat,renameat2,\
    link,linkat,symlink,symlinkat,truncate,chmod,fchmodat,chown,fchownat,utimensat,setxattr,socket,connect,bind";

/// Whether a line of strace is a change. Devices are written to: the terminal, the driver's.
#[cfg(target_os = "linux")]
fn is_change(line: &str) -> bool {
    let call = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
    let writes =
        ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"].iter().any(|flag| call.contains(flag));
    let opens = call.starts_with("open");
    // A process that ends, and the end of a call that was interrupted.
    let is_call = call.contains('(') && !call.starts_with(['+', '-', '<']);
    is_call && (!opens || writes) && !call.contains("\"/dev/")
}

#[cfg(target_os = "linux")]
#[test]
fn no_file_is_opened_for_writing_and_no_socket_is_made() {
    use crate::common::skip;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("traced");
    let _ = std::fs::remove_dir_all(&folder);
    for name in ["home", "here/env/conda-meta"] {
        std::fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    std::fs::write(folder.join("here/env/conda-meta/history"), "").expect("written");
    let file = "channels: [pytorch]\ndependencies: [pytorch=2.1, cpuonly]\n";
    std::fs::write(folder.join("here/environment.yml"), file).expect("written");
    let trace = folder.join("trace");
    for arguments in READING {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-e", &format!("trace={CHANGES}"), "-o"]).arg(&trace);
        command.arg(env!("CARGO_BIN_EXE_conda-torch")).args(arguments.split(' '));
        command.current_dir(folder.join("here")).env_clear().env(UP_TO.0, UP_TO.1);
        let ran = command.env("PATH", "/usr/bin:/bin").env("HOME", folder.join("home")).output();
        let text = std::fs::read_to_string(&trace).unwrap_or_default();
        // Some containers do not allow it.
        if ran.is_err() || !text.contains("open") {
            return skip("strace cannot run the program", "apt-get install strace");
        }
        let changes: Vec<&str> = text.lines().filter(|line| is_change(line)).collect();
        assert!(changes.is_empty(), "{arguments}: {changes:#?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn changes_are_found_in_a_trace() {
    for change in [
        "12 openat(AT_FDCWD, \"/home/u/.condarc\", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3",
        "12 mkdir(\"/home/u/.cache\", 0777) = 0",
        "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 4",
    ] {
        assert!(is_change(change), "{change}");
    }
    for other in [
        "12 openat(AT_FDCWD, \"/etc/os-release\", O_RDONLY|O_CLOEXEC) = 3",
        "openat(AT_FDCWD, \"/dev/null\", O_RDWR|O_CLOEXEC) = 3",
        "12 +++ exited with 0 +++",
    ] {
        assert!(!is_change(other), "{other}");
    }
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
    for arguments in READING {
        let output = Command::new(env!("CARGO_BIN_EXE_conda-torch"))
            .args(arguments.split(' '))
            .current_dir(folder.join("here"))
            .env_clear()
            .env(UP_TO.0, UP_TO.1)
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
