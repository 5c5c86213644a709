//! The command line: flags, streams and exit codes. The only room besides `host::live` that touches
//! the world, and it computes nothing: it carries flags in and text out.

mod machine_flags;
mod matrix;
mod probe;
mod width;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::host;

/// What exactly to type to get a PyTorch that works on this machine, from conda-forge.
#[derive(Debug, Parser)]
#[command(name = "conda-torch", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what was found out about this machine
    Probe(probe::Args),
    /// Show which PyTorch conda-forge has for which CUDA, GPU and system
    Matrix(matrix::Args),
}

/// What a subcommand has to say: stdout, and how it went.
struct Output {
    stdout: String,
    code: u8,
}

/// A command line that is well-formed and still cannot be meant: exit code 2, as clap's own errors.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// Runs the program.
#[must_use]
pub fn run() -> ExitCode {
    if asks_driver() {
        return ExitCode::SUCCESS;
    }
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Probe(args) => probe::run(&args, &live_host()),
        Command::Matrix(args) => matrix::run(&args),
    };
    finish(result)
}

/// This machine; the driver is asked by this very program in a process of its own.
fn live_host() -> host::LiveHost {
    match std::env::current_exe() {
        Ok(program) => host::LiveHost::new().with_driver_program(program),
        Err(_) => host::LiveHost::new(),
    }
}

/// Does the work of the process that asks the NVIDIA driver, where this is that process.
fn asks_driver() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    let is_driver_child = arguments.next().is_some_and(|first| first == host::DRIVER_COMMAND);
    if is_driver_child {
        host::run_driver_child(arguments);
    }
    is_driver_child
}

/// Writes the answer; a reader that went away is no error.
fn finish(result: anyhow::Result<Output>) -> ExitCode {
    use std::io::Write;
    match result {
        Ok(output) => {
            let mut stdout = std::io::stdout().lock();
            match stdout.write_all(output.stdout.as_bytes()).and_then(|()| stdout.flush()) {
                Ok(()) => ExitCode::from(output.code),
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                    ExitCode::from(output.code)
                }
                Err(_) => ExitCode::from(1),
            }
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr().lock(), "error: {error:#}");
            ExitCode::from(if error.is::<UsageError>() { 2 } else { 1 })
        }
    }
}
