//! Runs a program that may take minutes, with somebody waiting for it: a client's dry run.
//!
//! It ends by itself, at its deadline or with us, and then so does all that it started: on Unix it is
//! the first of a process group. On Windows a console sends its Ctrl-C to everybody in it.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::interrupt::{self, Interrupts};
use super::process::{Ended, Stream, ended, listen, spawn};
use conda_torch_probe::host::Failure;

/// How much of an answer is kept. A client's is some hundred kilobytes.
const ANSWER: usize = 256 << 20;

/// How much of what a program complains about is kept.
const COMPLAINT: usize = 1 << 20;

/// How often one looks up while the program is silent.
const LOOK: Duration = Duration::from_millis(50);

/// How long a program that was asked to end may tidy up before it is made to.
const GRACE: Duration = Duration::from_secs(2);

/// A program to run, without a shell.
#[derive(Debug, Clone, Copy)]
pub struct Watch<'a> {
    /// The program.
    pub program: &'a str,
    /// Its arguments.
    pub arguments: &'a [String],
    /// Variables to set beside those that are set already.
    pub env: &'a [(&'a str, &'a str)],
    /// What it reads; at most some kilobytes, so that it fits into a pipe.
    pub stdin: &'a str,
    /// How long it may take.
    pub deadline: Duration,
}

/// What became of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// How it ended.
    pub end: WatchEnd,
    /// What it wrote, cut at a bound.
    pub stdout: Vec<u8>,
    /// What it complained about, cut at a bound.
    pub stderr: Vec<u8>,
    /// How long it took.
    pub took: Duration,
}

/// How a program that was watched ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchEnd {
    /// By itself, with a status.
    Exited(i32),
    /// By a signal that was not ours.
    Killed(i32),
    /// By us: it took too long.
    TimedOut,
    /// By us: somebody wants this program to end, by this signal.
    Interrupted(i32),
}

/// What has been heard of a program so far.
struct Hearing {
    receiver: Receiver<(Stream, Option<Vec<u8>>)>,
    open: usize,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Runs a program to its end, and says every now and then for how long it has run.
///
/// # Errors
/// Where it could not be started.
pub fn watch(command: &Watch<'_>, tick: &mut dyn FnMut(Duration)) -> Result<Watched, Failure> {
    let start = Instant::now();
    let arguments: Vec<OsString> = command.arguments.iter().map(OsString::from).collect();
    let env: Vec<(&str, Option<&str>)> =
        command.env.iter().map(|(name, value)| (*name, Some(*value))).collect();
    let interrupts = Interrupts::catch();
    let input = if command.stdin.is_empty() { Stdio::null() } else { Stdio::piped() };
    let mut child = spawn(Path::new(command.program), &arguments, &env, input)?;
    interrupts.pass_on_to(child.id());
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read will say in its own way what it misses.
        let _ = stdin.write_all(command.stdin.as_bytes());
    }
    let (sender, receiver) = mpsc::channel();
    let open = listen(child.stdout.take(), Stream::Stdout, ANSWER, &sender)
        + listen(child.stderr.take(), Stream::Stderr, COMPLAINT, &sender);
    drop(sender);
    let mut hearing = Hearing { receiver, open, stdout: Vec::new(), stderr: Vec::new() };
    let end = attend(&mut child, &mut hearing, start, command.deadline, &interrupts, tick);
    let Hearing { stdout, stderr, .. } = hearing;
    Ok(Watched { end, stdout, stderr, took: start.elapsed() })
}

/// Listens until the program has ended, its time is over or somebody wants it to end.
fn attend(
    child: &mut Child,
    hearing: &mut Hearing,
    start: Instant,
    deadline: Duration,
    interrupts: &Interrupts,
    tick: &mut dyn FnMut(Duration),
) -> WatchEnd {
    let mut next = start + LOOK;
    loop {
        hearing.hear(next);
        if let Some(signal) = interrupts.come() {
            stop(child, hearing);
            return WatchEnd::Interrupted(signal);
        }
        // Its status is kept for the next time somebody asks.
        if let Ok(Some(status)) = child.try_wait() {
            // What it said last may still be on the way.
            hearing.hear(Instant::now() + LOOK);
            if hearing.open > 0 {
                // It left somebody behind who holds its pipes: still in its group, which is thus no other's.
                interrupt::end_group(child.id());
            }
            interrupts.pass_on_to_nobody();
            return match ended(status) {
                Ended::Exited(code) => WatchEnd::Exited(code),
                Ended::Killed(signal) => WatchEnd::Killed(signal),
                Ended::TimedOut => WatchEnd::TimedOut,
            };
        }
        if start.elapsed() >= deadline {
            interrupt::ask_group(child.id());
            stop(child, hearing);
            return WatchEnd::TimedOut;
        }
        if Instant::now() >= next {
            next = Instant::now() + LOOK;
            tick(start.elapsed());
        }
        if hearing.open == 0 {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Hearing {
    /// Takes down what is said until then, or until there is nobody left to say anything.
    fn hear(&mut self, until: Instant) {
        while self.open > 0 {
            let left = until.saturating_duration_since(Instant::now());
            match self.receiver.recv_timeout(left) {
                Ok((_, None)) => self.open -= 1,
                Ok((Stream::Stdout, Some(bytes))) => self.stdout.extend(bytes),
                Ok((Stream::Stderr, Some(bytes))) => self.stderr.extend(bytes),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => self.open = 0,
            }
            if left.is_zero() {
                return;
            }
        }
    }
}

/// Sees to it that a program that was asked to end does, with all that it started.
///
/// It has not been waited for, so that the number of its group is not taken by another.
fn stop(child: &mut Child, hearing: &mut Hearing) {
    hearing.hear(Instant::now() + GRACE);
    interrupt::end_group(child.id());
    // On Windows there are no groups; elsewhere it is dead by now.
    let _ = child.kill();
    // One that is stuck in the kernel ends when it likes: it is not waited for long.
    let until = Instant::now() + GRACE;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
    }
}
