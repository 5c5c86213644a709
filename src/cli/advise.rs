//! `conda-torch advise`.

use std::io::IsTerminal;
use std::mem::ManuallyDrop;

use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;

use conda_torch_core::answer::{Answer, Refused, Style};
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::TargetEnvironment;
use conda_torch_core::conda::{Channels, Os, Subdir};
use conda_torch_core::diagnostics::{ChannelRemark, Diagnostic};
use conda_torch_core::formats;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::report;
use conda_torch_core::resolve::advise;
use conda_torch_core::types::{ClientKind, Detected, Machine, Shell};
use conda_torch_core::virtual_packages::client_note;
use conda_torch_probe::host::Host;

use crate::text;

use super::channel_flags::ChannelFlags;
use super::live_rows::LiveRows;
use super::machine_flags::{MachineFlags, machine};
use super::request_flags::RequestFlags;
use super::verify::{Circumstances, Interrupted, VerifyFlags};
use super::width::terminal_width;
use super::{Color, Output, UsageError};

#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[group(skip)] // nothing refers to the group, and it is made at every start
pub(super) struct Args {
    #[command(flatten)]
    request: RequestFlags,
    #[command(flatten)]
    machine: MachineFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    verify: VerifyFlags,
    #[command(flatten)]
    channel: ChannelFlags,
}

