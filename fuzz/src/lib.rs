//! The targets of `fuzz_targets/`: each passes its bytes to a parser as input from outside, and checks the answer
//! with `tests/suite/properties/holds.rs`.

#[cfg(feature = "channels")]
mod channel;
mod corpus;
mod differential;
mod fed;
#[path = "../../tests/suite/properties/holds.rs"]
mod holds;

use conda_torch::text::{Style, matrix_diff, migrated_files};
use conda_torch_core::audit::check;
use conda_torch_core::channel::{
    ChannelContents, LiveAnswer, LiveReply, LiveRequest, Records, by_priority, differences, rows, since,
};
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::TargetEnvironment;
use conda_torch_core::conda::{
    CONDA_FORGE, ChannelKind, ChannelName, Channels, MatchSpec, Subdir, Version, sibling, without_secrets,
};
use conda_torch_core::error_texts;
use conda_torch_core::fleet::{Collector, Deployment, EnvironmentCount, deploy, picture};
use conda_torch_core::formats::matrix_rows;
use conda_torch_core::import::{assume_baseline, read_machine, text_of};
use conda_torch_core::matrix::Matrix;
use conda_torch_core::migrate::environment::{
    RequestOverrides, migrate as migrate_environment, settings as migration_settings,
};
use conda_torch_core::migrate::files::{self as migrate_files, FileError, FileMigration, migrate_file};
use conda_torch_core::report::check as check_report;
use conda_torch_core::report::fleet::{FleetOutput, csv, document as fleet_document};
use conda_torch_core::report::matrix_diff::{self as matrix_report, Compared};
use conda_torch_core::report::migrate::{self as environment_report, MigrationAnswer};
use conda_torch_core::report::migrate_files::{self as migrate_report, MigratedFile};
use conda_torch_core::resolve::{Request, RequestedAccelerator, advise};
use conda_torch_core::solve_check::dry_run::{DryRun, read, solved};
use conda_torch_core::solve_check::{Expectation, ProofStatus, verdict};
use conda_torch_core::types::{
    ClientKind, Companion, ComputeCapability, CudaVersion, Date, DriverVersion, Machine, Origin, Shell,
};
use conda_torch_probe::environment as environments;
use conda_torch_probe::host::{DriverEnd, DriverReport, Host, RecordedHost, parse_driver_calls};
use conda_torch_probe::{Overrides, probe};

#[cfg(feature = "channels")]
pub use channel::channel;
pub use corpus::{Random, seeds};
use fed::Fed;
use holds::{View, answered, saved_and_shown};

const SHELLS: [Shell; 4] = [Shell::Posix, Shell::Fish, Shell::Powershell, Shell::Cmd];

/// A machine from JSON, answered with one of several output settings.
fn answer(machine: &Machine, way: usize) {
    let client = [None, Some(ClientKind::Conda), Some(ClientKind::Mamba), Some(ClientKind::Pixi)];
    let accelerators = [RequestedAccelerator::Auto, RequestedAccelerator::Cpu, RequestedAccelerator::Cuda];
    let companions = [vec![], vec![Companion::Torchvision, Companion::Torchaudio]];
    let view = View {
        client: client[way % 4],
        environment: TargetEnvironment::Unnamed,
        channels: Channels::default(),
        shell: SHELLS[way / 4 % 4],
        width: [80, 40][way / 16 % 2],
        all: way % 2 == 1,
    };
    let request = Request {
        accelerator: accelerators[way % 3],
        companions: companions[way / 2 % 2].clone(),
        ..Request::default()
    };
    answered(machine, &request, &view);
    saved_and_shown(machine);
}

fn look(host: &dyn Host, way: usize) {
    answer(&probe(host, &Overrides::default()), way);
}

