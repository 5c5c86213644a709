//! The PyTorch of an environment, as a build that the rules can check.

use std::borrow::Cow;

use crate::conda::{ChannelKind, Os, Subdir, Version};
use crate::matrix::Matrix;
use crate::types::{
    Accelerator, ArchList, ArmVariant, Blas, Build, CudaVersion, Environment, InstalledPackage,
    PipPackage, Source,
};

/// The PyTorch that Python imports.
#[derive(Debug, Clone, PartialEq)]
pub struct Installed<'m> {
    /// Who installed it.
    pub kind: Kind,
    /// Its version, if it is one.
    pub version: Option<Version>,
    /// Its accelerator by the build string; `None` if unknown.
    pub accelerator: Option<Accelerator>,
    /// The build for the rules: a row of the matrix, or one made of what is known. `None` if too little is.
    pub build: Option<Cow<'m, Build>>,
    /// Whether its kernels are known.
    pub is_known: bool,
}

/// Who installed PyTorch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A client of conda.
    Conda(InstalledPackage),
    /// pip.
    Pip(PipPackage),
}

impl Installed<'_> {
    /// Its version, as written.
    pub fn version_text(&self) -> &str {
        match &self.kind {
            Kind::Conda(package) => &package.version,
            Kind::Pip(package) => &package.version,
        }
    }

    /// The kind of its channel; `None` if pip installed it.
    pub fn channel_kind(&self) -> Option<ChannelKind> {
        match &self.kind {
            Kind::Conda(package) => Some(ChannelKind::of(&package.channel)),
            Kind::Pip(_) => None,
        }
    }
}

impl<'m> Installed<'m> {
    /// What is installed: pip's if there are both, since Python imports that.
    pub(super) fn new(environment: &Environment, matrix: &'m Matrix) -> Option<Self> {
        let pip = environment.pip.iter().find(|package| package.name == "torch");
        match (environment.package("pytorch"), pip) {
            (_, Some(pip)) => Some(of_pip(pip, environment, matrix)),
            (Some(package), None) => Some(of_conda(package, environment, matrix)),
            (None, None) => None,
        }
    }
}

fn of_conda<'m>(
    package: &InstalledPackage,
    environment: &Environment,
    matrix: &'m Matrix,
) -> Installed<'m> {
    let subdir = package.subdir.parse().ok().or(environment.subdir);
    let version = package.version.parse().ok();
    let accelerator = accelerator(&package.build, subdir);
    let wanted = Wanted { package, environment, subdir, version, accelerator };
    let row = (ChannelKind::of(&package.channel) == ChannelKind::CondaForge)
        .then(|| wanted.row(matrix))
        .flatten();
    let build = row.map(Cow::Borrowed).or_else(|| {
        let kernels = wanted.kernels(matrix);
        Some(Cow::Owned(made(subdir?, version?, accelerator?, kernels, matrix)))
    });
    let is_cuda = accelerator.is_some_and(|accelerator| accelerator.cuda().is_some());
    let has_kernels = build.as_ref().is_some_and(|build| build.kernels != ArchList::default());
    let is_known = if is_cuda { has_kernels } else { build.is_some() };
    let kind = Kind::Conda(package.clone());
    Installed { kind, version, accelerator, build, is_known }
}

/// pip's, with the toolkit in the local part of its version: `2.6.0+cu124`.
fn of_pip<'m>(
    package: &PipPackage,
    environment: &Environment,
    matrix: &'m Matrix,
) -> Installed<'m> {
    let (number, local) = package.version.split_once('+').unwrap_or((&package.version, ""));
    let version = number.parse().ok();
    let accelerator = accelerator(local, environment.subdir);
    let build = environment.subdir.and_then(|subdir| {
        Some(Cow::Owned(made(subdir, version?, accelerator?, ArchList::default(), matrix)))
    });
    let kind = Kind::Pip(package.clone());
    Installed { kind, version, accelerator, build, is_known: false }
}

/// A conda package to look up in the matrix.
struct Wanted<'a> {
    package: &'a InstalledPackage,
    environment: &'a Environment,
    subdir: Option<Subdir>,
    version: Option<Version>,
    accelerator: Option<Accelerator>,
}