// No doc comment: clap would make it the text of the subcommand.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Output")]
struct OutputFlags {
    /// The client that the commands are for [default: the best one found, else conda]
    #[arg(long, value_enum)]
    client: Option<ClientFlag>,
    /// The environment's name [default: torch]
    #[arg(short, long, conflicts_with = "prefix", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    /// The environment's folder, in place of a name
    #[arg(short, long, value_name = "FOLDER", value_parser = NonEmptyStringValueParser::new())]
    prefix: Option<String>,
    /// The shell that the commands are for [default: the one in use]
    #[arg(long, value_enum)]
    shell: Option<ShellFlag>,
    // Defaults are filled in below: clap would print and parse them again at every start.
    /// How to write the answer [default: human]
    #[arg(long, value_enum, conflicts_with = "json")]
    format: Option<Format>,
    /// When to colour [default: auto, which heeds `NO_COLOR`]
    #[arg(long, value_enum, hide_short_help = true)]
    color: Option<Color>,
    /// The same as `--format json`
    #[arg(long)]
    json: bool,
    /// In JSON: every build that was turned down, not only those that look better
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ClientFlag {
    Conda,
    Mamba,
    Micromamba,
    Pixi,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ShellFlag {
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

/// Answers; in JSON also where the answer is an error.
pub(super) fn run(args: &Args, host: &dyn Host) -> anyhow::Result<Output> {
    match answer(args, host) {
        Err(error) if args.wants_json() => {
            super::complain(&error);
            Ok(failed(&format!("{error:#}"), super::code_of(&error)))
        }
        result => result,
    }
}

/// The document of a run that failed.
pub(super) fn failed(message: &str, code: u8) -> Output {
    Output { stdout: report::advise::error(message, code), code }
}

fn answer(args: &Args, host: &dyn Host) -> anyhow::Result<Output> {
    let matrix = Matrix::embedded();
    let machine = ManuallyDrop::new(machine(&args.machine, host, matrix)?);
    let request = args.request.request();
    let channels = args.channel.channels(host)?;
    let output = &args.output;
    let client = ClientTarget::of(&machine, output.client.map(ClientFlag::kind));
    args.offline_is_meant(client.kind)?;
    let live = match read(&args.channel, &channels, host, &machine)? {
        Ok(live) => ManuallyDrop::new(live),
        Err(interrupted) => return Ok(interrupted.output()),
    };
    let matrix = live.as_ref().map_or(matrix, |live| &live.matrix);
    // The process ends soon: see `cli::run`.
    let advice = advise(&machine, &request, matrix);
    let of_client = client_note(advice.recommended.as_ref(), &machine, &client);
    let of_rows = live.iter().flat_map(LiveRows::diagnostics);
    let of_channels = ChannelRemark::of(&channels, args.channel.live).map(Diagnostic::Channel);
    let advice = advice.with(of_client.into_iter().chain(of_rows).chain(of_channels));
    let advice = ManuallyDrop::new(advice);
    let mut answer = Answer {
        machine: &machine,
        request: &request,
        advice: &advice,
        matrix,
        client,
        environment: output.environment(),
        channels: &channels,
        live: live.as_ref().map(|live| &live.text),
        proof: None,
        style: Style {
            width: terminal_width().unwrap_or(80).clamp(40, 100),
            color: output.color.unwrap_or_default().wanted(std::io::stdout().is_terminal()),
            shell: output.shell.map_or_else(|| shell_of(&machine), ShellFlag::shell),
            all: output.all,
        },
    };
    let format = if args.wants_json() { Format::Json } else { output.format.unwrap_or_default() };
    let around = Circumstances {
        host,
        is_here: args.machine.machine.is_none() && args.machine.platform.is_none(),
        is_watched: format != Format::Json,
        offline: args.channel.offline,
    };
    let proof = match args.verify.prove(&answer, &around) {
        Ok(proof) => ManuallyDrop::new(proof),
        Err(interrupted) => return Ok(interrupted.output()),
    };
    answer.proof = proof.as_ref();
    let stdout = match format {
        Format::Human => text::human(&answer),
        Format::Json => Ok(report::advise::json(&answer)),
        Format::Commands => formats::commands(&answer),
        Format::EnvironmentYml => formats::environment_yml(&answer),
        Format::PixiToml => formats::pixi_toml(&answer),
        Format::Dockerfile => formats::dockerfile(&answer),
    };
    let code = answer.exit_code();
    match stdout {
        Ok(stdout) => {
            if !matches!(format, Format::Human | Format::Json) {
                super::remark(&text::warnings(&answer));
            }
            Ok(Output { stdout, code })
        }
        // Nothing to write into a file: stdout stays empty, and stderr and the exit code tell.
        Err(refused @ Refused::NothingFits) => {
            super::complain(&refused.into());
            Ok(Output { stdout: String::new(), code })
        }
        Err(
            refused @ (Refused::NotLinux(_) | Refused::FolderInImage(_) | Refused::CannotQuote(_)),
        ) => Err(UsageError(refused.to_string()).into()),
    }
}

/// The rows of the channel, where they are asked for.
fn read(
    flags: &ChannelFlags,
    channels: &Channels,
    host: &dyn Host,
    machine: &Machine,
) -> anyhow::Result<Result<Option<LiveRows>, Interrupted>> {
    let with_pytorch = &Subdir::ALL[..5];
    match machine.subdir.value() {
        Some(subdir) if with_pytorch.contains(subdir) => flags.read(host, channels, &[*subdir]),
        Some(_) | None => flags.read(host, channels, with_pytorch),
    }
}

impl Args {
    /// Refuses `--offline` where there is nothing to hold to it, or nobody who could be held.
    fn offline_is_meant(&self, client: ClientKind) -> Result<(), UsageError> {
        let why = if !self.channel.offline {
            return Ok(());
        } else if !self.channel.live && !self.verify.is_wanted() {
            "`--offline` goes with `--live` or `--verify`, which read a channel"
        } else if self.verify.is_by_client() && client == ClientKind::Pixi {
            "pixi cannot be kept from the network: `--verify=solver` solves without it"
        } else {
            return Ok(());
        };
        Err(UsageError(why.to_owned()))
    }

    fn wants_json(&self) -> bool {
        self.output.json || self.output.format == Some(Format::Json)
    }
}

impl OutputFlags {
    fn environment(&self) -> TargetEnvironment {
        match (&self.name, &self.prefix) {
            (Some(name), _) => TargetEnvironment::Name(name.clone()),
            (None, Some(prefix)) => TargetEnvironment::Prefix(prefix.clone()),
            (None, None) => TargetEnvironment::Unnamed,
        }
    }
}

impl ClientFlag {
    pub(super) fn kind(self) -> ClientKind {
        match self {
            Self::Conda => ClientKind::Conda,
            Self::Mamba => ClientKind::Mamba,
            Self::Micromamba => ClientKind::Micromamba,
            Self::Pixi => ClientKind::Pixi,
        }
    }
}

impl ShellFlag {
    pub(super) fn shell(self) -> Shell {
        match self {
            Self::Bash | Self::Zsh => Shell::Posix,
            Self::Fish => Shell::Fish,
            Self::Powershell => Shell::Powershell,
            Self::Cmd => Shell::Cmd,
        }
    }
}

/// The shell in use, or the usual one of the platform.
pub(super) fn shell_of(machine: &Machine) -> Shell {
    match &machine.shell {
        Detected::Found(shell) => shell.value,
        Detected::Absent | Detected::Unknown { .. } => {
            let windows = machine.subdir.value().is_some_and(|subdir| subdir.os() == Os::Windows);
            if windows { Shell::Powershell } else { Shell::Posix }
        }
    }
}
