//! The request of an environment's specs on one platform.

use crate::conda::{Constraint, MatchSpec, Os, Subdir, Version};
use crate::resolve::RequestedAccelerator;
use crate::types::{Companion, CudaVersion};

use super::super::old_packages::cuda_of_name;
use super::environment_spec::SpecLine;
use super::packages::{PackageRole, role};

#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about the lines")]
pub(super) struct RequestedSpecs {
    pub device: RequestedAccelerator,
    /// The CUDA of the old builds.
    pub cuda: Option<CudaVersion>,
    /// The major version of CUDA that a pin of conda-forge's `cuda-version` asks for.
    pub own_cuda: Option<u16>,
    pub pytorch: Vec<Constraint>,
    pub companions: Vec<(Companion, Option<Constraint>)>,
    pub python: Option<Constraint>,
    pub has_pytorch: bool,
    /// Whether a line names PyTorch itself.
    pub names_pytorch: bool,
    /// Whether a line selects CUDA.
    pub has_cuda_pin: bool,
    pub has_cpu_only: bool,
    /// Whether a line names conda-forge's `pytorch-cpu`.
    pub has_cpu_name: bool,
    /// Whether a line selects CUDA builds of PyTorch.
    pub has_cuda_only: bool,
}

impl RequestedSpecs {
    /// `variant`: which of the values of a variable counts.
    pub(super) fn new<'a>(
        items: impl Iterator<Item = &'a SpecLine>,
        platform: Subdir,
        variant: usize,
    ) -> Self {
        let mut requested = Self::default();
        let mut old_toolkit = None;
        for item in items.filter(|item| item.applies_to(platform)) {
            if let Some(spec) = item.variant(variant) {
                requested.add(spec);
                old_toolkit = old_toolkit.or_else(|| toolkit_before_12(spec));
            }
        }
        if requested.cuda.is_none()
            && requested.device != RequestedAccelerator::Cpu
            && old_toolkit.is_some()
        {
            requested.cuda = old_toolkit;
            requested.device = RequestedAccelerator::Cuda;
        }
        if platform.os() == Os::Macos {
            requested.device = RequestedAccelerator::Auto; // its builds have no other accelerator
        }
        requested
    }

    fn add(&mut self, spec: &MatchSpec) {
        let role = role(spec);
        // Nothing but PyTorch uses `pytorch-cuda`.
        self.has_pytorch |=
            matches!(role, PackageRole::Pytorch | PackageRole::Companion(_) | PackageRole::CpuOnly)
                || spec.name == "pytorch-cuda";
        match role {
            PackageRole::Pytorch => {
                self.names_pytorch = true;
                self.pytorch.extend(spec.constraint());
                match spec.name.as_str() {
                    "pytorch-gpu" => {
                        self.has_cuda_only = true;
                        self.device = RequestedAccelerator::Cuda;
                    }
                    "pytorch-cpu" | "pytorch-nightly-cpu" => {
                        self.has_cpu_name |= spec.name == "pytorch-cpu";
                        self.device = RequestedAccelerator::Cpu;
                    }
                    _ => self.add_build(spec),
                }
            }
            PackageRole::Companion(package) => {
                self.add_companion(package, spec.constraint());
                if spec.name.ends_with("-cpu") {
                    self.device = RequestedAccelerator::Cpu;
                }
                self.add_build(spec);
            }
            PackageRole::CudaPin => {
                self.has_cuda_pin = true;
                self.has_cuda_only |= spec.name == "pytorch-cuda";
                self.device = RequestedAccelerator::Cuda;
                if spec.name == "cuda-version" {
                    let own = spec.constraint().and_then(|constraint| constraint.anchor());
                    self.own_cuda = self.own_cuda.max(own.map(Version::major));
                }
                let named = || cuda_of_name(&spec.name).or_else(|| cuda(&spec.constraint()?));
                self.cuda = self.cuda.or_else(named);
            }
            PackageRole::CpuOnly => {
                self.has_cpu_only = true;
                self.device = RequestedAccelerator::Cpu;
            }
            PackageRole::NotNeeded => self.add_build(spec),
            // The last one is what the environment ends up with.
            PackageRole::Python => self.python = spec.constraint().or(self.python.take()),
            PackageRole::Magma
            | PackageRole::Toolkit
            | PackageRole::ToolkitLibrary
            | PackageRole::Tied
            | PackageRole::Renamed(_)
            | PackageRole::NotThere
            | PackageRole::Extension
            | PackageRole::Other => {}
        }
    }

    /// Whether lines contradict each other, so that no build can satisfy them.
    pub(super) fn is_contradictory(&self) -> bool {
        let goes_with = |one: &Constraint, other: &Constraint| {
            one.anchor().is_none_or(|anchor| other.admits(anchor) || other.admits_series(anchor))
        };
        let mut pairs = self.pytorch.windows(2);
        self.has_cpu_only && self.has_cuda_only
            || pairs.any(|pair| !goes_with(&pair[0], &pair[1]) && !goes_with(&pair[1], &pair[0]))
    }

    /// Of each companion the first, and of all the first with a version: no other is asked for.
    fn add_companion(&mut self, package: Companion, constraint: Option<Constraint>) {
        let is_pinned = |constraint: &Option<Constraint>| {
            constraint.as_ref().is_some_and(|constraint| constraint.pin().is_some())
        };
        let is_new = !self.companions.iter().any(|(known, _)| *known == package);
        let is_first_pin = is_pinned(&constraint)
            && !self.companions.iter().any(|(_, constraint)| is_pinned(constraint));
        if is_new || is_first_pin {
            self.companions.push((package, constraint));
        }
    }

    /// The device and the CUDA in a build string of the old channel.
    fn add_build(&mut self, spec: &MatchSpec) {
        let build = spec.build.as_deref().unwrap_or_default().to_ascii_lowercase();
        if build.contains("cpu") {
            if self.device == RequestedAccelerator::Auto {
                self.device = RequestedAccelerator::Cpu;
            }
        } else if build.contains("cuda") || build.contains("gpu") {
            self.device = RequestedAccelerator::Cuda;
            self.cuda = self.cuda.or_else(|| cuda_in(&build));
        }
    }

    /// The series of Python to try, the newest first; `None` for any.
    pub(super) fn pythons(&self) -> Vec<Option<Version>> {
        let Some(constraint) = &self.python else { return vec![None] };
        let series = (6..=20).rev().map(|minor| Version::new(&[3, minor]));
        series.filter(|series| constraint.admits_series(*series)).map(Some).collect()
    }
}

