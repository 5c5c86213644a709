//! `conda-torch advise`.

use anyhow::bail;
use clap::ValueEnum;

use conda_torch_core::answer::{Answer, Refused};
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::formats;
use conda_torch_core::report::{self, ErrorCode};
use conda_torch_core::types::ClientKind;
use conda_torch_probe::host::Host;

use crate::text;

use super::answer::Question;
use super::flags::{
    ChannelFlags, GlobalFlags, MachineFlags, NewEnvironmentFlags, OutputFlags, RequestFlags,
    page_width,
};
use super::verify::{Printed, VerifyContext, VerifyFlags};
use super::{Failure, Output, note, print_error};

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
    #[command(flatten)]
    environment: NewEnvironmentFlags,
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
    let Args { request, machine, output, channel, .. } = args;
    let environment = |client: &ClientTarget<'_>| {
        args.refuse_useless_offline(client.kind)?;
        args.answer.environment.target(client, format == Format::PixiToml, None)
    };
    let question = Question { request, machine, output, channel, runs_here: false, prefers: None };
    let machine = question.machine(host)?;
    question.answer(host, &machine, &[], environment, |answer| {
        print_answer(args, global, format, host, answer)
    })
}

fn print_answer(
    args: &Args,
    global: &GlobalFlags,
    format: Format,
    host: &dyn Host,
    answer: Answer<'_>,
) -> anyhow::Result<Output> {
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
    let answer = Answer { proof: proof.as_ref(), ..answer };
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
    fn refuse_useless_offline(&self, client: ClientKind) -> Result<(), Failure> {
        let why = if !self.channel.offline {
            return Ok(());
        } else if !self.channel.live && !self.verify.is_wanted() {
            "`--offline` needs `--live` or `--verify`, which read a channel"
        } else if self.verify.is_by_client() && client == ClientKind::Pixi {
            "pixi cannot solve offline; pass `--verify=solver` instead"
        } else {
            return Ok(());
        };
        Err(Failure::new(ErrorCode::Usage, why))
    }
}
