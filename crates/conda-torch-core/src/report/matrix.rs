//! `matrix --format json`, and which rows the table of every format has.

use serde::Serialize;

use crate::conda::{Subdir, Version};
use crate::matrix::{BuildFilter, Limit, Matrix, OverviewRow, Tier};
use crate::types::{
    ArmVariant, Blas, Build, Commit, ComputeCapability, CudaVersion, DriverVersion, KernelSupport,
};

use super::{AcceleratorName, MatrixDate, Range, write};

/// The build that the advice recommends, and its pin: its row gets a mark.
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

/// A row, and whether it has a mark.
#[derive(Debug, Clone)]
pub struct TableRow<'m> {
    /// The row.
    pub row: OverviewRow<'m>,
    /// Whether it is the one for this machine.
    pub is_yours: bool,
    /// Whether it is the newest of its platform that passes the filter; false without a filter.
    pub is_newest: bool,
    /// How its kernels reach the GPU of the filter that they serve worst; `None` without such GPUs.
    pub kernels: Option<KernelSupport>,
}

/// The rows of some platforms that pass a filter. If no row has the recommended build, because the machine is too old for
/// the newest, the build gets a row at the end of its platform.
pub fn rows<'m>(
    matrix: &'m Matrix,
    subdirs: &[Subdir],
    which: TableRows,
    filter: &BuildFilter,
    recommended: Option<Recommended<'m>>,
) -> Vec<TableRow<'m>> {
    let rows = match which {
        TableRows::Newest => matrix.overview(subdirs, filter),
        TableRows::All => matrix.every_build(subdirs, filter),
    };
    let is_yours = |row: &OverviewRow<'_>| {
        recommended.is_some_and(|yours| row.is_of(yours.build, yours.cuda_version))
    };
    let mut rows: Vec<TableRow<'_>> = rows
        .into_iter()
        .map(|row| {
            let kernels = row.build.and_then(|build| filter.worst_support(matrix, build));
            TableRow { is_yours: is_yours(&row), is_newest: false, kernels, row }
        })
        .collect();
    if !filter.is_empty() {
        mark_newest(&mut rows);
    }
    if let Some(yours) = recommended.filter(|_| rows.iter().all(|row| !row.is_yours))
        && let Some(last) = rows.iter().rposition(|it| it.row.subdir == yours.build.subdir)
    {
        let row = matrix.row_of(yours.build, yours.cuda_version);
        let row = TableRow { row, is_yours: true, is_newest: false, kernels: None };
        rows.insert(last + 1, row);
    }
    rows
}

/// Marks the newest build of each platform: what a solver prefers.
fn mark_newest(rows: &mut [TableRow<'_>]) {
    for platform in rows.chunk_by_mut(|a, b| a.row.subdir == b.row.subdir) {
        let solvable = |it: &&mut TableRow<'_>| {
            it.row.build.is_some_and(|it| !it.pytorch.is_candidate() && !it.unsolvable)
        };
        let newest = platform.iter_mut().filter(solvable).max_by_key(|it| {
            let build = it.row.build;
            build.map(|it| (it.pytorch, it.accelerator, it.build_numbers.1))
        });
        if let Some(newest) = newest {
            newest.is_newest = true;
        }
    }
}

/// What `matrix --format json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Content<'a> {
    /// The matrix.
    matrix: MatrixDate<'a>,
    /// The rows of the table.
    rows: Vec<RowReport<'a>>,
}

