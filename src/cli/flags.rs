//! The flags that subcommands share.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::builder::{
    NonEmptyStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser,
};
use clap::{ColorChoice, ValueEnum, ValueHint};
use clap_complete::ArgValueCandidates;

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::{TargetEnvironment, as_folder, shell};
use conda_torch_core::conda::{ChannelKind, Channels, Subdir, Version, is_folder, without_secrets};
use conda_torch_core::escapes::visible;
use conda_torch_core::import::{assume_baseline, text_of};
use conda_torch_core::matrix::Matrix;
use conda_torch_core::migrate::environment::name_channels;
use conda_torch_core::question::values::{BLAS, SHELLS};
use conda_torch_core::question::{
    DescribedMachine, Refusal, RequestedValues, channels, usual_shell,
};
use conda_torch_core::report::{ErrorCode, field};
use conda_torch_core::resolve::{Request, RequestedAccelerator};
use conda_torch_core::types::{
    Blas, ClientKind, ComputeCapability, Condarc, CudaVersion, Date, DriverVersion, Environment,
    Machine, Shell,
};
use conda_torch_probe::environment::{self, Location};
use conda_torch_probe::host::{DRIVER_TIMEOUT, Host};
use conda_torch_probe::{Overrides, probe};

pub(super) use conda_torch_core::question::values::{
    ACCELERATORS, CLIENTS, Choices, RequestedVersion, python, pytorch, requested_python,
};

use crate::text::Style;

use super::{Failure, UsageError, completions, note, read_input};

// The structs have no doc comments: clap would show them as the description of the subcommand.

// After the subcommand's own in its help, whichever clap reads first.
#[derive(Debug, clap::Args)]
#[command(next_display_order = 900)]
pub(super) struct GlobalFlags {
    /// Print one JSON document
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Print one value of the JSON document [e.g. command, recommended.pytorch]
    #[arg(long, global = true, value_name = "FIELD", conflicts_with = "json")]
    pub(super) get: Option<String>,
    /// When to use color
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, hide_short_help = true)]
    color: ColorChoice,
}

impl GlobalFlags {
    pub(super) fn style(&self, host: &dyn Host) -> Style {
        let color = match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
            }
        };
        Style { width: page_width(), color, today: today(host) }
    }

    /// The format of the answer: JSON for `--json` and `--get`, which no other `--format` goes with.
    pub(super) fn format<T: ValueEnum + PartialEq>(
        &self,
        format: Option<T>,
        json: T,
        usual: T,
    ) -> Result<T, Failure> {
        let flag = if self.json { "--json" } else { "--get" };
        match format {
            None if self.wants_json() => Ok(json),
            Some(other) if self.wants_json() && other != json => {
                let value = other.to_possible_value();
                let name = value.as_ref().map_or("", |value| value.get_name());
                let why = format!("`{flag}` cannot be used with `--format {name}`");
                Err(Failure::new(ErrorCode::Contradiction, why))
            }
            format => Ok(format.unwrap_or(usual)),
        }
    }

    /// The document for `--json`, or the one value of it for `--get`.
    pub(super) fn answer(&self, document: String, shell: Shell) -> Result<String, Failure> {
        let Some(path) = &self.get else { return Ok(document) };
        field(&document, path, shell)
            .map_err(|why| Failure::new(ErrorCode::UnknownField, format!("`--get {path}`: {why}")))
    }

    fn wants_json(&self) -> bool {
        self.json || self.get.is_some()
    }
}

/// The formats of a subcommand without others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TextOrJson {
    /// Text
    Human,
    /// One JSON document; see `conda-torch schema`
    Json,
}

// The heading is that of `OutputFlags`.
#[derive(Debug, clap::Args)]
pub(super) struct FormatFlags {
    /// Format of the answer [default: human]
    #[arg(long, value_enum, help_heading = "Output", hide_short_help = true)]
    format: Option<TextOrJson>,
}

