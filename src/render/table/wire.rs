//! The table as JSON: the types that are written. Fields are added, never renamed.

use serde::Serialize;

use crate::matrix::{Limit, Matrix, OverviewRow};
use crate::model::{
    Accelerator, ArmVariant, Blas, Commit, ComputeCapability, CudaVersion, Date, DriverVersion,
    Subdir, Version,
};

use super::Shown;
use super::cells::tier;

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    tool: Tool,
    matrix: Edition<'a>,
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Which matrix.
#[derive(Serialize)]
struct Edition<'a> {
    channel: &'a str,
    as_of: Date,
}

#[derive(Serialize)]
struct Row<'a> {
    platform: Subdir,
    /// `cuda`, `mps` or `cpu`.
    accelerator: &'static str,
    /// The pins that lead to this build.
    cuda_versions: &'a [CudaVersion],
    arm_variant: Option<ArmVariant>,
    pytorch: Option<Version>,
    package: Option<&'static str>,
    /// How the build string begins; `null` in this and the next fields where there is no build.
    build: Option<String>,
    build_numbers: Option<[u16; 2]>,
    blas: Option<Blas>,
    /// The toolkit of the build.
    cuda_toolkit: Option<CudaVersion>,
    driver: Drivers,
    gpus: Vec<Capabilities>,
    /// `TORCH_CUDA_ARCH_LIST`.
    kernels: Option<String>,
    glibc: Option<Version>,
    macos: Option<Version>,
    python: Option<[Version; 2]>,
    /// `full`, `limited` or `none`.
    support: &'static str,
    limits: Vec<&'static str>,
    /// The recipe's commit; null where a channel was read that says otherwise, or where there is no build.
    source: Option<Commit>,
    /// Whether the kernels were concluded from another build.
    inferred: bool,
    this_machine: bool,
}

/// The oldest drivers.
#[derive(Serialize)]
struct Drivers {
    linux: Option<DriverVersion>,
    windows: Option<DriverVersion>,
}

/// From the first to the last, without gaps.
#[derive(Serialize)]
struct Capabilities {
    from: ComputeCapability,
    to: ComputeCapability,
}

pub(super) fn json(matrix: &Matrix, rows: &[Shown<'_>]) -> String {
    let document = Document {
        format_version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        matrix: Edition { channel: &matrix.channel, as_of: matrix.as_of },
        rows: rows.iter().map(|shown| row(&shown.row, shown.is_yours)).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("plain values are JSON");
    text.push('\n');
    text
}

fn row<'a>(row: &'a OverviewRow<'_>, this_machine: bool) -> Row<'a> {
    let build = row.build;
    let accelerator = match build.map(|build| build.accelerator) {
        _ if row.is_cuda => "cuda",
        Some(Accelerator::Mps) => "mps",
        Some(Accelerator::Cpu | Accelerator::Cuda(_)) | None => "cpu",
    };
    Row {
        platform: row.subdir,
        accelerator,
        cuda_versions: &row.cuda_versions,
        arm_variant: row.arm_variant,
        pytorch: build.map(|build| build.pytorch),
        package: row.package(),
        build: build.map(|build| build.accelerator.build_prefix()),
        build_numbers: build.map(|build| build.build_numbers.into()),
        blas: build.map(|build| build.blas),
        cuda_toolkit: build.and_then(|build| build.accelerator.cuda()),
        driver: Drivers { linux: row.linux_driver, windows: row.windows_driver },
        gpus: row.gpus.iter().map(|&(from, to)| Capabilities { from, to }).collect(),
        kernels: build.filter(|build| build.is_cuda()).map(|build| build.kernels.to_string()),
        glibc: build.and_then(|build| build.glibc).map(|floor| floor.libraries),
        macos: build.and_then(|build| build.macos),
        python: build.map(|build| build.pythons.into()),
        support: tier(row.tier),
        limits: row.limits.iter().map(code).collect(),
        source: build.and_then(|build| build.source.commit()),
        inferred: build.is_some_and(|build| build.source.is_inferred()),
        this_machine,
    }
}

fn code(limit: &Limit) -> &'static str {
    match limit {
        Limit::OlderPytorch { .. } => "older-pytorch",
        Limit::NoTriton => "no-triton",
        Limit::NoTorchaudio => "no-torchaudio",
        Limit::ExactPin => "exact-cuda-version",
    }
}
