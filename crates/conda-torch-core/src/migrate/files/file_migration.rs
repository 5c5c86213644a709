//! The result of migrating a file.

use serde::Serialize;

use crate::conda::{Subdir, Version};
use crate::types::{CudaVersion, DriverVersion};
use crate::yaml::YamlError;

/// A migrated file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileMigration {
    /// The format that the file was read as.
    pub format: FileFormat,
    /// The new text; the old one if nothing changes.
    pub text: String,
    /// What changed, in the order of the lines.
    pub changes: Vec<LineChange>,
    /// About the whole file, then in the order of the lines.
    pub notes: Vec<FileNote>,
}

impl FileMigration {
    /// Sorts changes and notes, and keeps each once.
    pub(super) fn new(
        format: FileFormat,
        text: String,
        mut changes: Vec<LineChange>,
        mut notes: Vec<FileNote>,
    ) -> Self {
        changes.sort_by_key(|change| change.line);
        changes.dedup();
        notes.sort_by_key(FileNote::line);
        let mut once: Vec<FileNote> = Vec::with_capacity(notes.len());
        for note in notes {
            let same_line = once.iter().rev().take_while(|other| other.line() == note.line());
            if !same_line.into_iter().any(|other| *other == note) {
                once.push(note);
            }
        }
        Self { format, text, changes, notes: once }
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
    /// Text with install commands: a Dockerfile, a README, a script.
    Commands,
}

/// A change to a channel or a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineChange {
    /// The line in the old text, from 1.
    pub line: usize,
    /// The old text; empty for an addition.
    pub before: String,
    /// What replaces it; empty for a removal.
    pub after: Vec<String>,
    /// Why it changes.
    pub why: ChangeReason,
}

/// Why a line changes. The messages explain the reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "see the messages")]
pub enum ChangeReason {
    OldChannel,
    NvidiaChannel,
    Defaults,
    FailsLoudly,
    Nearest,
    OtherBuilds,
    CudaVersion,
    NamedBuild,
    PytorchCpu,
    NotNeeded,
    GoesWith,
    DeclaresCuda,
    FollowsCuda,
}

impl ChangeReason {
    /// Whether a diff needs the message, and the message, a clause.
    pub const fn message(self) -> (bool, &'static str) {
        match self {
            Self::OldChannel => (false, "the `pytorch` channel ended with PyTorch 2.5"),
            Self::NvidiaChannel => (false, "conda-forge has NVIDIA's packages"),
            Self::Defaults => (true, "packages from `defaults` do not mix with conda-forge's"),
            Self::FailsLoudly => (
                false,
                "`pytorch-gpu` fails if no GPU is detected, instead of silently installing the CPU build",
            ),
            Self::Nearest => (true, "the nearest version on conda-forge that fits the other lines"),
            Self::OtherBuilds => (true, "conda-forge names its builds differently"),
            Self::CudaVersion => (false, "`cuda-version` selects CUDA on conda-forge"),
            Self::NamedBuild => (
                true,
                "`pytorch-gpu` and `pytorch-cpu` do not select this build reliably, so the line names it",
            ),
            Self::PytorchCpu => (true, "the name on conda-forge"),
            Self::NotNeeded => (true, "not needed with conda-forge's packages"),
            Self::GoesWith => (true, "the version for this PyTorch"),
            Self::FollowsCuda => (false, "the version follows `cuda-version`"),
            Self::DeclaresCuda => {
                (true, "pixi solves for the CUDA version in the file, not for this machine's")
            }
        }
    }
}

/// A note on a migrated file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "see the messages")]
pub enum FileNote {
    PlatformAssumed { subdir: Subdir },
    OldCuda { cuda: CudaVersion, gives: Version, newest: Version, driver: DriverVersion },
    NewerDriver { requested: CudaVersion, needed: DriverVersion },
    LimitedByLines { subdir: Subdir, gives: Version, newest: Version },
    PipTorch { line: usize, text: String },
    PipBesideConda { line: usize },
    PipIndex { line: usize, text: String },
    OtherChannel { line: usize, name: String },
    Unknown { line: usize, text: String },
    TiedPin { line: usize, text: String },
    Exported { line: usize, count: usize },
    Nightly { line: usize },
    OutdatedLock,
    NeedsVirtualCuda { cuda: CudaVersion },
}

