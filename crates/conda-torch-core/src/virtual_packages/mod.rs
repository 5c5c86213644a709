//! What each client will take the machine for: its virtual packages, predicted. Pure, and never a guess:
//! what cannot be told is unknown, with why.
//!
//! conda asks libcuda, mamba a file of the toolkit and then `nvidia-smi`, pixi NVML; each reads
//! `CONDA_OVERRIDE_*` in its own way, and each has changed its mind with a version. One file a package;
//! `viewer` is the client, `told` what somebody has set, `remarks` where the client would be wrong.
//!
//! Sources: conda's `conda/plugins/virtual_packages`, mamba's `libmamba/src/core/virtual_packages.cpp`,
//! rattler's `crates/rattler_virtual_packages`, all by their tags.

mod archspec;
mod cuda;
mod cuda_arch;
mod glibc;
mod linux;
mod microarchitecture;
mod nvidia_smi;
mod osx;
mod remarks;
mod seen;
mod told;
mod viewer;
mod win;

use std::borrow::Cow;

use crate::conda::Os;
use crate::types::{Client, CudaVersion, Machine, Origin, VirtualPackage};

use seen::{Seen, found};

pub use cuda::{Sees, sees_cuda};
pub use remarks::{add_remarks, is_described, is_misled};
pub use viewer::Viewer;

/// What a client takes a machine for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sight {
    /// Its virtual packages, and where it has each from.
    pub packages: Vec<(VirtualPackage, Origin)>,
    /// Those of which it could not be told whether it has them, and why.
    pub unknown: Vec<(Cow<'static, str>, Cow<'static, str>)>,
}

impl Sight {
    /// Predicts every virtual package; where the client itself has said them, those.
    #[must_use]
    pub fn of(machine: &Machine, viewer: &Viewer<'_>) -> Self {
        let mut sight = Self::without_archspec(machine, viewer);
        if !is_said(viewer) {
            sight.add("__archspec", archspec::seen(machine, viewer));
        }
        sight
    }

    /// All but `__archspec`, which no build of PyTorch asks for: its table of processors takes ten times
    /// as long as the rest of an answer.
    #[must_use]
    pub fn without_archspec(machine: &Machine, viewer: &Viewer<'_>) -> Self {
        if let Some(said) = viewer.found.and_then(|client| client.sees.as_deref()) {
            let origin = Origin::Document(format!("{} info", viewer.kind));
            let packages = said.iter().map(|package| (package.clone(), origin.clone()));
            return Self { packages: packages.collect(), unknown: Vec::new() };
        }
        let mut sight = Self::default();
        sight.add("__unix", unix(machine, viewer));
        sight.add("__linux", linux::seen(machine, viewer));
        sight.add("__glibc", glibc::seen(machine, viewer));
        sight.add("__osx", osx::seen(machine, viewer));
        sight.add("__win", win::seen(machine, viewer));
        let cuda = cuda::seen(machine, viewer);
        sight.add("__cuda_arch", cuda_arch::seen(machine, viewer, &cuda));
        sight.add("__cuda", cuda);
        sight.add("__conda", conda(viewer));
        sight
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

    fn add(&mut self, name: &'static str, seen: Seen) {
        match seen {
            Seen::Package(package, origin) => self.packages.push((package, origin)),
            Seen::Nothing => {}
            Seen::Stops(why) | Seen::Unknown(why) => self.unknown.push((name.into(), why)),
        }
    }
}

/// Whether the client has said itself what it sees.
fn is_said(viewer: &Viewer<'_>) -> bool {
    viewer.found.is_some_and(|client| client.sees.is_some())
}

/// Every client on a machine, the one with this program first; where there is none, each kind in the
/// version that is current.
#[must_use]
pub fn viewers<'a>(machine: &'a Machine, first: Option<&Client>) -> Vec<Viewer<'a>> {
    if machine.clients.is_empty() {
        return Viewer::CURRENT.to_vec();
    }
    let is_first = |client: &&Client| first.is_some_and(|first| first.path == client.path);
    let firsts = machine.clients.iter().filter(is_first);
    let others = machine.clients.iter().filter(|client| !is_first(client));
    firsts.chain(others).map(Viewer::of).collect()
}

/// `__unix`, which says nothing but that it is one.
fn unix(machine: &Machine, viewer: &Viewer<'_>) -> Seen {
    match viewer.target(machine) {
        Ok(target) => match target.subdir.os() {
            Os::Linux | Os::Macos => found("__unix", "0", Origin::System),
            Os::FreeBsd if !viewer.is_libmamba() => found("__unix", "0", Origin::System),
            Os::FreeBsd | Os::Windows => Seen::Nothing,
        },
        Err(why) => Seen::Unknown(why),
    }
}

/// `__conda`, conda's own version: <https://github.com/conda/conda/pull/13266>.
fn conda(viewer: &Viewer<'_>) -> Seen {
    if !viewer.is_conda() || viewer.is_below(&[23, 11]) {
        return Seen::Nothing;
    }
    match viewer.version {
        Some(version) if viewer.kind == crate::types::ClientKind::Conda => {
            found("__conda", &version.to_string(), Origin::System)
        }
        Some(_) | None => Seen::Unknown("the version of conda is not known".into()),
    }
}

/// A version of CUDA as a client would compare it; `None` for a text that is none.
fn cuda_version(text: &str) -> Option<CudaVersion> {
    text.parse().ok().or_else(|| format!("{text}.0").parse().ok())
}
