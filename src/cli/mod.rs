//! The command line: flags, streams and exit codes. Only this module and `conda-torch-host` touch the
//! system. stdout is the answer, stderr is about the run.

mod advise;
mod answer;
mod check;
mod clean;
mod completions;
mod explain;
mod flags;
mod fleet;
mod install;
mod live;
mod matrix;
mod migrate;
mod probe;
mod progress;
mod schema;
mod smoke_test;
mod tips;
mod verify;

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use conda_torch_core::conda::masked;
use conda_torch_core::escapes::{visible, visible_lines};
use conda_torch_core::question::{Refusal, words};
use conda_torch_core::report::{self, ErrorCode};
use conda_torch_host::LiveHost;
use conda_torch_probe::host::{Failure as ReadFailure, Host};

use crate::built_in;
use crate::text;

use flags::{GlobalFlags, MachineFlags};

const EXAMPLES: &str = "\
Examples:
  conda-torch advise                          how to install PyTorch here
  conda-torch advise torchvision --client mamba
  conda-torch advise --platform linux-64 --gpu 'RTX 4090' --driver 550
                                              for another machine
  conda-torch probe --json > gpu-node.json    save the node, then anywhere:
  conda-torch advise --machine gpu-node.json --format dockerfile
  conda-torch matrix                          all builds, as a table

Exit codes: 0 success, 1 failure, 2 wrong command line, 3 no build satisfies the
request, 4 problems found, files to change, or failed verification, 5 declined";

/// Find the PyTorch from conda-forge that works on this machine
#[derive(Debug, Parser)]
#[command(version, bin_name = "conda-torch", after_help = EXAMPLES)]
#[command(max_term_width = 100, arg_required_else_help = true, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: GlobalFlags,
}

// Only the arguments of the subcommand that runs are made.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum Command {
    /// Show the commands that install PyTorch on this machine, and why
    Advise(Box<advise::Args>),
    /// Install PyTorch with the client of this machine, and test it
    Install(Box<install::Args>),
    /// Check whether an installed PyTorch works, and show how to fix it
    Check(check::Args),
    /// Run kernels of an installed PyTorch, and measure the GPUs
    Test(smoke_test::Args),
    /// Show what was detected on this machine
    Probe(probe::Args),
    /// Show which PyTorch builds conda-forge has, by CUDA version, GPU and platform
    Matrix(matrix::Args),
    /// Find the fewest environments that serve the nodes of a cluster
    Fleet(Box<fleet::Args>),
    /// Migrate environments, settings and files from the `pytorch` channel to conda-forge
    Migrate(Box<migrate::Args>),
    /// Remove the cached channel data of `--live`
    Clean(clean::Args),
    /// Explain a code, or the known failures in an error text
    Explain(Box<explain::Args>),
    /// Print what a shell needs to complete command lines
    Completions(completions::Args),
    /// Print the JSON schema of a subcommand's output
    Schema(schema::Args),
}

/// What a subcommand prints on stdout, and the exit code.
struct Output {
    stdout: String,
    code: u8,
}

/// Makes the JSON document of a failed run from the message and its code.
type ErrorDocument = fn(&str, ErrorCode) -> String;

/// A well-formed command line that makes no sense: exit code 2, as for errors of clap.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// A failed run with a code for installers; a wrong command line if the code says so.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Failure {
    code: ErrorCode,
    message: String,
}

impl Failure {
    fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Gives an error and its causes a code.
    fn of(code: ErrorCode) -> impl FnOnce(anyhow::Error) -> Self {
        move |error| Self { code, message: format!("{error:#}") }
    }
}

impl From<Refusal> for Failure {
    fn from(Refusal { code, message, .. }: Refusal) -> Self {
        Self { code, message }
    }
}

/// The run was interrupted by this signal: no message, and the exit code of a shell, 130 for Ctrl-C.
#[derive(Debug, thiserror::Error)]
#[error("interrupted by signal {0}")]
struct Interrupted(i32);

