//! What was asked for, and what that costs.

use crate::conda::ChannelKind;
use crate::diagnostics::Diagnostic;
use crate::matrix::Matrix;
use crate::resolve::{Advice, Request, advise};
use crate::types::{CudaVersion, Environment, Machine};

use super::installed::Installed;

/// What asks for a build without CUDA by name.
const FOR_CPU: [&str; 2] = ["cpuonly", "pytorch-cpu"];

pub(super) fn look(
    environment: &Environment,
    installed: &Installed<'_>,
    machine: &Machine,
    matrix: &Matrix,
    advice: &Advice<'_>,
    findings: &mut Vec<Diagnostic>,
) {
    for finding in findings.iter_mut() {
        if let Diagnostic::CpuBuild { requested_by } = finding {
            *requested_by = environment.requested.iter().find(|spec| is_for_cpu(spec)).cloned();
        }
    }
    if installed.channel_kind() == Some(ChannelKind::CondaForge)
        && let Some(pin) = asked_pin(environment)
    {
        let request = Request { cuda_version: Some(pin), ..Request::default() };
        let with_pin = advise(machine, &request, matrix);
        let costs = |diagnostic: &&Diagnostic| {
            matches!(diagnostic, Diagnostic::CudaVersionHoldsBack { .. })
        };
        findings.extend(with_pin.diagnostics.iter().find(costs).cloned());
    }
    newer(installed, advice, findings);
}

/// What is newer is told once, and not where it is told what holds it back.
fn newer(installed: &Installed<'_>, advice: &Advice<'_>, findings: &mut Vec<Diagnostic>) {
    if installed.channel_kind() == Some(ChannelKind::Pytorch) {
        findings.push(Diagnostic::ChannelEnded { channel: "pytorch".to_owned() });
    }
    let held =
        findings.iter().any(|finding| matches!(finding, Diagnostic::CudaVersionHoldsBack { .. }));
    let newest = advice.recommended.as_ref().map(|choice| choice.build.pytorch);
    if let (Some(installed), Some(newest)) = (installed.version, newest)
        && installed < newest
        && !held
    {
        findings.push(Diagnostic::NewerPytorch { installed, newest });
    }
}

fn is_for_cpu(spec: &str) -> bool {
    let name = name(spec);
    FOR_CPU.contains(&name) || name == "pytorch" && spec.contains("=cpu")
}

/// The package that a spec is about.
fn name(spec: &str) -> &str {
    let spec = spec.rsplit_once("::").map_or(spec, |(_, spec)| spec);
    let end = spec.find(['=', '<', '>', '!', '~', ' ', '[']).unwrap_or(spec.len());
    &spec[..end]
}

/// The `cuda-version` that was asked for or is pinned, where it is one and not a range.
fn asked_pin(environment: &Environment) -> Option<CudaVersion> {
    let specs = environment.pinned.iter().chain(&environment.requested);
    specs.filter(|spec| name(spec) == "cuda-version").find_map(|spec| pin(spec))
}

/// 12.4 of `cuda-version=12.4`, `cuda-version 12.4.*`, `cuda-version[version='12.4.*']`.
fn pin(spec: &str) -> Option<CudaVersion> {
    if spec.contains(['<', '>', ',', '|', '!']) {
        return None;
    }
    let from = spec.find(|c: char| c.is_ascii_digit())?;
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let end = spec[from..].find(|c| !is_number(c)).map_or(spec.len(), |end| from + end);
    spec[from..end].trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_a_version_and_no_range() {
        let is = Some(CudaVersion::new(12, 4));
        for spec in [
            "cuda-version=12.4",
            "cuda-version==12.4",
            "conda-forge::cuda-version 12.4.*",
            "cuda-version=12.4.*",
            "cuda-version[version='12.4.*']",
        ] {
            assert_eq!(pin(spec), is, "{spec}");
        }
        for spec in ["cuda-version", "cuda-version>=12,<13", "cuda-version=12", "cuda-version<12.5"]
        {
            assert_eq!(pin(spec), None, "{spec}");
        }
    }

    #[test]
    fn who_asks_for_the_processor_is_known_by_name_or_build() {
        assert!(is_for_cpu("cpuonly") && is_for_cpu("pytorch-cpu=2.13"));
        assert!(is_for_cpu("conda-forge::pytorch=2.13=cpu*") && !is_for_cpu("pytorch"));
    }
}
