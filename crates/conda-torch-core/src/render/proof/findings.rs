//! What a dry run was found to say, each in a sentence without its end.

use crate::solve_check::{Correction, Finding};
use crate::types::Accelerator;

use crate::diagnostics::channel_words::what_it_was;

/// What differs, or why there is no solution; `None` where the client's own words say it.
pub(super) fn finding(finding: &Finding) -> Option<String> {
    Some(match finding {
        Finding::NoPytorch => "there is no `pytorch` in it".to_owned(),
        Finding::Version { expected, got } => format!("PyTorch {got} in place of {expected}"),
        Finding::CpuBuild { expected } => {
            format!("a PyTorch without CUDA in place of one with CUDA {expected}")
        }
        Finding::Accelerator { expected, got } => {
            format!("a PyTorch {} in place of one {}", with(*got), with(*expected))
        }
        Finding::UnknownBuild { build } => {
            format!("the build `{build}`, of which it cannot be told what it is")
        }
        Finding::Blas { expected, got } => format!("a PyTorch with {got} in place of {expected}"),
        Finding::OlderBuild { expected, got } => format!("build {got} in place of {expected}"),
        Finding::NewerBuild { known, got } => {
            format!("build {got}, newer than {known}, the newest that is known here")
        }
        Finding::Channel { expected, got, packages, has_pytorch } => {
            let what = if *has_pytorch { "PyTorch among them" } else { "PyTorch not among them" };
            format!("{packages} of the packages come from {got} and not from {expected}, {what}")
        }
        Finding::CompanionMissing { package } => {
            format!("there is no `{}` in it", package.as_str())
        }
        Finding::CompanionVersion { package, expected, got } => {
            format!("{} {got} in place of {expected}", package.as_str())
        }
        Finding::CompanionCpu { package } => {
            format!("a {} without CUDA beside a PyTorch with it", package.as_str())
        }
        Finding::CudaPin { expected, got: Some(got) } => {
            format!("cuda-version {got} in place of {expected}")
        }
        Finding::CudaPin { expected, got: None } => {
            format!("no cuda-version, which is to be {expected}")
        }
        Finding::VirtualMissing { name } => format!("it does not see `{name}`"),
        Finding::VirtualTooLow { name, needed, seen } => {
            let seen = seen.as_deref().unwrap_or("too old a one");
            let needed = needed.as_deref().map(|it| format!(", and {it} is needed"));
            format!("of `{name}` it sees {seen}{}", needed.unwrap_or_default())
        }
        Finding::NotFound { spec } => format!("the channel has no `{spec}`"),
        Finding::Pinned { spec } => format!("the pin `{spec}` holds it back"),
        Finding::Conflict { packages } => format!("{} exclude each other", packages.join(", ")),
        Finding::Network { kind } => return what_it_was(*kind).map(str::to_owned),
        Finding::Unexplained | Finding::Failed | Finding::Unreadable => {
            return None;
        }
    })
}

/// What may mend it.
pub(super) fn correction(correction: &Correction) -> String {
    match correction {
        Correction::OverrideCuda(cuda) => {
            format!("`CONDA_OVERRIDE_CUDA={cuda}` tells the client of the driver")
        }
        Correction::Spec(spec) => format!("`{spec}` beside the other specs"),
        Correction::NoPin => "`--no-pin` leaves pins of the settings out".to_owned(),
        Correction::NewEnvironment => "in a new environment nothing stands in its way".to_owned(),
    }
}

fn with(accelerator: Accelerator) -> String {
    match accelerator {
        Accelerator::Cpu => "without CUDA".to_owned(),
        Accelerator::Mps => "for Metal".to_owned(),
        Accelerator::Cuda(toolkit) => format!("with CUDA {toolkit}"),
    }
}
