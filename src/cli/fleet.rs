//! `conda-torch fleet`: the nodes of a cluster, and the fewest environments that serve them.

use std::io::{IsTerminal, Read};
use std::time::Instant;

use anyhow::{Context, bail};
use clap::builder::NonEmptyStringValueParser;
use clap::{ValueEnum, ValueHint};

use conda_torch_core::commands::as_folder;
use conda_torch_core::conda::{Channels, Subdir};
use conda_torch_core::escapes::visible;
use conda_torch_core::fleet::{
    Collector, Deployment, EnvironmentCount, FleetDrift, FleetPlan, deploy, expand, picture,
};
use conda_torch_core::report::ErrorCode;
use conda_torch_core::report::fleet::{FleetOutput, csv, document};
use conda_torch_core::types::{ClientKind, Shell};
use conda_torch_host::open_input;
use conda_torch_probe::host::Host;

use crate::built_in;
use crate::text;
use crate::text::fleet::FleetPage;

use super::flags::{CLIENTS, ChannelFlags, GlobalFlags, RequestOptions, one_of};
use super::live::read_matrix;
use super::progress::Progress;
use super::{Failure, Output, UsageError, note};

const EXAMPLES: &str = "\
Examples:
  srun conda-torch probe --json --node > nodes.jsonl
  conda-torch fleet nodes.jsonl               classes, environments, commands
  kubectl get nodes -o json | conda-torch fleet
  conda-torch fleet nodes.jsonl --prefix /shared/envs --format activate
                                              pick the environment on each node
  conda-torch fleet today.jsonl --compare yesterday.jsonl
                                              what changed; exit code 4 if anything

Exit codes: 0 every node is served, 1 failure, 2 wrong command line, 3 no node is
served, 4 nodes not served or missing, damaged lines, or changed nodes";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Files with what `probe --json --node`, pdsh, kubectl, Slurm, HTCondor or Ansible print about nodes [default: stdin]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    files: Vec<String>,
    /// Most environments to make [default: the fewest that serve all nodes]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    environments: Option<u16>,
    /// Package to install with PyTorch, as for `advise`; repeatable
    #[arg(long, value_name = "PACKAGE")]
    package: Vec<String>,
    /// Nodes that should be there, as Slurm writes them [e.g. "gpu[001-128]"]
    #[arg(long, value_name = "NODES")]
    expect: Vec<String>,
    /// Earlier collection of the same fleet: show what changed
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    compare: Vec<String>,
    /// Leave out names and all else that identifies the fleet
    #[arg(long)]
    redact: bool,
    #[command(flatten)]
    output: FleetOutputFlags,
    #[command(flatten)]
    request: RequestOptions,
    #[command(flatten)]
    channel: ChannelFlags,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
struct FleetOutputFlags {
    /// Format of the answer [default: human]
    #[arg(long, value_enum)]
    format: Option<FleetFormat>,
    /// Shared folder of the environments, instead of names [e.g. /shared/envs]
    #[arg(short, long, value_name = "FOLDER", value_hint = ValueHint::DirPath, value_parser = NonEmptyStringValueParser::new())]
    prefix: Option<String>,
    /// Client to print commands for [default: conda]
    #[arg(long, value_parser = one_of(CLIENTS))]
    client: Option<ClientKind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FleetFormat {
    /// Text
    Human,
    /// One JSON document; see `conda-torch schema fleet`
    Json,
    /// The classes as comma-separated values
    Csv,
    /// Classes against builds, as a picture
    Svg,
    /// The picture in a page
    Html,
    /// The commands that build the environments on a login node
    Commands,
    /// Features and constraints for Slurm
    Slurm,
    /// A module file for Lmod that picks the environment on each node
    Lmod,
    /// A module file for Environment Modules that does the same
    Tcl,
    /// Lines for a job script that do the same
    Activate,
    /// Labels and selectors for Kubernetes
    Kubernetes,
    /// An inventory for Ansible with a group for each environment
    Ansible,
    /// A Dockerfile with a target for each environment
    Dockerfile,
}

impl FleetFormat {
    /// What it writes, if that is for another program of the cluster.
    fn deployment(self) -> Option<Deployment> {
        match self {
            Self::Human | Self::Json | Self::Csv | Self::Svg | Self::Html => None,
            Self::Commands => Some(Deployment::Commands),
            Self::Slurm => Some(Deployment::Slurm),
            Self::Lmod => Some(Deployment::Lmod),
            Self::Tcl => Some(Deployment::Tcl),
            Self::Activate => Some(Deployment::Activate),
            Self::Kubernetes => Some(Deployment::Kubernetes),
            Self::Ansible => Some(Deployment::Ansible),
            Self::Dockerfile => Some(Deployment::Dockerfile),
        }
    }
}

/// How many bytes are read at once.
const CHUNK: usize = 1 << 18;

pub(super) fn run(args: &Args, global: &GlobalFlags, host: &dyn Host) -> anyhow::Result<Output> {
    let format = global.format(args.output.format, FleetFormat::Json, FleetFormat::Human)?;
    if args.redact && format.deployment().is_some_and(Deployment::needs_names) {
        let format = format.to_possible_value();
        let name = format.as_ref().map_or("", |value| value.get_name());
        let why =
            format!("`--redact` cannot be used with `--format {name}`, which names the nodes");
        bail!(Failure::new(ErrorCode::Contradiction, why));
    }
    let channels = args.channel.channels(host)?;
    let live = read_matrix(host, &args.channel, &channels, Subdir::WITH_PYTORCH)?;
    let matrix = live.as_ref().map_or(built_in::matrix(), |live| &live.matrix);
    let request = args.request.request(&args.package, matrix)?;
    let mut collector = Collector::new(matrix);
    for nodes in &args.expect {
        let names = expand(nodes).map_err(|why| UsageError(format!("`--expect`: {why}")))?;
        collector.expect(&names);
    }
    read_all(&args.files, &mut collector)?;
    let count = args
        .environments
        .map_or(EnvironmentCount::Fewest, |most| EnvironmentCount::AtMost(most.into()));
    let mut plan = collector.plan(&request, count);
    if plan.nodes == 0 {
        bail!(nothing_read(&plan));
    }
    let mut drift = match args.compare.as_slice() {
        [] => None,
        files => {
            let mut before = Collector::new(matrix);
            read_all(files, &mut before)?;
            if before.count() == 0 {
                let why = "`--compare`: no nodes found in it";
                bail!(Failure::new(ErrorCode::MachineNotRecognized, why));
            }
            if before.damaged() > 0 {
                let count = before.damaged();
                note(&format!(
                    "warning: `--compare`: {count} lines describe no node and were skipped"
                ));
            }
            Some(collector.drift(&before))
        }
    };
    if args.redact {
        plan = plan.redacted();
        drift = drift.map(FleetDrift::redacted);
    }
    let prefix = args.output.prefix.as_deref().map(as_folder);
    let answer = Answer {
        args,
        plan: &plan,
        drift: drift.as_ref(),
        prefix: prefix.as_deref(),
        channels: &channels,
    };
    answer.write(format, global, host)
}

/// What is written.
struct Answer<'a> {
    args: &'a Args,
    plan: &'a FleetPlan<'a>,
    drift: Option<&'a FleetDrift>,
    prefix: Option<&'a str>,
    channels: &'a Channels,
}

