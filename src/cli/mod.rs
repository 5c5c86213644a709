//! The command line: flags, streams and exit codes. The only room besides `host::live` that touches
//! the world, and it computes nothing: it carries flags in and text out.

mod advise;
mod channel_flags;
mod check;
mod difference;
mod explain;
mod live;
mod live_rows;
mod machine_flags;
mod matrix;
mod migrate;
mod probe;
mod progress;
mod request_flags;
mod schema;
mod verify;
mod width;

use std::ffi::OsString;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches, ValueEnum};

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

Exit codes: 0 answered, 1 failed, 2 wrong command line, 3 nothing satisfies the request,
4 something to mend, or `--verify` disagrees";

/// The whole command line. A subcommand's flags are made only when it is the one: the answer should
/// cost about what starting a process costs.
fn command() -> Command {
    let subcommand = |name: &'static str, about: &'static str| Command::new(name).about(about);
    Command::new("conda-torch")
        .bin_name("conda-torch") // whatever the file is called: on Windows with `.exe`
        .version(env!("CARGO_PKG_VERSION"))
        .about("What exactly to type to get a PyTorch that works on this machine, from conda-forge")
        .after_help(EXAMPLES)
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .arg_required_else_help(true)
        .subcommand(
            subcommand("advise", "Say what to type on this machine, and why")
                .after_help(ADVISE_EXAMPLES)
                .defer(advise::Args::augment_args),
        )
        .subcommand(
            subcommand(
                "check",
                "Say whether the PyTorch that is installed runs, and what mends it",
            )
            .defer(check::Args::augment_args),
        )
        .subcommand(
            subcommand("probe", "Show what was found out about this machine")
                .defer(probe::Args::augment_args),
        )
        .subcommand(
            subcommand(
                "matrix",
                "Show which PyTorch conda-forge has for which CUDA, GPU and system",
            )
            .defer(matrix::Args::augment_args),
        )
        .subcommand(
            subcommand("migrate", "Turn what the old `pytorch` channel left into conda-forge")
                .defer(migrate::Args::augment_args),
        )
        .subcommand(
            subcommand("explain", "Print the page of a diagnostic")
                .defer(explain::Args::augment_args),
        )
        .subcommand(
            subcommand("schema", "Print the JSON schema of what `--json` prints")
                .defer(schema::Args::augment_args),
        )
}

/// The uses that people come for.
const ADVISE_EXAMPLES: &str = "\
Examples:
  conda-torch advise torchvision torchaudio   those that go with it
  conda-torch advise --python 3.11 -n work    a Python, a name
  conda-torch advise --json                   for an installer: see `schema`
  conda-torch advise --platform linux-64 --gpu 'Tesla V100' --driver 580
                                              a cluster's node, from elsewhere
  conda-torch advise --platform win-64 --gpu 'RTX 5090'
                                              before buying one
  conda-torch advise --format environment-yml > environment.yml";

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set
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
    // The main job has no flags to parse, and parsing none is a tenth of its cost.
    if std::env::args_os().skip(1).eq(["advise"]) {
        return finish(advise::run(&advise::Args::default(), &live_host()));
    }
    // The process ends soon: giving back what clap built piece by piece would be for nothing.
    let mut command = ManuallyDrop::new(command());
    let matches = match command.try_get_matches_from_mut(std::env::args_os()) {
        Ok(matches) => ManuallyDrop::new(matches),
        Err(error) => return refuse(&error),
    };
    let result = match matches.subcommand() {
        Some(("advise", matches)) => {
            parsed(&mut command, matches, |args| advise::run(args, &live_host()))
        }
        Some(("check", matches)) => {
            parsed(&mut command, matches, |args| check::run(args, &live_host()))
        }
        Some(("probe", matches)) => {
            parsed(&mut command, matches, |args| probe::run(args, &live_host()))
        }
        Some(("matrix", matches)) => {
            parsed(&mut command, matches, |args| matrix::run(args, &live_host()))
        }
        Some(("migrate", matches)) => {
            parsed(&mut command, matches, |args| migrate::run(args, &live_host()))
        }
        Some(("explain", matches)) => parsed(&mut command, matches, explain::run),
        Some(("schema", matches)) => parsed(&mut command, matches, |args| Ok(schema::run(args))),
        Some(_) | None => unreachable!("clap requires one of the subcommands above"),
    };
    finish(result)
}

/// Runs a subcommand on its flags.
fn parsed<T: FromArgMatches>(
    command: &mut Command,
    matches: &ArgMatches,
    run: impl FnOnce(&T) -> anyhow::Result<Output>,
) -> anyhow::Result<Output> {
    match T::from_arg_matches(matches) {
        Ok(args) => run(&args),
        Err(error) => error.format(command).exit(),
    }
}

/// Ends on a command line that was refused, or that asked for help. An installer that asked for JSON
/// gets it here too.
fn refuse(error: &clap::Error) -> ExitCode {
    let failed = asked_for_json(std::env::args_os().skip(1));
    let (true, Some(failed)) = (error.use_stderr(), failed) else { error.exit() };
    let _ = error.print();
    let text = error.to_string();
    let said = text.split("\n\n").next().unwrap_or(&text);
    let words: Vec<&str> = said.trim_start_matches("error: ").split_whitespace().collect();
    finish(Ok(failed(&words.join(" "), 2)))
}

/// What makes the document of a failed run, where a command line that could not be parsed asks a
/// subcommand for JSON.
fn asked_for_json(arguments: impl Iterator<Item = OsString>) -> Option<fn(&str, u8) -> Output> {
    let arguments: Vec<OsString> = arguments.take_while(|argument| argument != "--").collect();
    let named =
        arguments.iter().any(|argument| argument == "--json" || argument == "--format=json");
    let apart = arguments.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
    match arguments.first()?.to_str()? {
        "advise" if named || apart => Some(advise::failed),
        "check" if named => Some(check::failed),
        "migrate" if named => Some(migrate::failed),
        _ => None,
    }
}

/// This machine; the driver is asked by this very program in a process of its own.
fn live_host() -> conda_torch_host::LiveHost {
    match std::env::current_exe() {
        Ok(program) => conda_torch_host::LiveHost::new().with_driver_program(program),
        Err(_) => conda_torch_host::LiveHost::new(),
    }
}

/// Does the work of the process that asks the NVIDIA driver, where this is that process.
fn asks_driver() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    let is_driver_child =
        arguments.next().is_some_and(|first| first == conda_torch_host::DRIVER_COMMAND);
    if is_driver_child {
        conda_torch_host::run_driver_child(arguments);
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
    // A file's own words may be in it.
    let steers = |c: char| c.is_control() && c != '\n';
    let text = format!("{error:#}").replace(steers, "?");
    let _ = writeln!(std::io::stderr().lock(), "error: {text}");
}

/// Says on stderr what to know about an answer that is for a program to read.
fn remark(text: &str) {
    if !text.is_empty() {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }
}

/// The exit code of an error.
fn code_of(error: &anyhow::Error) -> u8 {
    if error.is::<UsageError>() { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advise_without_flags_is_what_clap_makes_of_it() {
        let matches = command().get_matches_from(["conda-torch", "advise"]);
        let (_, matches) = matches.subcommand().expect("a subcommand");
        let args = advise::Args::from_arg_matches(matches).expect("nothing to refuse");
        assert_eq!(args, advise::Args::default());
    }

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }
}
