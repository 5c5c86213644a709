//! The documents that are printed as JSON. The types here are what is printed, what the schemas in
//! `docs/schema/` are made from and what tests validate against.
//!
//! Within a `format_version` keys are only added. Words such as `status` are open: a reader treats an
//! unknown one as "other".

pub mod advise;
mod annotations;
pub mod check;
mod clean;
mod command;
mod error;
pub mod explain;
mod field;
pub mod fleet;
mod install;
pub mod matrix;
pub mod matrix_diff;
pub mod migrate;
pub mod migrate_files;
pub mod probe;
#[cfg(test)]
mod tests;
mod unified_diff;
pub mod verify;

pub use annotations::{AnnotationService, annotations};
pub use clean::clean;
pub use error::{ErrorCode, error};
pub use field::{NoField, field};
pub use install::{InstallReport, InstallStatus, install};

use serde::Serialize;

use crate::escapes::visible_json;
use crate::matrix::Matrix;
use crate::types::{Accelerator, Date, Machine};

use error::ErrorReport;

/// One JSON document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Document<T> {
    /// 1.
    format_version: u32,
    /// The program that wrote the document.
    tool: Tool,
    #[serde(flatten)]
    content: T,
}

/// The program that wrote a document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Tool {
    /// conda-torch.
    name: &'static str,
    /// Its version.
    version: &'static str,
}

/// Writes a document, with a line break at its end.
fn write<T: Serialize>(content: T) -> String {
    let tool = Tool { name: "conda-torch", version: env!("CARGO_PKG_VERSION") };
    let document = Document { format_version: 1, tool, content };
    let text = serde_json::to_string_pretty(&document)
        .expect("strings, numbers and maps with string keys always serialise");
    format!("{}\n", visible_json(&text))
}

/// The beginning of a document that also exists for a run that failed; then its content is empty.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Answered<'a, S, T> {
    /// The data that the answer is based on.
    matrix: MatrixDate<'a>,
    /// The answer in a word.
    status: S,
    /// The exit code of the process: 0 answered, 1 failed, 2 wrong command line, 3 nothing satisfies the
    /// request, 4 problems found.
    exit_code: u8,
    /// Why there is no answer; null unless `status` is `error`.
    error: Option<ErrorReport<'a>>,
    /// The machine, as `probe --json` prints it; null if the run failed before the machine was known.
    machine: Option<&'a Machine>,
    #[serde(flatten)]
    content: T,
}

/// Writes the document of a run that failed.
fn failed<S: Serialize, T: Serialize + Default>(status: S, text: &str, code: ErrorCode) -> String {
    write(Answered {
        matrix: MatrixDate::of(Matrix::embedded()),
        status,
        exit_code: code.exit_code(),
        error: Some(ErrorReport::new(text, code)),
        machine: None,
        content: T::default(),
    })
}

/// Which builds an answer was chosen from.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct MatrixDate<'a> {
    /// The channel of the builds: conda-forge, or the one read with `--live`, without secrets.
    channel: &'a str,
    /// The day on which the channel was read.
    as_of: Date,
}

impl<'a> MatrixDate<'a> {
    fn of(matrix: &'a Matrix) -> Self {
        Self { channel: &matrix.channel, as_of: matrix.as_of }
    }
}

/// From the first to the last, both included.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Range<T> {
    /// The first.
    from: T,
    /// The last.
    to: T,
}

impl<T> From<(T, T)> for Range<T> {
    fn from((from, to): (T, T)) -> Self {
        Self { from, to }
    }
}

/// What a build computes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum AcceleratorName {
    Cuda,
    Mps,
    Cpu,
}

impl AcceleratorName {
    fn as_str(self) -> &'static str {
        match self {
            Self::Cuda => "cuda",
            Self::Mps => "mps",
            Self::Cpu => "cpu",
        }
    }
}

impl From<Accelerator> for AcceleratorName {
    fn from(accelerator: Accelerator) -> Self {
        match accelerator {
            Accelerator::Cuda(_) => Self::Cuda,
            Accelerator::Mps => Self::Mps,
            Accelerator::Cpu => Self::Cpu,
        }
    }
}
