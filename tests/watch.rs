//! A client that hangs, does not want to end, floods or leaves somebody behind, as a real script.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests write and run scripts")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use conda_torch_host::{Watch, WatchEnd, Watched, watch};
use conda_torch_probe::host::Failure;

/// A script in a folder of its own, which `$HERE` names.
fn script(body: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::SeqCst);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("watch").join(number.to_string());
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    std::fs::write(folder.join("client"), body).expect("written");
    folder
}

/// Runs a script by a shell that is there already: one that was just written may still be open for
/// writing in a child of another test.
fn run(folder: &Path, deadline: Duration, tick: &mut dyn FnMut(Duration)) -> Watched {
    let here = folder.to_str().expect("a path");
    let arguments = [folder.join("client").to_str().expect("a path").to_owned(), "one".to_owned()];
    let env = [("HERE", here)];
    let command =
        Watch { program: "/bin/sh", arguments: &arguments, env: &env, stdin: "", deadline };
    watch(&command, tick).expect("a shell")
}

/// The process that a script wrote down, as long as it is there and no zombie.
fn lives(folder: &Path, file: &str) -> bool {
    let number = std::fs::read_to_string(folder.join(file)).expect("written down");
    let output =
        Command::new("ps").args(["-o", "stat=", "-p", number.trim()]).output().expect("ps");
    let state = String::from_utf8_lossy(&output.stdout);
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

const LONG: Duration = Duration::from_mins(1);

#[test]
fn what_a_program_says_and_how_it_ends_is_told() {
    let folder = script("echo \"$1 $HERE\"; echo no >&2; exit 3");
    let ran = run(&folder, LONG, &mut |_| {});
    assert_eq!(ran.end, WatchEnd::Exited(3));
    assert_eq!(ran.stdout, format!("one {}\n", folder.display()).into_bytes());
    assert_eq!(ran.stderr, b"no\n");
}

#[test]
fn a_program_that_is_not_there_is_told() {
    let command =
        Watch { program: "/nowhere/conda", arguments: &[], env: &[], stdin: "", deadline: LONG };
    assert_eq!(watch(&command, &mut |_| {}), Err(Failure::NotThere));
}

#[test]
fn a_program_that_hangs_ends_at_its_deadline_with_all_it_started_and_says_so_meanwhile() {
    let folder = script("echo $$ >$HERE/own; sleep 1000 & echo $! >$HERE/other; echo begun; wait");
    let mut ticks = 0;
    let ran = run(&folder, Duration::from_millis(600), &mut |_| ticks += 1);
    assert_eq!(ran.end, WatchEnd::TimedOut);
    assert_eq!(ran.stdout, b"begun\n");
    assert!(ticks > 3, "{ticks}");
    assert!(ran.took < Duration::from_secs(10), "{:?}", ran.took);
    assert!(!lives(&folder, "own") && !lives(&folder, "other"));
}

#[test]
fn a_program_that_does_not_want_to_end_is_made_to() {
    let folder = script(
        "trap '' TERM INT HUP; echo $$ >$HERE/own; (trap '' TERM; while :; do sleep 1; done) & echo $! >$HERE/other; while :; do sleep 1; done",
    );
    let ran = run(&folder, Duration::from_millis(500), &mut |_| {});
    assert_eq!(ran.end, WatchEnd::TimedOut);
    assert!(ran.took < Duration::from_secs(10), "{:?}", ran.took);
    assert!(!lives(&folder, "own") && !lives(&folder, "other"));
}

#[test]
fn a_flood_is_cut_at_the_bound_and_does_not_block_the_program() {
    let folder = script("head -c 300000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 0");
    let ran = run(&folder, LONG, &mut |_| {});
    assert_eq!(ran.end, WatchEnd::Exited(0));
    assert_eq!(ran.stdout.len(), 256 << 20);
    assert_eq!(ran.stderr.len(), 1 << 20);
}

#[test]
fn a_flood_without_end_ends_at_the_deadline() {
    let folder = script("echo $$ >$HERE/own; exec yes");
    let ran = run(&folder, Duration::from_millis(500), &mut |_| {});
    assert_eq!(ran.end, WatchEnd::TimedOut);
    assert!(!lives(&folder, "own"));
}

#[test]
fn who_is_left_behind_with_the_pipes_is_not_waited_for_and_does_not_stay() {
    let folder = script("sleep 1000 & echo $! >$HERE/other; echo done; exit 0");
    let start = Instant::now();
    let ran = run(&folder, LONG, &mut |_| {});
    assert_eq!(ran.end, WatchEnd::Exited(0));
    assert_eq!(ran.stdout, b"done\n");
    assert!(start.elapsed() < Duration::from_secs(5));
    std::thread::sleep(Duration::from_millis(100));
    assert!(!lives(&folder, "other"));
}

#[test]
fn a_program_that_crashes_is_told_with_its_signal() {
    let folder = script("kill -SEGV $$");
    assert_eq!(run(&folder, LONG, &mut |_| {}).end, WatchEnd::Killed(11));
}
