//! The flags that subcommands share.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::builder::{
    NonEmptyStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser,
};
use clap::{ColorChoice, ValueEnum};

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::{TargetEnvironment, shell};
use conda_torch_core::conda::{
    ChannelKind, Channels, Constraint, Os, ParseError, Subdir, Version, is_folder, without_secrets,
};
use conda_torch_core::diagnostics::with_and;
use conda_torch_core::escapes::{visible, visible_lines};
use conda_torch_core::import::{assume_baseline, read_machine, text_of};
use conda_torch_core::matrix::{GpuMaker, GpuName, GpuNameError, Matrix, NamedGpu, is_gpu_word};
use conda_torch_core::migrate::environment::name_channels;
use conda_torch_core::report::{ErrorCode, field};
use conda_torch_core::resolve::{Request, RequestedAccelerator, VersionRange};
use conda_torch_core::types::{
    Blas, ClientKind, ComputeCapability, Condarc, CudaVersion, Date, DriverVersion, Environment,
    Machine, Shell, Vendor,
};
use conda_torch_probe::environment::{self, Location};
use conda_torch_probe::host::{DRIVER_TIMEOUT, Host};
use conda_torch_probe::{GpuOverride, Overrides, probe};

use crate::text::Style;

use super::{Failure, UsageError, note, read_input};

// The structs have no doc comments: clap would show them as the description of the subcommand.

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
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
        self.shell.unwrap_or_else(|| shell_of(machine))
    }
}

/// The detected shell, else the usual one of the platform.
pub(super) fn shell_of(machine: &Machine) -> Shell {
    let is_windows = machine.subdir.value().is_some_and(|subdir| subdir.os() == Os::Windows);
    let usual = if is_windows { Shell::Powershell } else { Shell::Posix };
    machine.shell.value().copied().unwrap_or(usual)
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
    #[arg(long, value_name = "SUBDIR")]
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
    #[arg(long, value_name = "NAME")]
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
    #[arg(long, value_name = "FILE")]
    pub machine: Option<String>,
}

