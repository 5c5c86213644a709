//! What the user requests, apart from the machine.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::Serialize;

use crate::conda::{Constraint, MatchSpec, Os, ParseError, Subdir, Version};
use crate::types::{Blas, Companion, CudaVersion};

/// What to look for. The default is the best that the machine runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Request {
    pub accelerator: RequestedAccelerator,
    /// A version of PyTorch, or a prefix: `2.9` is any 2.9.x.
    pub pytorch: Option<Version>,
    /// A constraint on the version of PyTorch, instead of a prefix: `>=2.5`.
    pub pytorch_range: Option<VersionRange>,
    /// A version of Python, with its minor number.
    pub python: Option<Version>,
    /// A constraint on the version of Python, instead of one: `>=3.11`.
    pub python_range: Option<VersionRange>,
    pub cuda_version: Option<CudaVersion>,
    pub blas: Option<Blas>,
    /// Packages to install with PyTorch, each once, in order.
    pub companions: Vec<Companion>,
    /// Other packages to install, as they were written.
    pub others: Vec<MatchSpec>,
}

/// A constraint on a version, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRange {
    text: String,
    constraint: Constraint,
}

impl VersionRange {
    /// Whether a version is allowed.
    pub fn admits(&self, version: Version) -> bool {
        self.constraint.admits(version)
    }

    /// The constraint.
    pub const fn constraint(&self) -> &Constraint {
        &self.constraint
    }

    /// The version that it is about.
    pub(super) fn anchor(&self) -> Option<Version> {
        self.constraint.anchor()
    }
}

impl FromStr for VersionRange {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text: String = text.split_whitespace().collect();
        Ok(Self { constraint: text.parse()?, text })
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Hash for VersionRange {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// What to compute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum RequestedAccelerator {
    /// A GPU if one is usable, else the processor.
    #[default]
    Auto,
    /// The processor, even if a GPU is usable.
    Cpu,
    /// An NVIDIA GPU or nothing.
    Cuda,
    /// An NVIDIA GPU, or Apple's on a Mac, or nothing.
    Gpu,
    /// Apple's GPU or nothing.
    Mps,
    /// An AMD GPU, for which conda-forge has no build.
    Rocm,
    /// An Intel GPU, for which conda-forge has no build.
    Xpu,
}

crate::conda::words!(RequestedAccelerator {
    Auto = "auto",
    Cpu = "cpu",
    Cuda = "cuda",
    Gpu = "gpu",
    Mps = "mps",
    Rocm = "rocm",
    Xpu = "xpu",
});

impl Request {
    /// The request with the one accelerator that `gpu` means on a platform.
    pub(super) fn on(&self, subdir: Option<Subdir>) -> Cow<'_, Self> {
        if self.accelerator != RequestedAccelerator::Gpu {
            return Cow::Borrowed(self);
        }
        let is_mac = subdir.is_some_and(|subdir| subdir.os() == Os::Macos);
        let accelerator =
            if is_mac { RequestedAccelerator::Mps } else { RequestedAccelerator::Cuda };
        Cow::Owned(Self { accelerator, ..self.clone() })
    }

    /// Whether a version of PyTorch is one of the requested.
    pub(super) fn admits_pytorch(&self, version: Version) -> bool {
        self.pytorch.is_none_or(|requested| requested.covers(version))
            && self.pytorch_range.as_ref().is_none_or(|range| range.admits(version))
    }

    /// The requested PyTorch as it was written.
    pub fn pytorch_text(&self) -> Option<String> {
        let range = self.pytorch_range.as_ref().map(ToString::to_string);
        self.pytorch.map(|version| version.to_string()).or(range)
    }

    /// Whether one of the series of Python, from the first to the last, is requested.
    pub(super) fn admits_pythons(&self, (first, last): (Version, Version)) -> bool {
        let is_requested = |series: Version| {
            self.python.is_none_or(|python| python.series() == series)
                && self.python_range.as_ref().is_none_or(|it| it.constraint.admits_series(series))
        };
        let minors = first.minor()..=last.minor();
        minors.map(|minor| Version::new(&[first.major(), minor])).any(is_requested)
    }

    /// The requested Python as it was written.
    pub fn python_text(&self) -> Option<String> {
        let range = self.python_range.as_ref().map(ToString::to_string);
        self.python.map(|version| version.to_string()).or(range)
    }

    /// The version that the request for Python is about.
    pub(super) fn python_anchor(&self) -> Option<Version> {
        self.python.or_else(|| self.python_range.as_ref()?.anchor())
    }

    /// The version that the request for PyTorch is about.
    pub(super) fn pytorch_anchor(&self) -> Option<Version> {
        self.pytorch.or_else(|| self.pytorch_range.as_ref()?.anchor())
    }

    /// Whether only builds with CUDA satisfy it.
    pub(super) const fn wants_cuda(&self) -> bool {
        match self.accelerator {
            RequestedAccelerator::Cpu
            | RequestedAccelerator::Mps
            | RequestedAccelerator::Rocm
            | RequestedAccelerator::Xpu => false,
            RequestedAccelerator::Cuda | RequestedAccelerator::Gpu => true,
            RequestedAccelerator::Auto => self.cuda_version.is_some(),
        }
    }
}
