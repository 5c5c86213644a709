//! The values of flags, and what each means.

use std::fmt;

use crate::conda::{Constraint, ParseError, Version};
use crate::resolve::{RequestedAccelerator, VersionRange};
use crate::types::{Blas, ClientKind, Shell};

/// The value of `--pytorch` or `--python`.
#[derive(Debug, Clone)]
pub enum RequestedVersion {
    /// Any: the newest.
    Newest,
    /// A version, or its beginning.
    Prefix(Version),
    /// A constraint.
    Range(VersionRange),
}

impl RequestedVersion {
    /// The versions that it admits; `None` for all.
    pub fn constraint(&self) -> Option<Constraint> {
        match self {
            Self::Newest => None,
            Self::Prefix(version) => Some(Constraint::begins(*version)),
            Self::Range(range) => Some(range.constraint().clone()),
        }
    }

    /// As a prefix or as a range.
    pub fn parts(&self) -> (Option<Version>, Option<VersionRange>) {
        match self {
            Self::Newest => (None, None),
            Self::Prefix(version) => (Some(*version), None),
            Self::Range(range) => (None, Some(range.clone())),
        }
    }
}

impl fmt::Display for RequestedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest => f.write_str("latest"),
            Self::Prefix(version) => version.fmt(f),
            Self::Range(range) => range.fmt(f),
        }
    }
}

/// Reads the value of `--pytorch`.
///
/// # Errors
/// What was expected.
pub fn pytorch(text: &str) -> Result<RequestedVersion, String> {
    let number = text.trim_start_matches('=');
    if text.eq_ignore_ascii_case("latest") {
        Ok(RequestedVersion::Newest)
    } else if is_range(text) {
        text.parse().map(RequestedVersion::Range).map_err(|error: ParseError| error.to_string())
    } else {
        number.parse().map(RequestedVersion::Prefix).map_err(|error: ParseError| error.to_string())
    }
}

fn is_range(text: &str) -> bool {
    text.contains(['<', '>', '!', '~', '|', ','])
}

/// Reads the value of `--python`: a version with its minor number, or a constraint.
///
/// # Errors
/// What was expected.
pub fn requested_python(text: &str) -> Result<RequestedVersion, String> {
    if is_range(text) {
        return text.parse().map(RequestedVersion::Range).map_err(|it: ParseError| it.to_string());
    }
    python(text).map(RequestedVersion::Prefix)
}

/// Reads a Python version with its minor number: each build needs one.
///
/// # Errors
/// What was expected.
pub fn python(text: &str) -> Result<Version, String> {
    let version = text.parse::<Version>().ok().filter(|_| text.contains('.'));
    version.ok_or_else(|| "expected one version with its minor number, such as 3.12".to_owned())
}

/// The values of a flag, as rows: name, help, value.
pub type Choices<T> = &'static [(&'static str, &'static str, T)];

/// Those of `--accelerator`.
pub const ACCELERATORS: Choices<RequestedAccelerator> = &[
    ("auto", "A GPU if one is usable, else the CPU", RequestedAccelerator::Auto),
    ("cpu", "The CPU", RequestedAccelerator::Cpu),
    ("cuda", "An NVIDIA GPU; fail without one", RequestedAccelerator::Cuda),
    ("gpu", "An NVIDIA GPU, or Apple's on a Mac; fail without one", RequestedAccelerator::Gpu),
    ("mps", "Apple's GPU; fail without one", RequestedAccelerator::Mps),
    ("rocm", "An AMD GPU: conda-forge has no build", RequestedAccelerator::Rocm),
    ("xpu", "An Intel GPU: conda-forge has no build", RequestedAccelerator::Xpu),
];

/// Those of `--blas`.
pub const BLAS: Choices<Blas> = &[
    ("mkl", "Intel MKL", Blas::Mkl),
    ("generic", "OpenBLAS or another provider of `libblas`", Blas::Generic),
];

/// Those of `--client`.
pub const CLIENTS: Choices<ClientKind> = &[
    ("conda", "", ClientKind::Conda),
    ("mamba", "", ClientKind::Mamba),
    ("micromamba", "", ClientKind::Micromamba),
    ("pixi", "", ClientKind::Pixi),
];

/// Those of `--shell`.
pub const SHELLS: Choices<Shell> = &[
    ("bash", "", Shell::Posix),
    ("zsh", "", Shell::Posix),
    ("fish", "", Shell::Fish),
    ("powershell", "", Shell::Powershell),
    ("cmd", "", Shell::Cmd),
];

/// The first name of a value.
pub(super) fn named<T: PartialEq>(choices: Choices<T>, value: &T) -> &'static str {
    choices.iter().find(|(.., other)| other == value).map_or("", |(name, ..)| name)
}
