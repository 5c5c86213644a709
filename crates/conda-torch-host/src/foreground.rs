//! A program that has the terminal of this one until it ends.

use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::process::{self, ChildStderr, Stdio};
use std::thread;
use std::time::Duration;

use conda_torch_probe::host::Failure;

use crate::command::CommandEnd;
use crate::signals::{self, Signals};

const INTERVAL: Duration = Duration::from_millis(20);

/// How much of the end of stderr is kept, in bytes.
const KEPT: usize = 256 << 10;

/// A program that talks with the user. It runs without a shell and without a deadline.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ForegroundCommand<'a> {
    pub program: &'a str,
    pub arguments: &'a [String],
    /// Variables to set beside those of this process.
    pub env: &'a [(&'a str, &'a str)],
    pub stdout: ForegroundOutput<'a>,
    /// Whether its stderr is kept as well as shown. It is then no terminal to the program.
    pub keeps_errors: bool,
}

/// Where the output of such a program goes.
#[derive(Debug, Clone, Copy)]
pub enum ForegroundOutput<'a> {
    /// To stdout.
    Shown,
    /// To stderr, if stdout is a document.
    Errors,
    /// Into a new file.
    File(&'a str),
}

/// Runs such a program to its end. Returns how it ended, and the end of its stderr. A terminal sends Ctrl-C to the
/// program too; other signals that would end this program are passed on, and this program goes on.
///
/// # Errors
/// If it cannot be started, or if the file of its output exists or cannot be written.
pub fn run_in_foreground(command: &ForegroundCommand<'_>) -> Result<(CommandEnd, String), Failure> {
    let _signals = Signals::catch();
    let mut process = process::Command::new(command.program);
    process.args(command.arguments).envs(command.env.iter().copied());
    match command.stdout {
        ForegroundOutput::Shown => {}
        ForegroundOutput::Errors => {
            process.stdout(errors());
        }
        ForegroundOutput::File(path) => {
            process.stdout(File::create_new(path)?);
        }
    }
    if command.keeps_errors {
        process.stderr(Stdio::piped());
    }
    let mut child = process.spawn()?;
    let reader = child.stderr.take().map(|stderr| thread::spawn(move || show_and_keep(stderr)));
    let mut passed_on = false;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let signal = signals::received().filter(|_| !passed_on);
        if let Some(signal) = signal {
            passed_on = true;
            signals::pass_on(&child, signal, std::io::stdin().is_terminal());
        }
        thread::sleep(INTERVAL);
    };
    let stderr = reader.map(|reader| reader.join().unwrap_or_default()).unwrap_or_default();
    let end = match signals::received() {
        Some(signal) if !status.success() => CommandEnd::Interrupted(signal),
        Some(_) | None => CommandEnd::of(status),
    };
    Ok((end, String::from_utf8_lossy(&stderr).into_owned()))
}

/// The stderr of this program, for another's stdout.
fn errors() -> Stdio {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        let stderr = std::io::stderr();
        stderr.as_fd().try_clone_to_owned().map_or_else(|_| Stdio::null(), Stdio::from)
    }
    #[cfg(windows)]
    {
        use std::os::windows::io::AsHandle;
        let stderr = std::io::stderr();
        stderr.as_handle().try_clone_to_owned().map_or_else(|_| Stdio::null(), Stdio::from)
    }
}

/// Shows what comes and keeps its end.
fn show_and_keep(mut pipe: ChildStderr) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = [0; 8 << 10];
    while let Ok(count @ 1..) = pipe.read(&mut buffer) {
        // A closed stderr is no reason to stop the program.
        let _ = std::io::stderr().write_all(&buffer[..count]);
        kept.extend_from_slice(&buffer[..count]);
        if kept.len() > 2 * KEPT {
            kept.drain(..kept.len() - KEPT);
        }
    }
    kept
}
