//! Runs that failed: stable codes, and the document that stands for an answer.

use serde::Serialize;

use super::write;

/// Why a run failed. Codes are never renamed or reused; a reader treats an unknown one as `failed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ErrorCode {
    /// The command line is wrong in another way than those below.
    Usage,
    /// A flag or a subcommand does not exist.
    UnknownArgument,
    /// The value of a flag cannot be read.
    InvalidValue,
    /// No GPU has the name of `--gpu`, or several with different compute capabilities have.
    UnknownGpu,
    /// Flags contradict each other, or the described machine.
    Contradiction,
    /// A channel does not have conda-forge's PyTorch.
    ChannelRefused,
    /// The client refuses the name of the new environment.
    NameRefused,
    /// An environment of that name exists.
    EnvironmentExists,
    /// No environment was named, and none is active.
    NoEnvironment,
    /// No environment has the name.
    UnknownEnvironment,
    /// The format or the shell cannot express the answer.
    FormatRefused,
    /// The answer has no field of the name of `--get`.
    UnknownField,
    /// A file or standard input cannot be read.
    Unreadable,
    /// The text of `--machine` describes no machine.
    MachineNotRecognized,
    /// Nothing of the environment can be read.
    EnvironmentUnreadable,
    /// No conda, mamba, micromamba or pixi is installed.
    NoClient,
    /// `conda-torch-live` is not installed.
    LiveNotInstalled,
    /// `conda-torch-live` failed.
    LiveFailed,
    /// A channel cannot be read, or is none.
    ChannelUnreadable,
    /// A file or the answer cannot be written.
    Unwritable,
    /// Another failure.
    Failed,
}

impl ErrorCode {
    /// The exit code of the process: 2 for a wrong command line, else 1.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage
            | Self::UnknownArgument
            | Self::InvalidValue
            | Self::UnknownGpu
            | Self::Contradiction
            | Self::ChannelRefused
            | Self::NameRefused
            | Self::EnvironmentExists
            | Self::NoEnvironment
            | Self::UnknownEnvironment
            | Self::FormatRefused
            | Self::UnknownField => 2,
            Self::Unreadable
            | Self::MachineNotRecognized
            | Self::EnvironmentUnreadable
            | Self::NoClient
            | Self::LiveNotInstalled
            | Self::LiveFailed
            | Self::ChannelUnreadable
            | Self::Unwritable
            | Self::Failed => 1,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ErrorReport<'a> {
    /// A stable code.
    code: ErrorCode,
    /// A sentence.
    message: &'a str,
    /// What to do; null if the message says it.
    hint: Option<&'a str>,
}

impl<'a> ErrorReport<'a> {
    /// An error from its text for a person: the message, and a `hint: ` line.
    pub(super) fn new(text: &'a str, code: ErrorCode) -> Self {
        match text.split_once("\nhint: ") {
            Some((message, hint)) => Self { code, message, hint: Some(hint) },
            None => Self { code, message: text, hint: None },
        }
    }
}

/// What a subcommand without a document of its own for it prints if a run fails.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Failure<'a> {
    /// error.
    status: &'static str,
    /// The exit code of the process: 1 failed, 2 wrong command line.
    exit_code: u8,
    /// Why the run failed.
    error: ErrorReport<'a>,
}

/// Writes the document of a run that failed.
pub fn error(text: &str, code: ErrorCode) -> String {
    let error = ErrorReport::new(text, code);
    write(Failure { status: "error", exit_code: code.exit_code(), error })
}