/// The command line, for man pages.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the program.
pub fn run() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == conda_torch_host::DRIVER_COMMAND) {
        conda_torch_host::run_driver_child(arguments);
        return ExitCode::SUCCESS;
    }
    completions::answer_shell();
    conda_torch_host::file_size_limits_are_errors();
    let command = command();
    let (words, notes) = command_line(&command);
    let error_document = error_document(words.iter().skip(1).cloned(), &command);
    // A child process of this program asks the driver.
    let host = LiveHost::new(std::env::current_exe().ok()).with_waiting(progress::waiting);
    match parse(&words, command, &host) {
        Ok(cli) => {
            for text in notes {
                note(&format!("note: {text}"));
            }
            finish(cli.command.run(&cli.global, host), error_document)
        }
        Err(error) => {
            let error = visible_arguments(&words).unwrap_or(error);
            refuse(&tips::corrected(error), error_document)
        }
    }
}

/// The arguments as clap reads them, after the name of the program, and what was understood of those typed.
fn command_line(command: &clap::Command) -> (Vec<OsString>, Vec<String>) {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let program = typed.iter().take(1).cloned();
    let texts: Option<Vec<String>> =
        typed.iter().skip(1).map(|word| Some(word.to_str()?.to_owned())).collect();
    let Some(texts) = texts else { return (typed, Vec::new()) };
    let words::Arguments { words, notes } =
        words::understood(texts, &|word| command.find_subcommand(word).is_some());
    (program.chain(words.into_iter().map(OsString::from)).collect(), notes)
}

/// Reads the command line. `--version` has the day of the built-in data and its age.
fn parse(words: &[OsString], command: clap::Command, host: &dyn Host) -> Result<Cli, clap::Error> {
    let matrix = built_in::matrix();
    let data = text::as_of(&matrix.channel, matrix.as_of, flags::today(host));
    let version = format!("{} ({data})", env!("CARGO_PKG_VERSION"));
    let mut command = command.version(&*version.leak());
    let matches = command.try_get_matches_from_mut(words)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

impl Command {
    fn run(&self, global: &GlobalFlags, host: LiveHost) -> anyhow::Result<Output> {
        let timeout = flags::driver_timeout(self.machine(), &host)?;
        let host = &host.with_driver_timeout(timeout);
        match self {
            Self::Advise(args) => advise::run(args, global, host),
            Self::Install(args) => install::run(args, global, host),
            Self::Check(args) => check::run(args, global, host),
            Self::Test(args) => smoke_test::run(args, global, host),
            Self::Probe(args) => probe::run(args, global, host),
            Self::Matrix(args) => matrix::run(args, global, host),
            Self::Fleet(args) => fleet::run(args, global, host),
            Self::Migrate(args) => migrate::run(args, global, host),
            Self::Clean(args) => clean::run(args, global, host),
            Self::Explain(args) => explain::run(args, global, host),
            Self::Completions(args) => completions::run(args),
            Self::Schema(args) => Ok(schema::run(args)),
        }
    }

    fn machine(&self) -> Option<&MachineFlags> {
        match self {
            Self::Advise(args) => Some(&args.machine),
            Self::Install(args) => Some(&args.machine),
            Self::Check(args) => Some(&args.machine),
            Self::Probe(args) => Some(&args.machine),
            Self::Matrix(args) => Some(&args.machine),
            Self::Migrate(args) => Some(&args.machine),
            Self::Explain(args) => Some(&args.machine),
            Self::Test(_)
            | Self::Fleet(_)
            | Self::Completions(_)
            | Self::Schema(_)
            | Self::Clean(_) => None,
        }
    }
}

/// The error document of the subcommand, if JSON is requested. Reads the arguments themselves, because clap
/// may have refused them.
fn error_document(
    arguments: impl Iterator<Item = OsString>,
    command: &clap::Command,
) -> Option<ErrorDocument> {
    let arguments: Vec<OsString> = arguments.take_while(|argument| argument != "--").collect();
    let is_json = |argument: &OsString| argument == "--json" || argument == "--format=json";
    let is_pair = |pair: &[OsString]| pair[0] == "--format" && pair[1] == "json";
    if !arguments.iter().any(is_json) && !arguments.windows(2).any(is_pair) {
        return None;
    }
    let mut words = arguments.iter().filter_map(|argument| argument.to_str());
    let subcommand = words.find(|word| command.find_subcommand(word).is_some());
    Some(match subcommand {
        Some("advise") => report::advise::error,
        Some("check") => report::check::error,
        Some("explain") => report::explain::error,
        Some("migrate") => report::migrate::error,
        Some(_) | None => report::error,
    })
}

/// The error of clap for the arguments with their control characters as escapes; `None` if there are none.
fn visible_arguments(words: &[OsString]) -> Option<clap::Error> {
    let arguments = words.iter().map(|argument| text::file_name(argument));
    let arguments: Vec<String> = arguments.collect();
    let is_visible = |argument: &String| matches!(visible(argument), Cow::Borrowed(_));
    if arguments.iter().all(is_visible) {
        return None;
    }
    Cli::try_parse_from(arguments.iter().map(|argument| visible(argument).into_owned())).err()
}

/// Prints clap's error, help or version.
fn refuse(error: &clap::Error, error_document: Option<ErrorDocument>) -> ExitCode {
    if !error.use_stderr() {
        error.exit();
    }
    let plain = error.to_string();
    let text = masked(&plain);
    // Colors are in the way of what is masked.
    if text == plain {
        let _ = error.print();
    } else {
        note(text.trim_end());
    }
    let Some(document) = error_document else { return ExitCode::from(2) };
    let message = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
    let words: Vec<&str> = message.split_whitespace().collect();
    let codes = [
        (ErrorKind::UnknownArgument, ErrorCode::UnknownArgument),
        (ErrorKind::InvalidSubcommand, ErrorCode::UnknownArgument),
        (ErrorKind::InvalidValue, ErrorCode::InvalidValue),
        (ErrorKind::ValueValidation, ErrorCode::InvalidValue),
        (ErrorKind::ArgumentConflict, ErrorCode::Contradiction),
    ];
    let code = codes.iter().find(|(kind, _)| *kind == error.kind());
    let code = code.map_or(ErrorCode::Usage, |(_, code)| *code);
    print(&Output { stdout: document(&words.join(" "), code), code: code.exit_code() })
}

/// Prints the answer or the error.
fn finish(result: anyhow::Result<Output>, error_document: Option<ErrorDocument>) -> ExitCode {
    print(&result.unwrap_or_else(|error| {
        if let Some(Interrupted(signal)) = error.downcast_ref() {
            return Output { stdout: String::new(), code: u8::try_from(128 + signal).unwrap_or(1) };
        }
        print_error(&error);
        let refusal = || error.downcast_ref().map(|Refusal { code, .. }| *code);
        let code = match error.downcast_ref() {
            Some(Failure { code, .. }) => *code,
            None if error.is::<UsageError>() => ErrorCode::Usage,
            None => refusal().unwrap_or(ErrorCode::Failed),
        };
        let stdout = error_document
            .map_or_else(String::new, |document| document(&format!("{error:#}"), code));
        Output { stdout, code: code.exit_code() }
    }))
}

/// Writes stdout, whatever is in it without secrets; a closed pipe is no error.
fn print(output: &Output) -> ExitCode {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(masked(&output.stdout).as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            print_error(&anyhow::Error::new(error).context("cannot write the answer"));
            ExitCode::FAILURE
        }
        Ok(()) | Err(_) => ExitCode::from(output.code),
    }
}

