//! The matrix as a table: text, Markdown, JSON or CSV.

use std::fmt::Display;

use tabled::builder::Builder;
use tabled::settings::Style;

use conda_torch_core::conda::Os;
use conda_torch_core::heat_map::{self, heat_maps};
use conda_torch_core::matrix::{FilterField, Limit, Matrix, OverviewRow};
use conda_torch_core::report::matrix::{self as report, TableRow, TableRows};
use conda_torch_core::types::{Accelerator, ArmVariant, Build, Date, KernelSupport, Source};

use super::page::{LIVE, Page, Style as PageStyle, aligned};

/// The format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum TableFormat {
    /// Text
    Table,
    /// One Markdown table
    Markdown,
    /// One JSON document
    Json,
    /// Comma-separated values
    Csv,
    /// A picture of builds and GPUs
    Svg,
    /// A web page with the picture as a table
    Html,
}

/// What the age of the data is told from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Age {
    /// The reader's day, if known.
    pub today: Option<Date>,
    /// Whether the rows were read from the channel.
    pub is_live: bool,
}

/// The error if no build passes a filter, with what it passes without.
pub fn nothing_matches(obstacles: &[FilterField]) -> String {
    let name = |field: &FilterField| match field {
        FilterField::Pytorch => "`--pytorch`",
        FilterField::Python => "`--python`",
        FilterField::CudaVersion => "`--cuda-version`",
        FilterField::Gpus => "the GPU",
        FilterField::Driver => "the driver",
        FilterField::Glibc => "`--glibc`",
        FilterField::Macos => "`--macos`",
    };
    let names: Vec<&str> = obstacles.iter().map(name).collect();
    let hint = match names.as_slice() {
        [] => String::new(),
        names => format!("\nhint: builds match without {}", names.join(", or without ")),
    };
    format!("error: no PyTorch build matches{hint}")
}

