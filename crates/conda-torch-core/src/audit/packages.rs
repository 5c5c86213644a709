//! The packages around PyTorch: where they are from, and whether they work with it.

use crate::conda::{ChannelKind, Constraint, MatchSpec, Os, Version};
use crate::diagnostics::Diagnostic;
use crate::matrix::Matrix;
use crate::types::{Accelerator, Companion, Environment, InstalledPackage};

use super::installed::accelerator;
use super::{Checkup, Installed};

/// What PyTorch computes with, by the starts of names: a mix of channels that are not built for each other can
/// crash. Other packages may come from anywhere.
const COMPUTE_PACKAGES: &str = "pytorch libtorch torchvision torchaudio torchtriton triton numpy \
    mkl intel-openmp llvm-openmp libblas blas openblas libopenblas \
    cuda- cudatoolkit cudnn libcu libnpp libnv nccl magma cpuonly";

/// A package that solves beside an old PyTorch, and then fails.
struct Failure {
    /// The versions of PyTorch.
    pytorch: &'static str,
    /// Whether PyTorch of pip fails too.
    wheels: bool,
    package: &'static str,
    /// The versions of the package that fail, and those that work.
    fails: &'static str,
    works: &'static str,
    effect: &'static str,
    symptom: &'static str,
}

const FAILURES: [Failure; 2] = [
    // The symbol left MKL in 2024.1; wheels link MKL statically: https://github.com/pytorch/pytorch/issues/123097
    Failure {
        pytorch: "<2.4",
        wheels: false,
        package: "mkl",
        fails: ">=2024.1",
        works: "mkl<2024.1",
        effect: "PyTorch cannot be imported",
        symptom: "undefined symbol: iJIT_NotifyEvent",
    },
    // 2.3.0 is the first for numpy 2: https://github.com/pytorch/pytorch/issues/132179
    Failure {
        pytorch: "<2.3",
        wheels: true,
        package: "numpy",
        fails: ">=2",
        works: "numpy<2",
        effect: "tensors cannot be converted to arrays",
        symptom: "Numpy is not available",
    },
];

/// The package that Python or PyTorch loads by a name: pip's if there are both.
fn version_of<'e>(environment: &'e Environment, name: &str) -> Option<&'e str> {
    let pip = environment.pip.iter().find(|it| it.name == name).map(|it| it.version.as_str());
    pip.or_else(|| environment.package(name).map(|it| it.version.as_str()))
}

/// Packages that fail with this PyTorch.
fn failures(environment: &Environment, installed: &Installed<'_>) -> Vec<Diagnostic> {
    let Some(pytorch) = installed.version else { return Vec::new() };
    let is_in = |version: Version, versions: &str| {
        versions.parse().is_ok_and(|range: Constraint| range.admits(version))
    };
    let finding = |row: &Failure| {
        let version = version_of(environment, row.package)?;
        let fails = is_in(pytorch, row.pytorch)
            && (row.wheels || installed.package.is_some())
            && is_in(version.parse().ok()?, row.fails);
        fails.then(|| Diagnostic::PackageFails {
            package: format!("{} {version}", row.package),
            pytorch,
            effect: row.effect,
            symptom: row.symptom,
            works: row.works.into(),
        })
    };
    FAILURES.iter().filter_map(finding).collect()
}

/// A `cuda-version` beside a Windows build of another: the build loads a CUPTI whose file has the version in its name,
/// and up to 2.12.1 its metadata allows others.
/// Source: <https://github.com/conda-forge/pytorch-cpu-feedstock/commit/5fa77f85>
fn cuda_version_of_windows(
    environment: &Environment,
    installed: &Installed<'_>,
) -> Option<Diagnostic> {
    let build = installed.build.as_deref().filter(|build| build.subdir.os() == Os::Windows)?;
    let (pytorch, toolkit) = (installed.version?, build.accelerator.cuda()?);
    let version = &environment.package("cuda-version")?.version;
    let has_other = version.parse().is_ok_and(|version| !build.pins().contains(&version));
    let is_its = installed.channel_kind() == Some(ChannelKind::CondaForge);
    (is_its && has_other).then(|| Diagnostic::PackageFails {
        package: format!("cuda-version {version}"),
        pytorch,
        effect: "PyTorch cannot be imported",
        symptom: "[WinError 126]",
        works: format!("cuda-version={toolkit}").into(),
    })
}

