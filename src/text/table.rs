//! The matrix as a table: text, Markdown, JSON or CSV.

use std::fmt::Display;

use tabled::builder::Builder;
use tabled::settings::Style;

use conda_torch_core::conda::Os;
use conda_torch_core::matrix::{Limit, Matrix, OverviewRow, Tier};
use conda_torch_core::report::matrix::{self as report, TableRow, TableRows};
use conda_torch_core::types::{Accelerator, ArmVariant, Build, Date, Source};

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
}

/// What the age of the data is told from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Age {
    /// The reader's day, if known.
    pub today: Option<Date>,
    /// Whether the rows were read from the channel.
    pub is_live: bool,
}

/// Writes rows. `width`: the columns for text; `None` for any number.
pub fn table(
    matrix: &Matrix,
    rows: &[TableRow<'_>],
    which: TableRows,
    format: TableFormat,
    width: Option<usize>,
    age: Age,
) -> String {
    match format {
        TableFormat::Table => {
            let mut page = Page::new(PageStyle { today: age.today, ..PageStyle::plain(80) });
            page.age(matrix, (!age.is_live).then_some(LIVE));
            human(rows, which, width.is_some_and(|width| width < 110)) + &page.finish()
        }
        TableFormat::Markdown => {
            let columns = [&[MARKED_PLATFORM], FULL].concat();
            builder(rows, &columns).build().with(Style::markdown()).to_string() + "\n"
        }
        TableFormat::Json => report::document(matrix, rows),
        TableFormat::Csv => csv(rows),
    }
}

fn human(rows: &[TableRow<'_>], which: TableRows, is_narrow: bool) -> String {
    let (columns, gap) = match (which, is_narrow) {
        (TableRows::Newest, true) => (NARROW, 1),
        (TableRows::Newest, false) => (WIDE, 2),
        (TableRows::All, true) => (NARROW_ALL, 1),
        (TableRows::All, false) => (WIDE_ALL, 2),
    };
    let mut lines = Vec::new();
    for section in rows.chunk_by(|a, b| a.row.subdir == b.row.subdir) {
        lines.push(section[0].row.subdir.to_string());
        // Empty columns are left out.
        let is_used = |(_, text): &&Column| section.iter().any(|row| !text(row).is_empty());
        let columns: Vec<Column> = columns.iter().filter(is_used).copied().collect();
        let marks = std::iter::once(false).chain(section.iter().map(|row| row.is_yours));
        let marked = |(line, is_yours)| format!("{}{line}", if is_yours { "* " } else { "  " });
        lines.extend(aligned(builder(section, &columns), gap).into_iter().zip(marks).map(marked));
        lines.extend(notes(section, which, is_narrow).iter().map(|note| format!("  {note}")));
        lines.push(String::new());
    }
    lines.push(LEGEND.to_owned());
    if rows.iter().any(|row| row.is_yours) {
        lines.push("* the row for your machine".to_owned());
    }
    lines.join("\n") + "\n"
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

/// RFC 4180.
fn csv(rows: &[TableRow<'_>]) -> String {
    let quoted = |value: &String| {
        if value.contains([',', '"', '\n']) {
            format!("\"{}\"", value.replace('"', "\"\""))
        } else {
            value.clone()
        }
    };
    let columns = [&[PLATFORM], FULL, &[YOURS]].concat();
    let records: Vec<Vec<String>> = builder(rows, &columns).into();
    let line =
        |record: &Vec<String>| record.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n";
    records.iter().map(line).collect()
}

/// A heading and the text of a row.
type Column = (&'static str, fn(&TableRow<'_>) -> String);

const CUDA: Column = ("CUDA", |it| cuda(&it.row));
const PYTORCH: Column = ("PyTorch", |it| of(it, |build| build.pytorch));
const BUILD: Column = ("build", |it| of(it, build));
const BUILDS: Column = ("builds", |it| of(it, builds));
const PACKAGE: Column = ("package", |it| shown(it.row.package()));
const DRIVER: Column = ("driver", |it| shown(it.row.linux_driver.or(it.row.windows_driver)));
const GPUS: Column = ("GPUs", |it| gpus(&it.row));
const GLIBC: Column = ("glibc", |it| shown(it.row.build.and_then(|b| Some(b.glibc?.libraries))));
const MACOS: Column = ("macOS", |it| shown(it.row.macos));
const PYTHON: Column =
    ("Python", |it| of(it, |build| format!("{}–{}", build.pythons.0, build.pythons.1)));
const KERNELS: Column = ("kernels", |it| of(it, |build| build.kernels.to_string()));
const SUPPORT: Column = ("support", |it| tier(it.row.tier).to_owned());
const LIMITS: Column = ("limits", |it| limits(&it.row));
const PLATFORM: Column = ("platform", |it| it.row.subdir.to_string());
const MARKED_PLATFORM: Column = ("platform", |it| match it.row.subdir {
    subdir if it.is_yours => format!("**{subdir}** (yours)"),
    subdir => subdir.to_string(),
});
const YOURS: Column = ("your machine", |it| if it.is_yours { "yes" } else { "" }.to_owned());
const SOURCE: Column = ("source", |it| of(it, |build| source(&build.source)));

const NARROW: &[Column] = &[CUDA, PYTORCH, BUILD, PACKAGE, DRIVER, GPUS, GLIBC, MACOS, SUPPORT];
/// With more than 110 columns, or without a terminal.
const WIDE: &[Column] =
    &[CUDA, PYTORCH, BUILD, PACKAGE, DRIVER, GPUS, GLIBC, MACOS, PYTHON, SUPPORT, LIMITS];
/// Every build, at 80 columns.
const NARROW_ALL: &[Column] = &[PYTORCH, BUILDS, CUDA, GPUS, GLIBC, MACOS, PYTHON];
/// Every build, with more than 110 columns.
const WIDE_ALL: &[Column] = &[PYTORCH, BUILDS, CUDA, DRIVER, GLIBC, MACOS, PYTHON, KERNELS, SOURCE];
/// For Markdown and CSV, after the platform.
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

fn gpus(row: &OverviewRow<'_>) -> String {
    let ranges = row.gpus.iter().map(|(first, last)| range(first, last));
    ranges.collect::<Vec<_>>().join(", ")
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

fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Full => "full",
        Tier::Limited => "limited",
        Tier::None => "none",
    }
}
