//! Runs programs that may hang, crash, print or allocate without end, or leave processes behind.
//!
//! A program ends with this one, however this one ends: on Unix by a watcher, on Linux also by the parent's death
//! signal, on Windows by a job.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{self, Child, Stdio};
use std::time::{Duration, Instant};

use conda_torch_probe::host::Failure;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

#[cfg(windows)]
use crate::job::Job;
use crate::pipes::Pipes;
use crate::signals::{self, Signals};
#[cfg(unix)]
use crate::watcher::Watcher;

/// How often a silent program is checked on.
const INTERVAL: Duration = Duration::from_millis(20);

/// How long a program that takes minutes may clean up after SIGTERM.
const GRACE: Duration = Duration::from_secs(2);

/// How much memory a program that only answers a question may use, in bytes: far more than any driver needs.
const MEMORY: u64 = 2 << 30;

/// How long a killed program may take to disappear. One that is stuck in the kernel takes longer.
const REAP: Duration = Duration::from_millis(500);

/// A program that may take minutes while the user waits. It runs without a shell.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Command<'a> {
    pub program: &'a str,
    pub arguments: &'a [String],
    /// Variables to set beside those of this process.
    pub env: &'a [(&'a str, &'a str)],
    /// Its input, which must fit into a pipe: some kilobytes.
    pub stdin: &'a str,
    pub deadline: Duration,
}

/// A program that has ended, or was ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct CommandOutput {
    pub end: CommandEnd,
    /// What it wrote to stdout, up to a limit.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr, up to a limit.
    pub stderr: Vec<u8>,
    pub took: Duration,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandEnd {
    /// By itself, with this exit status.
    Exited(i32),
    /// By a signal that this program did not send.
    Killed(i32),
    /// It reached its deadline and was ended.
    TimedOut,
    /// It used too much memory and was ended.
    TooLarge,
    /// This program received a signal and ended it.
    Interrupted(i32),
}

impl CommandEnd {
    /// The end of a program that nobody ended.
    pub(crate) fn of(status: process::ExitStatus) -> Self {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Self::Killed(signal);
        }
        Self::Exited(status.code().unwrap_or(-1))
    }
}

/// Runs a program and calls `tick` several times a second with the time it has taken so far. At its
/// deadline, on Ctrl-C and on SIGTERM it ends together with all processes that it started: on Unix they
/// are a process group. On Windows a console sends Ctrl-C to each of them.
pub fn run_command(
    command: &Command<'_>,
    tick: &mut dyn FnMut(Duration),
) -> Result<CommandOutput, Failure> {
    let _signals = Signals::catch();
    let mut process = new_process(command.program);
    process.args(command.arguments).envs(command.env.iter().copied());
    run(process, command.stdin, command.deadline, GRACE, [256 << 20, 1 << 20], &mut |_, took| {
        tick(took);
        signals::received().map(CommandEnd::Interrupted)
    })
}

/// Runs a program for at most `deadline` and with at most [`MEMORY`], and calls `tick` as [`run_command`] does.
/// Processes that it leaves behind keep running: one may be a service of the driver. A signal that ends this program
/// ends both.
pub(crate) fn run_briefly(
    process: process::Command,
    deadline: Duration,
    tick: &mut dyn FnMut(Duration),
) -> Result<CommandOutput, Failure> {
    let mut system = System::new().ok();
    let output = {
        let _signals = Signals::catch();
        run(process, "", deadline, Duration::ZERO, [1 << 20; 2], &mut |child, took| {
            tick(took);
            let mut too_large = || memory(system.as_mut()?, child).filter(|bytes| *bytes > MEMORY);
            let interrupted = signals::received().map(CommandEnd::Interrupted);
            interrupted.or_else(|| too_large().map(|_| CommandEnd::TooLarge))
        })?
    };
    // Also one that came when the program had just ended.
    if let Some(signal) = signals::received() {
        signals::end_by(signal);
    }
    Ok(output)
}

/// The resident memory of a program in bytes.
fn memory(system: &mut System, child: &Child) -> Option<u64> {
    let pid = Pid::from_u32(child.id());
    let memory = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, memory);
    system.process(pid).map(sysinfo::Process::memory)
}