/// The CUDA of a constraint: the newest one of the old channel, if several are allowed.
fn cuda(constraint: &Constraint) -> Option<CudaVersion> {
    const NEWEST: [[u16; 2]; 3] = [[12, 4], [12, 1], [11, 8]];
    let newest = NEWEST.map(|parts| Version::new(&parts));
    let admitted = newest.into_iter().find(|version| constraint.admits(*version));
    let version = constraint.pin().or(admitted).or_else(|| constraint.anchor())?;
    Some(CudaVersion::new(version.major(), version.minor()))
}

/// The CUDA of a toolkit package that conda-forge does not have: NVIDIA's channel stays for it, and its CUDA for PyTorch.
pub(super) fn toolkit_before_12(spec: &MatchSpec) -> Option<CudaVersion> {
    let cuda = cuda(&spec.constraint().filter(|_| role(spec) == PackageRole::Toolkit)?);
    cuda.filter(|cuda| cuda.major < 12)
}

/// The CUDA in a build string of the old channel: `py3.10_cuda12.1_cudnn8.9.2_0`.
fn cuda_in(build: &str) -> Option<CudaVersion> {
    let after = build.split_once("cuda")?.1;
    let end = after.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(after.len());
    after[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_cuda_from_constraints_and_build_strings() {
        let meant = |text: &str| cuda(&text.parse::<Constraint>().expect("a constraint"));
        assert_eq!(meant("=12.1"), Some(CudaVersion::new(12, 1)));
        assert_eq!(meant("=11.3.1"), Some(CudaVersion::new(11, 3)));
        assert_eq!(meant(">=11.6"), Some(CudaVersion::new(12, 4)));
        assert_eq!(meant(">=11.6,<12"), Some(CudaVersion::new(11, 8)));
        assert_eq!(cuda_in("py3.10_cuda12.1_cudnn8.9.2_0"), Some(CudaVersion::new(12, 1)));
        assert_eq!(cuda_in("*cuda*"), None);
    }
}