/// Writes rows. `width`: the columns for text, `None` for any number; `asked`: headings that are never left out.
pub fn table(
    matrix: &Matrix,
    rows: &[TableRow<'_>],
    which: TableRows,
    format: TableFormat,
    width: Option<usize>,
    asked: &[&str],
    age: Age,
) -> String {
    match format {
        TableFormat::Table => {
            let mut page = Page::new(PageStyle { today: age.today, ..PageStyle::plain(80) });
            page.age(matrix, (!age.is_live).then_some(LIVE));
            human(rows, which, width, asked) + &page.finish()
        }
        TableFormat::Markdown => {
            let columns = [&[MARKED_PLATFORM], FULL].concat();
            builder(rows, &columns).build().with(Style::markdown()).to_string() + "\n"
        }
        TableFormat::Json => report::document(matrix, rows),
        TableFormat::Csv => report::csv(rows),
        TableFormat::Svg => heat_map::svg(matrix, &heat_maps(matrix, rows)),
        TableFormat::Html => heat_map::document(matrix, &heat_maps(matrix, rows)),
    }
}

fn human(rows: &[TableRow<'_>], which: TableRows, width: Option<usize>, asked: &[&str]) -> String {
    let mut lines = Vec::new();
    for section in rows.chunk_by(|a, b| a.row.subdir == b.row.subdir) {
        lines.push(section[0].row.subdir.to_string());
        let (table, has_limits) = fitted(section, which, width, asked);
        let is_marked = |row: &TableRow<'_>| row.is_yours || row.is_newest;
        let marks = std::iter::once(false).chain(section.iter().map(is_marked));
        let marked = |(line, is_marked)| format!("{}{line}", if is_marked { MARK } else { "  " });
        lines.extend(table.into_iter().zip(marks).map(marked));
        lines.extend(notes(section, which, !has_limits).iter().map(|note| format!("  {note}")));
        lines.push(String::new());
    }
    lines.push(LEGEND.to_owned());
    if rows.iter().any(|row| row.is_yours) {
        lines.push(format!("{MARK}the row for your machine"));
    }
    if rows.iter().any(|row| row.kernels == Some(KernelSupport::Jit)) {
        lines.push("JIT: the driver compiles for your GPU; the first run is slow".to_owned());
    }
    if rows.iter().any(|row| row.is_newest) {
        lines.push(format!("{MARK}the newest that matches"));
    }
    lines.join("\n") + "\n"
}

const MARK: &str = "* ";

/// The rows of a platform as a table that fits the width, and whether it has the limits. Empty columns are left out,
/// then those that matter least, but none that was asked for.
fn fitted(
    section: &[TableRow<'_>],
    which: TableRows,
    width: Option<usize>,
    asked: &[&str],
) -> (Vec<String>, bool) {
    let (columns, least) = match which {
        TableRows::Newest => (NEWEST, NEWEST_LEAST),
        TableRows::All => (ALL, ALL_LEAST),
    };
    let is_used = |(_, text): &&Column| section.iter().any(|row| !text(row).is_empty());
    let mut columns: Vec<Column> = columns.iter().filter(is_used).copied().collect();
    let mut least = least.iter().filter(|heading| !asked.contains(heading));
    loop {
        let tables = [2, 1].map(|gap| aligned(builder(section, &columns), gap));
        let room = width.map_or(usize::MAX, |width| width.saturating_sub(MARK.len()));
        let fits = |table: &Vec<String>| table.iter().all(|line| line.chars().count() <= room);
        let has_limits = columns.iter().any(|(heading, _)| *heading == LIMITS.0);
        let [wide, close] = tables;
        if fits(&wide) {
            return (wide, has_limits);
        }
        if fits(&close) {
            return (close, has_limits);
        }
        let Some(heading) = least.next() else { return (close, has_limits) };
        columns.retain(|(name, _)| name != heading);
    }
}

const LEGEND: &str = "\
CUDA: the pin of `cuda-version`; driver, glibc, macOS: minimum; GPUs: compute
capabilities";

fn builder(rows: &[TableRow<'_>], columns: &[Column]) -> Builder {
    let mut builder = Builder::new();
    builder.push_record(columns.iter().map(|(heading, _)| *heading));
    for row in rows {
        builder.push_record(columns.iter().map(|(_, text)| text(row)));
    }
    builder
}

/// Notes on the rows of one platform. A wide table has a column for the limits instead.
fn notes(section: &[TableRow<'_>], which: TableRows, is_narrow: bool) -> Vec<String> {
    let has = |limit: Limit| is_narrow && section.iter().any(|s| s.row.limits.contains(&limit));
    let build = |is_it: fn(&OverviewRow<'_>) -> bool| {
        section.iter().find(|shown| is_it(&shown.row)).and_then(|shown| shown.row.build)
    };
    let glibc_below =
        section.iter().filter(|_| is_narrow && which == TableRows::Newest).find_map(|it| {
            let limit = it.row.limits.iter().find_map(|limit| {
                if let Limit::GlibcBelow(version) = limit { Some(*version) } else { None }
            });
            limit.zip(it.row.build.map(|build| build.pytorch))
        });
    let bare = build(|row| row.is_cuda && row.package() == Some("pytorch"));
    let is_tegra = |shown: &TableRow<'_>| shown.row.arm_variant == Some(ArmVariant::Tegra);
    let notes = [
        has(Limit::NoTriton)
            .then(|| "no Triton on Windows, so no `torch.compile` on the GPU".to_owned()),
        has(Limit::NoTorchaudio).then(|| "no torchaudio for this platform".to_owned()),
        (has(Limit::ExactPin) && has(Limit::NoTriton))
            .then(|| "PyTorch on Windows needs exactly the `cuda-version` of its row".to_owned()),
        glibc_below.map(|(version, pytorch)| {
            format!(
                "the builds above of PyTorch {pytorch} and older do not load with glibc {version}+"
            )
        }),
        section
            .iter()
            .any(is_tegra)
            .then(|| "tegra: Jetson up to Orin; also install `arm-variant=*=tegra`".to_owned()),
        bare.filter(|_| which == TableRows::Newest).map(|build| {
            let (version, prefix) = (build.pytorch, build.build_prefix());
            format!("package `pytorch`: name the build, such as `pytorch={version}={prefix}*`")
        }),
    ];
    notes.into_iter().flatten().collect()
}

/// A heading and the text of a row.
type Column = (&'static str, fn(&TableRow<'_>) -> String);

const CUDA: Column = ("CUDA", |it| cuda(&it.row));
const PYTORCH: Column = ("PyTorch", |it| of(it, |build| build.pytorch));
const BUILD: Column = ("build", |it| of(it, build));
const BUILDS: Column = ("builds", |it| of(it, builds));
const PACKAGE: Column = ("package", |it| shown(it.row.package()));
const DRIVER: Column = ("driver", |it| shown(it.row.linux_driver.or(it.row.windows_driver)));
const GPUS: Column = ("GPUs", gpus);
const GLIBC: Column = ("glibc", |it| shown(it.row.build.and_then(|b| Some(b.glibc?.libraries))));
const MACOS: Column = ("macOS", |it| shown(it.row.macos));
const PYTHON: Column =
    ("Python", |it| of(it, |build| format!("{}–{}", build.pythons.0, build.pythons.1)));
const KERNELS: Column = ("kernels", |it| of(it, |build| build.kernels.to_string()));
const SUPPORT: Column = ("support", |it| it.row.tier.as_str().to_owned());
const LIMITS: Column = ("limits", |it| limits(&it.row));
const MARKED_PLATFORM: Column = ("platform", |it| match it.row.subdir {
    subdir if it.is_yours => format!("**{subdir}** (yours)"),
    subdir if it.is_newest => format!("**{subdir}** (newest)"),
    subdir => subdir.to_string(),
});
const SOURCE: Column = ("source", |it| of(it, |build| source(&build.source)));

/// The newest build for each `cuda-version`.
const NEWEST: &[Column] =
    &[CUDA, PYTORCH, BUILD, PACKAGE, DRIVER, GPUS, GLIBC, MACOS, PYTHON, SUPPORT, LIMITS];
/// What is left out of it on a narrow terminal, first to last.
const NEWEST_LEAST: &[&str] =
    &["limits", "Python", "support", "package", "macOS", "glibc", "driver", "GPUs"];
/// Every build.
const ALL: &[Column] =
    &[PYTORCH, BUILDS, CUDA, DRIVER, GPUS, GLIBC, MACOS, PYTHON, KERNELS, SOURCE];
const ALL_LEAST: &[&str] = &["source", "kernels", "driver", "macOS", "glibc", "Python", "GPUs"];
/// For Markdown, after the platform.
const FULL: &[Column] =
    &[CUDA, PYTORCH, BUILDS, PACKAGE, DRIVER, GPUS, GLIBC, MACOS, PYTHON, SUPPORT, LIMITS];

/// The beginning of the commit; for a row from a channel its day, and whether its kernels are inferred.
fn source(source: &Source) -> String {
    match &source.commit {
        Some(commit) => format!("{commit:.8}"),
        None if source.inferred => format!("{}, kernels inferred", source.date),
        None => source.date.to_string(),
    }
}

/// A text of the row's build; empty without one.
fn of<T: Display>(shown_row: &TableRow<'_>, text: impl Fn(&Build) -> T) -> String {
    shown(shown_row.row.build.map(text))
}

fn shown(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// `12.0–12.5`; `12.9` if both are equal.
fn range<T: Display + PartialEq>(first: &T, last: &T) -> String {
    if first == last { first.to_string() } else { format!("{first}–{last}") }
}

/// `12.0–12.5`, `12.9 tegra`, `Metal`, `CPU`.
fn cuda(row: &OverviewRow<'_>) -> String {
    let pins = match (row.cuda_versions.first(), row.cuda_versions.last()) {
        (Some(_), Some(_)) if row.build.is_none() && row.subdir.os() == Os::Macos => {
            "any".to_owned() // CUDA ended there before any build of the matrix
        }
        (Some(first), Some(last)) => range(first, last),
        (None, _) | (_, None) => match row.build.map(|build| build.accelerator) {
            Some(Accelerator::Mps) => "Metal".to_owned(),
            Some(Accelerator::Cpu | Accelerator::Cuda(_)) | None => "CPU".to_owned(),
        },
    };
    match row.arm_variant {
        Some(ArmVariant::Tegra) => format!("{pins} tegra"),
        Some(ArmVariant::Sbsa) | None => pins,
    }
}

/// `cuda129 #302`, as the build string begins and ends. The BLAS is the channel's own choice.
fn build(build: &Build) -> String {
    format!("{} #{}", build.accelerator.build_prefix(), build.build_numbers.1)
}

/// `cuda129_mkl #300–302`.
fn builds(build: &Build) -> String {
    let (first, last) = build.build_numbers;
    format!("{} #{}", build.build_prefix(), range(&first, &last))
}

fn gpus(it: &TableRow<'_>) -> String {
    let ranges = it.row.gpus.iter().map(|(first, last)| range(first, last));
    let jit = if it.kernels == Some(KernelSupport::Jit) { " JIT" } else { "" };
    ranges.collect::<Vec<_>>().join(", ") + jit
}

fn limits(row: &OverviewRow<'_>) -> String {
    let text = |limit: &Limit| match limit {
        Limit::OlderPytorch(newest) => format!("newest is {newest}"),
        Limit::NoTriton => "no torch.compile on the GPU".to_owned(),
        Limit::NoTorchaudio => "no torchaudio".to_owned(),
        Limit::ExactPin => "exact cuda-version".to_owned(),
        Limit::GlibcBelow(version) => format!("glibc before {version}"),
    };
    row.limits.iter().map(text).collect::<Vec<_>>().join("; ")
}
