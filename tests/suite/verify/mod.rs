//! `advise --verify` with scripts as clients, and with real clients if installed.
#![cfg(unix)]

mod real;
mod scripts;

use crate::common::UP_TO;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// An empty folder for a test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("verify").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("tmp")).expect("a folder for the test");
    folder
}

/// Writes a program into the folder `bin`.
fn put(folder: &Path, name: &str, body: &str) {
    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin).expect("a folder");
    std::fs::write(bin.join(name), format!("#!/bin/sh\n{body}\n")).expect("written");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(bin.join(name), mode).expect("set");
}

/// The program with only these clients on `PATH`.
fn advise(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conda-torch"));
    let path = format!("{}:/usr/bin:/bin", folder.join("bin").display());
    command
        .env_clear()
        .env(UP_TO.0, UP_TO.1)
        .env("PATH", path)
        .env("HOME", folder)
        .env("HERE", folder);
    command.env("TMPDIR", folder.join("tmp")).env("CONDA_TORCH_LIVE", "");
    // A limit that a busy machine does not reach.
    command.env("CONDA_TORCH_TIMEOUT", "600");
    command.arg("advise").args(words);
    command
}

/// The JSON document, after a check of its exit code.
#[track_caller]
fn document(output: &Output, code: i32) -> Value {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stdout}{stderr}");
    let document: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(document["exit_code"], code);
    document
}

/// Asserts that no temporary files are left.
#[track_caller]
fn is_tidy(folder: &Path) {
    let left: Vec<_> = std::fs::read_dir(folder.join("tmp")).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}
