//! The matrix as a picture and as files.

use conda_torch_core::conda::Subdir;
use conda_torch_core::heat_map::{document, heat_maps, svg, table as html};
use conda_torch_core::matrix::{BuildFilter, Matrix};
use conda_torch_core::report::matrix::{self as report, Recommended, TableRow, TableRows, rows};

use crate::read;

/// The heat map of a platform, with the build for the question marked.
pub(crate) fn table(question: &str, machine: Option<&str>, platform: &str, all: bool) -> String {
    let matrix = Matrix::embedded();
    let shown = |recommended: Option<Recommended<'_>>| {
        let rows = wanted(matrix, platform, all, recommended);
        heat_maps(matrix, &rows).iter().map(html).collect::<String>()
    };
    let answered = read(question).and_then(|question| {
        question.answer(machine, matrix, |answer, _| {
            let choice = answer.advice.recommended.as_ref();
            shown(choice.map(|it| Recommended { build: it.build, cuda_version: it.cuda_version }))
        })
    });
    answered.unwrap_or_else(|_| shown(None))
}

/// What `conda-torch matrix` prints.
pub(crate) fn file(format: &str, platform: &str, all: bool) -> String {
    let matrix = Matrix::embedded();
    let rows = wanted(matrix, platform, all, None);
    match format {
        "svg" => svg(matrix, &heat_maps(matrix, &rows)),
        "html" => document(matrix, &heat_maps(matrix, &rows)),
        "csv" => report::csv(&rows),
        _ => report::document(matrix, &rows),
    }
}

fn wanted<'m>(
    matrix: &'m Matrix,
    platform: &str,
    all: bool,
    recommended: Option<Recommended<'m>>,
) -> Vec<TableRow<'m>> {
    let one: Option<Subdir> = platform.parse().ok();
    let subdirs = one.map_or_else(|| Subdir::ALL[..5].to_vec(), |subdir| vec![subdir]);
    let which = if all { TableRows::All } else { TableRows::Newest };
    rows(matrix, &subdirs, which, &BuildFilter::default(), recommended)
}