/// Wheels over conda's packages, but PyTorch's own.
fn wheels_on_top(environment: &Environment) -> impl Iterator<Item = Diagnostic> {
    environment.pip.iter().filter(|pip| is_compute_package(&pip.name)).filter_map(|pip| {
        let conda = environment.package(&pip.name)?.version.clone();
        let (package, pip) = (pip.name.clone(), pip.version.clone());
        Some(Diagnostic::WheelOnTop { package, pip, conda })
    })
}

fn is_compute_package(name: &str) -> bool {
    COMPUTE_PACKAGES.split_ascii_whitespace().any(|start| name.starts_with(start))
}

pub(super) fn check(checkup: &Checkup<'_>, installed: &Installed<'_>) -> Vec<Diagnostic> {
    let environment = &checkup.environment;
    let conda = environment.package("pytorch");
    let mut findings = Vec::new();
    if installed.package.is_none() {
        let version = installed.version_text.clone();
        findings.push(match conda.map(|package| package.version.clone()) {
            Some(conda) => Diagnostic::PipTorchOnTop { pip: version, conda },
            None => Diagnostic::PipTorch { version },
        });
    }
    findings.extend(failures(environment, installed));
    findings.extend(cuda_version_of_windows(environment, installed));
    findings.extend(wheels_on_top(environment));
    findings.extend(two_openmp(environment, installed));
    findings.extend(withdrawn(checkup, installed));
    if let Some(pytorch) = conda {
        for kind in [Companion::Torchvision, Companion::Torchaudio] {
            let problem = match environment.package(kind.as_str()) {
                Some(package) => companion(kind, package, pytorch, checkup.matrix),
                None => wheel_beside(kind, environment, pytorch, installed),
            };
            findings.extend(problem);
        }
        findings.extend(mixed_channels(environment, pytorch, &findings));
    }
    findings
}

/// The first of: for another PyTorch, from another channel, for another accelerator. The later ones follow from
/// the earlier.
fn companion(
    package: Companion,
    found: &InstalledPackage,
    pytorch: &InstalledPackage,
    matrix: &Matrix,
) -> Option<Diagnostic> {
    let (version, channel) = (found.version.clone(), found.channel.clone());
    if let (Some(made_for), Some(pytorch)) =
        (made_for(package, found, matrix), pytorch.version.parse::<Version>().ok())
        && made_for != pytorch.series()
    {
        return Some(Diagnostic::CompanionMismatch { package, version, made_for, pytorch });
    }
    if ChannelKind::of(&channel) != ChannelKind::of(&pytorch.channel) {
        let pytorch = pytorch.channel.clone();
        return Some(Diagnostic::CompanionOtherChannel { package, channel, pytorch });
    }
    let subdir = pytorch.subdir.parse().ok();
    let has_cuda = |build: &str| Some(accelerator(build, subdir)?.cuda().is_some());
    let (of_companion, of_pytorch) = (has_cuda(&found.build)?, has_cuda(&pytorch.build)?);
    let build = found.build.clone();
    (of_companion != of_pytorch).then_some(Diagnostic::CompanionAccelerator {
        package,
        build,
        has_cuda: of_companion,
    })
}

/// A companion of pip with PyTorch of conda: it is compiled for that of pip.
fn wheel_beside(
    package: Companion,
    environment: &Environment,
    pytorch: &InstalledPackage,
    installed: &Installed<'_>,
) -> Option<Diagnostic> {
    let is_wheel = environment.pip.iter().any(|wheel| wheel.name == package.as_str());
    (is_wheel && installed.package.is_some()).then(|| Diagnostic::CompanionOtherChannel {
        package,
        channel: "PyPI".to_owned(),
        pytorch: pytorch.channel.clone(),
    })
}

