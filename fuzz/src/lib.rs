//! The targets of `fuzz_targets/`: each passes its bytes to a parser as input from outside, and checks the answer
//! with `tests/suite/properties/holds.rs`.

mod fed;
#[path = "../../tests/suite/properties/holds.rs"]
mod holds;

use conda_torch_core::resolve::{RequestedAccelerator, Request, advise};
use conda_torch_core::channel::{ChannelContents, Records, LiveReply, LiveAnswer, by_priority, differences, rows, since};
use conda_torch_probe::host::{DriverEnd, DriverReport, Host, RecordedHost, parse_driver_calls};
use conda_torch_core::matrix::Matrix;
use conda_torch_core::conda::{CONDA_FORGE, Channels, Subdir, Version};
use conda_torch_core::types::{ClientKind, Companion, ComputeCapability, CudaVersion, Date, DriverVersion, Machine, Origin, Shell};
use conda_torch_core::import::{assume_baseline, read_machine, text_of};
use conda_torch_probe::{Overrides, probe};
use conda_torch_core::commands::TargetEnvironment;
use conda_torch::text::matrix_diff;
use conda_torch_core::formats::matrix_rows;
use conda_torch_core::report::matrix_diff::{self as matrix_report, Compared};
use conda_torch_core::solve_check::dry_run::{DryRun, read};
use conda_torch_core::solve_check::{Expectation, ProofStatus, verdict};

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
