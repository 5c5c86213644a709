//! The matrix as a table: text, Markdown, JSON or CSV.

use std::fmt::Display;

use tabled::builder::Builder;
use tabled::settings::Style;

use conda_torch_core::conda::{Os, Subdir};
use conda_torch_core::matrix::{Limit, Matrix, OverviewRow, Tier};
use conda_torch_core::report::matrix::{self as report, Recommended, TableRow, TableRows};
use conda_torch_core::types::{Accelerator, ArmVariant, Build, Source};

use super::page::aligned;

/// How to write a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// Text for a number of columns; `None` for any.
    Human(Option<usize>),
    /// One Markdown table.
    Markdown,
    /// One JSON document.
    Json,
    /// Comma-separated values with a line of headings (RFC 4180).
    Csv,
}

/// Writes the table of some platforms.
pub fn table<'m>(
    matrix: &'m Matrix,
    subdirs: &[Subdir],
    which: TableRows,
    recommended: Option<Recommended<'m>>,
    format: TableFormat,
) -> String {
    let rows = report::rows(matrix, subdirs, which, recommended);
    match format {
        TableFormat::Human(width) => human(&rows, which, width),
        TableFormat::Markdown => markdown(&rows),
        TableFormat::Json => report::document(matrix, &rows),
        TableFormat::Csv => csv(&rows),
    }
}