/// What programs of clusters print about nodes: the parts in which it comes make no difference, nor does what was read
/// before, and every text of the answer can be written.
pub fn fleet(bytes: &[u8]) {
    let matrix = Matrix::embedded();
    let read = |parts: usize, times: usize| {
        let mut collector = Collector::new(matrix);
        for _ in 0..times {
            collector.begin(None);
            bytes.chunks(parts).for_each(|part| collector.feed(part));
            collector.end(Some("file1"));
        }
        collector
    };
    let once = read(usize::MAX, 1);
    let plan = once.plan(&Request::default(), EnvironmentCount::Fewest);
    for parts in [1 + bytes.len() % 7, 64] {
        let again = read(parts, 1);
        assert_eq!((again.count(), again.damaged()), (once.count(), once.damaged()), "{parts}");
    }
    let twice = read(usize::MAX, 2);
    assert!(!once.drift(&twice).is_problem() && twice.damaged() == 2 * once.damaged());
    let same = twice.plan(&Request::default(), EnvironmentCount::Fewest);
    assert_eq!(plan.classes.len(), same.classes.len());
    let channels = Channels::default();
    let deployments = [
        Deployment::Commands,
        Deployment::Slurm,
        Deployment::Lmod,
        Deployment::Tcl,
        Deployment::Activate,
        Deployment::Kubernetes,
        Deployment::Ansible,
        Deployment::Dockerfile,
    ];
    for deployment in deployments {
        let _ = deploy(deployment, &plan, Some("/shared/envs"), ClientKind::Conda, &channels);
    }
    for (is_redacted, plan) in [(false, plan.clone()), (true, plan.redacted())] {
        let drift = Some(&once.drift(&twice)).filter(|_| !is_redacted).cloned();
        let output = FleetOutput { plan: &plan, drift: drift.as_ref(), prefix: None, channels: &channels, is_redacted };
        assert!(fleet_document(&output).ends_with('\n'));
        let _ = (csv(&plan, is_redacted), picture::svg(&plan));
    }
}

