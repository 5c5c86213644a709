//! The matrix as a table: for a person, as Markdown, JSON or CSV.

mod cells;
pub(super) mod wire;

use tabled::builder::Builder;
use tabled::settings::{Padding, Style};

use crate::conda::Subdir;
use crate::matrix::{Limit, Matrix, OverviewRow};
use crate::types::{ArmVariant, Build, CudaVersion};

use cells::{Column, NARROW, WIDE};

/// How to write a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// Text for a person, to fit so many columns; `None` where nobody counts them.
    Human(Option<usize>),
    /// One Markdown table.
    Markdown,
    /// One JSON document.
    Json,
    /// Comma-separated values with a line of headings (RFC 4180).
    Csv,
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

/// Writes the table of some platforms. A recommended build that is in none of the rows, because the
/// machine is too old for the newest, gets one at the end of its platform.
#[must_use]
pub fn table<'m>(
    matrix: &'m Matrix,
    subdirs: &[Subdir],
    which: TableRows,
    recommended: Option<Recommended<'m>>,
    format: TableFormat,
) -> String {
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
    match format {
        TableFormat::Human(width) => human(&rows, which, width),
        TableFormat::Markdown => markdown(&rows),
        TableFormat::Json => wire::json(matrix, &rows),
        TableFormat::Csv => csv(&rows),
    }
}

/// A row, and whether it is the one for this machine.
struct Shown<'m> {
    row: OverviewRow<'m>,
    is_yours: bool,
}

fn human(rows: &[Shown<'_>], which: TableRows, width: Option<usize>) -> String {
    let is_narrow = width.is_some_and(|width| width < 110);
    let columns = match (which, is_narrow) {
        (TableRows::Newest, true) => NARROW,
        (TableRows::Newest, false) => WIDE,
        (TableRows::All, true) => cells::NARROW_ALL,
        (TableRows::All, false) => cells::WIDE_ALL,
    };
    let mut text = String::new();
    for section in rows.chunk_by(|a, b| a.row.subdir == b.row.subdir) {
        text.push_str(section[0].row.subdir.as_str());
        text.push('\n');
        for line in aligned(section, columns, if is_narrow { 1 } else { 2 }) {
            text.push_str(line.trim_end());
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
CUDA: what to pin `cuda-version` to; driver: the oldest that runs it; GPUs: by
compute capability; glibc, macOS: the oldest
";

/// The lines of one platform, headings first, with a mark before the row of this machine.
fn aligned(section: &[Shown<'_>], columns: &[Column], gap: usize) -> Vec<String> {
    // A column that says nothing about this platform is left out.
    let says = |column: &&Column| section.iter().any(|shown| !(column.text)(&shown.row).is_empty());
    let columns: Vec<&Column> = columns.iter().filter(says).collect();
    let mut builder = Builder::new();
    builder.push_record(columns.iter().map(|column| column.heading));
    for shown in section {
        builder.push_record(columns.iter().map(|column| (column.text)(&shown.row)));
    }
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(0, gap, 0, 0));
    let marks = std::iter::once(false).chain(section.iter().map(|shown| shown.is_yours));
    let mark = |is_yours| if is_yours { "* " } else { "  " };
    table.to_string().lines().zip(marks).map(|(line, is)| format!("{}{line}", mark(is))).collect()
}

/// What a reader of one platform's rows must know, one line each.
/// Where there is room, a column tells each row's limits, and the notes about them are left out.
fn notes(section: &[Shown<'_>], which: TableRows, is_narrow: bool) -> Vec<String> {
    let has = |limit: Limit| is_narrow && section.iter().any(|s| s.row.limits.contains(&limit));
    let mut notes = Vec::new();
    if has(Limit::NoTriton) {
        notes.push("no Triton on Windows, so no `torch.compile` on the GPU".to_owned());
    }
    if has(Limit::NoTorchaudio) {
        notes.push("no torchaudio for this platform".to_owned());
    }
    let exact = |shown: &&Shown<'_>| shown.row.limits.contains(&Limit::ExactPin);
    let exact = section.iter().find(exact).and_then(|shown| shown.row.build);
    if let (Some(build), true) = (exact, has(Limit::NoTriton)) {
        let version = build.pytorch;
        notes.push(format!(
            "PyTorch {version} takes the `cuda-version` of its row and no later one"
        ));
    }
    if section.iter().any(|shown| shown.row.arm_variant == Some(ArmVariant::Tegra)) {
        notes.push("tegra: Jetson up to Orin; ask for `arm-variant=*=tegra` too".to_owned());
    }
    let bare = |shown: &&Shown<'_>| shown.row.is_cuda && shown.row.package() == Some("pytorch");
    let bare = section.iter().find(bare).and_then(|shown| shown.row.build);
    if let (Some(build), TableRows::Newest) = (bare, which) {
        let (version, prefix) = (build.pytorch, build.build_prefix());
        notes.push(format!("`pytorch` alone: name the build, as in `pytorch={version}={prefix}*`"));
    }
    notes
}

fn markdown(rows: &[Shown<'_>]) -> String {
    let mut builder = Builder::new();
    builder.push_record(cells::FULL.iter().map(|column| column.heading));
    for shown in rows {
        builder.push_record(cells::FULL.iter().enumerate().map(|(i, column)| {
            let text = (column.text)(&shown.row);
            if i == 0 && shown.is_yours { format!("**{text}** (yours)") } else { text }
        }));
    }
    let mut text = builder.build().with(Style::markdown()).to_string();
    text.push('\n');
    text
}

fn csv(rows: &[Shown<'_>]) -> String {
    let headings = cells::FULL.iter().map(|column| column.heading.to_owned());
    let mut text = csv_line(headings.chain(std::iter::once("your machine".to_owned())));
    for shown in rows {
        let values = cells::FULL.iter().map(|column| (column.text)(&shown.row));
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