fn human(rows: &[TableRow<'_>], which: TableRows, width: Option<usize>) -> String {
    let is_narrow = width.is_some_and(|width| width < 110);
    let columns = match (which, is_narrow) {
        (TableRows::Newest, true) => NARROW,
        (TableRows::Newest, false) => WIDE,
        (TableRows::All, true) => NARROW_ALL,
        (TableRows::All, false) => WIDE_ALL,
    };
    let mut text = String::new();
    for section in rows.chunk_by(|a, b| a.row.subdir == b.row.subdir) {
        text.push_str(section[0].row.subdir.as_str());
        text.push('\n');
        for line in section_lines(section, columns, if is_narrow { 1 } else { 2 }) {
            text.push_str(&line);
            text.push('\n');
        }
        for note in notes(section, which, is_narrow) {
            text.push_str("  ");
            text.push_str(&note);
            text.push('\n');
        }
        text.push('\n');
    }
    text.push_str(LEGEND);
    if rows.iter().any(|row| row.is_yours) {
        text.push_str("* the row for your machine\n");
    }
    text
}

const LEGEND: &str = "\
CUDA: the pin of `cuda-version`; driver, glibc, macOS: minimum; GPUs: compute
capabilities
";

/// The lines of one platform, headings first, with a mark before the row of this machine.
fn section_lines(section: &[TableRow<'_>], columns: &[Column], gap: usize) -> Vec<String> {
    // Empty columns are left out.
    let is_used =
        |column: &&Column| section.iter().any(|shown| !(column.text)(&shown.row).is_empty());
    let columns: Vec<&Column> = columns.iter().filter(is_used).collect();
    let mut builder = Builder::new();
    builder.push_record(columns.iter().map(|column| column.heading));
    for shown in section {
        builder.push_record(columns.iter().map(|column| (column.text)(&shown.row)));
    }
    let marks = std::iter::once(false).chain(section.iter().map(|shown| shown.is_yours));
    let mark = |is_yours| if is_yours { "* " } else { "  " };
    aligned(builder, gap)
        .into_iter()
        .zip(marks)
        .map(|(line, is)| format!("{}{line}", mark(is)))
        .collect()
}

/// Notes on the rows of one platform. A wide table has a column for the limits instead.
fn notes(section: &[TableRow<'_>], which: TableRows, is_narrow: bool) -> Vec<String> {
    let has = |limit: Limit| is_narrow && section.iter().any(|s| s.row.limits.contains(&limit));
    let mut notes = Vec::new();
    if has(Limit::NoTriton) {
        notes.push("no Triton on Windows, so no `torch.compile` on the GPU".to_owned());
    }
    if has(Limit::NoTorchaudio) {
        notes.push("no torchaudio for this platform".to_owned());
    }
    let exact = |shown: &&TableRow<'_>| shown.row.limits.contains(&Limit::ExactPin);
    let exact = section.iter().find(exact).and_then(|shown| shown.row.build);
    if let (Some(build), true) = (exact, has(Limit::NoTriton)) {
        let version = build.pytorch;
        notes.push(format!("PyTorch {version} needs exactly the `cuda-version` of its row"));
    }
    if section.iter().any(|shown| shown.row.arm_variant == Some(ArmVariant::Tegra)) {
        notes.push("tegra: Jetson up to Orin; also install `arm-variant=*=tegra`".to_owned());
    }
    let bare = |shown: &&TableRow<'_>| shown.row.is_cuda && shown.row.package() == Some("pytorch");
    let bare = section.iter().find(bare).and_then(|shown| shown.row.build);
    if let (Some(build), TableRows::Newest) = (bare, which) {
        let (version, prefix) = (build.pytorch, build.build_prefix());
        notes.push(format!(
            "package `pytorch`: name the build, such as `pytorch={version}={prefix}*`"
        ));
    }
    notes
}

fn markdown(rows: &[TableRow<'_>]) -> String {
    let mut builder = Builder::new();
    builder.push_record(FULL.iter().map(|column| column.heading));
    for shown in rows {
        builder.push_record(FULL.iter().enumerate().map(|(i, column)| {
            let text = (column.text)(&shown.row);
            if i == 0 && shown.is_yours { format!("**{text}** (yours)") } else { text }
        }));
    }
    let mut text = builder.build().with(Style::markdown()).to_string();
    text.push('\n');
    text
}

fn csv(rows: &[TableRow<'_>]) -> String {
    let headings = FULL.iter().map(|column| column.heading.to_owned());
    let mut text = csv_line(headings.chain(std::iter::once("your machine".to_owned())));
    for shown in rows {
        let values = FULL.iter().map(|column| (column.text)(&shown.row));
        let mark = if shown.is_yours { "yes" } else { "" };
        text.push_str(&csv_line(values.chain(std::iter::once(mark.to_owned()))));
    }
    text
}

fn csv_line(values: impl Iterator<Item = String>) -> String {
    let quoted = |value: String| {
        if value.contains([',', '"', '\n']) {
            format!("\"{}\"", value.replace('"', "\"\""))
        } else {
            value
        }
    };
    let values: Vec<String> = values.map(quoted).collect();
    values.join(",") + "\r\n"
}

/// A heading and its values.
struct Column {
    heading: &'static str,
    text: fn(&OverviewRow<'_>) -> String,
}

const CUDA: Column = Column { heading: "CUDA", text: cuda };
const PYTORCH: Column = Column { heading: "PyTorch", text: |row| of(row, |build| build.pytorch) };
const BUILD: Column = Column { heading: "build", text: |row| of(row, build) };
const BUILDS: Column = Column { heading: "builds", text: |row| of(row, builds) };
const PACKAGE: Column =
    Column { heading: "package", text: |row| row.package().unwrap_or_default().to_owned() };
const DRIVER: Column = Column { heading: "driver", text: driver };
const GPUS: Column = Column { heading: "GPUs", text: gpus };
const GLIBC: Column = Column {
    heading: "glibc",
    text: |row| shown(row.build.and_then(|build| build.glibc).map(|floor| floor.libraries)),
};
const MACOS: Column =
    Column { heading: "macOS", text: |row| shown(row.build.and_then(|build| build.macos)) };
const PYTHON: Column = Column {
    heading: "Python",
    text: |row| of(row, |build| format!("{}–{}", build.pythons.0, build.pythons.1)),
};
const KERNELS: Column =
    Column { heading: "kernels", text: |row| of(row, |b| b.kernels.to_string()) };
const SUPPORT: Column = Column { heading: "support", text: |row| tier(row.tier).to_owned() };
const LIMITS: Column = Column { heading: "limits", text: limits };
const PLATFORM: Column = Column { heading: "platform", text: |row| row.subdir.to_string() };
const SOURCE: Column =
    Column { heading: "source", text: |row| of(row, |build| source(&build.source)) };

/// At 80 columns.
const NARROW: &[Column] = &[CUDA, PYTORCH, BUILD, PACKAGE, DRIVER, GPUS, GLIBC, MACOS, SUPPORT];
/// With more than 110 columns, or without a terminal.
const WIDE: &[Column] =
    &[CUDA, PYTORCH, BUILD, PACKAGE, DRIVER, GPUS, GLIBC, MACOS, PYTHON, SUPPORT, LIMITS];
/// Every build, at 80 columns.
const NARROW_ALL: &[Column] = &[PYTORCH, BUILDS, CUDA, GPUS, GLIBC, MACOS, PYTHON];
/// Every build, with more than 110 columns.
const WIDE_ALL: &[Column] = &[PYTORCH, BUILDS, CUDA, DRIVER, GLIBC, MACOS, PYTHON, KERNELS, SOURCE];
/// All columns, for Markdown and CSV.
const FULL: &[Column] = &[
    PLATFORM, CUDA, PYTORCH, BUILDS, PACKAGE, DRIVER, GPUS, GLIBC, MACOS, PYTHON, SUPPORT, LIMITS,
];

/// The beginning of the commit; for a row from a channel its day, and whether its kernels are inferred.
fn source(source: &Source) -> String {
    match source {
        Source::Recipe { commit, .. } => format!("{commit:.8}"),
        Source::Channel { date, inferred: true } => format!("{date}, kernels inferred"),
        Source::Channel { date, inferred: false } => date.to_string(),
    }
}

/// A text of the row's build; empty without one.
fn of<T: Display>(row: &OverviewRow<'_>, text: impl Fn(&Build) -> T) -> String {
    shown(row.build.map(text))
}

/// The value as text; empty without one.
fn shown(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// `12.0–12.5`, `12.9 tegra`, `Metal`, `CPU`.
fn cuda(row: &OverviewRow<'_>) -> String {
    let pins = match (row.cuda_versions.first(), row.cuda_versions.last()) {
        (Some(_), Some(_)) if row.build.is_none() && row.subdir.os() == Os::Macos => {
            "any".to_owned() // CUDA ended there before any build of the matrix
        }
        (Some(first), Some(last)) if first == last => first.to_string(),
        (Some(first), Some(last)) => format!("{first}–{last}"),
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
    let numbers = if first == last { format!("{last}") } else { format!("{first}–{last}") };
    format!("{} #{numbers}", build.build_prefix())
}

fn driver(row: &OverviewRow<'_>) -> String {
    shown(row.linux_driver.or(row.windows_driver))
}

fn gpus(row: &OverviewRow<'_>) -> String {
    let range = |(first, last): &(_, _)| {
        if first == last { format!("{first}") } else { format!("{first}–{last}") }
    };
    row.gpus.iter().map(range).collect::<Vec<_>>().join(", ")
}

fn limits(row: &OverviewRow<'_>) -> String {
    let text = |limit: &Limit| match limit {
        Limit::OlderPytorch { newest } => format!("newest is {newest}"),
        Limit::NoTriton => "no torch.compile on the GPU".to_owned(),
        Limit::NoTorchaudio => "no torchaudio".to_owned(),
        Limit::ExactPin => "exact cuda-version".to_owned(),
    };
    row.limits.iter().map(text).collect::<Vec<_>>().join("; ")
}

/// The word for the support.
fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Full => "full",
        Tier::Limited => "limited",
        Tier::None => "none",
    }
}
