//! The command line: flags, streams and exit codes. The only room besides `host::live` that touches
//! the world, and it computes nothing: it carries flags in and text out.

mod advise;
mod explain;
mod machine_flags;
mod matrix;
mod probe;
mod request_flags;
mod schema;
mod width;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::host;

/// What exactly to type to get a PyTorch that works on this machine, from conda-forge.
#[derive(Debug, Parser)]
#[command(name = "conda-torch", version, about, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to colour; `auto` heeds NO_COLOR
    #[arg(long, value_enum, default_value_t, global = true, hide_short_help = true)]
    color: Color,
}

/// What to try first.
const EXAMPLES: &str = "\
Examples:
  conda-torch advise                          what to type on this machine
  conda-torch advise torchvision --client mamba
  conda-torch advise --platform linux-64 --gpu 'RTX 4090' --driver 550
                                              for a machine one isn't on
  conda-torch probe --json > gpu-node.json    on the node, then anywhere:
  conda-torch advise --machine gpu-node.json --format dockerfile
  conda-torch matrix                          all of it, as a table

Exit codes: 0 answered, 1 failed, 2 wrong command line, 3 nothing satisfies the request";

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what to type on this machine, and why
    Advise(Box<advise::Args>),
    /// Show what was found out about this machine
    Probe(probe::Args),
    /// Show which PyTorch conda-forge has for which CUDA, GPU and system
    Matrix(matrix::Args),
    /// Print the page of a diagnostic
    Explain(explain::Args),
    /// Print the JSON schema of what `--json` prints
    Schema(schema::Args),
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Whether to colour on a stdout that is a terminal or not. <https://no-color.org>
    #[expect(clippy::disallowed_methods, reason = "NO_COLOR and TERM are about the reader")]
    fn wanted(self, terminal: bool) -> bool {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match self {
            Self::Auto => terminal && !set("NO_COLOR") && !dumb(),
            Self::Always => true,
            Self::Never => false,
        }
    }
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
        Command::Advise(args) => advise::run(&args, &live_host(), cli.color),
        Command::Probe(args) => probe::run(&args, &live_host()),
        Command::Matrix(args) => matrix::run(&args, &live_host()),
        Command::Explain(args) => explain::run(&args),
        Command::Schema(args) => Ok(schema::run(&args)),
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
    let output = match result {
        Ok(output) => output,
        Err(error) => {
            complain(&error);
            return ExitCode::from(code_of(&error));
        }
    };
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(output.stdout.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => ExitCode::from(output.code),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::from(output.code),
        Err(error) => {
            complain(&anyhow::Error::new(error).context("cannot write the answer"));
            ExitCode::from(1)
        }
    }
}

/// Says on stderr what went wrong; where that is closed too, the exit code has to do.
fn complain(error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr().lock(), "error: {error:#}");
}

/// The exit code of an error.
fn code_of(error: &anyhow::Error) -> u8 {
    if error.is::<UsageError>() { 2 } else { 1 }
}
