//! The result of migrating a file.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::conda::{Subdir, Version};
use crate::yaml::YamlError;

use super::super::CodeAndMessage;

/// Bytes of a text, and the bytes of the new text in their place.
pub type Replaced = Vec<(Range<usize>, Range<usize>)>;

/// A migrated file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileMigration {
    /// The format that the file was read as.
    pub format: FileFormat,
    /// The new text; the old one if nothing changes.
    pub text: String,
    /// The bytes of the old text that were replaced, and those of the new text in their place, in order.
    pub edits: Replaced,
    /// What changed, in the order of the lines.
    pub changes: Vec<LineChange>,
    /// About the whole file, then in the order of the lines.
    pub notes: Vec<FileNote>,
    /// Why some environments stay as they are, in the order of the lines.
    pub failures: Vec<FileError>,
}

impl FileMigration {
    /// The exit code of a run: 3 if no build satisfies a part of the file, 1 for another failure, 0 without one.
    pub fn exit_code(&self) -> u8 {
        let codes = self.failures.iter().map(FileError::exit_code);
        codes.max().unwrap_or(0)
    }

    /// A text that stays as it is.
    pub fn unchanged(text: &str) -> Self {
        Self {
            format: FileFormat::EnvironmentYml,
            text: text.to_owned(),
            edits: Vec::new(),
            changes: Vec::new(),
            notes: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Whether something of the old channel is left that counts.
    pub fn has_left(&self) -> bool {
        self.notes.iter().any(|note| note.is_left)
    }
}

/// A format of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum FileFormat {
    /// `environment.yml`, and files of the same form.
    EnvironmentYml,
    /// `pixi.toml`, and `pyproject.toml` with pixi's tables.
    PixiToml,
    /// A configuration of conda's: `.condarc`.
    Condarc,
    /// A list of match specs for `conda create --file`.
    SpecList,
    /// Text with install commands: a Dockerfile, a README, a script.
    Commands,
}

/// A change to a channel or a package.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LineChange {
    /// The line in the old text, from 1.
    pub line: usize,
    /// The old text; empty for an addition.
    pub before: String,
    /// What replaces it; empty for a removal.
    pub after: Vec<String>,
    /// Why it changes.
    #[serde(flatten)]
    pub why: ChangeReason,
}

/// What happens to the line, and why, as one sentence.
impl fmt::Display for LineChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, after, why, .. } = self;
        let after: Vec<String> = after.iter().map(|after| format!("`{after}`")).collect();
        let after = after.join(" and ");
        match (before.as_str(), after.is_empty()) {
            ("", _) => write!(f, "added {after}")?,
            (before, true) => write!(f, "removed `{before}`")?,
            (before, false) => write!(f, "`{before}` becomes {after}")?,
        }
        write!(f, ": {}", why.message)
    }
}

/// Why a line changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChangeReason {
    /// A clause.
    pub message: &'static str,
    /// Whether the difference alone does not explain the change.
    #[serde(skip)]
    pub is_needed: bool,
}

impl ChangeReason {
    pub(super) const OLD_CHANNEL: Self =
        Self::clear("the `pytorch` channel ended with PyTorch 2.5");
    pub(super) const ADDED_CHANNEL: Self =
        Self::unclear("packages of the configured channels may not mix with conda-forge's");
    pub(super) const NVIDIA_CHANNEL: Self = Self::clear("conda-forge has NVIDIA's packages");
    pub(super) const DEFAULTS: Self =
        Self::unclear("packages from `defaults` do not mix with conda-forge's");
    pub(super) const NO_DEFAULTS: Self = Self::unclear(
        "conda 26.7 and newer take it for a channel and fail; `channel_priority: strict` keeps packages of `defaults` out",
    );
    pub(super) const FAILS_LOUDLY: Self = Self::clear(
        "`pytorch-gpu` fails if no GPU is detected, instead of silently installing the CPU build",
    );
    pub(super) const NEAREST: Self =
        Self::unclear("the nearest version on conda-forge that fits the other lines");
    pub(super) const OTHER_BUILDS: Self = Self::unclear("conda-forge names its builds differently");
    pub(super) const CUDA_VERSION: Self = Self::clear("`cuda-version` selects CUDA on conda-forge");
    pub(super) const NAMED_BUILD: Self = Self::unclear(
        "`pytorch-gpu` and `pytorch-cpu` do not select this build reliably, so the line names it",
    );
    pub(super) const OTHER_NAME: Self = Self::unclear("the name on conda-forge");
    pub(super) const NOT_NEEDED: Self = Self::unclear("not needed with conda-forge's packages");
    pub(super) const GOES_WITH: Self = Self::unclear("the version for this PyTorch");
    pub(super) const FOLLOWS_CUDA: Self = Self::clear("the version follows `cuda-version`");
    pub(super) const DECLARES_CUDA: Self =
        Self::unclear("pixi solves for the CUDA version in the file, not for this machine's");

    pub(super) const NO_GPU_IN_BUILD: Self =
        Self::unclear("an image is built without a GPU, and CUDA builds need `__cuda`");
    pub(super) const NO_GPU_ON_RUNNER: Self = Self::unclear(
        "hosted runners have no GPU, and CUDA builds need `__cuda`; tests there can use `pytorch-cpu` instead",
    );

    const fn clear(message: &'static str) -> Self {
        Self { message, is_needed: false }
    }

    const fn unclear(message: &'static str) -> Self {
        Self { message, is_needed: true }
    }
}

