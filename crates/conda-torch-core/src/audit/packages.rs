//! What lies around PyTorch: where it is from, and whether it goes with it.

use crate::conda::{ChannelKind, Version};
use crate::diagnostics::Diagnostic;
use crate::matrix::Matrix;
use crate::types::{
    Accelerator, Companion, ComputeCapability, Environment, InstalledPackage, Machine, PipPackage,
};

use super::installed::{self, Installed, Kind};

/// What PyTorch computes with, by the beginning of the name: what of these is from channels that are
/// not built for each other can crash. Other packages may come from anywhere.
const STACK: [&str; 23] = [
    "pytorch",
    "libtorch",
    "torchvision",
    "torchaudio",
    "torchtriton",
    "triton",
    "numpy",
    "mkl",
    "intel-openmp",
    "llvm-openmp",
    "libblas",
    "blas",
    "openblas",
    "libopenblas",
    "cuda-",
    "cudatoolkit",
    "cudnn",
    "libcu",
    "libnpp",
    "libnv",
    "nccl",
    "magma",
    "cpuonly",
];

/// What cannot be read.
pub(super) fn damage(environment: &Environment, findings: &mut Vec<Diagnostic>) {
    findings.extend(environment.problems.iter().map(|problem| Diagnostic::EnvironmentDamaged {
        source: problem.source.clone(),
        detail: problem.detail.clone(),
    }));
}

/// pip's PyTorch where conda has one too.
pub(super) fn torch_on_top(environment: &Environment) -> Option<&PipPackage> {
    environment.package("pytorch")?;
    environment.pip.iter().find(|package| package.name == "torch")
}

pub(super) fn look(
    environment: &Environment,
    installed: &Installed<'_>,
    machine: &Machine,
    matrix: &Matrix,
    findings: &mut Vec<Diagnostic>,
) {
    match (&installed.kind, environment.package("pytorch")) {
        (Kind::Pip(pip), Some(conda)) => {
            let (pip, conda) = (pip.version.clone(), conda.version.clone());
            findings.push(Diagnostic::PipTorchOnTop { pip, conda });
        }
        (Kind::Pip(pip), None) => {
            findings.push(Diagnostic::PipTorch { version: pip.version.clone() });
        }
        (Kind::Conda(_), _) => {}
    }
    withdrawn(environment, installed, machine, matrix, findings);
    let Some(pytorch) = environment.package("pytorch") else { return };
    for package in [Companion::Torchvision, Companion::Torchaudio] {
        if let Some(companion) = environment.package(package.as_str()) {
            let version = pytorch.version.parse().ok();
            of_companion(package, companion, pytorch, version, matrix, findings);
        }
    }
    mixed(environment, pytorch, findings);
}

/// The first of: for another PyTorch, from another channel, with CUDA where PyTorch has none. The later
/// ones follow from the earlier.
fn of_companion(
    package: Companion,
    companion: &InstalledPackage,
    pytorch: &InstalledPackage,
    version: Option<Version>,
    matrix: &Matrix,
    findings: &mut Vec<Diagnostic>,
) {
    let made_for = made_for(package, companion, matrix);
    let subdir = pytorch.subdir.parse().ok();
    let has_cuda = |build: &str| {
        installed::accelerator(build, subdir).map(|accelerator| accelerator.cuda().is_some())
    };
    let (own, pytorchs) = (has_cuda(&companion.build), has_cuda(&pytorch.build));
    if let (Some(made_for), Some(pytorch)) = (made_for, version)
        && made_for != pytorch.series()
    {
        let version = companion.version.clone();
        findings.push(Diagnostic::CompanionMismatch { package, version, made_for, pytorch });
    } else if ChannelKind::of(&companion.channel) != ChannelKind::of(&pytorch.channel) {
        let (channel, pytorch) = (companion.channel.clone(), pytorch.channel.clone());
        findings.push(Diagnostic::CompanionOtherChannel { package, channel, pytorch });
    } else if let (Some(has_cuda), Some(pytorchs)) = (own, pytorchs)
        && has_cuda != pytorchs
    {
        let build = companion.build.clone();
        findings.push(Diagnostic::CompanionAccelerator { package, build, has_cuda });
    }
}

/// The series of PyTorch that a companion was built for, as it says itself (`pytorch >=2.6.0,<2.7`),
/// or by its row.
fn made_for(package: Companion, companion: &InstalledPackage, matrix: &Matrix) -> Option<Version> {
    let needs = companion.depends.iter().find_map(|spec| spec.strip_prefix("pytorch "));
    let first = needs.and_then(|spec| {
        let from = spec.find(|c: char| c.is_ascii_digit())?;
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let end = spec[from..].find(|c| !is_number(c)).map_or(spec.len(), |end| from + end);
        spec[from..end].trim_end_matches('.').parse::<Version>().ok()
    });
    first.filter(|version| version.major() > 0).map(Version::series).or_else(|| {
        let version: Version = companion.version.parse().ok()?;
        let mut rows = matrix.companions.iter().filter(|row| row.package == package);
        rows.find(|row| row.version.series() == version.series()).map(|row| row.pytorch)
    })
}

/// conda-forge's packages beside those that were made to go with PyTorch's own channel.
fn mixed(environment: &Environment, pytorch: &InstalledPackage, findings: &mut Vec<Diagnostic>) {
    let own = ChannelKind::of(&pytorch.channel);
    if own == ChannelKind::Other {
        return;
    }
    let is_foreign = |package: &&InstalledPackage| {
        let kind = ChannelKind::of(&package.channel);
        let in_stack = STACK.iter().any(|name| package.name.starts_with(name));
        let known = kind != ChannelKind::Other;
        in_stack && known && kind.is_replaced() != own.is_replaced()
    };
    let others: Vec<(String, String)> = environment
        .packages
        .iter()
        .filter(is_foreign)
        .map(|package| (package.name.clone(), package.channel.clone()))
        .collect();
    let told = |name: &str| {
        findings.iter().any(|finding| {
            matches!(finding, Diagnostic::CompanionOtherChannel { package, .. } if package.as_str() == name)
        })
    };
    if !others.iter().all(|(name, _)| told(name)) {
        findings.push(Diagnostic::MixedChannels { pytorch: pytorch.channel.clone(), others });
    }
}

/// A cuDNN that crashes on old GPUs. Without CUDA nothing calls it.
fn withdrawn(
    environment: &Environment,
    installed: &Installed<'_>,
    machine: &Machine,
    matrix: &Matrix,
    findings: &mut Vec<Diagnostic>,
) {
    let Some(Accelerator::Cuda(toolkit)) = installed.accelerator else { return };
    if matches!(installed.kind, Kind::Pip(_)) {
        return; // pip brings its own
    }
    for row in &*matrix.withdrawn {
        let names = [row.package.to_string(), format!("lib{}", &*row.package)];
        let mut packages = names.iter().filter_map(|name| environment.package(name));
        let is_it = |package: &InstalledPackage| {
            package.version.parse() == Ok(row.version) && toolkit.major == row.cuda_major
        };
        if let Some(package) = packages.find(|package| is_it(package)) {
            findings.push(Diagnostic::CudnnWithdrawn {
                version: package.version.clone(),
                below: row.below,
                gpus: below(machine, row.below),
            });
        }
    }
}

/// The GPUs here that are older than a capability.
fn below(machine: &Machine, limit: ComputeCapability) -> Vec<ComputeCapability> {
    let capabilities = machine.gpus.iter().filter_map(|gpu| gpu.compute_capability.value());
    capabilities.copied().filter(|capability| *capability < limit).collect()
}
