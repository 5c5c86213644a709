//! The command line: streams, exit codes, flags. Each run has a clean environment.

mod answers;
mod channels;
#[cfg(unix)]
mod completions;
mod describing;
mod explaining;
mod fleets;
// The environments of these two are of linux-64.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod install;
mod live;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod migrating;
mod names;
#[cfg(unix)]
mod recipes;
mod refusals;
mod streams;
mod words;

use crate::common::UP_TO;
use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

/// A recorded machine's file.
fn recorded(name: &str) -> String {
    format!("{}/tests/machines/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

/// A folder for files of a test.
fn folder(name: &str) -> String {
    let path = format!("{}/cli/{name}", env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

/// A file in such a folder.
fn file(name: &str, bytes: &[u8]) -> String {
    let path = format!("{}/{name}", folder("files"));
    std::fs::write(&path, bytes).expect("a file");
    path
}

/// The program with an empty environment but `PATH` and an empty home.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conda-torch"));
    command
        .env_clear()
        .env(UP_TO.0, UP_TO.1)
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", folder("home"));
    command
}

/// The result of a run.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    /// The document on stdout.
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Stdout as one line, without shell continuations: line breaks depend on the path of the checkout.
    fn words(&self) -> String {
        let words = self.stdout.split_whitespace().filter(|word| *word != "\\");
        words.collect::<Vec<_>>().join(" ")
    }

    /// Asserts success without messages.
    #[track_caller]
    fn answered(self) -> Self {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        assert!(self.stdout.ends_with('\n'), "{self:?}");
        self
    }

    /// Asserts a failure with this code, without an answer, with these words in the error.
    #[track_caller]
    fn refused(self, code: i32, words: &[&str]) -> Self {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{self:?}");
        self.reports(words)
    }

    /// Asserts an error with these words.
    #[track_caller]
    fn reports(self, words: &[&str]) -> Self {
        assert!(self.stderr.starts_with("error: "), "{self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not in: {}", self.stderr);
        }
        self
    }
}

/// Runs the program with arguments.
fn run<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Ran {
    finish(program().args(arguments), "")
}

/// Runs the program with arguments separated by blanks.
fn line(arguments: &str) -> Ran {
    run(arguments.split_whitespace())
}

/// Runs a command.
fn finish(command: &mut Command, input: &str) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A program that ignores its input closes the pipe.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
