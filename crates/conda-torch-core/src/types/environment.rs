//! A conda environment, read from its files: what is installed and what was requested.

use serde::{Deserialize, Serialize};

use super::SourceReport;
use crate::conda::Subdir;

/// An existing environment, read from its files without running anything in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Environment {
    /// Its folder.
    pub prefix: String,
    /// Its name (`-n`); `None` if only its folder identifies it (`-p`).
    pub name: Option<String>,
    /// The platform of its packages, if a record names one.
    pub subdir: Option<Subdir>,
    /// Its conda packages, sorted by name, each once.
    pub packages: Vec<InstalledPackage>,
    /// Packages that pip installed, sorted by name, without those of conda.
    pub pip: Vec<PipPackage>,
    /// The specs in force, as typed, in the order of `conda-meta/history`: `python=3.11`,
    /// `pytorch::pytorch`. A later spec for a package replaces the earlier one.
    pub requested: Vec<String>,
    /// The lines of `conda-meta/pinned`.
    pub pinned: Vec<String>,
    /// What could not be read, and why.
    pub problems: Vec<SourceReport>,
}

/// A conda package in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct InstalledPackage {
    /// `pytorch`.
    pub name: String,
    /// `2.5.1`, as written.
    pub version: String,
    /// The build string: `py3.11_cuda12.1_cudnn9.1.0_0`, `cuda129_mkl_py312_h…_302`.
    pub build: String,
    /// The build number.
    pub build_number: u64,
    /// The channel's name, also if the record has a URL: `conda-forge`, `pytorch`, `nvidia`, `pkgs/main`;
    /// a URL for other hosts; empty if the record names none.
    pub channel: String,
    /// The folder of the channel: `linux-64`, `noarch`.
    pub subdir: String,
    /// What it needs, as match specs.
    pub depends: Vec<String>,
}

/// A package that pip installed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PipPackage {
    /// As in the name of its folder: `torch`.
    pub name: String,
    /// `2.6.0+cu124`.
    pub version: String,
}

impl Environment {
    /// The conda package with a name.
    pub fn package(&self, name: &str) -> Option<&InstalledPackage> {
        let at = self.packages.binary_search_by(|package| package.name.as_str().cmp(name));
        at.ok().map(|at| &self.packages[at])
    }
}