impl FormatFlags {
    /// Whether to print JSON.
    pub(super) fn is_json(&self, global: &GlobalFlags) -> Result<bool, Failure> {
        let format = global.format(self.format, TextOrJson::Json, TextOrJson::Human)?;
        Ok(format == TextOrJson::Json)
    }
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputFlags {
    /// Client to print commands for [default: detected, else conda]
    #[arg(long, value_parser = one_of(CLIENTS))]
    pub(super) client: Option<ClientKind>,
    /// Shell to print commands for [default: the current one]
    #[arg(long, value_parser = one_of(SHELLS))]
    shell: Option<Shell>,
}

impl OutputFlags {
    pub(super) fn target<'m>(&self, machine: &'m Machine) -> ClientTarget<'m> {
        ClientTarget::of(machine, self.client)
    }

    /// Another client than the best, if none is named and it is installed.
    pub(super) fn target_or<'m>(
        &self,
        machine: &'m Machine,
        preferred: Option<ClientKind>,
    ) -> ClientTarget<'m> {
        let is_installed =
            |kind: &ClientKind| machine.clients.iter().any(|client| client.kind == *kind);
        ClientTarget::of(machine, self.client.or(preferred.filter(is_installed)))
    }

    /// The shell of the flag, else the detected one, else the usual one of the platform.
    pub(super) fn shell(&self, machine: &Machine) -> Shell {
        self.shell.unwrap_or_else(|| usual_shell(machine))
    }
}

/// The day by the clock of the machine.
pub(super) fn today(host: &dyn Host) -> Option<Date> {
    host.unix_time().map(Date::of_unix_time)
}

/// Columns for text.
pub(super) fn page_width() -> usize {
    terminal_width().unwrap_or(80).clamp(40, 100)
}

/// `COLUMNS`, or the columns of the terminal; `None` if stdout is not a terminal.
#[expect(clippy::disallowed_methods, reason = "`COLUMNS` is about the reader, not the machine")]
pub(super) fn terminal_width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let stdout = std::io::stdout();
    columns.or_else(|| {
        let size = stdout.is_terminal().then(|| terminal_size::terminal_size_of(&stdout))?;
        Some(size.map_or(80, |(width, _)| usize::from(width.0)))
    })
}

// Without `--platform` and `--machine`, flags override detected facts.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[command(next_help_heading = "Machine (default: this one)")]
pub(super) struct MachineFlags {
    /// Platform of another machine to describe by flags alone [e.g. linux-64]
    #[arg(long, value_name = "SUBDIR", add = ArgValueCandidates::new(completions::platforms))]
    pub platform: Option<Subdir>,
    /// NVIDIA driver version or branch [e.g. 580.65.06, 535]
    #[arg(long, value_name = "VERSION")]
    pub driver: Option<DriverVersion>,
    /// Newest CUDA version that the driver supports, as shown by `nvidia-smi` [e.g. 12.4]
    #[arg(long, value_name = "VERSION")]
    pub cuda: Option<CudaVersion>,
    /// Compute capability of a GPU; repeatable [e.g. 8.6]
    #[arg(long, value_name = "X.Y")]
    pub compute_capability: Vec<ComputeCapability>,
    /// Name of a GPU; repeatable [e.g. "RTX 4090"]
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(completions::gpus))]
    pub gpu: Vec<String>,
    /// glibc version [e.g. 2.28]
    #[arg(long, value_name = "VERSION")]
    pub glibc: Option<Version>,
    /// macOS version [e.g. 14.5]
    #[arg(long, value_name = "VERSION")]
    pub macos: Option<Version>,
    /// Time limit of the NVIDIA driver, which may be slow without persistence mode [default: 10]
    #[arg(long, value_name = "SECONDS", hide_short_help = true, value_parser = timeout)]
    pub driver_timeout: Option<Duration>,
    /// What `probe --json`, `nvidia-smi`, `lspci` or another program printed about a machine, in a file; `-` for stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub machine: Option<String>,
}

impl MachineFlags {
    /// Whether `--platform` is the only flag that describes a machine.
    pub(super) fn is_platform_alone(&self) -> bool {
        self.platform.is_some() && !Self { platform: None, ..self.clone() }.is_given()
    }

    /// What the flags describe.
    pub(super) fn described(&self) -> DescribedMachine {
        let Self { platform, driver, cuda, glibc, macos, .. } = *self;
        let (compute_capability, gpu) = (self.compute_capability.clone(), self.gpu.clone());
        DescribedMachine { platform, driver, cuda, compute_capability, gpu, glibc, macos }
    }

    /// Whether a flag describes a machine.
    pub(super) fn is_given(&self) -> bool {
        Self { driver_timeout: None, ..self.clone() } != Self::default()
    }

    /// Whether the flags describe another machine than this one.
    pub(super) fn is_other_machine(&self) -> bool {
        self.platform.is_some() || self.machine.is_some()
    }
}

/// The time limit of the driver: the flag's, else the variable's, else the default.
pub(super) fn driver_timeout(
    flags: Option<&MachineFlags>,
    host: &dyn Host,
) -> Result<Duration, UsageError> {
    const VARIABLE: &str = "CONDA_TORCH_TIMEOUT";
    if let Some(timeout) = flags.and_then(|flags| flags.driver_timeout) {
        return Ok(timeout);
    }
    let Some(text) = host.env(VARIABLE) else { return Ok(DRIVER_TIMEOUT) };
    timeout(&text).map_err(|why| UsageError(format!("invalid `{VARIABLE}={text}`: {why}")))
}

