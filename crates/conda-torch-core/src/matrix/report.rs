//! What is wrong with a file of rows, with the line and the row, what was found and what was
//! expected. Used by [`check`](super::check).

use std::fmt::{Debug, Display};

use toml::Spanned;

use crate::conda::Version;
use crate::types::{Accelerator, CudaVersion};

/// A file of rows as it was read, and everything that is wrong with it.
pub(crate) struct Report<'a> {
    file: &'a str,
    text: &'a str,
    pub(crate) problems: Vec<String>,
}

/// One row while it is checked.
pub(crate) struct At<'r, 'a> {
    report: &'r mut Report<'a>,
    line: usize,
    name: String,
}

impl<'a> Report<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, problems: Vec::new() }
    }

    /// A problem of the file as a whole.
    pub(crate) fn whole(&mut self, problem: &str) {
        self.problems.push(format!("{}: {problem}", self.file));
    }

    /// One row of the file, to be checked.
    pub(crate) fn at<T>(&mut self, row: &Spanned<T>, name: String) -> At<'_, 'a> {
        let before = &self.text[..row.span().start];
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        At { report: self, line, name }
    }

    /// Every row after the one before it, by `key`.
    pub(crate) fn ascending<T, K: Ord>(
        &mut self,
        rows: &[Spanned<T>],
        name: impl Fn(&T) -> String,
        key: impl Fn(&T) -> K,
    ) {
        for pair in rows.windows(2) {
            let (before, row) = (pair[0].as_ref(), pair[1].as_ref());
            if key(before) >= key(row) {
                let found = format!("it comes after `{}`", name(before));
                self.at(&pair[1], name(row)).wrong(&found, "rows sorted, each once");
            }
        }
    }
}

impl At<'_, '_> {
    pub(crate) fn wrong(&mut self, found: &str, expected: &str) {
        let Self { report, line, name } = self;
        report.problems.push(format!(
            "{} line {line}, row `{name}`: found {found}, expected {expected}",
            report.file
        ));
    }

    pub(crate) fn expect(&mut self, holds: bool, found: impl Display, expected: &str) {
        if !holds {
            self.wrong(&found.to_string(), expected);
        }
    }

    /// A field that some rows must have and others must not.
    pub(crate) fn only_if<T: Debug>(
        &mut self,
        due: bool,
        field: &str,
        value: Option<&T>,
        who: &str,
    ) {
        let found = if value.is_some() { format!("`{field}`") } else { format!("no `{field}`") };
        self.expect(value.is_some() == due, found, &format!("`{field}` exactly in rows {who}"));
    }

    pub(crate) fn range<T: PartialOrd + Display>(
        &mut self,
        field: &str,
        [first, last]: &[T; 2],
        or_equal: bool,
    ) {
        let holds = first < last || (or_equal && first == last);
        let found = format!("`{field}` from {first} to {last}");
        self.expect(holds, found, "a range that is not empty");
    }

    pub(crate) fn pythons(&mut self, pythons: &[Version; 2]) {
        self.range("pythons", pythons, true);
        for python in pythons {
            let is_series = *python == python.series() && python.major() == 3;
            self.expect(is_series, format!("Python {python}"), "a series such as 3.10");
        }
    }

    pub(crate) fn pins(&mut self, accelerator: Accelerator, pins: Option<&[CudaVersion; 2]>) {
        self.only_if(accelerator.cuda().is_some(), "cuda_pins", pins, "with CUDA");
        if let (Some(pins), Some(toolkit)) = (pins, accelerator.cuda()) {
            self.range("cuda_pins", pins, false);
            let found = format!("cuda_pins from {}", pins[0]);
            self.expect(pins[0] == toolkit, found, "the toolkit itself as the first pin");
        }
    }

    pub(crate) fn address(&mut self, source: &str) {
        let found = format!("source `{source}`");
        self.expect(source.starts_with("https://"), found, "an address with https://");
    }
}
