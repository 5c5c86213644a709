//! `conda-torch migrate`.

mod config;
mod environment;
mod files;

use clap::builder::NonEmptyStringValueParser;

use conda_torch_core::answer::Style;
use conda_torch_core::conda::Version;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::migrate::environment::RequestOverrides;
use conda_torch_core::report;
use conda_torch_core::types::Machine;
use conda_torch_probe::host::Host;
use conda_torch_probe::{Overrides, probe};

use super::advise::{ClientFlag, ShellFlag, shell_of};
use super::machine_flags::{MachineFlags, machine};
use super::request_flags::{Accelerator, python};
use super::width::terminal_width;
use super::{Color, Output};

/// The uses that people come for.
const EXAMPLES: &str = "\
Examples:
  conda-torch migrate                         the active environment
  conda-torch migrate -n torch --client mamba
  conda-torch migrate -n torch --in-place     change it in place of a new one
  conda-torch migrate --config                the channels of .condarc
  conda-torch migrate environment.yml         what would change in a file
  conda-torch migrate environment.yml pixi.toml Dockerfile --write
  git ls-files | xargs conda-torch migrate --check
  conda-torch migrate -n torch --driver 550 --gpu A100
                                              where the GPU is elsewhere

It prints commands, and runs none of them. `--write` alone changes files.
Exit codes: 0 done, 1 failed, 2 wrong command line, 3 nothing on conda-forge
satisfies it, 4 a file would change (with --check)";

#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The environment's name [default: the active one]
    #[arg(short, long, conflicts_with_all = ["prefix", "config"], value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    /// The environment's folder, in place of a name
    #[arg(short, long, value_name = "FOLDER", conflicts_with = "config", value_parser = NonEmptyStringValueParser::new())]
    prefix: Option<String>,
    /// The configuration in place of an environment: which lines add old channels
    #[arg(long)]
    config: bool,
    /// Change the environment itself, where that works
    #[arg(long, conflicts_with_all = ["config", "to"])]
    in_place: bool,
    /// The new environment's name [default: the old one's with `-cf`]
    #[arg(long, value_name = "NAME", conflicts_with = "config", value_parser = NonEmptyStringValueParser::new())]
    to: Option<String>,
    /// What to compute on [default: as the environment does]
    #[arg(long, value_enum)]
    accelerator: Option<Accelerator>,
    /// A version of PyTorch, or its beginning [default: what was asked for, else the newest]
    #[arg(long, value_name = "VERSION")]
    pytorch: Option<Version>,
    /// A version of Python [default: the environment's, where the PyTorch has it]
    #[arg(long, value_name = "X.Y", value_parser = python)]
    python: Option<Version>,
    #[command(flatten)]
    files: files::FileFlags,
    #[command(flatten)]
    machine: MachineFlags,
    #[command(flatten)]
    output: OutputFlags,
}

// No doc comment: clap would make it the text of the subcommand.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Output")]
struct OutputFlags {
    /// The client that the commands are for [default: the environment's, else the best one found]
    #[arg(long, value_enum)]
    client: Option<ClientFlag>,
    /// The shell that the commands are for [default: the one in use]
    #[arg(long, value_enum)]
    shell: Option<ShellFlag>,
    /// When to colour [default: auto, which heeds `NO_COLOR`]
    #[arg(long, value_enum, hide_short_help = true)]
    color: Option<Color>,
    /// Print one JSON document; see `conda-torch schema migrate`
    #[arg(long)]
    json: bool,
}

/// Answers; in JSON also where the answer is an error.
pub(super) fn run(args: &Args, host: &dyn Host) -> anyhow::Result<Output> {
    if !args.files.files.is_empty() {
        return files::run(&args.files, &args.machine, args.output.json, host);
    }
    let result = look(args, host).and_then(|seen| {
        if args.config {
            config::run(args, host, &seen)
        } else {
            environment::run(args, host, &seen)
        }
    });
    match result {
        Err(error) if args.output.json => {
            super::complain(&error);
            Ok(failed(&format!("{error:#}"), super::code_of(&error)))
        }
        result => result,
    }
}

/// The document of a run that failed.
pub(super) fn failed(message: &str, code: u8) -> Output {
    Output { stdout: report::migrate::error(message, code, Matrix::embedded().as_of), code }
}

/// The machine that is looked at, and the one that the answer is for.
struct Seen {
    /// This one, with its clients and its configuration.
    here: Machine,
    /// The one where PyTorch is to run: this one, unless flags describe another.
    there: Machine,
}

fn look(args: &Args, host: &dyn Host) -> anyhow::Result<Seen> {
    let mut there = machine(&args.machine, host, Matrix::embedded())?;
    let is_other = args.machine.platform.is_some() || args.machine.machine.is_some();
    if !is_other {
        return Ok(Seen { here: there.clone(), there });
    }
    // The environment and its client are here, whatever machine the packages are for.
    let here = probe(host, &Overrides::default());
    there.clients.clone_from(&here.clients);
    there.config_files.clone_from(&here.config_files);
    there.shell.clone_from(&here.shell);
    Ok(Seen { here, there })
}

impl Args {
    fn style(&self, machine: &Machine) -> Style {
        use std::io::IsTerminal;
        let output = &self.output;
        Style {
            width: terminal_width().unwrap_or(80).clamp(40, 100),
            color: output.color.unwrap_or_default().wanted(std::io::stdout().is_terminal()),
            shell: output.shell.map_or_else(|| shell_of(machine), ShellFlag::shell),
            all: false,
        }
    }

    fn wishes(&self) -> RequestOverrides {
        RequestOverrides {
            accelerator: self.accelerator.map(Accelerator::wish),
            pytorch: self.pytorch,
            python: self.python,
        }
    }
}