/// Writes the rows.
pub fn document(matrix: &Matrix, rows: &[TableRow<'_>]) -> String {
    write(Content {
        matrix: MatrixDate::of(matrix),
        rows: rows.iter().map(|it| RowReport::new(it)).collect(),
    })
}

/// The columns of [`csv`].
const CSV: &str = "platform,accelerator,cuda_version_from,cuda_version_to,pytorch,build,build_number_from,\
                   build_number_to,package,driver_linux,driver_windows,gpus,glibc,glibc_below,macos,python_from,\
                   python_to,support,limits,this_machine,newest";

/// Writes the rows as comma-separated values in ASCII: unknown values are empty, lists have blanks between their
/// elements, and GPUs are ranges of compute capabilities.
pub fn csv(rows: &[TableRow<'_>]) -> String {
    let mut text = format!("{CSV}\r\n");
    for it in rows {
        let row = RowReport::new(it);
        let pins = (row.cuda_versions.first(), row.cuda_versions.last());
        let gpus =
            row.gpus.iter().map(
                |Range { from, to }| {
                    if from == to { from.to_string() } else { format!("{from}-{to}") }
                },
            );
        let yes = |is_it: bool| if is_it { "yes" } else { "" };
        let cells = [
            row.platform.to_string(),
            row.accelerator.as_str().to_owned(),
            cell(pins.0),
            cell(pins.1),
            cell(row.pytorch),
            row.build.unwrap_or_default(),
            cell(row.build_numbers.as_ref().map(|it| it.from)),
            cell(row.build_numbers.as_ref().map(|it| it.to)),
            cell(row.package),
            cell(row.driver.linux),
            cell(row.driver.windows),
            gpus.collect::<Vec<_>>().join(" "),
            cell(row.glibc),
            cell(row.glibc_below),
            cell(row.macos),
            cell(row.python.as_ref().map(|it| it.from)),
            cell(row.python.as_ref().map(|it| it.to)),
            row.support.as_str().to_owned(),
            row.limits.join(" "),
            yes(row.this_machine).to_owned(),
            yes(row.newest).to_owned(),
        ];
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

fn cell(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A row of the table: a build, or that there is none.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RowReport<'a> {
    /// The platform.
    platform: Subdir,
    /// cuda, mps or cpu.
    accelerator: AcceleratorName,
    /// The pins that select this build.
    cuda_versions: &'a [CudaVersion],
    /// sbsa or tegra, if the build is tied to one.
    arm_variant: Option<ArmVariant>,
    /// The version of PyTorch; null in this and the next fields if there is no build.
    pytorch: Option<Version>,
    /// The package to ask for.
    package: Option<&'static str>,
    /// The beginning of the build string.
    build: Option<String>,
    /// The first and the last build number.
    build_numbers: Option<Range<u16>>,
    /// mkl or generic.
    blas: Option<Blas>,
    /// The toolkit of the build.
    cuda_toolkit: Option<CudaVersion>,
    /// The oldest drivers that run it.
    driver: Drivers,
    /// The compute capabilities that it has kernels for.
    gpus: Vec<Range<ComputeCapability>>,
    /// `TORCH_CUDA_ARCH_LIST`.
    kernels: Option<String>,
    /// native, same-major, ptx-jit: how they reach the GPU of the filter that they serve worst; null without one.
    kernel_support: Option<KernelSupport>,
    /// The oldest glibc.
    glibc: Option<Version>,
    /// The first glibc that does not load the build; null if all newer ones do.
    glibc_below: Option<Version>,
    /// The oldest macOS; with Metal, the oldest on which the build uses the GPU.
    macos: Option<Version>,
    /// The first and the last Python.
    python: Option<Range<Version>>,
    /// full, limited or none.
    support: Tier,
    /// The limits of the build, as stable codes.
    limits: Vec<&'static str>,
    /// The recipe's commit; null if a channel says otherwise, or if there is no build.
    source: Option<Commit>,
    /// Whether the kernels were inferred from another build.
    inferred: bool,
    /// Whether `advise` chooses it for this machine.
    this_machine: bool,
    /// Whether it is the newest of its platform that passes the filter; false without a filter.
    newest: bool,
}

/// The oldest drivers.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Drivers {
    /// On Linux; null without CUDA.
    linux: Option<DriverVersion>,
    /// On Windows.
    windows: Option<DriverVersion>,
}

impl<'a> RowReport<'a> {
    fn new(it: &'a TableRow<'_>) -> Self {
        let row = &it.row;
        let build = row.build;
        let accelerator = build.map_or(AcceleratorName::Cpu, |build| build.accelerator.into());
        Self {
            platform: row.subdir,
            accelerator: if row.is_cuda { AcceleratorName::Cuda } else { accelerator },
            cuda_versions: &row.cuda_versions,
            arm_variant: row.arm_variant,
            pytorch: build.map(|build| build.pytorch),
            package: row.package(),
            build: build.map(|build| build.accelerator.build_prefix()),
            build_numbers: build.map(|build| build.build_numbers.into()),
            blas: build.map(|build| build.blas),
            cuda_toolkit: build.and_then(|build| build.accelerator.cuda()),
            driver: Drivers { linux: row.linux_driver, windows: row.windows_driver },
            gpus: row.gpus.iter().map(|&range| range.into()).collect(),
            kernels: build.filter(|build| build.is_cuda()).map(|build| build.kernels.to_string()),
            kernel_support: it.kernels,
            glibc: build.and_then(|build| build.glibc).map(|floor| floor.libraries),
            glibc_below: build.and_then(|build| build.glibc?.below),
            macos: row.macos,
            python: build.map(|build| build.pythons.into()),
            support: row.tier,
            limits: row.limits.iter().map(limit).collect(),
            source: build.and_then(|build| build.source.commit.clone()),
            inferred: build.is_some_and(|build| build.source.inferred),
            this_machine: it.is_yours,
            newest: it.is_newest,
        }
    }
}

fn limit(limit: &Limit) -> &'static str {
    match limit {
        Limit::OlderPytorch(_) => "older-pytorch",
        Limit::NoTriton => "no-triton",
        Limit::NoTorchaudio => "no-torchaudio",
        Limit::ExactPin => "exact-cuda-version",
        Limit::GlibcBelow(_) => "glibc-below",
    }
}