impl MachineFlags {
    /// Whether `--platform` is the only flag that describes a machine.
    pub(super) fn is_platform_alone(&self) -> bool {
        self.platform.is_some() && !Self { platform: None, ..self.clone() }.is_given()
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
    let overrides = overrides(flags, matrix)?;
    let mut machine = match &flags.machine {
        Some(path) => {
            let mut machine = described_machine(path, host, flags.platform)?;
            overrides.apply(&mut machine);
            assume_baseline(&mut machine);
            machine
        }
        None => probe(host, &overrides),
    };
    refuse_libc_of_other_platform(flags, &machine)?;
    refuse_gpu_of_other_platform(flags, &machine, matrix)?;
    matrix.complete(&mut machine);
    Ok(machine)
}

/// The machine of `--machine`. `--platform` only fills a gap in the description.
fn described_machine(
    path: &str,
    host: &dyn Host,
    platform: Option<Subdir>,
) -> anyhow::Result<Machine> {
    let name =
        if path == "-" { "on standard input".into() } else { format!("file `{}`", visible(path)) };
    let context = || format!("cannot read the machine {name}");
    let bytes = read_input(path, host, MACHINE_LIMIT).with_context(context);
    let bytes = bytes.map_err(Failure::of(ErrorCode::Unreadable))?;
    let machine = read_machine(&text_of(&bytes), platform).with_context(context);
    let machine = machine.map_err(Failure::of(ErrorCode::MachineNotRecognized))?;
    if let (Some(flag), Some(described)) = (platform, machine.subdir.value())
        && flag != *described
    {
        let why = format!(
            "`--platform {flag}` contradicts `--machine`, which describes a {described} machine"
        );
        bail!(Failure::new(ErrorCode::Contradiction, why));
    }
    Ok(machine)
}

fn refuse_libc_of_other_platform(flags: &MachineFlags, machine: &Machine) -> anyhow::Result<()> {
    let Some(subdir) = machine.subdir.value() else { return Ok(()) };
    let platform = match flags.platform {
        Some(_) => format!("`--platform {subdir}`"),
        None => format!("the platform {subdir}; pass `--platform` to override"),
    };
    for (flag, version, os, system) in
        [("--glibc", flags.glibc, Os::Linux, "Linux"), ("--macos", flags.macos, Os::Macos, "macOS")]
    {
        if let Some(version) = version.filter(|_| subdir.os() != os) {
            let why =
                format!("`{flag} {version}` is for {system} and cannot be used with {platform}");
            bail!(Failure::new(ErrorCode::Contradiction, why));
        }
    }
    Ok(())
}

/// Refuses a GPU or a driver by flag that no machine of the platform has.
fn refuse_gpu_of_other_platform(
    flags: &MachineFlags,
    machine: &Machine,
    matrix: &Matrix,
) -> anyhow::Result<()> {
    let Some(subdir) = machine.subdir.value().copied() else { return Ok(()) };
    let flag = |name: &str, value: &dyn std::fmt::Display| format!("`{name} {value}`");
    for name in &flags.gpu {
        if let Ok(NamedGpu::Other(GpuMaker::Apple)) = matrix.gpu_by_name(name)
            && subdir.os() != Os::Macos
        {
            let what = flag("--gpu", name);
            let why = format!(
                "{what} cannot be used with the platform {subdir}: Apple's chips are in Macs\n\
                 hint: pass `--platform osx-arm64`"
            );
            bail!(Failure::new(ErrorCode::Contradiction, why));
        }
    }
    let named = flags.gpu.iter().filter_map(|name| match matrix.gpu_by_name(name).ok()? {
        NamedGpu::Nvidia { gpu, .. } => Some((flag("--gpu", name), matrix.is_arm_only_gpu(gpu))),
        NamedGpu::Other(_) => None,
    });
    let by_capability = flags.compute_capability.iter().map(|capability| {
        (flag("--compute-capability", capability), matrix.is_arm_only(*capability))
    });
    let driver = flags.driver.map(|driver| flag("--driver", &driver));
    let driver = driver.or(flags.cuda.map(|cuda| flag("--cuda", &cuda)));
    for (what, is_arm_only) in named.chain(by_capability).chain(driver.map(|it| (it, false))) {
        if subdir == Subdir::OsxArm64 {
            let why = format!(
                "{what} cannot be used with the platform {subdir}: no Mac with an Apple chip has an NVIDIA GPU"
            );
            bail!(Failure::new(ErrorCode::Contradiction, why));
        }
        let is_arm =
            matches!(subdir, Subdir::LinuxAarch64 | Subdir::LinuxArmv7l | Subdir::WinArm64);
        if is_arm_only && !is_arm {
            let why = format!(
                "{what} cannot be used with the platform {subdir}: that GPU comes with an Arm processor\n\
                 hint: pass `--platform linux-aarch64`"
            );
            bail!(Failure::new(ErrorCode::Contradiction, why));
        }
    }
    Ok(())
}

pub(super) fn overrides(flags: &MachineFlags, matrix: &Matrix) -> anyhow::Result<Overrides> {
    let mut gpus = Vec::new();
    let mut other_gpus = Vec::new();
    for name in &flags.gpu {
        match matrix.gpu_by_name(name).map_err(|why| no_gpu(name, why))? {
            NamedGpu::Nvidia { gpu, .. } => {
                gpus.push(GpuOverride { name: Some(name.clone()), capability: gpu.capability });
            }
            NamedGpu::Other(GpuMaker::Amd) => other_gpus.push((Vendor::Amd, name.clone())),
            NamedGpu::Other(GpuMaker::Intel) => other_gpus.push((Vendor::Intel, name.clone())),
            NamedGpu::Other(GpuMaker::Apple | GpuMaker::Other) => {
                other_gpus.push((Vendor::Other, name.clone()));
            }
        }
    }
    let capabilities = flags.compute_capability.iter();
    gpus.extend(capabilities.map(|&capability| GpuOverride { name: None, capability }));
    let MachineFlags { platform, driver, cuda, glibc, macos, .. } = *flags;
    Ok(Overrides { platform, driver, cuda, gpus, other_gpus, glibc, macos })
}

fn no_gpu(name: &str, why: GpuNameError<'_>) -> Failure {
    match why {
        GpuNameError::Unknown(nearest) => unknown_gpu(name, &nearest),
        GpuNameError::Ambiguous(choices, other) => ambiguous_gpu(name, &choices, other),
    }
}

/// The refusal of a name that stands for GPUs of different compute capabilities, with all of them.
fn ambiguous_gpu(name: &str, choices: &[&GpuName], other: Option<GpuMaker>) -> Failure {
    let name = visible(name);
    let is_one_name = choices.len() > 1 && choices.iter().all(|row| row.name == choices[0].name);
    let capabilities: Vec<String> = choices.iter().map(|row| row.capability.to_string()).collect();
    let why = if is_one_name {
        let flags = capabilities.iter().map(|it| format!("`--compute-capability {it}`"));
        format!(
            "`--gpu {name}` was made with compute capability {}\nhint: pass {}",
            with_and(&capabilities),
            flags.collect::<Vec<_>>().join(" or "),
        )
    } else {
        let row =
            |row: &&GpuName| format!("`{}` (compute capability {})", row.name, row.capability);
        let apple = other.filter(|it| *it == GpuMaker::Apple).map(|_| format!("`Apple {name}`"));
        let choices: Vec<String> = choices.iter().map(row).chain(apple).collect();
        format!(
            "`--gpu {name}` is the name of several GPUs: {}\nhint: pass one of these names, or `--compute-capability X.Y`",
            choices.join(", ")
        )
    };
    Failure::new(ErrorCode::UnknownGpu, why)
}

fn unknown_gpu(name: &str, nearest: &[&str]) -> Failure {
    let suggestion = match nearest {
        [] => String::new(),
        nearest => format!("; did you mean {}?", nearest.join(", ")),
    };
    let is_none = ["", "none", "no", "no gpu", "cpu", "false", "off", "0"];
    let hint = if is_none.contains(&&*name.trim().to_ascii_lowercase()) {
        "pass `--cpu` for the CPU build"
    } else {
        "pass its compute capability with `--compute-capability X.Y`"
    };
    let why = format!("unknown GPU in `--gpu {}`{suggestion}\nhint: {hint}", visible(name));
    Failure::new(ErrorCode::UnknownGpu, why)
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Request (default: the newest PyTorch for the machine)")]
pub(super) struct RequestFlags {
    /// Packages to install: torchvision, torchaudio, or any match spec [e.g. transformers "numpy<2"]
    #[arg(help_heading = None::<&str>, value_name = "PACKAGE")]
    packages: Vec<String>,
    /// What to compute on
    #[arg(long, value_parser = one_of(ACCELERATORS), default_value = "auto")]
    accelerator: RequestedAccelerator,
    /// The same as `--accelerator cpu`
    #[arg(long, conflicts_with = "accelerator")]
    cpu: bool,
    /// PyTorch version, prefix or constraint [e.g. 2.9, ">=2.5", latest]
    #[arg(long, value_name = "VERSION", value_parser = pytorch)]
    pytorch: Option<RequestedPytorch>,
    /// Python version [e.g. 3.12]
    #[arg(long, value_name = "X.Y", value_parser = python)]
    python: Option<Version>,
    /// Version of `cuda-version` to pin, not the one of `nvidia-smi`; rarely needed [e.g. 12.9]
    #[arg(long, value_name = "X.Y")]
    cuda_version: Option<CudaVersion>,
    /// BLAS library
    #[arg(long, value_parser = one_of(BLAS))]
    blas: Option<Blas>,
}

/// The value of `--pytorch`.
#[derive(Debug, Clone)]
pub(super) enum RequestedPytorch {
    Newest,
    Prefix(Version),
    Range(VersionRange),
}

impl RequestedPytorch {
    /// The versions that it admits; `None` for all.
    pub(super) fn constraint(&self) -> Option<Constraint> {
        match self {
            Self::Newest => None,
            Self::Prefix(version) => Some(Constraint::begins(*version)),
            Self::Range(range) => Some(range.constraint().clone()),
        }
    }

    /// As a prefix or as a range.
    pub(super) fn parts(&self) -> (Option<Version>, Option<VersionRange>) {
        match self {
            Self::Newest => (None, None),
            Self::Prefix(version) => (Some(*version), None),
            Self::Range(range) => (None, Some(range.clone())),
        }
    }
}

pub(super) fn pytorch(text: &str) -> Result<RequestedPytorch, String> {
    let number = text.trim_start_matches('=');
    if text.eq_ignore_ascii_case("latest") {
        Ok(RequestedPytorch::Newest)
    } else if text.contains(['<', '>', '!', '~', '|', ',']) {
        text.parse().map(RequestedPytorch::Range).map_err(|error: ParseError| error.to_string())
    } else {
        number.parse().map(RequestedPytorch::Prefix).map_err(|error: ParseError| error.to_string())
    }
}

/// A Python version with a minor number: each build needs one.
pub(super) fn python(text: &str) -> Result<Version, String> {
    let version = text.parse::<Version>().ok().filter(|_| text.contains('.'));
    version.ok_or_else(|| "expected one version with its minor number, such as 3.12".to_owned())
}

impl RequestFlags {
    /// The request; repeated packages count once.
    pub(super) fn request(&self, matrix: &Matrix) -> Result<Request, Failure> {
        let Self { packages, accelerator, cpu, pytorch, python, cuda_version, blas } = self;
        let accelerator = if *cpu { RequestedAccelerator::Cpu } else { *accelerator };
        let mut request = Request {
            accelerator,
            python: *python,
            cuda_version: *cuda_version,
            blas: *blas,
            ..Request::default()
        };
        if let Some(pytorch) = pytorch {
            (request.pytorch, request.pytorch_range) = pytorch.parts();
        }
        for package in with_versions(packages) {
            request.add_package(&package, matrix).map_err(|why| {
                Failure::new(ErrorCode::InvalidValue, visible_lines(&why.to_string()))
            })?;
        }
        Ok(request)
    }
}

/// Packages, each with the version that follows it as a word: `pytorch 2.4`.
fn with_versions(words: &[String]) -> Vec<String> {
    let mut packages: Vec<String> = Vec::new();
    for word in words {
        // `RTX 3090` is refused as one.
        if let Some(family) = packages.last_mut()
            && ["rtx", "gtx", "geforce"].contains(&&*family.to_ascii_lowercase())
            && is_gpu_word(word)
        {
            *family = format!("{family} {word}");
            continue;
        }
        let is_version =
            word.contains('.') && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let is_name =
            |it: &&mut String| it.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c));
        match packages.last_mut().filter(is_name).filter(|_| is_version) {
            Some(package) => {
                note(&format!("note: `{package} {word}` is read as `{package}={word}`"));
                *package = format!("{package}={word}");
            }
            None => packages.push(word.clone()),
        }
    }
    packages
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct NewEnvironmentFlags {
    /// Name of the new environment [default: torch]
    #[arg(short, long, conflicts_with = "prefix", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    /// Folder of the new environment, instead of a name
    #[arg(short, long, value_name = "FOLDER", value_parser = NonEmptyStringValueParser::new())]
    prefix: Option<String>,
}

impl NewEnvironmentFlags {
    /// Whether an environment is named.
    pub(super) fn is_given(&self) -> bool {
        self.name.is_some() || self.prefix.is_some()
    }

