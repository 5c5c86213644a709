//! Files that use the old channel: `tests/files/NAME/` has a file, `after` (if it changes), `messages.txt`
//! (stderr and the exit code) and perhaps `args.txt`. `UPDATE_FILES=1 cargo test --test suite migrate_files` writes
//! them again: read the difference.

mod difference;
#[cfg(target_os = "linux")] // Windows has no such names, and macOS another `patch`
mod folders;
mod malformed;
#[cfg(unix)]
mod saving;
mod writing;

use crate::common::UP_TO;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// A file, and what becomes of it.
const OLD: &str = "channels: [pytorch, conda-forge]\ndependencies: [pytorch, cpuonly]\n";
const NEW: &str = "channels: [conda-forge]\ndependencies: [pytorch, pytorch-cpu]\n";

/// The files of a case beside the file to migrate.
const BESIDE: [&str; 3] = ["after", "messages.txt", "args.txt"];

/// An empty folder for a test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("migrate").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Runs `migrate` in a folder, on a terminal of 80 columns.
fn migrate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conda-torch"))
        .arg("migrate")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env(UP_TO.0, UP_TO.1)
        .env("COLUMNS", "80")
        .output()
        .expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Every case, by name.
fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let entries = std::fs::read_dir(root).expect("the folder of cases");
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    cases.sort();
    cases
}

/// The file of a case.
fn file_of(case: &Path) -> PathBuf {
    let entries = std::fs::read_dir(case).expect("a case is a folder");
    let files = entries.map(|entry| entry.expect("an entry").path());
    let is_file = |path: &PathBuf| {
        path.file_name().is_some_and(|name| BESIDE.iter().all(|beside| name != *beside))
    };
    files.into_iter().find(is_file).expect("a case has a file")
}

/// Every case, migrated once for all tests.
static MIGRATED: LazyLock<Vec<Migrated>> =
    LazyLock::new(|| cases().into_iter().map(migrate_case).collect());

/// A case, its file before and after, and the messages.
struct Migrated {
    case: PathBuf,
    before: Vec<u8>,
    after: Vec<u8>,
    messages: String,
}

fn migrate_case(case: PathBuf) -> Migrated {
    let file = file_of(&case);
    let before = std::fs::read(&file).expect("the file");
    let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
    let case_name = case.file_name().and_then(|name| name.to_str()).expect("a name");
    let folder = folder(&format!("files-{case_name}"));
    std::fs::write(folder.join(name), &before).expect("a copy");
    let arguments = std::fs::read_to_string(case.join("args.txt")).unwrap_or_default();
    let mut words: Vec<&str> = arguments.split_whitespace().collect();
    words.push(name);
    let shown = migrate(&folder, &words);
    assert_eq!(std::fs::read(folder.join(name)).expect("it"), before, "only `--write` writes");
    words.push("--write");
    let written = migrate(&folder, &words);
    assert_eq!(written.status.code(), shown.status.code());
    let after = std::fs::read(folder.join(name)).expect("the new file");
    let backup = folder.join(format!("{name}.bak"));
    assert_eq!(backup.exists(), after != before, "{}", case.display());
    if after != before {
        assert_eq!(std::fs::read(backup).expect("the copy"), before);
        assert!(!shown.stdout.is_empty());
        words.pop();
        words.push("--check");
        let again = migrate(&folder, &words);
        assert!(again.stdout.is_empty(), "{}: a second run changes more", case.display());
    }
    let code = shown.status.code().expect("it ends by itself");
    let messages = format!("{}exit {code}\n", text(&shown.stderr));
    Migrated { case, before, after, messages }
}

#[test]
fn every_file_becomes_its_expected_text() {
    let update = std::env::var_os("UPDATE_FILES").is_some();
    let mut wrong = Vec::new();
    for Migrated { case, before, after, messages } in MIGRATED.iter() {
        let expected = std::fs::read(case.join("after")).unwrap_or_else(|_| before.clone());
        let expected_messages =
            std::fs::read_to_string(case.join("messages.txt")).unwrap_or_default();
        if update {
            std::fs::write(case.join("messages.txt"), messages).expect("written");
            if after != before {
                std::fs::write(case.join("after"), after).expect("written");
            }
        } else if *after != expected || *messages != expected_messages {
            wrong.push(format!("{}\n{}\n{messages}", case.display(), text(after)));
        }
    }
    assert!(MIGRATED.len() >= 40);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A line without the CUDA that it declares to a client.
fn without_override(line: &str) -> String {
    let parts = line.split_once("CONDA_OVERRIDE_CUDA=");
    let parts = parts.and_then(|(before, after)| Some((before, after.split_once(' ')?.1)));
    parts.map_or_else(|| line.to_owned(), |(before, after)| format!("{before}{after}"))
}

/// The lines of a text that are not about PyTorch, CUDA or channels.
fn other_lines(text: &str) -> Vec<&str> {
    let ours = [
        "torch",
        "cuda",
        "cpuonly",
        "nvidia",
        "conda-forge",
        "default",
        "pkgs",
        "channel",
        "forge",
        "magma",
        "cublas",
        "platform =",
    ];
    let other = |line: &&str| !ours.iter().any(|word| line.contains(word));
    text.split_inclusive('\n').filter(other).collect()
}

#[test]
fn unrelated_lines_stay_byte_for_byte() {
    for Migrated { case, before, after, .. } in MIGRATED.iter() {
        let (before, after) = (text(before), text(after));
        let mut rest = other_lines(&after).into_iter();
        for line in other_lines(&before) {
            let kept = rest.any(|new| without_override(new).trim_end() == line.trim_end());
            assert!(kept, "{}: lost {line:?}", case.display());
        }
    }
}
