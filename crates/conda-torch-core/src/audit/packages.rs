//! The packages around PyTorch: where they are from, and whether they work with it.

use crate::conda::{ChannelKind, MatchSpec, Version};
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
    findings.extend(withdrawn(checkup, installed));
    if let Some(pytorch) = conda {
        for kind in [Companion::Torchvision, Companion::Torchaudio] {
            let package = environment.package(kind.as_str());
            let problem = package.and_then(|it| companion(kind, it, pytorch, checkup.matrix));
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
            && COMPUTE_PACKAGES.split(' ').any(|start| package.name.starts_with(start))
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
