//! What is said about a rewritten file. Facts alone: the sentences are made in `render`.

use crate::conda::{Subdir, Version};
use crate::types::{CudaVersion, DriverVersion};
use crate::yaml::YamlError;

use super::format::FileFormat;

/// A file, rewritten.
#[derive(Debug, Clone, PartialEq)]
pub struct FileMigration {
    /// What the file was taken for.
    pub form: FileFormat,
    /// The new text; the old one where there was nothing to change.
    pub text: String,
    /// What was changed, in the order of the lines.
    pub changes: Vec<LineChange>,
    /// What to know, in the order of the lines; what is about the whole file comes first.
    pub remarks: Vec<FileNote>,
}

/// A channel or a package that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineChange {
    /// The line in the old text, from 1.
    pub line: usize,
    /// As it was.
    pub before: String,
    /// What came in its place; nothing where it went.
    pub after: Vec<String>,
    /// Why.
    pub why: ChangeReason,
}

/// Why something was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeReason {
    /// The old channel ended.
    OldChannel,
    /// conda-forge has NVIDIA's packages itself.
    NvidiaChannel,
    /// Packages of `defaults` do not go with conda-forge's.
    Defaults,
    /// `pytorch-gpu` fails where no GPU is seen.
    FailsLoudly,
    /// conda-forge has no such version that goes with the other lines: the nearest that does.
    Nearest,
    /// conda-forge's builds are called otherwise.
    OtherBuilds,
    /// conda-forge chooses CUDA by `cuda-version`.
    CudaVersion,
    /// No metapackage leads to the build, so that it is named.
    NamedBuild,
    /// conda-forge's word for it.
    PytorchCpu,
    /// conda-forge's packages do without.
    NotNeeded,
    /// It follows the version of PyTorch.
    GoesWith,
    /// pixi must be told of CUDA, and is not by the machine.
    TellsOfCuda,
    /// It follows `cuda-version`.
    FollowsCuda,
}

/// What to know about a rewritten file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "a field says what it is; the variant above it says of what")]
pub enum FileNote {
    /// The file does not say for which platform it is.
    PlatformAssumed { subdir: Subdir },
    /// The old CUDA is kept, for drivers as old as the file allowed, and holds PyTorch back.
    OldCuda { cuda: CudaVersion, gives: Version, newest: Version, driver: DriverVersion },
    /// Nothing on conda-forge goes with drivers as old as the file allowed.
    NewerDriver { asked: CudaVersion, needed: DriverVersion },
    /// A companion or Python holds PyTorch back.
    HeldBack { subdir: Subdir, gives: Version, newest: Version },
    /// pip's PyTorch: not touched.
    PipTorch { line: usize, text: String },
    /// pip's PyTorch beside conda's: one overwrites the other.
    PipBesideConda { line: usize },
    /// An index of PyTorch's own wheels: not touched.
    PipIndex { line: usize, text: String },
    /// A channel whose packages were built for the old channel's PyTorch.
    OtherChannel { line: usize, name: String },
    /// A package for PyTorch that this program has no rows for.
    NotKnown { line: usize, text: String },
    /// A pin of a library that PyTorch is tied to: kept.
    TiedPin { line: usize, text: String },
    /// Lines pinned to builds of other packages: an exported environment.
    Exported { line: usize, count: usize },
    /// A nightly build was asked for; conda-forge has releases alone.
    Nightly { line: usize },
    /// A lock file made from this one is to be made anew.
    LockAgain,
    /// Solved where no GPU is, the client must be told of one.
    TellOfCuda { cuda: CudaVersion },
}

impl FileNote {
    /// The stable name: never renamed, never reused. Its row is in `docs/migrate.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PlatformAssumed { .. } => "platform-assumed",
            Self::OldCuda { .. } => "old-cuda-kept",
            Self::NewerDriver { .. } => "newer-driver-needed",
            Self::HeldBack { .. } => "held-back",
            Self::PipTorch { .. } => "pip-torch",
            Self::PipBesideConda { .. } => "pip-beside-conda",
            Self::PipIndex { .. } => "pip-index",
            Self::OtherChannel { .. } => "other-channel",
            Self::NotKnown { .. } => "not-known",
            Self::TiedPin { .. } => "tied-pin",
            Self::Exported { .. } => "exported",
            Self::Nightly { .. } => "nightly",
            Self::LockAgain => "lock-again",
            Self::TellOfCuda { .. } => "tell-of-cuda",
        }
    }

    /// The line that it is about, where it is about one.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::PipTorch { line, .. }
            | Self::PipBesideConda { line }
            | Self::PipIndex { line, .. }
            | Self::OtherChannel { line, .. }
            | Self::NotKnown { line, .. }
            | Self::TiedPin { line, .. }
            | Self::Exported { line, .. }
            | Self::Nightly { line } => Some(*line),
            Self::PlatformAssumed { .. }
            | Self::OldCuda { .. }
            | Self::NewerDriver { .. }
            | Self::HeldBack { .. }
            | Self::LockAgain
            | Self::TellOfCuda { .. } => None,
        }
    }
}

/// Why a file was not rewritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is not what its name or its beginning says.
    #[error("line {line}: not {format}: {problem}")]
    Malformed {
        /// TOML or YAML.
        format: &'static str,
        /// The line, from 1.
        line: usize,
        /// The parser's words.
        problem: String,
    },
    /// It is made from other files.
    #[error("{0}: change the file that it is made from, and make it anew")]
    Generated(&'static str),
    /// A line about PyTorch that this program does not understand.
    #[error(
        "line {line}: `{text}` is not understood; expected a match spec, such as `pytorch=2.1`"
    )]
    InvalidSpec {
        /// The line, from 1.
        line: usize,
        /// As it is written.
        text: String,
    },
    /// conda-forge has nothing that satisfies it.
    #[error(
        "line {line}: nothing on conda-forge satisfies what it asks for on {subdir}{}",
        without.as_ref().map_or_else(String::new, |text| format!("; without `{text}` something does"))
    )]
    Unsatisfiable {
        /// The line of PyTorch, from 1.
        line: usize,
        /// The platform.
        subdir: Subdir,
        /// A line that alone keeps everything out, where there is one.
        without: Option<String>,
    },
    /// The new text is not what was meant: a fault of this program.
    #[error("the change could not be made without touching something else")]
    UnrelatedLines,
}

impl From<YamlError> for FileError {
    fn from(error: YamlError) -> Self {
        Self::Malformed { format: "YAML", line: error.line, problem: error.problem }
    }
}