/// Shows a part of the answer before the rest of it; a closed pipe is no error here, but at the end.
fn show(text: &str) {
    let _ = std::io::stdout().write_all(masked(text).as_bytes());
}

/// Prints an error on stderr.
fn print_error(error: &anyhow::Error) {
    note(&format!("error: {error:#}"));
}

/// The bytes of a file, of standard input for `-` and `/dev/stdin`, or of a pipe of the shell: `<(ssh node nvidia-smi)` is `/dev/fd/63`.
fn read_input(path: &str, host: &dyn Host, limit: usize) -> anyhow::Result<Vec<u8>> {
    #[expect(clippy::disallowed_methods, reason = "the user names an open pipe as the input")]
    let mut input: Box<dyn Read> = match path {
        "-" | "/dev/stdin" => Box::new(std::io::stdin().lock()),
        _ if path.starts_with("/dev/fd/") => Box::new(std::fs::File::open(path)?),
        _ => {
            return match host.read(path, limit) {
                Err(ReadFailure::TooLarge) => Err(too_large(limit)),
                result => Ok(result?),
            };
        }
    };
    let mut bytes = Vec::new();
    input.by_ref().take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit { Err(too_large(limit)) } else { Ok(bytes) }
}

fn too_large(limit: usize) -> anyhow::Error {
    anyhow::anyhow!("larger than {} MiB", limit >> 20)
}

/// Prints lines on stderr, without secrets, with control characters of names and files as escapes; a closed stderr is
/// ignored.
fn note(text: &str) {
    if !text.is_empty() {
        let _ = writeln!(std::io::stderr().lock(), "{}", visible_lines(&masked(text)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}
