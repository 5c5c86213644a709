//! The virtual packages that each client detects on a machine, predicted. What cannot be predicted is
//! unknown, with the reason.
//!
//! What the versions of the clients do differently is a row of `clients.rs`. Here is how each of
//! their detectors works: [`cuda`] (`__cuda`, `__cuda_arch`), [`amdgpu`], [`archspec`], [`system`] (all others), after
//! [`overrides`]. [`notes`] warns of a client that is wrong about the machine.

mod amdgpu;
mod archspec;
mod cuda;
mod microarchitecture;
mod notes;
mod overrides;
mod system;

use std::borrow::Cow;

use crate::clients::ClientTarget;
use crate::types::{CudaVersion, Detected, Machine, Origin, VirtualPackage};

pub use cuda::cuda_suffices;
pub use notes::{
    client_note, client_override_notes, is_described, needs_cuda_hidden, override_notes,
};

/// A reason, in a few words.
type Why = Cow<'static, str>;

/// One virtual package of a client, with the source that detects it; `None` if there is none.
type Prediction = Result<Option<(VirtualPackage, Origin)>, NoPrediction>;

/// Why a virtual package cannot be predicted.
#[derive(Debug, Clone, PartialEq, Eq)]
enum NoPrediction {
    /// The client ends with an error instead of an answer.
    Fails(Why),
    Unknown(Why),
}

impl From<Why> for NoPrediction {
    fn from(why: Why) -> Self {
        Self::Unknown(why)
    }
}

fn unknown(why: impl Into<Why>) -> Prediction {
    Err(NoPrediction::Unknown(why.into()))
}

/// A package with a version; all builds but those of `__archspec` are `0`.
#[expect(clippy::unnecessary_wraps, reason = "it ends a prediction")]
fn present(name: &str, version: impl std::fmt::Display, origin: Origin) -> Prediction {
    let version = Some(version.to_string()).filter(|version| !version.is_empty());
    Ok(Some((package(name, version.unwrap_or_else(|| "0".to_owned())), origin)))
}

/// A package with the version of a fact.
fn detected(name: &str, version: &Detected<impl std::fmt::Display>) -> Prediction {
    match version {
        Detected::Found(fact) => present(name, &fact.value, fact.origin.clone()),
        Detected::Absent => Ok(None),
        Detected::Unknown { why } => unknown(why.clone()),
    }
}

fn package(name: &str, version: String) -> VirtualPackage {
    VirtualPackage { name: name.to_owned(), version, build: "0".to_owned() }
}

/// The virtual packages of a client on a machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VirtualPackages {
    /// Those that it detects, with their sources.
    pub packages: Vec<(VirtualPackage, Origin)>,
    /// Those that cannot be predicted, and why.
    pub unknown: Vec<(Cow<'static, str>, Cow<'static, str>)>,
}

impl VirtualPackages {
    /// Predicts every virtual package, or reads them from the client's own `info`.
    pub fn of(machine: &Machine, client: &ClientTarget<'_>) -> Self {
        if let Some(listed) = client.listed_packages() {
            let packages = listed.iter().map(|package| (package.clone(), info_of(client)));
            return Self { packages: packages.collect(), unknown: Vec::new() };
        }
        let cuda = cuda::cuda(machine, client);
        let cuda_arch = cuda::cuda_arch(machine, client, &cuda);
        let mut all = Self::default();
        for (name, prediction) in [
            ("__unix", system::unix(machine, client)),
            ("__linux", system::linux(machine, client)),
            ("__glibc", system::glibc(machine, client)),
            ("__osx", system::osx(machine, client)),
            ("__win", system::win(machine, client)),
            ("__cuda_arch", cuda_arch),
            ("__cuda", cuda),
            ("__amdgpu", amdgpu::amdgpu(machine, client)),
            ("__amdgpu_arch", amdgpu::amdgpu_arch(machine, client)),
            ("__conda", system::conda(client)),
            ("__archspec", archspec::archspec(machine, client)),
        ] {
            match prediction {
                Ok(package) => all.packages.extend(package),
                Err(NoPrediction::Fails(why) | NoPrediction::Unknown(why)) => {
                    all.unknown.push((name.into(), why));
                }
            }
        }
        all
    }

    /// A package by its name.
    pub fn package(&self, name: &str) -> Option<&(VirtualPackage, Origin)> {
        self.packages.iter().find(|(package, _)| package.name == name)
    }

    /// With these `CONDA_OVERRIDE_*` set; an empty one removes the package.
    pub fn with(mut self, variables: &[(&'static str, String)]) -> Self {
        for (variable, version) in variables {
            let Some(name) = variable.strip_prefix("CONDA_OVERRIDE_") else { continue };
            let name = format!("__{}", name.to_ascii_lowercase());
            self.packages.retain(|(package, _)| package.name != name);
            if !version.is_empty() {
                let origin = Origin::Env((*variable).into());
                self.packages.push((package(&name, version.clone()), origin));
            }
        }
        self
    }

    /// The packages as specs for a solver: `__cuda=12.9=0`.
    pub fn specs(&self) -> Vec<String> {
        let packages = self.packages.iter().map(|(package, _)| package);
        packages
            .filter(|package| !package.version.is_empty())
            .map(|VirtualPackage { name, version, build }| format!("{name}={version}={build}"))
            .collect()
    }
}

fn info_of(client: &ClientTarget<'_>) -> Origin {
    Origin::Document(format!("{} info", client.kind))
}

/// A version of CUDA as a client compares it; `None` for a text that is not one.
fn cuda_version(text: &str) -> Option<CudaVersion> {
    text.parse().ok().or_else(|| format!("{text}.0").parse().ok())
}
