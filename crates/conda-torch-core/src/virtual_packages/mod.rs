//! What each client will take the machine for: its virtual packages, predicted. Pure, and never a guess:
//! what cannot be told is unknown, with why.
//!
//! conda asks libcuda, mamba a file of the toolkit and then `nvidia-smi`, pixi NVML; each reads
//! `CONDA_OVERRIDE_*` in its own way, and each has changed its mind with a version. One file a package;
//! `overrides` what somebody has set, `remarks` where the client would be wrong.
//!
//! Sources: conda's `conda/plugins/virtual_packages`, mamba's `libmamba/src/core/virtual_packages.cpp`,
//! rattler's `crates/rattler_virtual_packages`, all by their tags.

mod archspec;
mod cuda;
mod cuda_arch;
mod glibc;
mod linux;
mod microarchitecture;
mod notes;
mod nvidia_smi;
mod osx;
mod overrides;
mod platform;
mod prediction;
mod win;

use std::borrow::Cow;

use crate::clients::ClientTarget;
use crate::conda::Os;
use crate::types::{CudaVersion, Machine, Origin, VirtualPackage};

use prediction::{Prediction, found};

pub use cuda::cuda_suffices;
pub use notes::{client_note, is_described, needs_cuda_hidden};

/// What a client takes a machine for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VirtualPackages {
    /// Its virtual packages, and where it has each from.
    pub packages: Vec<(VirtualPackage, Origin)>,
    /// Those of which it could not be told whether it has them, and why.
    pub unknown: Vec<(Cow<'static, str>, Cow<'static, str>)>,
}

impl VirtualPackages {
    /// Predicts every virtual package; where the client itself has said them, those.
    #[must_use]
    pub fn of(machine: &Machine, client: &ClientTarget<'_>) -> Self {
        let mut packages = Self::without_archspec(machine, client);
        if !is_said(client) {
            packages.add("__archspec", archspec::predict(machine, client));
        }
        packages
    }

    /// All but `__archspec`, which no build of PyTorch asks for: its table of processors takes ten times
    /// as long as the rest of an answer.
    #[must_use]
    pub fn without_archspec(machine: &Machine, client: &ClientTarget<'_>) -> Self {
        if let Some(said) = client.found.and_then(|found| found.sees.as_deref()) {
            let origin = Origin::Document(format!("{} info", client.kind));
            let packages = said.iter().map(|package| (package.clone(), origin.clone()));
            return Self { packages: packages.collect(), unknown: Vec::new() };
        }
        let mut packages = Self::default();
        packages.add("__unix", unix(machine, client));
        packages.add("__linux", linux::predict(machine, client));
        packages.add("__glibc", glibc::predict(machine, client));
        packages.add("__osx", osx::predict(machine, client));
        packages.add("__win", win::predict(machine, client));
        let cuda = cuda::predict(machine, client);
        packages.add("__cuda_arch", cuda_arch::predict(machine, client, &cuda));
        packages.add("__cuda", cuda);
        packages.add("__conda", conda(client));
        packages
    }

    /// A package by its name.
    #[must_use]
    pub fn package(&self, name: &str) -> Option<&(VirtualPackage, Origin)> {
        self.packages.iter().find(|(package, _)| package.name == name)
    }

    /// With these variables set besides: empty is "not there".
    #[must_use]
    pub fn with(mut self, variables: &[(&'static str, String)]) -> Self {
        for (variable, version) in variables {
            let Some(name) = variable.strip_prefix("CONDA_OVERRIDE_") else { continue };
            let name = format!("__{}", name.to_ascii_lowercase());
            self.packages.retain(|(package, _)| package.name != name);
            if !version.is_empty() {
                let package =
                    VirtualPackage { name, version: version.clone(), build: "0".to_owned() };
                self.packages.push((package, Origin::Env((*variable).into())));
            }
        }
        self
    }

    /// The packages as a solver is told them: `__cuda=12.9=0`.
    #[must_use]
    pub fn specs(&self) -> Vec<String> {
        let told = self.packages.iter().filter(|(package, _)| !package.version.is_empty());
        told.map(|(VirtualPackage { name, version, build }, _)| format!("{name}={version}={build}"))
            .collect()
    }

    fn add(&mut self, name: &'static str, seen: Prediction) {
        match seen {
            Prediction::Present(package, origin) => self.packages.push((package, origin)),
            Prediction::Absent => {}
            Prediction::Fails(why) | Prediction::Unknown(why) => {
                self.unknown.push((name.into(), why))
            }
        }
    }
}

/// Whether the client has said itself what it sees.
fn is_said(client: &ClientTarget<'_>) -> bool {
    client.found.is_some_and(|found| found.sees.is_some())
}

/// `__unix`, which says nothing but that it is one.
fn unix(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    match client.target(machine) {
        Ok(target) => match target.subdir.os() {
            Os::Linux | Os::Macos => found("__unix", "0", Origin::System),
            Os::FreeBsd if !client.is_libmamba() => found("__unix", "0", Origin::System),
            Os::FreeBsd | Os::Windows => Prediction::Absent,
        },
        Err(why) => Prediction::Unknown(why),
    }
}

/// `__conda`, conda's own version: <https://github.com/conda/conda/pull/13266>.
fn conda(client: &ClientTarget<'_>) -> Prediction {
    if !client.is_conda() || client.is_below(&[23, 11]) {
        return Prediction::Absent;
    }
    match client.version {
        Some(version) if client.kind == crate::types::ClientKind::Conda => {
            found("__conda", &version.to_string(), Origin::System)
        }
        Some(_) | None => Prediction::Unknown("the version of conda is not known".into()),
    }
}

/// A version of CUDA as a client would compare it; `None` for a text that is none.
fn cuda_version(text: &str) -> Option<CudaVersion> {
    text.parse().ok().or_else(|| format!("{text}.0").parse().ok())
}
