//! What to install: the specs that make a solver choose a build, as few as possible.

use crate::conda::MatchSpec;
use crate::types::Build;

use super::Inputs;
use super::advice::Choice;
use super::candidates::Candidate;
use super::facts::Libc;
use super::other_packages::on_conda_forge;
use super::rules;

/// A candidate as something to install, without reasons.
pub(super) fn choice<'m>(inputs: &Inputs<'_, 'm>, candidate: &Candidate<'m>) -> Choice<'m> {
    let facts = inputs.facts;
    let build = candidate.build;
    Choice {
        build,
        computes_on: rules::computes_on(inputs, build),
        cuda_version: candidate.pin,
        companions: candidate.companions.clone(),
        pythons: candidate.pythons,
        kernels: candidate.kernels.clone(),
        specs: specs(inputs, candidate),
        // The driver's CUDA if it suffices, else what the build needs.
        needs_cuda: build.accelerator.cuda().map(|toolkit| {
            facts.cuda().filter(|cuda| cuda.major >= toolkit.major).unwrap_or(toolkit)
        }),
        reasons: Vec::new(),
    }
}

/// Writes the specs for a candidate.
///
/// A metapackage comes first if it leads to the build reliably: `pytorch-gpu` fails if no GPU is
/// detected instead of installing the CPU build. It does not choose the toolkit (its own build string
/// selects nothing), so `cuda-version` does. If a solver could still prefer another build, the build
/// string of `pytorch` is added, and its number if necessary.
fn specs(inputs: &Inputs<'_, '_>, candidate: &Candidate<'_>) -> Vec<MatchSpec> {
    let build = candidate.build;
    let metapackage = build.package();
    let mut specs = Vec::new();
    let build_string = build_string(inputs, candidate, metapackage.is_some());
    // On macOS `pytorch` is the metapackage: the spec with the build string says it all.
    let metapackage = metapackage.filter(|name| *name != "pytorch" || build_string.is_none());
    specs.extend(metapackage.map(|name| MatchSpec::version(name, build.pytorch)));
    specs.extend(build_string.map(|glob| MatchSpec::build("pytorch", build.pytorch, glob)));
    for companion in &candidate.companions {
        specs.push(MatchSpec::version(companion.package.as_str(), companion.version));
    }
    specs.extend(candidate.pin.map(|pin| MatchSpec::version("cuda-version", pin)));
    let compat = inputs.facts.cuda_compat.filter(|_| inputs.facts.has_cuda_compat);
    specs.extend(compat.map(|compat| MatchSpec::version("cuda-compat", compat.cuda)));
    let variant = build.arm_variant;
    specs.extend(variant.map(|it| MatchSpec::build("arm-variant", "*", it.to_string())));
    specs.extend(inputs.request.python.map(|python| MatchSpec::version("python", python)));
    let range = inputs.request.python_range.as_ref().map(ToString::to_string);
    let in_range = |version| MatchSpec { version, ..MatchSpec::named("python") };
    specs.extend(range.map(in_range));
    specs.extend(inputs.request.others.iter().filter_map(on_conda_forge));
    specs
}

/// The loosest glob over the build string that excludes every rival, if one is necessary.
fn build_string(
    inputs: &Inputs<'_, '_>,
    candidate: &Candidate<'_>,
    has_metapackage: bool,
) -> Option<String> {
    let build = candidate.build;
    let builds = inputs.matrix.builds.iter();
    let rivals: Vec<&Build> = builds.filter(|rival| is_rival(inputs, candidate, rival)).collect();
    let prefix = build.build_prefix();
    if rivals.is_empty() && has_metapackage {
        None
    } else if !rivals.iter().any(|rival| rival.accelerator == build.accelerator) {
        Some(format!("{}*", build.accelerator.build_prefix()))
    } else if !rivals.iter().any(|rival| rival.build_prefix().starts_with(&prefix)) {
        Some(format!("{prefix}*"))
    } else {
        Some(format!("{prefix}*_{}", build.build_numbers.1))
    }
}

/// Whether a solver could take a build instead of the candidate, and would: the same version, allowed
/// by the pins and by the machine's virtual packages, and no lower build number.
fn is_rival(inputs: &Inputs<'_, '_>, candidate: &Candidate<'_>, rival: &Build) -> bool {
    let build = candidate.build;
    rival.pytorch == build.pytorch
        && rival.subdir == build.subdir
        && rival.is_cuda() == build.is_cuda()
        && rival != build
        && !rival.unsolvable
        && rival.build_numbers.1 >= build.build_numbers.1
        && candidate.pin.is_none_or(|pin| rival.cuda_pins.contains(&pin))
        && (build.arm_variant.is_none() || rival.arm_variant == build.arm_variant)
        && inputs.request.admits_pythons(rival.pythons)
        && system_admits(inputs, rival)
}

/// Whether no virtual package of the system excludes a build.
fn system_admits(inputs: &Inputs<'_, '_>, build: &Build) -> bool {
    let glibc = match (&inputs.facts.libc, build.glibc) {
        (Libc::Glibc(found), Some(floor)) => *found >= floor.declared.max(floor.libraries),
        (_, None) | (Libc::Other { .. } | Libc::Unknown(_) | Libc::NotLinux, Some(_)) => true,
    };
    let macos = match (inputs.facts.macos.value(), build.macos) {
        (Some(found), Some(floor)) => *found >= floor,
        (_, None) | (None, Some(_)) => true,
    };
    glibc && macos
}
