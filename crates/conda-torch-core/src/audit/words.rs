//! What is installed, and how it stands.

use crate::audit::{Installed, Kind, Verdict};
use crate::types::{Accelerator, Environment};

/// `PyTorch 2.13.0 with CUDA 13.0, from conda-forge`.
pub fn installed(installed: Option<&Installed<'_>>) -> String {
    let Some(installed) = installed else { return "no PyTorch".to_owned() };
    let accelerator = match installed.accelerator {
        Some(Accelerator::Cuda(toolkit)) => format!(" with CUDA {toolkit}"),
        Some(Accelerator::Mps) => " with Metal (MPS)".to_owned(),
        Some(Accelerator::Cpu) => " for the CPU".to_owned(),
        None => String::new(),
    };
    format!("PyTorch {}{accelerator}, from {}", installed.version_text(), channel(installed))
}

/// The channel, or who else installed it.
pub fn channel<'a>(installed: &'a Installed<'_>) -> &'a str {
    match &installed.kind {
        Kind::Conda(package) if package.channel.is_empty() => "an unknown channel",
        Kind::Conda(package) => &package.channel,
        Kind::Pip(_) => "pip",
    }
}

/// `CUDA 12.1`, `CPU`, `Metal`.
pub fn accelerator(installed: &Installed<'_>) -> String {
    match installed.accelerator {
        Some(Accelerator::Cuda(toolkit)) => format!("CUDA {toolkit}"),
        Some(Accelerator::Mps) => "Metal".to_owned(),
        Some(Accelerator::Cpu) => "CPU".to_owned(),
        None => "?".to_owned(),
    }
}

/// The word in JSON and in the table.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Sound => "sound",
        Verdict::Mend => "mend",
        Verdict::NoPytorch => "no-pytorch",
        Verdict::Unknown => "unknown",
    }
}

/// The verdict for a person.
pub fn judged(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Sound => "Sound: nothing was found that keeps it from running here",
        Verdict::Mend => "There is something to mend",
        Verdict::NoPytorch => "There is no PyTorch in it",
        Verdict::Unknown => "It could not be read",
    }
}

/// Its name, or its folder.
pub fn name(environment: &Environment) -> &str {
    environment.name.as_deref().unwrap_or(&environment.prefix)
}
