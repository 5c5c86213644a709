//! `conda-torch advise`.

use clap::ValueEnum;

use super::machine_flags::MachineFlags;
use super::request_flags::RequestFlags;

/// What to type on this machine, and why.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    request: RequestFlags,
    #[command(flatten)]
    machine: MachineFlags,
    #[command(flatten)]
    output: OutputFlags,
}

/// How the answer is written.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
struct OutputFlags {
    /// The client that the commands are for [default: the best one found, else conda]
    #[arg(long, value_enum)]
    client: Option<ClientFlag>,
    /// The environment's name [default: torch]
    #[arg(short, long, conflicts_with = "prefix")]
    name: Option<String>,
    /// The environment's folder, in place of a name
    #[arg(short, long, value_name = "FOLDER")]
    prefix: Option<String>,
    /// The shell that the commands are for [default: the one in use]
    #[arg(long, value_enum)]
    shell: Option<ShellFlag>,
    /// How to write the answer
    #[arg(long, value_enum, default_value_t, conflicts_with = "json")]
    format: Format,
    /// The same as `--format json`
    #[arg(long)]
    json: bool,
    /// In JSON: every build that was turned down, not only those that look better
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ClientFlag {
    Conda,
    Mamba,
    Micromamba,
    Pixi,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ShellFlag {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Cmd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For a person
    #[default]
    Human,
    /// For an installer: one document, described by `conda-torch schema`
    Json,
    /// Only the commands, one a line
    Commands,
    /// A conda `environment.yml`
    EnvironmentYml,
    /// A `pixi.toml`
    PixiToml,
    /// A `Dockerfile`
    Dockerfile,
}
