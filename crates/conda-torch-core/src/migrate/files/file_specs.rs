//! What a format's reader finds in a file.

use std::ops::Range;

use super::client_call::ClientCall;
use super::environment_spec::{Environment, PlatformForm, SpecList};
use super::file_migration::FileNote;

/// What a format's reader finds in a file.
#[derive(Debug, Clone, Default)]
pub(super) struct FileSpecs {
    pub lists: Vec<SpecList>,
    pub environments: Vec<Environment>,
    /// Whether its format declares CUDA to the solver.
    pub declares_cuda: bool,
    /// How packages of single platforms are written.
    pub platform_form: PlatformForm,
    /// Text for people: prose and comments.
    pub prose: Vec<Range<usize>>,
    /// Notes on what other files add.
    pub notes: Vec<FileNote>,
    /// Notes on packages that pip installs, for an environment with something of the old channel.
    pub pip_notes: Vec<FileNote>,
    /// What is read besides the items of lists: the whole of each command.
    pub handled: Vec<Range<usize>>,
    /// The call of each list, in a text with commands.
    pub calls: Vec<ClientCall>,
    /// The values of the rows of a job's matrix, if its steps are read once a row.
    pub row_values: Vec<RowValue>,
}

/// A value of a row of a matrix, with its place.
#[derive(Debug, Clone)]
pub(super) struct RowValue {
    /// The name of its variable: `matrix.torch`.
    pub name: String,
    pub value: String,
    /// Its bytes, without quotes.
    pub range: Range<usize>,
    pub line: usize,
    /// The lists of its row.
    pub lists: Range<usize>,
}