impl FileNote {
    /// The stable name: never renamed, never reused. Its row is in `docs/migrate.md`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PlatformAssumed { .. } => "platform-assumed",
            Self::OldCuda { .. } => "old-cuda-kept",
            Self::NewerDriver { .. } => "newer-driver-needed",
            Self::LimitedByLines { .. } => "held-back",
            Self::PipTorch { .. } => "pip-torch",
            Self::PipBesideConda { .. } => "pip-beside-conda",
            Self::PipIndex { .. } => "pip-index",
            Self::OtherChannel { .. } => "other-channel",
            Self::Unknown { .. } => "not-known",
            Self::TiedPin { .. } => "tied-pin",
            Self::Exported { .. } => "exported",
            Self::Nightly { .. } => "nightly",
            Self::OutdatedLock => "lock-again",
            Self::NeedsVirtualCuda { .. } => "tell-of-cuda",
        }
    }

    /// The line that it is about; `None` for the whole file.
    pub fn line(&self) -> Option<usize> {
        let (Self::PipTorch { line, .. }
        | Self::PipBesideConda { line }
        | Self::PipIndex { line, .. }
        | Self::OtherChannel { line, .. }
        | Self::Unknown { line, .. }
        | Self::TiedPin { line, .. }
        | Self::Exported { line, .. }
        | Self::Nightly { line }) = self
        else {
            return None;
        };
        Some(*line)
    }

    /// The note as a sentence.
    pub fn message(&self) -> String {
        match self {
            Self::PlatformAssumed { subdir } => {
                format!("no platform given; assuming {subdir} (pass `--platform` to override)")
            }
            Self::OldCuda { cuda, gives, newest, driver } => format!(
                "CUDA {cuda}, kept for drivers older than {driver}, limits PyTorch to {gives}; pass `--driver {driver}` for {newest}"
            ),
            Self::NewerDriver { requested, needed } => format!(
                "no build with CUDA {requested} fits; the new one needs driver {needed} or newer"
            ),
            Self::LimitedByLines { subdir, gives, newest } => format!(
                "other lines limit PyTorch to {gives} on {subdir}; without them, {newest} is available"
            ),
            Self::PipTorch { text, .. } => {
                format!("`{text}` is from pip and unchanged; it brings its own CUDA libraries")
            }
            Self::PipBesideConda { .. } => {
                "pip overwrites conda's PyTorch with its own; remove one of the two".to_owned()
            }
            Self::PipIndex { text, .. } => {
                format!("`{text}` is an index of PyTorch wheels for pip and unchanged")
            }
            Self::OtherChannel { name, .. } => format!(
                "packages from `{name}` are built for the `pytorch` channel; check whether conda-forge has them"
            ),
            Self::Unknown { text, .. } => {
                format!("`{text}`: unknown whether conda-forge has it for this PyTorch")
            }
            Self::TiedPin { text, .. } => format!(
                "`{text}` may exclude conda-forge's builds; remove its version if a solve fails"
            ),
            Self::Exported { count, .. } => format!(
                "{count} lines name builds of other packages, which conda-forge does not have; export with `conda env export --from-history`, or remove the builds"
            ),
            Self::Nightly { .. } => "conda-forge has releases, no nightly builds".to_owned(),
            Self::OutdatedLock => {
                "lock files made from this file are out of date; lock again".to_owned()
            }
            Self::NeedsVirtualCuda { cuda } => format!(
                "a solve without a GPU needs `__cuda`: set it in conda-lock's `virtual-packages.yml`, or set `CONDA_OVERRIDE_CUDA` to {cuda} or newer"
            ),
        }
    }
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
    /// No build on conda-forge satisfies the file; `without` is the line that excludes every build, if one
    /// alone does.
    #[error(
        "line {line}: no build on conda-forge for {subdir} satisfies the file{}",
        without.as_ref().map_or_else(String::new, |text| format!("; without `{text}`, one does"))
    )]
    Unsatisfiable { line: usize, subdir: Subdir, without: Option<String> },
    /// The new text differs from the plan: a bug.
    #[error("internal error: the edit would change unrelated lines. Please report it")]
    UnrelatedLines,
}

impl From<YamlError> for FileError {
    fn from(error: YamlError) -> Self {
        Self::Malformed { format: "YAML", line: error.line, problem: error.problem }
    }
}
