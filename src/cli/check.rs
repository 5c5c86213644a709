//! `conda-torch check`.

use std::io::IsTerminal;

use clap::builder::NonEmptyStringValueParser;

use conda_torch_core::answer::Style;
use conda_torch_core::audit::check;
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::report::check::{self as report, Checked, Telling};
use conda_torch_core::types::Machine;
use conda_torch_probe::environment::{self, Location};
use conda_torch_probe::host::Host;
use conda_torch_probe::{Overrides, probe};

use crate::text;

use super::advise::{ClientFlag, ShellFlag, shell_of};
use super::machine_flags::{MachineFlags, machine};
use super::width::terminal_width;
use super::{Output, UsageError};

/// The questions that it answers.
const EXAMPLES: &str = "\
Examples:
  conda-torch check                           the active environment, else all
  conda-torch check -n torch
  conda-torch check -p ./env --machine gpu-node.json
                                              would it run on that node?

Exit codes: 0 sound, 1 failed, 2 wrong command line, 4 something to mend";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The environment's name
    #[arg(short, long, conflicts_with = "prefix", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    /// The environment's folder
    #[arg(short, long, value_name = "FOLDER", value_parser = NonEmptyStringValueParser::new())]
    prefix: Option<String>,
    /// The client that the commands are for [default: the best one found, else conda]
    #[arg(long, value_enum)]
    client: Option<ClientFlag>,
    /// The shell that the commands are for [default: the one in use]
    #[arg(long, value_enum)]
    shell: Option<ShellFlag>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    machine: MachineFlags,
}

/// Something to mend.
const MEND: u8 = 4;

/// Looks; in JSON also where the answer is an error.
pub(super) fn run(args: &Args, host: &dyn Host) -> anyhow::Result<Output> {
    match answer(args, host) {
        Err(error) if args.json => {
            super::complain(&error);
            Ok(failed(&format!("{error:#}"), super::code_of(&error)))
        }
        result => result,
    }
}

/// The document of a run that failed.
pub(super) fn failed(message: &str, code: u8) -> Output {
    Output { stdout: report::error(message, code, Matrix::embedded().as_of), code }
}

fn answer(args: &Args, host: &dyn Host) -> anyhow::Result<Output> {
    let matrix = Matrix::embedded();
    let machine = machine(&args.machine, host, matrix)?;
    let (places, is_one) = places(args, host, &machine)?;
    let mut all = Vec::new();
    for place in &places {
        let environment = environment::read(host, place);
        let checkup = check(&environment, &machine, matrix);
        all.push(Checked { environment, checkup });
    }
    if let (true, [one]) = (is_one, all.as_slice())
        && let [problem] = one.environment.problems.as_slice()
        && one.environment.packages.is_empty()
        && problem.source.ends_with("conda-meta")
    {
        let prefix = &one.environment.prefix;
        anyhow::bail!(
            "`{prefix}` is no environment that can be read: `conda-meta`: {}",
            problem.detail
        );
    }
    let code = if all.iter().any(|one| one.checkup.verdict.asks()) { MEND } else { 0 };
    let telling = Telling {
        client: ClientTarget::of(&machine, args.client.map(ClientFlag::kind)),
        style: Style {
            width: terminal_width().unwrap_or(80).clamp(40, 100),
            color: super::Color::default().wanted(std::io::stdout().is_terminal()),
            shell: args.shell.map_or_else(|| shell_of(&machine), ShellFlag::shell),
            all: false,
        },
    };
    let stdout = match all.as_slice() {
        all if args.json => report::document(all, &machine, &telling, matrix.as_of, code),
        [one] if is_one => {
            text::check::page(one, &telling).map_err(|error| UsageError(error.to_string()))?
        }
        all => text::check::table(all),
    };
    Ok(Output { stdout, code })
}

/// The environments that are meant, and whether one is.
fn places(
    args: &Args,
    host: &dyn Host,
    machine: &Machine,
) -> anyhow::Result<(Vec<Location>, bool)> {
    if let Some(prefix) = &args.prefix {
        return Ok((vec![environment::at(host, prefix)], true));
    }
    // The environments are here, also where the machine that they are held against is elsewhere.
    let own;
    let here = if args.machine.machine.is_some() || args.machine.platform.is_some() {
        own = probe(host, &Overrides::default());
        &own
    } else {
        machine
    };
    if let Some(name) = &args.name {
        let place = environment::named(host, here, name).ok_or_else(|| {
            UsageError(format!(
                "no client here has an environment `{name}`; name its folder with `--prefix`"
            ))
        })?;
        return Ok((vec![place], true));
    }
    if let Some(place) = environment::active(host, here) {
        return Ok((vec![place], true));
    }
    let all = environment::all(host, here);
    if all.is_empty() {
        return Err(UsageError(
            "no environment is active, and no client here has one; name a folder with `--prefix`"
                .to_owned(),
        )
        .into());
    }
    Ok((all, false))
}
