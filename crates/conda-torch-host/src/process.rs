//! Runs a program that may hang, crash or talk without end.

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::interrupt;
use conda_torch_probe::host::Failure;

/// How much of what a program says is kept.
const BOUND: usize = 1 << 20;

/// How long a program may be silent before one looks whether it still runs.
const LOOK: Duration = Duration::from_millis(20);

/// A program that ran, or was stopped.
pub(super) struct Run {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub ended: Ended,
}

/// How a program came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// By itself, with a status.
    Exited(i32),
    /// By a signal.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no signals"))]
    Killed(i32),
    /// By us: it took too long.
    TimedOut,
}

/// One of a program's two voices.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

/// Runs `program` until it ends or the deadline has passed; what it said until then is kept.
///
/// A process that is stuck in the kernel cannot be killed, and waiting for it would hang with it:
/// after a timeout it is told to end, with all that it started, and left alone. What a program that
/// ended by itself has started is left as it is: it may be a service of the driver.
pub(super) fn run(
    program: &Path,
    arguments: &[OsString],
    env: &[(&str, Option<&str>)],
    deadline: Duration,
) -> Result<Run, Failure> {
    let until = Instant::now() + deadline;
    let mut child = spawn(program, arguments, env, Stdio::null())?;
    let (sender, receiver) = mpsc::channel();
    let open = listen(child.stdout.take(), Stream::Stdout, BOUND, &sender)
        + listen(child.stderr.take(), Stream::Stderr, BOUND, &sender);
    drop(sender);
    let mut run = Run { stdout: Vec::new(), stderr: Vec::new(), ended: Ended::TimedOut };
    if hear(&mut child, &receiver, open, until, &mut run) {
        run.ended = wait(child, until);
    } else {
        stop(child);
    }
    Ok(run)
}

/// Takes down what a program says until it has said all; false where the time is over before.
///
/// What it leaves behind may hold its pipes for ever: they are listened to as long as it runs itself.
/// Whether it does is only looked at while it is silent.
fn hear(
    child: &mut Child,
    receiver: &Receiver<(Stream, Option<Vec<u8>>)>,
    mut open: usize,
    until: Instant,
    run: &mut Run,
) -> bool {
    let mut last = until;
    let mut runs = true;
    while open > 0 {
        let now = Instant::now();
        match receiver.recv_timeout((now + LOOK).min(last).saturating_duration_since(now)) {
            Ok((_, None)) => open -= 1,
            Ok((Stream::Stdout, Some(bytes))) => run.stdout.extend(bytes),
            Ok((Stream::Stderr, Some(bytes))) => run.stderr.extend(bytes),
            Err(_) if last <= Instant::now() => return !runs,
            // What it said last may still be on the way. The status is kept for `wait`.
            Err(_) if runs && matches!(child.try_wait(), Ok(Some(_))) => {
                runs = false;
                last = last.min(Instant::now() + LOOK);
            }
            Err(_) => {}
        }
    }
    true
}

#[expect(clippy::disallowed_methods, reason = "this is `Host`")]
pub(super) fn spawn(
    program: &Path,
    arguments: &[OsString],
    env: &[(&str, Option<&str>)],
    stdin: Stdio,
) -> Result<Child, Failure> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, value) in env {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    // A group of its own, so that what it starts itself can be ended with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    Ok(command.spawn()?)
}

/// Reads a pipe to its end in a thread, in pieces, so that nothing said is lost with the rest.
/// What exceeds the bound is read and dropped, so that the program is not blocked. Returns how many
/// pipes are listened to.
pub(super) fn listen(
    pipe: Option<impl Read + Send + 'static>,
    voice: Stream,
    bound: usize,
    sender: &Sender<(Stream, Option<Vec<u8>>)>,
) -> usize {
    let Some(mut pipe) = pipe else { return 0 };
    let sender = sender.clone();
    let read = move || {
        let mut buffer = [0; 4096];
        let mut kept = 0;
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            let piece = &buffer[..count.min(bound - kept)];
            kept += piece.len();
            if !piece.is_empty() && sender.send((voice, Some(piece.to_vec()))).is_err() {
                return;
            }
        }
        // The receiver is gone after a timeout; nobody needs to know then.
        let _ = sender.send((voice, None));
    };
    // Without a thread there is nobody to listen: as if it had said nothing.
    usize::from(thread::Builder::new().stack_size(64 << 10).spawn(read).is_ok())
}

/// Waits for a program that has closed its pipes, but not for ever.
fn wait(mut child: Child, until: Instant) -> Ended {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return ended(status),
            Ok(None) if Instant::now() < until => thread::sleep(Duration::from_micros(200)),
            Ok(None) | Err(_) => {
                stop(child);
                return Ended::TimedOut;
            }
        }
    }
}

/// Tells a program to end, and leaves it to a thread to see that it did: a process that is stuck in
/// the kernel ends when it likes, and one that nobody waits for stays in the list of processes.
fn stop(mut child: Child) {
    kill(&mut child);
    // Without a thread it stays in that list until this process ends.
    let _ = thread::Builder::new().stack_size(64 << 10).spawn(move || child.wait());
}

#[cfg(unix)]
pub(super) fn ended(status: ExitStatus) -> Ended {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exited(code),
        (None, signal) => Ended::Killed(signal.unwrap_or(0)),
    }
}

#[cfg(not(unix))]
pub(super) fn ended(status: ExitStatus) -> Ended {
    Ended::Exited(status.code().unwrap_or(-1))
}

/// Tells a program and, where there are groups, all that it started to end. Does not wait for it.
fn kill(child: &mut Child) {
    // The group is the child's own, made by `spawn`, and its number is not taken by another: the child has
    // not been waited for.
    interrupt::end_group(child.id());
    // It may have ended in the meantime: as good.
    let _ = child.kill();
}