/// Every format that `--machine` reads.
pub fn document(bytes: &[u8]) {
    let platform = [None, Some(Subdir::Linux64), Some(Subdir::Win64)][bytes.len() % 3];
    match read_machine(&text_of(bytes), platform) {
        Ok(mut machine) => {
            assume_baseline(&mut machine);
            answer(&machine, bytes.len());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A whole recorded host, as in `tests/hosts`.
pub fn host(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(host) = text.parse::<RecordedHost>() {
        look(&host, bytes.len());
    }
}

/// The clients' configuration.
pub fn condarc(bytes: &[u8]) {
    look(&Fed::on("linux").file("/root/.condarc", bytes), bytes.len());
}

/// The output of `nvidia-smi`, `micromamba --version` and musl's loader.
pub fn nvidia_smi(bytes: &[u8]) {
    let host = Fed::on("linux").output(bytes).file("/lib/ld-musl-x86_64.so.1", b"");
    let host = host.file("/bin/micromamba", b"").file("/dev/nvidiactl", b"");
    look(&host.file("/bin/nvidia-smi", b""), bytes.len());
}

/// Small system files, each with a part of the bytes.
pub fn files(bytes: &[u8]) {
    const PATHS: [&str; 14] = [
        "/proc/driver/nvidia/version",
        "/sys/module/nvidia/version",
        "/proc/driver/nvidia/gpus/0000:01:00.0/information",
        "/proc/cpuinfo",
        "/proc/1/cgroup",
        "/proc/device-tree/model",
        "/etc/nv_tegra_release",
        "/usr/local/cuda/version.json",
        "/sys/bus/pci/devices/0000:01:00.0/class",
        "/sys/bus/pci/devices/0000:01:00.0/vendor",
        "/sys/bus/pci/devices/0000:01:00.0/device",
        "/opt/conda/conda-meta/conda-24.1.0-py311_0.json",
        "/opt/conda/bin/conda",
        "/dev/nvidiactl",
    ];
    let pieces = bytes.split(|byte| *byte == 0xff).chain(std::iter::repeat(&b""[..]));
    let fed = PATHS.into_iter().zip(pieces).fold(Fed::on("linux"), |host, (path, piece)| {
        if piece == b"-" { host } else { host.file(path, piece) }
    });
    look(&fed, bytes.len());
}

/// Binary files: the loader's cache, and a C library with its version.
pub fn loader_cache(bytes: &[u8]) {
    let host = Fed::on("linux").file("/etc/ld.so.cache", bytes);
    look(&host.file("/lib64/libc.so.6", bytes), bytes.len());
}

/// Replies of the driver process, mixed with output of a library.
pub fn driver(bytes: &[u8]) {
    let end = match bytes.len() % 3 {
        0 => DriverEnd::Finished,
        1 => DriverEnd::TimedOut(2),
        _ => DriverEnd::Crashed("signal 11".to_owned()),
    };
    let report = DriverReport { calls: parse_driver_calls(bytes), end };
    look(&Fed::on("linux").file("/dev/nvidiactl", b"").driver(report), bytes.len());
}

/// Single values: versions, platforms, GPU names and override variables.
pub fn words(bytes: &[u8]) {
    let text = text_of(bytes);
    fn again<T: std::str::FromStr + std::fmt::Display + PartialEq>(text: &str) {
        if let Ok(value) = text.parse::<T>() {
            assert!(value.to_string().parse().is_ok_and(|again: T| again == value), "{text}");
        }
    }
    again::<Version>(&text);
    again::<CudaVersion>(&text);
    again::<DriverVersion>(&text);
    again::<ComputeCapability>(&text);
    again::<Subdir>(&text);
    let origin: Origin = text.parse().expect("every text is an origin");
    assert_eq!(origin.to_string().parse(), Ok(origin));
    let matrix = Matrix::embedded();
    let _ = (matrix.gpu_by_name(&text), matrix.by_pci_id(&text));
    const NAMES: [&str; 6] =
        ["CONDA_OVERRIDE_CUDA", "CONDA_OVERRIDE_GLIBC", "PATH", "CONDA_EXE", "SHELL", "HOME"];
    let mut host = Fed::on(["linux", "macos", "windows"][bytes.len() % 3]);
    for (name, value) in NAMES.into_iter().zip(text.split('\n')) {
        host = host.variable(name, value.to_owned());
    }
    look(&host, bytes.len());
}

/// The output of a client's dry run.
pub fn dry_run(bytes: &[u8]) {
    let text = text_of(bytes);
    let (stdout, stderr) = text.split_once('\u{1e}').unwrap_or((&text, ""));
    let machine = Machine::baseline(Subdir::Linux64);
    let request = Request { accelerator: RequestedAccelerator::Cpu, ..Request::default() };
    let advice = advise(&machine, &request, Matrix::embedded());
    let Some(choice) = &advice.recommended else { return };
    for kind in ClientKind::ALL {
        let said = read(kind, [None, Some(0), Some(1)][bytes.len() % 3], stdout, stderr);
        let expectation = Expectation { choice, channels: &CONDA_FORGE, is_existing: bytes.len() % 2 == 1 };
        let verdict = verdict(&expectation, &said);
        let is_good = verdict.status == ProofStatus::Verified;
        assert!(is_good || !verdict.findings.is_empty(), "what is not confirmed says why");
        let steers =
            |words: &String| words.contains(|c: char| c.is_control() && c != '\n' && c != '\t');
        if let DryRun::Unsolvable(words)
        | DryRun::Network { words, .. }
        | DryRun::Failed(words)
        | DryRun::Unreadable(words) = &said
        {
            assert!(!steers(words));
        }
    }
}

/// A target and its name.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("addresses", addresses),
    #[cfg(feature = "channels")]
    ("channel", channel),
    ("condarc", condarc),
    ("differential", differential),
    ("document", document),
    ("driver", driver),
    ("dry_run", dry_run),
    ("environment", environment),
    ("error_text", error_text),
    ("files", files),
    ("fleet", fleet),
    ("host", host),
    ("live", live),
    ("loader_cache", loader_cache),
    ("migrate", migrate),
    ("nvidia_smi", nvidia_smi),
    ("reply", reply),
    ("words", words),
];

/// The targets whose checks cost no more than what they check: for `growth`.
pub const READERS: [Target; 14] = [
    ("addresses", addresses),
    ("condarc", condarc),
    ("document", document),
    ("dry_run", dry_run),
    ("environment", environment),
    ("error_text", error_text),
    ("files", files),
    ("fleet", fleet),
    ("live", live),
    ("loader_cache", loader_cache),
    ("migrate", migrate),
    ("nvidia_smi", nvidia_smi),
    ("reply", reply),
    ("words", words),
];

/// The names of files that `migrate` is given. The first byte selects one.
const NAMES: [&str; 12] = [
    "environment.yml",
    "pixi.toml",
    "pyproject.toml",
    "Dockerfile",
    "anaconda-project.yml",
    "README.md",
    "-",
    "ci.yml",
    "setup.bat",
    "install.ps1",
    ".condarc",
    "specs.txt",
];

/// Migrates a file named by the first byte, for one of several machines.
fn migrated(bytes: &[u8]) -> Option<(&'static str, String, FileMigration)> {
    let (first, text) = bytes.split_first()?;
    let old = std::str::from_utf8(text).ok()?;
    let name = NAMES[usize::from(*first) % NAMES.len()];
    let machine = Machine::baseline(Subdir::Linux64);
    let machine = [None, Some(&machine)][text.len() / 2 % 2];
    let platform = [None, Some(Subdir::Linux64), Some(Subdir::OsxArm64)][text.len() % 3];
    let target = migrate_files::Target { machine, platform };
    match migrate_file(name, old, target, Matrix::embedded()) {
        Ok(migration) => Some((name, old.to_owned(), migration)),
        Err(error) => {
            assert!(error != FileError::UnrelatedLines, "{name}:\n{old}");
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

/// Files that name the old channel: the difference makes the new text, and nothing more is to do.
pub fn migrate(bytes: &[u8]) {
    let Some((name, old, migration)) = migrated(bytes) else { return };
    let text = migration.text.clone();
    let file =
        MigratedFile { file: name.to_owned(), old, outcome: Ok(migration), backup: None };
    let diff = file.diff();
    assert_eq!(differential::patched(&file.old, &diff), text, "{diff}");
    assert!(migrate_report::document(&[file.clone()], 0, Matrix::embedded()).ends_with('\n'));
    let _ = migrated_files(&[file], false, 80);
}

/// Files that name the old channel, read by other parsers before and after.
pub fn differential(bytes: &[u8]) {
    if let Some((_, old, migration)) = migrated(bytes) {
        differential::compare(&old, &migration);
    }
}

/// An environment: its history, its pins, records and a package of pip, each with a part of the bytes.
pub fn environment(bytes: &[u8]) {
    const FILES: [&str; 8] = [
        "/e/conda-meta/history",
        "/e/conda-meta/pinned",
        "/e/conda-meta/pytorch-2.3.0-py3.11_cuda12.1_cudnn8.9.2_0.json",
        "/e/conda-meta/python-3.11.5-h_0.json",
        "/e/conda-meta/torchvision-0.18.0-py311_cu121.json",
        "/e/conda-meta/numpy-1.26.4-h_0.json",
        "/e/lib/python3.11/site-packages/torch-2.6.0.dist-info/INSTALLER",
        "/root/.condarc",
    ];
    let pieces = bytes.split(|byte| *byte == 0xff).chain(std::iter::repeat(&b""[..]));
    let fed = FILES.into_iter().zip(pieces).fold(Fed::on("linux"), |host, (path, piece)| {
        if piece == b"-" { host } else { host.file(path, piece) }
    });
    let matrix = Matrix::embedded();
    let environment = environments::read(&fed, &environments::at(&fed, "/e"));
    let machine = probe(&fed, &Overrides::default());
    let client = ClientTarget::of(&machine, Some(ClientKind::Conda));
    let shell = SHELLS[bytes.len() % 4];
    let style = Style { width: 80, color: false, today: Some(Date::of_unix_time(1_800_000_000)) };
    let checkup = check(environment.clone(), &machine, matrix);
    let _ = conda_torch::text::check::page(&checkup, &client, shell, style);
    let all = [checkup];
    assert!(!conda_torch::text::check::table(&all).is_empty());
    assert!(check_report::document(&all, &machine, &client, Shell::Posix, 0).ends_with('\n'));
    let migration = migrate_environment(&environment, &machine, matrix, &RequestOverrides::default());
    let files = conda_torch_probe::settings(&fed, &machine.config_files);
    let settings = migration_settings(&files, None, std::slice::from_ref(&environment));
    let answer = MigrationAnswer {
        machine: &machine,
        matrix,
        migration: &migration,
        client,
        environment: TargetEnvironment::Unnamed,
        taken: &[],
        in_place: bytes.len() % 2 == 1,
        same: String::new(),
        settings: &settings,
        shell,
    };
    assert!(environment_report::environment(&answer).ends_with('\n'));
    let _ = conda_torch::text::migration(&answer, style);
}

/// Addresses of channels: a secret between two others is not printed.
pub fn addresses(bytes: &[u8]) {
    let text = text_of(bytes);
    let _ = (ChannelName::of(&text), ChannelName::of_package(&text), ChannelKind::of(&text));
    let _ = (sibling(&text, "conda-forge"), MatchSpec::parse(&text));
    let word: String = text.chars().filter(|c| c.is_ascii_alphanumeric()).take(20).collect();
    for (before, after) in [("https://u:", "@h.example/c"), ("https://h.example/t/", "/c")] {
        let printed = without_secrets(&format!("{before}SECRET{word}{after}"));
        assert!(!printed.contains("SECRET"), "{printed}");
    }
}

/// An error text: each failure once, after its cause, on a line of the text, printed without control characters.
pub fn error_text(bytes: &[u8]) {
    let text = text_of(bytes);
    let found = error_texts::find(&text);
    let lines = text.split(['\n', '\r']).count();
    for (index, of) in found.errors.iter().enumerate() {
        let code = of.error.code;
        let before = &found.errors[..index];
        assert!(before.iter().all(|it| it.error.code != code), "{code} twice");
        let follows = |cause| before.iter().any(|it| it.error.code == cause);
        assert!(of.follows.is_none_or(follows), "{code} before its cause");
        assert!(of.line.is_none_or(|line| (1..=lines).contains(&line)), "{code}: line {:?} of {lines}", of.line);
        let mut printed = of.values.values().chain([&of.excerpt]);
        assert!(printed.all(|it| !it.contains(char::is_control)), "{code}: {of:?}");
        let _ = found.judge(of, None);
    }
    let unknown = found.unknown.as_deref().unwrap_or("");
    assert!(!unknown.contains(char::is_control), "{unknown:?}");
}

/// What the live reader writes about a solve.
pub fn live(bytes: &[u8]) {
    let text = text_of(bytes);
    let (stdout, stderr) = text.split_once('\u{1e}').unwrap_or((&text, ""));
    let _ = solved(stdout, stderr);
    if let Ok(request) = serde_json::from_slice::<LiveRequest>(bytes) {
        let again = serde_json::to_string(&request).expect("JSON");
        assert_eq!(serde_json::from_str::<LiveRequest>(&again).ok(), Some(request));
    }
}

/// Channel records of any form.
pub fn reply(bytes: &[u8]) {
    let Ok(reply) = LiveReply::read(bytes) else { return };
    let LiveAnswer::Records(records) = reply.answer else { return };
    let known = Matrix::embedded();
    let records = by_priority(records, &reply.origins);
    let records = Records { records: since(records.records, known) };
    let subdirs = [Subdir::Linux64, Subdir::OsxArm64];
    let day = Date::of_unix_time(1_800_000_000);
    if let Some((matrix, _)) = rows(&records, &subdirs, ("conda-forge", day), known) {
        let machine = Machine::baseline(subdirs[bytes.len() % 2]);
        // Every build is there once.
        let advice = advise(&machine, &Request::default(), &matrix);
        let told = usize::from(advice.recommended.is_some())
            + advice.alternatives.len()
            + advice.rejected.len()
            + advice.elsewhere.len();
        assert_eq!(told, matrix.builds.len());
    }
    let (has, _) = ChannelContents::of(&records.records, day);
    let differences = differences(&has, known, &subdirs);
    let compared = Compared {
        channel: "conda-forge",
        origins: &reply.origins,
        differences: &differences,
        gaps: &[],
        matrix: known,
    };
    assert!(!matrix_diff(&compared, 80).is_empty());
    let _ = (matrix_report::document(&compared), matrix_rows(compared.differences, compared.matrix));
}
