//! `conda-torch migrate`.

mod environment;
mod files;
mod folder;

use clap::builder::NonEmptyStringValueParser;
use clap_complete::ArgValueCandidates;

use conda_torch_core::conda::Version;
use conda_torch_core::migrate::environment::{Settings, settings};
use conda_torch_core::report::ErrorCode;
use conda_torch_core::report::migrate::{self as report, SettingsAnswer};
use conda_torch_core::resolve::RequestedAccelerator;
use conda_torch_core::types::{Environment, Machine};
use conda_torch_probe::environment as installed;
use conda_torch_probe::host::Host;

use crate::built_in;
use crate::text;

use super::flags::{
    ACCELERATORS, EnvironmentFlags, FormatFlags, GlobalFlags, MachineFlags, OutputFlags,
    RequestedVersion, machine, one_of, python, pytorch, read_named, this_machine,
};
use super::{Failure, Output, completions};

const EXAMPLES: &str = "\
Examples:
  conda-torch migrate                         the active environment
  conda-torch migrate -n torch --client mamba
  conda-torch migrate -n torch --in-place     change it instead of creating one
  conda-torch migrate --config                the channels in .condarc
  conda-torch migrate environment.yml         show the changes to a file
  conda-torch migrate environment.yml pixi.toml Dockerfile --write
  conda-torch migrate . --check               every file of a repository
  conda-torch migrate -n torch --driver 550 --gpu A100
                                              if the GPU is in another machine

Commands are printed; only `--run` runs them. Only `--write` changes files.
Exit codes: 0 success, 1 failure, 2 wrong command line, 3 no build satisfies the
request, 4 a file would change (`--check`)";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    environment: EnvironmentFlags,
    /// Migrate the configuration instead: find the lines that add old channels
    #[arg(long, conflicts_with_all = ["name", "prefix", "in_place", "to"])]
    config: bool,
    /// Change the environment itself, if possible
    #[arg(long, conflicts_with = "to")]
    in_place: bool,
    #[command(flatten)]
    run: RunFlags,
    /// Name of the new environment [default: the old name with `-cf`]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    to: Option<String>,
    /// What to compute on [default: as in the environment]
    #[arg(long, value_parser = one_of(ACCELERATORS))]
    accelerator: Option<RequestedAccelerator>,
    /// The same as `--accelerator cpu`
    #[arg(long, conflicts_with = "accelerator")]
    cpu: bool,
    /// PyTorch version, prefix or constraint [default: the requested one, else the newest]
    #[arg(long, value_name = "VERSION", value_parser = pytorch, add = ArgValueCandidates::new(completions::pytorch_versions))]
    pytorch: Option<RequestedVersion>,
    /// Python version [default: the installed one, if PyTorch supports it]
    #[arg(long, value_name = "X.Y", value_parser = python, add = ArgValueCandidates::new(completions::pythons))]
    python: Option<Version>,
    #[command(flatten)]
    files: files::FileFlags,
    #[command(flatten)]
    pub(super) machine: MachineFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    format: FormatFlags,
}

// No doc comment: clap would show it as the description of the subcommand.
#[derive(Debug, clap::Args)]
struct RunFlags {
    /// Run the commands with the client, then check and test the result
    #[arg(long, conflicts_with_all = ["config", "files"])]
    run: bool,
    /// With `--run`, do not ask
    #[arg(short, long, requires = "run")]
    yes: bool,
}

pub(super) fn run(args: &Args, global: &GlobalFlags, host: &dyn Host) -> anyhow::Result<Output> {
    let is_json = args.format.is_json(global)?;
    if !args.files.files.is_empty() {
        return files::run(&args.files, &args.machine, is_json.then_some(global), host);
    }
    // The described machine has the clients and the configuration of this one.
    let mut target = machine(&args.machine, host, built_in::matrix())?;
    let here = this_machine(&args.machine, host, &target);
    target.clients.clone_from(&here.clients);
    target.config_files.clone_from(&here.config_files);
    target.shell.clone_from(&here.shell);
    if args.config {
        migrate_config(args, global, host, &here)
    } else {
        environment::run(args, global, host, &here, &target)
    }
}

fn migrate_config(
    args: &Args,
    global: &GlobalFlags,
    host: &dyn Host,
    here: &Machine,
) -> anyhow::Result<Output> {
    let files = conda_torch_probe::settings(host, &here.config_files);
    let environments = installed::all(host, here);
    let environments: Vec<Environment> =
        environments.iter().map(|place| read_named(host, place, &files)).collect();
    let answer = SettingsAnswer {
        machine: here,
        settings: &read_settings(host, here, &environments),
        client: args.output.target(here),
        shell: args.output.shell(here),
    };
    let stdout = if args.format.is_json(global)? {
        global.answer(report::settings(&answer), answer.shell)?
    } else {
        text::migrate_config(&answer, global.style(host))
            .map_err(|why| Failure::new(ErrorCode::FormatRefused, why.to_string()))?
    };
    Ok(Output { stdout, code: 0 })
}

/// The lines of this machine's configuration that add old channels.
fn read_settings(host: &dyn Host, here: &Machine, environments: &[Environment]) -> Settings {
    let files = conda_torch_probe::settings(host, &here.config_files);
    settings(&files, host.env("CONDA_CHANNELS").as_deref(), environments)
}
