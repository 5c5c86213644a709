//! A conda environment, as its own files tell: what is installed in it and what was asked for.

use serde::{Deserialize, Serialize};

use super::SourceReport;
use crate::conda::Subdir;

/// An environment that exists. Nothing in it was started: all is read from its files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Environment {
    /// Its folder.
    pub prefix: String,
    /// What a client calls it (`-n`); `None` where only its folder names it (`-p`).
    pub name: Option<String>,
    /// The platform that its packages are for, where one of them tells.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub subdir: Option<Subdir>,
    /// Its conda packages by name, each once.
    pub packages: Vec<InstalledPackage>,
    /// Packages that pip installed, by name; conda's own Python packages are not among them.
    pub pip: Vec<PipPackage>,
    /// What was asked for and still counts, as it was typed, in the order of `conda-meta/history`:
    /// `python=3.11`, `pytorch::pytorch`. A later request for a package replaces the earlier one.
    pub requested: Vec<String>,
    /// The lines of `conda-meta/pinned`.
    pub pinned: Vec<String>,
    /// What could not be read, and why. The rest counts all the same.
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
    /// The channel's name whatever the client wrote (a URL with or without subdir, a bare name):
    /// `conda-forge`, `pytorch`, `nvidia`, `pkgs/main`; a URL where it is on another host; empty
    /// where the record does not tell.
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
    /// As its folder writes it: `torch`.
    pub name: String,
    /// `2.6.0+cu124`.
    pub version: String,
}

impl Environment {
    /// The conda package of a name.
    #[must_use]
    pub fn package(&self, name: &str) -> Option<&InstalledPackage> {
        self.packages.iter().find(|package| package.name == name)
    }
}