fn timeout(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (1..=3600).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| "expected 1 to 3600 seconds".to_owned())
}

/// The largest description of a machine, in bytes.
const MACHINE_LIMIT: usize = 64 << 20;

/// The machine of `--machine` or `--platform`, else this one; other flags override its facts.
pub(super) fn machine(
    flags: &MachineFlags,
    host: &dyn Host,
    matrix: &Matrix,
) -> anyhow::Result<Machine> {
    let described = flags.described();
    let overrides = described.overrides(matrix)?;
    let mut machine = match &flags.machine {
        Some(path) => {
            let mut machine = described_machine(path, host, &described)?;
            overrides.apply(&mut machine);
            assume_baseline(&mut machine);
            machine
        }
        None => probe(host, &overrides),
    };
    described.refuse_contradictions(&machine, matrix)?;
    matrix.complete(&mut machine);
    Ok(machine)
}

/// The machine of `--machine`.
fn described_machine(
    path: &str,
    host: &dyn Host,
    described: &DescribedMachine,
) -> anyhow::Result<Machine> {
    let name =
        if path == "-" { "on standard input".into() } else { format!("file `{}`", visible(path)) };
    let context = || format!("cannot read the machine {name}");
    let bytes = read_input(path, host, MACHINE_LIMIT).with_context(context);
    let bytes = bytes.map_err(Failure::of(ErrorCode::Unreadable))?;
    described.read(&text_of(&bytes)).map_err(|refusal| {
        let is_unreadable = refusal.code == ErrorCode::MachineNotRecognized;
        let refused = Failure::from(refusal);
        if !is_unreadable {
            return refused.into();
        }
        Failure::of(ErrorCode::MachineNotRecognized)(anyhow::Error::new(refused).context(context()))
            .into()
    })
}

#[derive(Debug, clap::Args)]
pub(super) struct RequestFlags {
    /// Packages to install: torchvision, torchaudio, or any match spec [e.g. transformers "numpy<2"]
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,
    #[command(flatten)]
    options: RequestOptions,
}

impl RequestFlags {
    /// The request, with the packages of a file; repeated packages count once.
    pub(super) fn request(&self, of_file: &[String], matrix: &Matrix) -> Result<Request, Refusal> {
        self.options.request(&[of_file, &self.packages].concat(), matrix)
    }
}

// A request without its packages.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Request (default: the newest PyTorch for the machine)")]
pub(super) struct RequestOptions {
    /// What to compute on
    #[arg(long, value_parser = one_of(ACCELERATORS), default_value = "auto")]
    accelerator: RequestedAccelerator,
    /// The same as `--accelerator cpu`
    #[arg(long, conflicts_with = "accelerator")]
    cpu: bool,
    /// PyTorch version, prefix or constraint [e.g. 2.9, ">=2.5", latest]
    #[arg(long, value_name = "VERSION", value_parser = pytorch, add = ArgValueCandidates::new(completions::pytorch_versions))]
    pytorch: Option<RequestedVersion>,
    /// Python version or constraint [e.g. 3.12, ">=3.11"]
    #[arg(long, value_name = "X.Y", value_parser = requested_python, add = ArgValueCandidates::new(completions::pythons))]
    python: Option<RequestedVersion>,
    /// Version of `cuda-version` to pin, not the one of `nvidia-smi`; rarely needed [e.g. 12.9]
    #[arg(long, value_name = "X.Y", add = ArgValueCandidates::new(completions::cuda_versions))]
    cuda_version: Option<CudaVersion>,
    /// BLAS library
    #[arg(long, value_parser = one_of(BLAS))]
    blas: Option<Blas>,
}

impl RequestOptions {
    /// The request; repeated packages count once.
    pub(super) fn request(&self, packages: &[String], matrix: &Matrix) -> Result<Request, Refusal> {
        let Self { accelerator, cpu, pytorch, python, cuda_version, blas } = self;
        let values = RequestedValues {
            packages: packages.to_vec(),
            accelerator: if *cpu { RequestedAccelerator::Cpu } else { *accelerator },
            pytorch: pytorch.clone(),
            python: python.clone(),
            cuda_version: *cuda_version,
            blas: *blas,
        };
        let mut notes = Vec::new();
        let request = values.request(matrix, &mut notes);
        for text in notes {
            note(&format!("note: {text}"));
        }
        request
    }
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct NewEnvironmentFlags {
    /// Name of the new environment [default: torch]
    #[arg(short, long, conflicts_with = "prefix", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    /// Folder of the new environment, instead of a name
    #[arg(short, long, value_name = "FOLDER", value_hint = ValueHint::DirPath, value_parser = NonEmptyStringValueParser::new())]
    prefix: Option<String>,
}

impl NewEnvironmentFlags {
    /// Whether an environment is named.
    pub(super) fn is_given(&self) -> bool {
        self.name.is_some() || self.prefix.is_some()
    }