/// A process, on Unix in a group of its own.
pub(crate) fn new_process(program: impl AsRef<OsStr>) -> process::Command {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "Windows has no process groups"))]
    let mut process = process::Command::new(program);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut process, 0);
    #[cfg(target_os = "linux")]
    end_with_this_process(&mut process);
    process
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library does not know the signal")]
fn end_with_this_process(process: &mut process::Command) {
    use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};
    let parent = getpid();
    let prepare = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // It may have ended before that call.
        if getppid() == Some(parent) { Ok(()) } else { Err(rustix::io::Errno::SRCH.into()) }
    };
    // SAFETY: makes two system calls and allocates nothing, as is required between fork and exec.
    unsafe { std::os::unix::process::CommandExt::pre_exec(process, prepare) };
}

/// Called several times a second with the time that a program has taken so far. Returns why to end it.
type Tick<'t> = &'t mut dyn FnMut(&Child, Duration) -> Option<CommandEnd>;

/// Runs a program. `grace`: how long it may clean up at its deadline; if it is zero, processes that it leaves
/// behind keep running. `kept`: how many bytes of stdout and stderr are kept; the rest is read and dropped.
fn run(
    mut process: process::Command,
    stdin: &str,
    deadline: Duration,
    grace: Duration,
    kept: [usize; 2],
    tick: Tick<'_>,
) -> Result<CommandOutput, Failure> {
    let start = Instant::now();
    process.stdin(if stdin.is_empty() { Stdio::null() } else { Stdio::piped() });
    #[cfg(unix)]
    let mut watcher = Watcher::start();
    let mut child = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    #[cfg(unix)]
    if let Some(watcher) = &mut watcher {
        watcher.watch(&child);
    }
    #[cfg(windows)]
    let _job = Job::of(&child, !grace.is_zero());
    if let Some(mut input) = child.stdin.take() {
        // A program that does not read its input reports that itself.
        let _ = input.write_all(stdin.as_bytes());
    }
    let mut pipes = Pipes::of(&mut child, kept);
    let mut end = wait(&mut child, &mut pipes, deadline, tick);
    match end {
        CommandEnd::TimedOut => end = stop(&mut child, &mut pipes, grace),
        CommandEnd::TooLarge | CommandEnd::Interrupted(_) => {
            stop(&mut child, &mut pipes, grace);
        }
        CommandEnd::Exited(_) | CommandEnd::Killed(_) if !grace.is_zero() && !pipes.is_closed() => {
            signals::end_group(&child, false);
        }
        CommandEnd::Exited(_) | CommandEnd::Killed(_) => {}
    }
    let [stdout, stderr] = pipes.bytes;
    Ok(CommandOutput { end, stdout, stderr, took: start.elapsed() })
}

/// Ends a program with all processes that it started. A program that has ended by itself at the same
/// moment has not timed out.
fn stop(child: &mut Child, pipes: &mut Pipes, grace: Duration) -> CommandEnd {
    if !grace.is_zero() {
        signals::end_group(child, true);
        wait(child, pipes, grace, &mut |_, _| None);
    }
    // Its group has no other owner as long as it has not been waited for, or has members.
    signals::end_group(child, false);
    let _ = child.kill();
    let end = wait(child, pipes, REAP, &mut |_, _| None);
    // As `Child::kill` ends a program.
    let is_kill = end == if cfg!(unix) { CommandEnd::Killed(9) } else { CommandEnd::Exited(1) };
    if grace.is_zero() && !is_kill { end } else { CommandEnd::TimedOut }
}

/// Waits until a program ends, `tick` wants to end it, or `limit` has passed.
fn wait(child: &mut Child, pipes: &mut Pipes, limit: Duration, tick: Tick<'_>) -> CommandEnd {
    let start = Instant::now();
    let mut next = INTERVAL;
    loop {
        pipes.wait(INTERVAL.min(limit.saturating_sub(start.elapsed())));
        if let Ok(Some(status)) = child.try_wait() {
            pipes.finish();
            return CommandEnd::of(status);
        }
        let took = start.elapsed();
        if took >= next {
            next = took + INTERVAL;
            if let Some(end) = tick(child, took) {
                return end;
            }
        }
        if took >= limit {
            return CommandEnd::TimedOut;
        }
    }
}
