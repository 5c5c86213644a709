//! The programs that install conda packages, their settings and what they detect.

use serde::{Deserialize, Serialize};

use super::{Detected, Origin};
use crate::conda::{Address, Subdir, Version};

/// A family of clients with its own command line; the version decides the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ClientKind {
    /// conda.
    Conda,
    /// mamba, 1.x (a front of conda in Python) or 2.x (micromamba's twin).
    Mamba,
    /// micromamba.
    Micromamba,
    /// pixi.
    Pixi,
}

impl ClientKind {
    /// All of them, in the order of detection.
    pub const ALL: [Self; 4] = [Self::Conda, Self::Mamba, Self::Micromamba, Self::Pixi];
}

/// A client found on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Client {
    /// Which.
    pub kind: ClientKind,
    /// Its version.
    pub version: Detected<Version>,
    /// The path of its program.
    pub path: String,
    /// The root prefix (the base environment's folder), if it has one.
    pub root_prefix: Option<String>,
    /// The platform of its own packages, if known: a conda under Rosetta is `osx-64` on an arm64 Mac.
    pub subdir: Option<Subdir>,
    /// The names of its environments.
    pub environments: Vec<String>,
    /// The virtual packages in the output of its `info` command; `None` if that was not read.
    #[serde(default)]
    pub sees: Option<Vec<VirtualPackage>>,
}

/// A part or plugin of a client that changes the virtual packages that it detects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClientPart {
    /// The client's program.
    pub client: String,
    /// `static`: linked statically, so it cannot open the driver's libraries; `dynamic`: it can; else the
    /// name of a package in its root prefix: `archspec`, `nvidia-virtual-packages`.
    pub part: String,
    /// The package's version.
    pub version: Option<String>,
}

/// A variable or a key of a configuration file that overrides virtual packages or the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Setting {
    /// `CONDA_OVERRIDE_CUDA`, `CONDA_SUBDIR`; `override_virtual_packages.cuda`, `subdir`.
    pub name: String,
    /// As written; may be empty.
    pub value: String,
    /// The environment or a file.
    pub origin: Origin,
}

/// A configuration file that conda, mamba or micromamba reads.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ConfigFile {
    /// Its path.
    pub path: String,
    /// Its `channels`, `***` for secrets; `None` without that key.
    pub channels: Option<Vec<Address>>,
    /// Its `channel_priority`, as written.
    pub channel_priority: Option<String>,
    /// Its `solver`, as written (conda's).
    pub solver: Option<String>,
    /// Why it could not be read.
    pub problem: Option<String>,
}

/// The shell that commands are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Shell {
    /// bash, zsh, dash.
    Posix,
    /// fish.
    Fish,
    /// Windows `PowerShell` and `pwsh`.
    Powershell,
    /// cmd.exe.
    Cmd,
}

/// A package that is not installed and that a client derives from the machine: `__cuda 12.9`.
///
/// The version and the build are texts as the client writes them: mamba's build of `__archspec` is
/// `x86_64_v3`, conda's version of `__cuda` may be any value of `CONDA_OVERRIDE_CUDA`.
/// Source: <https://conda.org/learn/ceps/cep-0030>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VirtualPackage {
    /// With the two underscores.
    pub name: String,
    /// `0` if only its presence counts.
    pub version: String,
    /// `0` for all but `__archspec`.
    pub build: String,
}

/// A configuration file with its lines about channels.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Condarc {
    /// Its path.
    pub path: String,
    /// The lines, in order.
    pub lines: Vec<CondarcLine>,
    /// Whether it has comments, which clients drop when they rewrite the file.
    pub has_comments: bool,
    /// Why it could not be read.
    pub problem: Option<String>,
}

/// A value in a configuration file, and its place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CondarcLine {
    /// The line, from 1.
    pub line: usize,
    /// The key: `channels`, `channel_alias`; nested keys with a dot, `custom_channels.pytorch`.
    pub key: String,
    /// The value, `***` for secrets.
    pub value: Address,
    /// Whether it is an entry of a list.
    pub is_entry: bool,
}