impl Answer<'_> {
    fn write(
        &self,
        format: FleetFormat,
        global: &GlobalFlags,
        host: &dyn Host,
    ) -> anyhow::Result<Output> {
        let Self { args, plan, drift, prefix, channels } = *self;
        let client = args.output.client.unwrap_or(ClientKind::Conda);
        let is_redacted = args.redact;
        let output = FleetOutput { plan, drift, prefix, channels, is_redacted };
        let refused = |why: &dyn std::fmt::Display| {
            Failure::new(ErrorCode::FormatRefused, format!("cannot write this answer: {why}"))
        };
        let stdout = match (format, format.deployment()) {
            (FleetFormat::Json, _) => global.answer(document(&output), Shell::Posix)?,
            (FleetFormat::Csv, _) => csv(plan, is_redacted),
            (FleetFormat::Svg, _) => picture::svg(plan),
            (FleetFormat::Html, _) => picture::html(plan),
            (_, Some(deployment)) => {
                deploy(deployment, plan, prefix, client, channels).map_err(|why| refused(&why))?
            }
            (_, None) => {
                let page = FleetPage { plan, drift, prefix, client, channels };
                page.text(global.style(host)).map_err(|why| refused(&why))?
            }
        };
        if format != FleetFormat::Human && format != FleetFormat::Json {
            note(&text::fleet::problems(plan, global.style(host).width));
        }
        Ok(Output { stdout, code: output.exit_code() })
    }
}

/// Reads files, or standard input, as a stream.
fn read_all(files: &[String], collector: &mut Collector<'_>) -> anyhow::Result<()> {
    let stdin = ["-".to_owned()];
    if files.is_empty() && std::io::stdin().is_terminal() {
        let why = "no input; pass a file, or pipe in what `conda-torch probe --json --node` prints on each node";
        bail!(UsageError(why.to_owned()));
    }
    let files = if files.is_empty() { &stdin[..] } else { files };
    let began = Instant::now();
    let mut progress = Progress::new("Reading nodes".to_owned(), true);
    let mut buffer = vec![0; CHUNK];
    for path in files {
        let context = || {
            if path == "-" {
                "cannot read standard input".to_owned()
            } else {
                format!("cannot read `{}`", visible(path))
            }
        };
        let unreadable = Failure::of(ErrorCode::Unreadable);
        let mut read = || -> anyhow::Result<()> {
            let mut input = open_input(path).with_context(context)?;
            collector.begin((files.len() > 1).then_some(path));
            loop {
                match input.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(count) => collector.feed(&buffer[..count]),
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(anyhow::Error::new(error).context(context())),
                }
                progress.tick_with(began.elapsed(), || format!("{} nodes", collector.count()));
            }
            Ok(())
        };
        read().map_err(unreadable)?;
        collector.end(file_stem(path));
    }
    Ok(())
}

/// The name of a node that a file has: `nodes/gpu001.json`.
fn file_stem(path: &str) -> Option<&str> {
    let name = path.rsplit(['/', '\\']).next().filter(|_| path != "-")?;
    Some(
        ["json", "txt", "xml", "log"]
            .iter()
            .find_map(|end| name.strip_suffix(end)?.strip_suffix('.'))
            .unwrap_or(name),
    )
}

/// The error if no node could be read.
fn nothing_read(plan: &FleetPlan<'_>) -> Failure {
    let first = plan.damage.first().map(|damage| {
        let line = damage.line;
        format!("\nline {line}: {}", damage.why)
    });
    let why = format!(
        "no nodes found in the input{}\nhint: pipe in what `conda-torch probe --json --node` prints on each node",
        first.unwrap_or_default()
    );
    Failure::new(ErrorCode::MachineNotRecognized, why)
}
