//! Scripts that hang, ignore signals, print forever or leave processes behind.
//!
//! No test depends on time: a script that must be ended runs forever, and all others have ten minutes.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::common::ends;
use conda_torch_host::{Command, CommandEnd, CommandOutput, run_command};
use conda_torch_probe::host::Failure;

/// A script in its own folder, `$HERE`.
fn script(body: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::SeqCst);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command").join(number.to_string());
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    std::fs::write(folder.join("client"), body).expect("written");
    folder
}

/// Runs a script with a shell: a program file that was just written may still be open in a child of another
/// test.
fn run(folder: &Path, deadline: Duration, tick: &mut dyn FnMut(Duration)) -> CommandOutput {
    let here = folder.to_str().expect("a path");
    let arguments = [folder.join("client").to_str().expect("a path").to_owned(), "one".to_owned()];
    let env = [("HERE", here)];
    let command =
        Command { program: "/bin/sh", arguments: &arguments, env: &env, stdin: "", deadline };
    run_command(&command, tick).expect("a shell")
}

/// Runs a script that never ends, with increasing deadlines until it has written `$HERE/ready`.
fn run_to_the_deadline(folder: &Path) -> CommandOutput {
    let deadlines = [1, 4, 16, 64, 256].map(|eighths| Duration::from_millis(eighths * 125));
    let mut runs = deadlines.into_iter().map(|deadline| run(folder, deadline, &mut |_| {}));
    runs.find(|_| folder.join("ready").exists()).expect("the script starts")
}

const LONG: Duration = Duration::from_mins(10);

#[test]
fn output_and_exit_status_are_returned() {
    let folder = script("echo \"$1 $HERE\"; echo no >&2; exit 3");
    let output = run(&folder, LONG, &mut |_| {});
    assert_eq!(output.end, CommandEnd::Exited(3));
    assert_eq!(output.stdout, format!("one {}\n", folder.display()).into_bytes());
    assert_eq!(output.stderr, b"no\n");
}

#[test]
fn a_missing_program_is_an_error() {
    let command =
        Command { program: "/nowhere/conda", arguments: &[], env: &[], stdin: "", deadline: LONG };
    assert_eq!(run_command(&command, &mut |_| {}), Err(Failure::NotThere));
}

#[test]
fn reports_progress_while_a_program_runs() {
    let folder = script("until [ -e $HERE/third ]; do sleep 0.05; done");
    let mut calls = 0;
    let output = run(&folder, LONG, &mut |_| {
        calls += 1;
        if calls == 3 {
            std::fs::write(folder.join("third"), "").expect("written");
        }
    });
    assert_eq!(output.end, CommandEnd::Exited(0));
    assert!(calls >= 3, "{calls}");
}

#[test]
fn a_program_and_its_children_end_at_the_deadline() {
    let folder = script(
        "echo begun; echo $$ >$HERE/own; sleep 1000 & echo $! >$HERE/other; >$HERE/ready; wait",
    );
    let output = run_to_the_deadline(&folder);
    assert_eq!(output.end, CommandEnd::TimedOut);
    assert_eq!(output.stdout, b"begun\n");
    assert!(ends(&folder.join("own")) && ends(&folder.join("other")));
}

#[test]
fn a_program_that_ignores_signals_is_killed() {
    let folder = script(
        "trap '' TERM INT HUP; echo $$ >$HERE/own; (trap '' TERM; while :; do sleep 1; done) & echo $! >$HERE/other; >$HERE/ready; while :; do sleep 1; done",
    );
    assert_eq!(run_to_the_deadline(&folder).end, CommandEnd::TimedOut);
    assert!(ends(&folder.join("own")) && ends(&folder.join("other")));
}

#[test]
fn long_output_is_cut_off_and_does_not_block_the_program() {
    let folder = script("head -c 300000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 0");
    let output = run(&folder, LONG, &mut |_| {});
    assert_eq!(output.end, CommandEnd::Exited(0));
    assert_eq!(output.stdout.len(), 256 << 20);
    assert_eq!(output.stderr.len(), 1 << 20);
}

#[test]
fn a_program_that_prints_forever_ends_at_its_deadline() {
    let folder = script("echo $$ >$HERE/own; >$HERE/ready; exec yes");
    assert_eq!(run_to_the_deadline(&folder).end, CommandEnd::TimedOut);
    assert!(ends(&folder.join("own")));
}

#[test]
fn a_background_process_with_open_pipes_is_killed() {
    let folder = script("sleep 1000 & echo $! >$HERE/other; echo done; exit 0");
    let output = run(&folder, LONG, &mut |_| {});
    assert_eq!(output.end, CommandEnd::Exited(0));
    assert_eq!(output.stdout, b"done\n");
    assert!(ends(&folder.join("other")));
}

#[test]
fn a_crash_is_reported_with_its_signal() {
    let folder = script("kill -SEGV $$");
    assert_eq!(run(&folder, LONG, &mut |_| {}).end, CommandEnd::Killed(11));
}