/// A note on a migrated file. The codes are in `docs/migrate.md`: never renamed, never reused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FileNote {
    /// The line that it is about; null if it is about the file.
    pub line: Option<usize>,
    /// Whether it is about something of the old channel that is not changed and should be: `--check` fails.
    #[serde(rename = "left")]
    pub is_left: bool,
    /// The code and a sentence.
    #[serde(flatten)]
    pub note: CodeAndMessage,
}

impl FileNote {
    pub(super) fn of_file(code: &'static str, message: String) -> Self {
        Self { line: None, is_left: false, note: CodeAndMessage::with(code, message) }
    }

    pub(super) fn at(line: usize, code: &'static str, message: String) -> Self {
        Self { line: Some(line), is_left: false, note: CodeAndMessage::with(code, message) }
    }

    pub(super) fn left(line: usize, code: &'static str, message: String) -> Self {
        Self { is_left: true, ..Self::at(line, code, message) }
    }
}

/// The most packages and channels of a file. conda-forge has about half as many packages.
const MOST_PACKAGES: usize = 50_000;

/// The most bytes of TOML, of which every value takes many times its length.
pub(super) const MOST_TOML: usize = 768 << 10;

/// Refuses a file with too many packages and channels.
pub(super) fn check_size(packages: usize) -> Result<(), FileError> {
    if packages > MOST_PACKAGES { Err(FileError::TooManyPackages) } else { Ok(()) }
}

/// Why a file is not migrated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the names of the fields say it all")]
pub enum FileError {
    /// The text does not match its name or its beginning.
    #[error("line {line}: not {format}: {problem}")]
    Malformed { format: &'static str, line: usize, problem: String },
    /// It is made from other files.
    #[error("{0} is generated; migrate the file it is made from, then generate it again")]
    Generated(&'static str),
    /// A line about PyTorch that cannot be read.
    #[error("line {line}: cannot read `{text}`; expected a match spec such as `pytorch=2.1`")]
    InvalidSpec { line: usize, text: String },
    /// An item that cannot be edited by place.
    #[error("line {line}: cannot edit `{text}`; write it on a line of its own, without an alias")]
    NotInPlace { line: usize, text: String },
    /// No build on conda-forge satisfies an environment; `without` has each line, or pair of lines, without which one
    /// does, the smallest loss first.
    #[error(
        "line {line}: no build on conda-forge for {subdir} satisfies all lines{}",
        causes(without)
    )]
    Unsatisfiable { line: usize, subdir: Subdir, without: Vec<Vec<Cause>> },
    /// An environment has packages of the old channel that conda-forge does not have.
    #[error("line {line}: conda-forge does not have {packages}; install from PyPI instead")]
    NotOnCondaForge { line: usize, packages: String },
    /// It has more packages than an environment can have.
    #[error("more than {MOST_PACKAGES} packages and channels; split the file")]
    TooManyPackages,
    /// Its stages, jobs and branches have more lists together than is followed.
    #[error("too many stages, jobs and branches; split the file")]
    TooManyWays,
    /// It is larger than a manifest can be.
    #[error("larger than {} KiB; no manifest has as much", MOST_TOML >> 10)]
    TooLarge,
    /// The new text differs from the plan: a bug.
    #[error("internal error: the edit would change unrelated lines. Please report it")]
    UnrelatedLines,
}

impl FileError {
    /// The exit code of a run: 3 if conda-forge does not satisfy the file, else 1.
    pub const fn exit_code(&self) -> u8 {
        if matches!(self, Self::Unsatisfiable { .. } | Self::NotOnCondaForge { .. }) {
            3
        } else {
            1
        }
    }

    /// Whether the file has more than is read.
    pub(super) const fn is_limit(&self) -> bool {
        matches!(self, Self::TooManyPackages | Self::TooManyWays | Self::TooLarge)
    }

    /// The line that it is about.
    pub const fn line(&self) -> Option<usize> {
        match self {
            Self::Malformed { line, .. }
            | Self::InvalidSpec { line, .. }
            | Self::NotInPlace { line, .. }
            | Self::Unsatisfiable { line, .. }
            | Self::NotOnCondaForge { line, .. } => Some(*line),
            Self::Generated(_)
            | Self::TooManyPackages
            | Self::TooManyWays
            | Self::TooLarge
            | Self::UnrelatedLines => None,
        }
    }
}

/// A line that excludes builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Its number, from 1.
    pub line: usize,
    /// The package, as it is written.
    pub text: String,
    /// Why it does, if that is a fact about conda-forge.
    pub why: Option<CauseReason>,
}

/// Why a line excludes every build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CauseReason {
    /// It asks for an older version than conda-forge's first.
    First(Version),
    /// conda-forge has no such package for a platform.
    NotThere(Subdir),
}

/// A clause on what to remove.
fn causes(without: &[Vec<Cause>]) -> String {
    let cause = |Cause { line, text, why }: &Cause| {
        let why = match why {
            Some(CauseReason::First(first)) => format!(", conda-forge's first is {first}"),
            Some(CauseReason::NotThere(subdir)) => format!(", not on conda-forge for {subdir}"),
            None => String::new(),
        };
        format!("`{text}` (line {line}{why})")
    };
    let all = |lines: &Vec<Cause>| lines.iter().map(cause).collect::<Vec<_>>().join(" and ");
    match without {
        [] => String::new(),
        some => {
            let some: Vec<String> = some.iter().map(all).collect();
            format!("; one does without {}", some.join(", or without "))
        }
    }
}

impl From<YamlError> for FileError {
    fn from(error: YamlError) -> Self {
        Self::Malformed { format: "YAML", line: error.line, problem: error.problem }
    }
}
