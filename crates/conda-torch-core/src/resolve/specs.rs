//! The specs that make a solver end on a build: as few as do, as many as needed.

use crate::conda::{MatchSpec, Os, Version};
use crate::matrix::Matrix;
use crate::types::{Accelerator, Build};

use crate::resolve::{
    fit::Candidate,
    request::Request,
    situation::{Libc, Situation},
};

/// Writes the specs for a candidate.
///
/// `pytorch-gpu` comes first where it leads to the build reliably, since it fails where no GPU is
/// seen instead of giving the CPU build. It does not choose the toolkit (its own build string selects
/// nothing), so `cuda-version` does. Where a solver would still prefer another build, the build
/// string of `pytorch` is added, and its number if need be.
pub(super) fn specs(
    candidate: &Candidate<'_>,
    situation: &Situation,
    request: &Request,
    matrix: &Matrix,
) -> Vec<MatchSpec> {
    let build = candidate.build;
    let mut specs = Vec::new();
    match entry(build) {
        Entry::Metapackage(name) => specs.push(MatchSpec::version(name, build.pytorch)),
        Entry::BuildString => {}
    }
    let narrowing = narrowing(candidate, situation, request, matrix);
    specs.extend(narrowing.map(|glob| MatchSpec::build("pytorch", build.pytorch, glob)));
    for companion in &candidate.companions {
        specs.push(MatchSpec::version(companion.package.as_str(), companion.version));
    }
    if let Some(pin) = candidate.pin {
        specs.push(MatchSpec::version("cuda-version", pin));
    }
    if let Some(variant) = build.arm_variant {
        specs.push(MatchSpec::build("arm-variant", "*", variant.to_string()));
    }
    if let Some(python) = request.python {
        specs.push(MatchSpec::version("python", python));
    }
    specs
}

/// How a build is asked for.
enum Entry {
    /// By a package that names the accelerator.
    Metapackage(&'static str),
    /// By the build string of `pytorch` alone.
    BuildString,
}

fn entry(build: &Build) -> Entry {
    match build.accelerator {
        // macOS has no builds but these, and "pytorch-cpu" would be misleading with Metal.
        Accelerator::Cpu | Accelerator::Mps if build.subdir.os() == Os::Macos => {
            Entry::Metapackage("pytorch")
        }
        Accelerator::Cpu | Accelerator::Mps if build.metapackage => {
            Entry::Metapackage("pytorch-cpu")
        }
        Accelerator::Cuda(_) if build.metapackage => Entry::Metapackage("pytorch-gpu"),
        Accelerator::Cpu | Accelerator::Mps | Accelerator::Cuda(_) => Entry::BuildString,
    }
}

/// The glob over the build string that is needed, if one is: the loosest that keeps every rival out.
fn narrowing(
    candidate: &Candidate<'_>,
    situation: &Situation,
    request: &Request,
    matrix: &Matrix,
) -> Option<String> {
    let build = candidate.build;
    let rivals: Vec<&Build> = rivals(candidate, situation, request, matrix).collect();
    let accelerator = || format!("{}*", build.accelerator.build_prefix());
    if rivals.is_empty() {
        return matches!(entry(build), Entry::BuildString).then(accelerator);
    }
    if !rivals.iter().any(|rival| rival.accelerator == build.accelerator) {
        return Some(accelerator());
    }
    let prefix = build.build_prefix();
    if !rivals.iter().any(|rival| rival.build_prefix().starts_with(&prefix)) {
        return Some(format!("{prefix}*"));
    }
    Some(format!("{prefix}*_{}", build.build_numbers.1))
}

/// Builds that a solver could take in place of the candidate, and would: the same version, allowed by
/// the pins and by the machine's virtual packages, with no lower build number.
fn rivals<'m>(
    candidate: &Candidate<'_>,
    situation: &Situation,
    request: &Request,
    matrix: &'m Matrix,
) -> impl Iterator<Item = &'m Build> {
    let build = candidate.build;
    let python = request.python.map(Version::series);
    let admits = move |rival: &&Build| {
        rival.pytorch == build.pytorch
            && rival.subdir == build.subdir
            && rival.is_cuda() == build.is_cuda()
            && !std::ptr::eq(*rival, build)
            && *rival != build
            && rival.build_numbers.1 >= build.build_numbers.1
            && candidate.pin.is_none_or(|pin| rival.cuda_pins.contains(&pin))
            && (build.arm_variant.is_none() || rival.arm_variant == build.arm_variant)
            && python.is_none_or(|python| (rival.pythons.0..=rival.pythons.1).contains(&python))
            && system_admits(rival, situation)
    };
    matrix.builds.iter().filter(admits)
}

/// Whether the solver sees nothing in the system that keeps a build out.
fn system_admits(build: &Build, situation: &Situation) -> bool {
    let glibc = match (&situation.libc, build.glibc) {
        (Libc::Glibc(found), Some(floor)) => *found >= floor.declared.max(floor.libraries),
        (_, None) | (Libc::Other { .. } | Libc::Unknown(_) | Libc::NotLinux, Some(_)) => true,
    };
    let macos = match (situation.macos.value(), build.macos) {
        (Some(found), Some(floor)) => *found >= floor,
        (_, None) | (None, Some(_)) => true,
    };
    glibc && macos
}
