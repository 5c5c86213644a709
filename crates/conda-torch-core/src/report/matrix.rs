//! The table as JSON: the types that are written. Fields are added, never renamed.

use serde::Serialize;

use crate::conda::{Subdir, Version};
use crate::matrix::{Limit, Matrix, OverviewRow, Tier};
use crate::types::{
    Accelerator, ArmVariant, Blas, Build, Commit, ComputeCapability, CudaVersion, DriverVersion,
};

use super::advise::{MatrixDate, Tool};

/// The one document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "conda-torch matrix --format json"))]
pub(crate) struct Document<'a> {
    /// 1.
    format_version: u32,
    /// What wrote it.
    tool: Tool,
    /// Which matrix.
    matrix: MatrixDate<'a>,
    /// The rows of the table.
    rows: Vec<Row<'a>>,
}

/// A row of the table: a build, or that there is none.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row<'a> {
    /// The platform.
    #[cfg_attr(test, schemars(with = "String"))]
    platform: Subdir,
    /// cuda, mps or cpu.
    accelerator: &'static str,
    /// The pins that lead to this build.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    cuda_versions: &'a [CudaVersion],
    /// sbsa or tegra, where the build is tied to one.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    arm_variant: Option<ArmVariant>,
    /// The version of PyTorch; null in this and the next fields where there is no build.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pytorch: Option<Version>,
    /// The package to ask for.
    package: Option<&'static str>,
    /// How the build string begins.
    build: Option<String>,
    /// The first and the last build number.
    build_numbers: Option<[u16; 2]>,
    /// mkl or generic.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    blas: Option<Blas>,
    /// The toolkit of the build.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    cuda_toolkit: Option<CudaVersion>,
    /// The oldest drivers that run it.
    driver: Drivers,
    /// The compute capabilities that it has kernels for.
    gpus: Vec<Capabilities>,
    /// `TORCH_CUDA_ARCH_LIST`.
    kernels: Option<String>,
    /// The oldest glibc.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    glibc: Option<Version>,
    /// The oldest macOS.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    macos: Option<Version>,
    /// The first and the last Python.
    #[cfg_attr(test, schemars(with = "Option<[String; 2]>"))]
    python: Option<[Version; 2]>,
    /// full, limited or none.
    support: &'static str,
    /// What is limited about it, in words that do not change.
    limits: Vec<&'static str>,
    /// The recipe's commit; null where a channel was read that says otherwise, or where there is no build.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    source: Option<Commit>,
    /// Whether the kernels were concluded from another build.
    inferred: bool,
    /// Whether `advise` chooses it for this machine.
    this_machine: bool,
}

/// The oldest drivers.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Drivers {
    /// On Linux; null without CUDA.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    linux: Option<DriverVersion>,
    /// On Windows.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    windows: Option<DriverVersion>,
}

/// From the first to the last, without gaps.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Capabilities {
    /// The lowest.
    #[cfg_attr(test, schemars(with = "String"))]
    from: ComputeCapability,
    /// The highest.
    #[cfg_attr(test, schemars(with = "String"))]
    to: ComputeCapability,
}

/// The document.
#[must_use]
pub fn json(matrix: &Matrix, rows: &[Shown<'_>]) -> String {
    let document = Document {
        format_version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        matrix: MatrixDate { channel: &matrix.channel, as_of: matrix.as_of },
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

/// The build that the advice recommends, and the pin that goes with it: its row gets a mark.
#[derive(Debug, Clone, Copy)]
pub struct Recommended<'m> {
    /// The build.
    pub build: &'m Build,
    /// The pin; `None` without CUDA.
    pub cuda_version: Option<CudaVersion>,
}

/// Which rows to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableRows {
    /// The newest build for each `cuda-version`.
    Newest,
    /// Every build.
    All,
}

/// A row, and whether it is the one for this machine.
pub struct Shown<'m> {
    /// The row.
    pub row: OverviewRow<'m>,
    /// Whether it is the one for this machine.
    pub is_yours: bool,
}

/// The rows of some platforms. A recommended build that is in none of the rows, because the machine is
/// too old for the newest, gets one at the end of its platform.
#[must_use]
pub fn shown<'m>(
    matrix: &'m Matrix,
    subdirs: &[Subdir],
    which: TableRows,
    recommended: Option<Recommended<'m>>,
) -> Vec<Shown<'m>> {
    let rows = match which {
        TableRows::Newest => matrix.overview(subdirs),
        TableRows::All => matrix.every_build(subdirs),
    };
    let mut rows: Vec<Shown<'_>> = rows
        .into_iter()
        .map(|row| {
            let is_yours = recommended.is_some_and(|r| row.is_of(r.build, r.cuda_version));
            Shown { row, is_yours }
        })
        .collect();
    if let Some(yours) = recommended.filter(|_| rows.iter().all(|row| !row.is_yours)) {
        let is_there = |shown: &Shown<'_>| shown.row.subdir == yours.build.subdir;
        if let Some(last) = rows.iter().rposition(is_there) {
            let row = matrix.row_of(yours.build, yours.cuda_version);
            rows.insert(last + 1, Shown { row, is_yours: true });
        }
    }
    rows
}

/// The word for a tier.
#[must_use]
pub fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Full => "full",
        Tier::Limited => "limited",
        Tier::None => "none",
    }
}
