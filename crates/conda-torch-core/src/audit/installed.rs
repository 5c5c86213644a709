//! The PyTorch of an environment, as a build that the rules can check.

use std::borrow::Cow;

use crate::conda::{ChannelKind, Os, Subdir, Version};
use crate::matrix::Matrix;
use crate::types::{
    Accelerator, ArchList, ArmVariant, Blas, Build, CudaVersion, Environment, GlibcRange,
    InstalledPackage, Source,
};

/// The PyTorch that Python imports.
#[derive(Debug, Clone, PartialEq)]
pub struct Installed<'m> {
    /// The package; `None` if pip installed it.
    pub package: Option<InstalledPackage>,
    /// Its version, as written.
    pub version_text: String,
    /// Its version, if it is one.
    pub version: Option<Version>,
    /// Its accelerator by the build string; `None` if unknown.
    pub accelerator: Option<Accelerator>,
    /// The build for the rules: a row of the matrix, or one made of what is known. `None` if too little is.
    pub build: Option<Cow<'m, Build>>,
    /// Whether its kernels are known.
    pub is_known: bool,
}

impl<'m> Installed<'m> {
    /// The kind of its channel; `None` if pip installed it.
    pub fn channel_kind(&self) -> Option<ChannelKind> {
        self.package.as_ref().map(|package| ChannelKind::of(&package.channel))
    }

    /// What is installed: pip's if there are both, since Python imports that.
    pub(super) fn new(environment: &Environment, matrix: &'m Matrix) -> Option<Self> {
        let pip = environment.pip.iter().find(|package| package.name == "torch");
        let package = environment.package("pytorch").filter(|_| pip.is_none());
        let (version_text, number, build_string, subdir) = if let Some(pip) = pip {
            // The toolkit is in the local part of the version: `2.6.0+cu124`.
            let (number, local) = pip.version.split_once('+').unwrap_or((&pip.version, ""));
            (&pip.version, number, local, environment.subdir)
        } else {
            let InstalledPackage { version, build, subdir, .. } = package?;
            (version, version.as_str(), build.as_str(), subdir.parse().ok().or(environment.subdir))
        };
        let version = number.parse().ok();
        let accelerator = accelerator(build_string, subdir);
        let build = match (subdir, version, accelerator) {
            (Some(subdir), Some(version), Some(accelerator)) => {
                let build = made(subdir, version, accelerator, matrix);
                Some(match package {
                    Some(package) => of_package(build, package, environment, matrix),
                    None => Cow::Owned(build),
                })
            }
            (_, _, _) => None,
        };
        let has_kernels = |build: &Build| !build.is_cuda() || build.kernels != ArchList::default();
        let is_known = package.is_some() && build.as_deref().is_some_and(has_kernels);
        let (package, version_text) = (package.cloned(), version_text.clone());
        Some(Self { package, version_text, version, accelerator, build, is_known })
    }
}

/// A build of what is known. Its source is made up: the rules do not use it.
fn made(subdir: Subdir, pytorch: Version, accelerator: Accelerator, matrix: &Matrix) -> Build {
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
        unsolvable: false,
        cuda_pins: first..first.next_major(),
        kernels: ArchList::default(),
        glibc: None,
        macos: None,
        pythons: (Version::new(&[3, 0]), Version::new(&[3, 99])),
        source: Source::channel(matrix.as_of),
    }
}

/// conda-forge's row: by version, platform, toolkit and build number, which differs by BLAS. Otherwise the build with
/// the kernels of its channel; Anaconda's are known for Linux.
fn of_package<'m>(
    build: Build,
    package: &InstalledPackage,
    environment: &Environment,
    matrix: &'m Matrix,
) -> Cow<'m, Build> {
    let channel = match ChannelKind::of(&package.channel) {
        ChannelKind::CondaForge => {
            let variant = environment.package("arm-variant").map(|package| {
                if package.build.contains("tegra") { ArmVariant::Tegra } else { ArmVariant::Sbsa }
            });
            let is_it = |row: &&Build| {
                let (first, last) = row.build_numbers;
                row.subdir == build.subdir
                    && row.pytorch == build.pytorch
                    && row.accelerator.cuda() == build.accelerator.cuda()
                    && (first.into()..=last.into()).contains(&package.build_number)
                    && (row.arm_variant.is_none() || row.arm_variant == variant)
            };
            return match matrix.builds.iter().find(is_it) {
                Some(row) => Cow::Borrowed(row),
                None => Cow::Owned(Build { glibc: glibc(&build, package), ..build }),
            };
        }
        ChannelKind::Pytorch => "pytorch",
        ChannelKind::Defaults if build.subdir.os() == Os::Linux => "pkgs/main",
        ChannelKind::Defaults | ChannelKind::Nvidia | ChannelKind::Other => "",
    };
    let toolkit = build.accelerator.cuda();
    let mut rows = matrix.other_kernels.iter();
    let row = rows.find(|row| *row.channel == *channel && Some(row.toolkit) == toolkit);
    let kernels = row.map_or(ArchList::default(), |row| row.kernels.clone());
    Cow::Owned(Build { kernels, ..build })
}

/// The first builds of conda-forge for linux-64 that are not marked for an executable stack: version, and build number
/// without the hundreds, which stand for BLAS. From 2.6.0 on all are clean.
/// Source: <https://github.com/conda-forge/pytorch-cpu-feedstock/issues/350>
const WITHOUT_EXECUTABLE_STACK: [(Version, u64); 2] =
    [(Version::new(&[2, 4, 1]), 6), (Version::new(&[2, 5, 1]), 13)];

/// The glibc that does not load a build of conda-forge without a row of its own. How old a glibc may be is unknown.
fn glibc(build: &Build, package: &InstalledPackage) -> Option<GlibcRange> {
    let is_clean = build.pytorch >= Version::new(&[2, 6])
        || WITHOUT_EXECUTABLE_STACK.iter().any(|(version, first)| {
            build.pytorch == *version && package.build_number % 100 >= *first
        });
    let oldest = Version::new(&[2]);
    let below = Some(Version::new(&[2, 41]));
    (build.subdir == Subdir::Linux64 && !is_clean).then_some(GlibcRange {
        declared: oldest,
        libraries: oldest,
        below,
    })
}

/// The accelerator in a build string: `cuda129_mkl_py312_…` and `cuda112py310…` (conda-forge),
/// `py3.11_cuda12.1_cudnn9.1.0_0` and `py311_cu121` (pytorch), `gpu_cuda118py311…` (defaults), `cpu_…`.
pub(super) fn accelerator(build: &str, subdir: Option<Subdir>) -> Option<Accelerator> {
    let toolkit = build.split('_').find_map(|word| {
        let digits = word.strip_prefix("cuda").or_else(|| word.strip_prefix("cu"))?;
        toolkit(digits)
    });
    match (toolkit, subdir.map(Subdir::os)) {
        (Some(toolkit), _) => Some(Accelerator::Cuda(toolkit)),
        (None, Some(Os::Macos)) if subdir == Some(Subdir::OsxArm64) => Some(Accelerator::Mps),
        (None, Some(Os::Macos)) => Some(Accelerator::Cpu),
        (None, _) => {
            build.split('_').any(|word| word.starts_with("cpu")).then_some(Accelerator::Cpu)
        }
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