    /// The named environment. A project of pixi has any name.
    pub(super) fn target(
        &self,
        client: &ClientTarget<'_>,
        is_project: bool,
    ) -> Result<TargetEnvironment, Failure> {
        let kind = if is_project { ClientKind::Pixi } else { client.kind };
        let environment = match (&self.name, &self.prefix) {
            (Some(name), _) => TargetEnvironment::named(name.clone(), kind),
            (None, Some(prefix)) => {
                TargetEnvironment::in_folder(folder(prefix), &ClientTarget { kind, ..*client })
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
    name: Option<String>,
    /// Folder of the environment, instead of a name
    #[arg(short, long, value_name = "FOLDER", value_parser = NonEmptyStringValueParser::new())]
    prefix: Option<String>,
}

/// A folder as the value of a flag; one that begins with `-` would be an option to a client.
pub(super) fn folder(prefix: &str) -> String {
    if prefix.starts_with('-') { format!("./{prefix}") } else { prefix.to_owned() }
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
            (Some(prefix), _) => Ok(Some(environment::at(host, &folder(prefix)))),
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
    #[arg(short, long, value_parser = NonEmptyStringValueParser::new())]
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
        let channels = Channels::new(full.collect::<anyhow::Result<_>>()?);
        let channels = channels.map_err(|why| UsageError(why.to_string()))?;
        for (at, channel) in channels.iter().enumerate() {
            let kind = ChannelKind::of(channel);
            if kind.is_old_torch() || kind == ChannelKind::Defaults && at == 0 {
                bail!(without_conda_forge(channel, kind));
            }
        }
        Ok(channels)
    }
}

/// The refusal of a channel that is known not to have conda-forge's builds, with this command without it.
fn without_conda_forge(channel: &str, kind: ChannelKind) -> Failure {
    let why = match kind {
        ChannelKind::Pytorch => "the channel `pytorch` ended with PyTorch 2.5",
        ChannelKind::Nvidia => "its packages are for the builds of the ended channel `pytorch`",
        ChannelKind::Defaults | ChannelKind::CondaForge | ChannelKind::Other => {
            "it has builds of its own, of which nothing is known here"
        }
    };
    let is_refused = |channel: &str| {
        let kind = ChannelKind::of(channel);
        kind.is_old_torch() || kind == ChannelKind::Defaults
    };
    let words = without_channels(std::env::args().skip(1), is_refused);
    let word = |word: &String| shell::word(&without_secrets(word), Shell::Posix).ok();
    let rest: Option<Vec<String>> = words.iter().map(word).collect();
    let hint = rest.map_or_else(
        || "leave it out".to_owned(),
        |rest| format!("run `conda-torch {}`", rest.join(" ")),
    );
    let channel = without_secrets(channel);
    let why = format!("`-c {channel}` does not have conda-forge's PyTorch: {why}\nhint: {hint}");
    Failure::new(ErrorCode::ChannelRefused, why)
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

/// The values of a flag, as rows: name, help, value.
pub(super) type Choices<T> = &'static [(&'static str, &'static str, T)];

pub(super) const ACCELERATORS: Choices<RequestedAccelerator> = &[
    ("auto", "A GPU if one is usable, else the CPU", RequestedAccelerator::Auto),
    ("cpu", "The CPU", RequestedAccelerator::Cpu),
    ("cuda", "An NVIDIA GPU; fail without one", RequestedAccelerator::Cuda),
    ("gpu", "An NVIDIA GPU, or Apple's on a Mac; fail without one", RequestedAccelerator::Gpu),
    ("mps", "Apple's GPU; fail without one", RequestedAccelerator::Mps),
    ("rocm", "An AMD GPU: conda-forge has no build", RequestedAccelerator::Rocm),
    ("xpu", "An Intel GPU: conda-forge has no build", RequestedAccelerator::Xpu),
];

const BLAS: Choices<Blas> = &[
    ("mkl", "Intel MKL", Blas::Mkl),
    ("generic", "OpenBLAS or another provider of `libblas`", Blas::Generic),
];

const CLIENTS: Choices<ClientKind> = &[
    ("conda", "", ClientKind::Conda),
    ("mamba", "", ClientKind::Mamba),
    ("micromamba", "", ClientKind::Micromamba),
    ("pixi", "", ClientKind::Pixi),
];

const SHELLS: Choices<Shell> = &[
    ("bash", "", Shell::Posix),
    ("zsh", "", Shell::Posix),
    ("fish", "", Shell::Fish),
    ("powershell", "", Shell::Powershell),
    ("cmd", "", Shell::Cmd),
];

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