impl Wanted<'_> {
    /// conda-forge's row: by version, platform, toolkit and build number, which differs by BLAS.
    fn row<'m>(&self, matrix: &'m Matrix) -> Option<&'m Build> {
        let number = u16::try_from(self.package.build_number).ok()?;
        let variant = self.environment.package("arm-variant").map(|package| {
            if package.build.contains("tegra") { ArmVariant::Tegra } else { ArmVariant::Sbsa }
        });
        matrix.builds.iter().find(|build| {
            let (first, last) = build.build_numbers;
            Some(build.subdir) == self.subdir
                && Some(build.pytorch) == self.version
                && Some(build.accelerator.cuda()) == self.accelerator.map(Accelerator::cuda)
                && (first..=last).contains(&number)
                && (build.arm_variant.is_none() || build.arm_variant == variant)
        })
    }

    /// The kernels of another channel's build. Anaconda's are known for Linux.
    fn kernels(&self, matrix: &Matrix) -> ArchList {
        let channel = match ChannelKind::of(&self.package.channel) {
            ChannelKind::Pytorch => "pytorch",
            ChannelKind::Defaults if self.subdir.map(Subdir::os) == Some(Os::Linux) => "pkgs/main",
            ChannelKind::Defaults
            | ChannelKind::CondaForge
            | ChannelKind::Nvidia
            | ChannelKind::Other => "",
        };
        let toolkit = self.accelerator.and_then(Accelerator::cuda);
        let mut rows = matrix.other_kernels.iter();
        rows.find(|row| *row.channel == *channel && Some(row.toolkit) == toolkit)
            .map_or(ArchList::default(), |row| row.kernels.clone())
    }
}

/// A build of what is known. Its source is made up: the rules do not use it.
fn made(
    subdir: Subdir,
    pytorch: Version,
    accelerator: Accelerator,
    kernels: ArchList,
    matrix: &Matrix,
) -> Build {
    let first = accelerator.cuda().unwrap_or(CudaVersion::new(0, 0));
    Build {
        pytorch,
        subdir,
        accelerator,
        blas: Blas::Mkl,
        arm_variant: None,
        build_numbers: (0, 0),
        blas_in_build_string: false,
        metapackage: false,
        cuda_pins: first..first.next_major(),
        kernels,
        glibc: None,
        macos: None,
        pythons: (Version::new(&[3, 0]), Version::new(&[3, 99])),
        source: Source::Channel { date: matrix.as_of, inferred: false },
    }
}

/// The accelerator in a build string: `cuda129_mkl_py312_…` and `cuda112py310…` (conda-forge),
/// `py3.11_cuda12.1_cudnn9.1.0_0` and `py311_cu121` (pytorch), `gpu_cuda118py311…` (defaults), `cpu_…`.
pub(super) fn accelerator(build: &str, subdir: Option<Subdir>) -> Option<Accelerator> {
    let toolkit = build.split('_').find_map(|word| {
        let digits = word.strip_prefix("cuda").or_else(|| word.strip_prefix("cu"))?;
        toolkit(digits)
    });
    let has = |what: &str| build.split('_').any(|word| word == what || word.starts_with(what));
    match (toolkit, subdir.map(Subdir::os)) {
        (Some(toolkit), _) => Some(Accelerator::Cuda(toolkit)),
        (None, Some(Os::Macos)) if subdir == Some(Subdir::OsxArm64) => Some(Accelerator::Mps),
        (None, Some(Os::Macos)) => Some(Accelerator::Cpu),
        (None, _) => has("cpu").then_some(Accelerator::Cpu),
    }
}

/// `12.1`, `11.0.221`, `129`, `118py311h…`.
fn toolkit(text: &str) -> Option<CudaVersion> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let text = &text[..end];
    if text.contains('.') {
        return text.parse().ok();
    }
    CudaVersion::from_digits(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_toolkit_from_build_strings_of_every_channel() {
        for (build, toolkit) in [
            ("cuda129_mkl_py312_h4dfa0ec_302", Some((12, 9))),
            ("cuda112py310h51fe464_200", Some((11, 2))),
            ("cuda92py36h7ac5eb5_0", Some((9, 2))),
            ("py3.11_cuda12.1_cudnn9.1.0_0", Some((12, 1))),
            ("py3.7_cuda11.0.221_cudnn8.0.5_0", Some((11, 0))),
            ("py311_cu121", Some((12, 1))),
            ("gpu_cuda118py311h7668aaa_101", Some((11, 8))),
            ("cu124", Some((12, 4))),
            ("py3.12_cpu_0", None),
            ("cpu_mkl_py312_h1234567_102", None),
        ] {
            let expected = match toolkit {
                Some((major, minor)) => Accelerator::Cuda(CudaVersion::new(major, minor)),
                None => Accelerator::Cpu,
            };
            assert_eq!(accelerator(build, Some(Subdir::Linux64)), Some(expected), "{build}");
        }
        for unknown in ["", "py311_0", "cuda", "custom_0", "cu_0", "cuda1_0"] {
            assert_eq!(accelerator(unknown, Some(Subdir::Linux64)), None, "{unknown}");
        }
        assert_eq!(accelerator("py3.11_0", Some(Subdir::OsxArm64)), Some(Accelerator::Mps));
        assert_eq!(accelerator("py3.11_0", Some(Subdir::Osx64)), Some(Accelerator::Cpu));
    }
}
