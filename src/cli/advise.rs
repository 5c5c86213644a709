//! `conda-torch advise`.

use anyhow::bail;
use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;

use conda_torch_core::answer::{Answer, Refused};
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::TargetEnvironment;
use conda_torch_core::diagnostics::Diagnostic;
use conda_torch_core::formats;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::report::{self, ErrorCode};
use conda_torch_core::resolve::advise;
use conda_torch_core::types::ClientKind;
use conda_torch_core::virtual_packages::{client_note, override_notes};
use conda_torch_probe::host::Host;

use crate::text;

use super::flags::{
    ChannelFlags, GlobalFlags, MachineFlags, OutputFlags, RequestFlags, folder, machine, page_width,
};
use super::live::{WITH_PYTORCH, read_matrix};
use super::verify::{Printed, VerifyContext, VerifyFlags};
use super::{Failure, Output, UsageError, note, print_error};

const EXAMPLES: &str = "\
Examples:
  conda-torch advise torchvision torchaudio   with the packages that match
  conda-torch advise --python 3.11 -n work    with this Python and name
  conda-torch advise --json                   for an installer; see `schema`
  conda-torch advise --platform linux-64 --gpu 'Tesla V100' --driver 580
                                              for a node of a cluster
  conda-torch advise --platform win-64 --gpu 'RTX 5090'
                                              before buying one
  conda-torch advise --format environment-yml > environment.yml";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    request: RequestFlags,
    #[command(flatten)]
    pub(super) machine: MachineFlags,
    #[command(flatten)]
    answer: AnswerFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    verify: VerifyFlags,
    #[command(flatten)]
    channel: ChannelFlags,
}

// No doc comment: clap would show it as the description of the subcommand.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
struct AnswerFlags {
    /// Name of the new environment [default: torch]
    #[arg(short, long, conflicts_with = "prefix", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    /// Folder of the new environment, instead of a name
    #[arg(short, long, value_name = "FOLDER", value_parser = NonEmptyStringValueParser::new())]
    prefix: Option<String>,
    /// Format of the answer [default: human]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// In JSON, list every rejected build instead of only the better ones
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text with reasons
    Human,
    /// One JSON document; see `conda-torch schema`
    Json,
    /// Only the commands, one per line
    Commands,
    /// A conda `environment.yml`
    EnvironmentYml,
    /// A `pixi.toml`
    PixiToml,
    /// A `Dockerfile`
    Dockerfile,
}

pub(super) fn run(args: &Args, global: &GlobalFlags, host: &dyn Host) -> anyhow::Result<Output> {
    let format = global.format(args.answer.format, Format::Json, Format::Human)?;
    let matrix = Matrix::embedded();
    let machine = machine(&args.machine, host, matrix)?;
    let request = args.request.request();
    let channels = args.channel.channels(host)?;
    let client = args.output.target(&machine);
    args.refuse_useless_offline(client.kind)?;
    let environment = args.answer.environment(&client, format)?;
    let subdir = machine.subdir.value().filter(|subdir| WITH_PYTORCH.contains(subdir));
    let subdirs = subdir.map_or(WITH_PYTORCH, std::slice::from_ref);
    let live = read_matrix(host, &args.channel, &channels, subdirs)?;
    let matrix = live.as_ref().map_or(matrix, |live| &live.matrix);
    let advice = advise(&machine, &request, matrix);
    let accelerator = advice.recommended.as_ref().map(|choice| choice.build.accelerator);
    let of_client = client_note(&machine, &client, accelerator);
    let of_variables = override_notes(&machine);
    let of_live = live.iter().flat_map(|live| live.diagnostics.iter().cloned());
    let of_channels = Diagnostic::of_channels(&channels, args.channel.live);
    let advice =
        advice.with(of_variables.into_iter().chain(of_client).chain(of_live).chain(of_channels));
    let mut answer = Answer {
        machine: &machine,
        request: &request,
        advice: &advice,
        matrix,
        client,
        environment,
        channels: &channels,
        live: live.as_ref().map(|live| &live.channel),
        proof: None,
        shell: args.output.shell(&machine),
    };
    let context = VerifyContext {
        host,
        is_this_machine: !args.machine.is_other_machine(),
        shows_progress: format != Format::Json,
        offline: args.channel.offline,
        printed: match format {
            Format::EnvironmentYml => Printed::EnvironmentYml,
            Format::Human
            | Format::Json
            | Format::Commands
            | Format::PixiToml
            | Format::Dockerfile => Printed::Commands,
        },
    };
    let proof = args.verify.verify(&answer, &context)?;
    answer.proof = proof.as_ref();
    let formatted = match format {
        Format::Human => text::advice(&answer, global.style(host)),
        Format::Json => {
            let document = report::advise::document(&answer, args.answer.all);
            Ok(global.answer(document, answer.shell)?)
        }
        Format::Commands => formats::commands(&answer),
        Format::EnvironmentYml => formats::environment_yml(&answer),
        Format::PixiToml => formats::pixi_toml(&answer),
        Format::Dockerfile => formats::dockerfile(&answer),
    };
    let code = answer.exit_code();
    let stdout = match formatted {
        Ok(text) => text,
        Err(refused @ (Refused::NothingFits | Refused::Unknown)) => {
            print_error(&refused.into());
            note(&text::warnings(&answer, page_width()));
            return Ok(Output { stdout: String::new(), code });
        }
        Err(refused) => bail!(Failure::new(ErrorCode::FormatRefused, refused.to_string())),
    };
    if !matches!(format, Format::Human | Format::Json) || global.get.is_some() {
        if let Err(refused) = answer.choice() {
            print_error(&refused.into());
        }
        note(&text::warnings(&answer, page_width()));
    }
    Ok(Output { stdout, code })
}

impl Args {
    /// Refuses `--offline` if nothing would read a channel, or the client cannot stay offline.
    fn refuse_useless_offline(&self, client: ClientKind) -> Result<(), UsageError> {
        let why = if !self.channel.offline {
            return Ok(());
        } else if !self.channel.live && !self.verify.is_wanted() {
            "`--offline` needs `--live` or `--verify`, which read a channel"
        } else if self.verify.is_by_client() && client == ClientKind::Pixi {
            "pixi cannot solve offline; pass `--verify=solver` instead"
        } else {
            return Ok(());
        };
        Err(UsageError(why.to_owned()))
    }
}

impl AnswerFlags {
    /// The named environment. A `pixi.toml` has any name.
    fn environment(
        &self,
        client: &ClientTarget<'_>,
        format: Format,
    ) -> Result<TargetEnvironment, Failure> {
        let is_pixi = format == Format::PixiToml || client.kind == ClientKind::Pixi;
        let client =
            ClientTarget { kind: if is_pixi { ClientKind::Pixi } else { client.kind }, ..*client };
        let environment = match (&self.name, &self.prefix) {
            (Some(name), _) => TargetEnvironment::named(name.clone(), client.kind),
            (None, Some(prefix)) => TargetEnvironment::in_folder(folder(prefix), &client),
            (None, None) => Ok(TargetEnvironment::Unnamed),
        };
        environment.map_err(|why| {
            let why = format!("{why}\nhint: pass another name or folder");
            Failure::new(ErrorCode::NameRefused, why)
        })
    }
}