    /// The named environment, else the one of a file. A project of pixi has any name.
    pub(super) fn target(
        &self,
        client: &ClientTarget<'_>,
        is_project: bool,
        of_file: Option<&str>,
    ) -> Result<TargetEnvironment, Failure> {
        let kind = if is_project { ClientKind::Pixi } else { client.kind };
        let of_file = of_file.map(str::to_owned).filter(|_| self.prefix.is_none());
        let environment = match (self.name.clone().or(of_file), &self.prefix) {
            (Some(name), _) => TargetEnvironment::named(name, kind),
            (None, Some(prefix)) => {
                TargetEnvironment::in_folder(as_folder(prefix), &ClientTarget { kind, ..*client })
            }
            (None, None) => Ok(TargetEnvironment::Unnamed),
        };
        environment.map_err(|why| {
            let why = format!("{why}\nhint: pass another name or folder");
            Failure::new(ErrorCode::NameRefused, why)
        })
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct EnvironmentFlags {
    /// Name of the environment [default: the active one]
    #[arg(short, long, conflicts_with = "prefix", value_parser = NonEmptyStringValueParser::new())]
    #[arg(add = ArgValueCandidates::new(completions::environments))]
    name: Option<String>,
    /// Folder of the environment, instead of a name
    #[arg(short, long, value_name = "FOLDER", value_hint = ValueHint::DirPath, value_parser = NonEmptyStringValueParser::new())]
    prefix: Option<String>,
}

impl EnvironmentFlags {
    /// Whether an environment is named.
    pub(super) fn is_given(&self) -> bool {
        self.name.is_some() || self.prefix.is_some()
    }

    /// The named environment, else the active one.
    pub(super) fn find(
        &self,
        host: &dyn Host,
        here: &Machine,
    ) -> Result<Option<Location>, Failure> {
        match (&self.prefix, &self.name) {
            (Some(prefix), _) => Ok(Some(environment::at(host, &as_folder(prefix)))),
            (None, None) => Ok(environment::active(host, here)),
            (None, Some(name)) => {
                let unknown = || unknown_environment(name, &environment::all(host, here));
                environment::named(host, here, name).ok_or_else(unknown).map(Some)
            }
        }
    }
}

fn unknown_environment(name: &str, known: &[Location]) -> Failure {
    let similarity = |known: &&str| strsim::jaro_winkler(known, name);
    let names = known.iter().filter_map(|place| place.name.as_deref());
    let similar = names.max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    let suggestion = similar.filter(|similar| similarity(similar) > 0.7);
    let suggestion =
        suggestion.map_or_else(String::new, |similar| format!("; did you mean `{similar}`?"));
    let why = format!(
        "no environment named `{}`{}\nhint: pass its folder with `--prefix`",
        visible(name),
        visible(&suggestion)
    );
    Failure::new(ErrorCode::UnknownEnvironment, why)
}

/// The flag that selects an environment, quoted for the shell.
pub(super) fn environment_flag(place: &Location, shell: Shell) -> String {
    let (flag, text) = match &place.name {
        Some(name) => ("-n", name),
        None => ("-p", &place.prefix),
    };
    let word = shell::word(text, shell).unwrap_or_else(|_| "…".to_owned());
    format!("{flag} {word}")
}

/// The error of a subcommand that needs an environment; `found` are flags that select one.
pub(super) fn no_environment(found: &[String]) -> Failure {
    let hint = match found.first() {
        Some(flag) => format!("for example `{flag}`"),
        None => "pass its folder with `-p FOLDER`".to_owned(),
    };
    let why = if found.is_empty() { "no environment found" } else { "no active environment" };
    Failure::new(ErrorCode::NoEnvironment, format!("{why}\nhint: {hint}"))
}

/// Reads an environment; fails if none of it is readable.
pub(super) fn read_environment(
    host: &dyn Host,
    place: &Location,
    settings: &[Condarc],
) -> anyhow::Result<Environment> {
    let environment = read_named(host, place, settings);
    if environment.packages.is_empty()
        && let Some(problem) = environment.problems.first()
    {
        let prefix = visible(&environment.prefix);
        let why = format!("cannot read the environment `{prefix}`: {}", problem.detail);
        bail!(Failure::new(ErrorCode::EnvironmentUnreadable, why));
    }
    Ok(environment)
}

/// An environment with the channels' names of the clients' configuration.
pub(super) fn read_named(host: &dyn Host, place: &Location, settings: &[Condarc]) -> Environment {
    let mut environment = environment::read(host, place);
    name_channels(&mut environment, settings);
    environment
}

/// The machine that the environments are on: this one, even if the flags describe another.
pub(super) fn this_machine(flags: &MachineFlags, host: &dyn Host, described: &Machine) -> Machine {
    if flags.is_other_machine() { probe(host, &Overrides::default()) } else { described.clone() }
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Channel")]
pub(super) struct ChannelFlags {
    /// Channel to use instead of conda-forge: a name, URL or folder; repeatable, by priority
    #[arg(short, long, value_hint = ValueHint::AnyPath, value_parser = NonEmptyStringValueParser::new())]
    pub(super) channel: Vec<String>,
    /// Read the channel's current builds instead of the built-in data, with `conda-torch-live`
    #[arg(long)]
    pub(super) live: bool,
    /// Use only cached channel data
    #[arg(long)]
    pub(super) offline: bool,
}

impl ChannelFlags {
    /// The channels of the flags, folders as absolute paths; by default conda-forge.
    pub(super) fn channels(&self, host: &dyn Host) -> anyhow::Result<Channels> {
        let full = self.channel.iter().map(|channel| absolute(host, channel));
        let channels = channels(full.collect::<anyhow::Result<_>>()?);
        Ok(channels.map_err(|refusal| {
            let hint = without_refused_channels();
            let is_known = refusal.code == ErrorCode::ChannelRefused;
            let hint = if is_known { format!("\nhint: {hint}") } else { String::new() };
            Refusal { message: refusal.message + &hint, ..refusal }
        })?)
    }
}

/// This command without the channels that are known not to have conda-forge's builds.
fn without_refused_channels() -> String {
    let is_refused = |channel: &str| {
        let kind = ChannelKind::of(channel);
        kind.is_old_torch() || kind == ChannelKind::Defaults
    };
    let words = without_channels(std::env::args().skip(1), is_refused);
    let word = |word: &String| shell::word(&without_secrets(word), Shell::Posix).ok();
    let rest: Option<Vec<String>> = words.iter().map(word).collect();
    rest.map_or_else(
        || "leave it out".to_owned(),
        |rest| format!("run `conda-torch {}`", rest.join(" ")),
    )
}

/// A command line without the `--channel`s that are refused.
fn without_channels(
    words: impl Iterator<Item = String>,
    is_refused: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let is_flag = word == "-c" || word == "--channel";
        let inline = word.strip_prefix("--channel=").or_else(|| {
            let value = word.strip_prefix("-c").filter(|value| !value.is_empty())?;
            Some(value.strip_prefix('=').unwrap_or(value))
        });
        if is_flag && words.peek().is_some_and(|value| is_refused(value)) {
            words.next();
        } else if !inline.is_some_and(&is_refused) {
            kept.push(word);
        }
    }
    kept
}

/// A channel that does not depend on the current folder.
fn absolute(host: &dyn Host, channel: &str) -> anyhow::Result<String> {
    let home = channel.strip_prefix("~/").or_else(|| channel.strip_prefix("~\\"));
    let channel = match home.zip(host.env("HOME").or_else(|| host.env("USERPROFILE"))) {
        Some((rest, home)) => host.target().join(&home, rest),
        None => channel.to_owned(),
    };
    if channel.contains("://") || !is_folder(&channel) {
        return Ok(channel);
    }
    let path = std::path::absolute(&channel)?.into_os_string().into_string().ok();
    path.with_context(|| {
        format!("the absolute path of channel `{}` is not valid Unicode", visible(&channel))
    })
}

/// Parses one of these values.
pub(super) fn one_of<T: Clone + Send + Sync>(
    choices: Choices<T>,
) -> impl TypedValueParser<Value = T> {
    let value = |&(name, help, _): &(&'static str, &'static str, T)| {
        let value = PossibleValue::new(name);
        if help.is_empty() { value } else { value.help(help) }
    };
    PossibleValuesParser::new(choices.iter().map(value)).map(|name| {
        let choice = choices.iter().find(|(known, ..)| *known == name);
        choice.expect("clap accepts only these names").2.clone()
    })
}