/// The series of PyTorch that a companion is built for: by its dependency (`pytorch >=2.6.0,<2.7`) or its row.
fn made_for(package: Companion, found: &InstalledPackage, matrix: &Matrix) -> Option<Version> {
    let mut dependencies = found.depends.iter().filter_map(|spec| MatchSpec::parse(spec));
    let pytorch = dependencies.find(|spec| spec.name == "pytorch");
    let anchor = pytorch.and_then(|spec| spec.constraint()?.anchor());
    anchor.filter(|version| version.major() > 0).map(Version::series).or_else(|| {
        let series = found.version.parse::<Version>().ok()?.series();
        let mut rows = matrix.companions.iter().filter(|row| row.package == package);
        rows.find(|row| row.version.series() == series).map(|row| row.pytorch)
    })
}

/// conda's OpenMP beside the one in a wheel of PyTorch. On Linux the wheel has another one, and both run.
/// Source: <https://github.com/pytorch/pytorch/issues/44282>.
fn two_openmp(environment: &Environment, installed: &Installed<'_>) -> Option<Diagnostic> {
    let is_linux = environment.subdir.is_none_or(|subdir| subdir.os() == Os::Linux);
    if is_linux || installed.package.is_some() {
        return None;
    }
    let mut packages = ["intel-openmp", "llvm-openmp"].iter();
    let package = packages.find_map(|name| environment.package(name))?.name.clone();
    Some(Diagnostic::TwoOpenmp { package })
}

/// Packages of conda-forge next to those for PyTorch's own channel.
fn mixed_channels(
    environment: &Environment,
    pytorch: &InstalledPackage,
    findings: &[Diagnostic],
) -> Option<Diagnostic> {
    let own = ChannelKind::of(&pytorch.channel);
    if own == ChannelKind::Other {
        return None;
    }
    let is_foreign = |package: &&InstalledPackage| {
        let kind = ChannelKind::of(&package.channel);
        kind != ChannelKind::Other
            && kind.is_replaced() != own.is_replaced()
            && is_compute_package(&package.name)
    };
    let foreign = environment.packages.iter().filter(is_foreign);
    let others: Vec<(String, String)> =
        foreign.map(|package| (package.name.clone(), package.channel.clone())).collect();
    let is_reported = |(name, _): &(String, String)| {
        findings.iter().any(|finding| {
            matches!(finding, Diagnostic::CompanionOtherChannel { package, .. } if package.as_str() == name)
        })
    };
    let pytorch = pytorch.channel.clone();
    (!others.iter().all(is_reported)).then_some(Diagnostic::MixedChannels { pytorch, others })
}

/// A cuDNN that crashes on old GPUs. CPU builds do not use it, and pip brings its own.
fn withdrawn(checkup: &Checkup<'_>, installed: &Installed<'_>) -> Vec<Diagnostic> {
    let Checkup { environment, machine, matrix, .. } = checkup;
    let (Some(Accelerator::Cuda(toolkit)), Some(_)) = (installed.accelerator, &installed.package)
    else {
        return Vec::new();
    };
    let rows = matrix.withdrawn.iter().filter(|row| row.cuda_major == toolkit.major);
    let finding = |row: &crate::matrix::Withdrawn| {
        let names = [row.package.to_string(), format!("lib{}", row.package)];
        let mut packages = names.iter().filter_map(|name| environment.package(name));
        let package = packages.find(|package| package.version.parse() == Ok(row.version))?;
        let capabilities = machine.gpus.iter().filter_map(|gpu| gpu.compute_capability.value());
        let gpus = capabilities.copied().filter(|capability| *capability < row.below).collect();
        let version = package.version.clone();
        Some(Diagnostic::CudnnWithdrawn { version, below: row.below, gpus })
    };
    rows.filter_map(finding).collect()
}
