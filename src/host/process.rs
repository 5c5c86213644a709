//! Runs a program that may hang, crash or talk without end.

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::Failure;

/// How much of what a program says is kept.
const BOUND: usize = 1 << 20;

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
enum Voice {
    Stdout,
    Stderr,
}

/// Runs `program` until it ends or the deadline has passed; what it said until then is kept.
///
/// A process that is stuck in the kernel cannot be killed, and waiting for it would hang with it:
/// after a timeout it is told to end and left alone.
pub(super) fn run(
    program: &Path,
    arguments: &[OsString],
    env: &[(&str, Option<&str>)],
    deadline: Duration,
) -> Result<Run, Failure> {
    let until = Instant::now() + deadline;
    let mut child = spawn(program, arguments, env)?;
    let (sender, receiver) = mpsc::channel();
    let mut open = listen(child.stdout.take(), Voice::Stdout, &sender)
        + listen(child.stderr.take(), Voice::Stderr, &sender);
    drop(sender);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    while open > 0 {
        match receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok((_, None)) => open -= 1,
            Ok((Voice::Stdout, Some(bytes))) => stdout.extend(bytes),
            Ok((Voice::Stderr, Some(bytes))) => stderr.extend(bytes),
            Err(_) => {
                kill(&mut child);
                return Ok(Run { stdout, stderr, ended: Ended::TimedOut });
            }
        }
    }
    let ended = wait(&mut child, until);
    Ok(Run { stdout, stderr, ended })
}

#[expect(clippy::disallowed_methods, reason = "this is `Host`")]
fn spawn(
    program: &Path,
    arguments: &[OsString],
    env: &[(&str, Option<&str>)],
) -> Result<Child, Failure> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
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
fn listen(
    pipe: Option<impl Read + Send + 'static>,
    voice: Voice,
    sender: &Sender<(Voice, Option<Vec<u8>>)>,
) -> usize {
    let Some(mut pipe) = pipe else { return 0 };
    let sender = sender.clone();
    let read = move || {
        let mut buffer = [0; 4096];
        let mut kept = 0;
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            let piece = &buffer[..count.min(BOUND - kept)];
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
fn wait(child: &mut Child, until: Instant) -> Ended {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return ended(status),
            Ok(None) if Instant::now() < until => thread::sleep(Duration::from_micros(200)),
            Ok(None) | Err(_) => {
                kill(child);
                return Ended::TimedOut;
            }
        }
    }
}

#[cfg(unix)]
fn ended(status: ExitStatus) -> Ended {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exited(code),
        (None, signal) => Ended::Killed(signal.unwrap_or(0)),
    }
}

#[cfg(not(unix))]
fn ended(status: ExitStatus) -> Ended {
    Ended::Exited(status.code().unwrap_or(-1))
}

/// Tells a program and all that it started to end. Does not wait for it.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library cannot end a group of processes")]
fn kill(child: &mut Child) {
    if let Ok(group) = libc::pid_t::try_from(child.id()) {
        // SAFETY: no memory is involved. The group is the child's own, made by `spawn`, and its
        // number is not taken by another: the child has not been waited for.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
}

/// Tells a program to end. Does not wait for it.
#[cfg(not(unix))]
fn kill(child: &mut Child) {
    // It may have ended in the meantime: as good.
    let _ = child.kill();
}
