//! What a finding says: one sentence without a full stop, the error that a user sees, what to do.

use crate::audit::{Checkup, Finding, Installed, Kind, Symptom, Verdict};
use crate::types::{Accelerator, Environment};

use crate::diagnostics::{self, hints};

/// What is so.
pub fn sentence(finding: &Finding, checkup: &Checkup<'_>) -> String {
    use Finding as F;
    match finding {
        F::Of(diagnostic) => diagnostics::sentence(diagnostic, &checkup.machine, "conda-forge"),
        F::CpuBuild { asked: Some(spec) } => {
            format!(
                "the build computes on the processor alone, as `{spec}` asked; this machine has an NVIDIA GPU"
            )
        }
        F::CpuBuild { asked: None } => {
            "the build computes on the processor alone; this machine has an NVIDIA GPU".to_owned()
        }
        F::CudaBuildIdle => {
            "the build has CUDA, and this machine no NVIDIA GPU: it computes on the processor"
                .to_owned()
        }
        F::BuildNotKnown { version, build, channel } => format!(
            "`pytorch={version}={build}` of `{channel}` is in no table of this program: which GPUs it has kernels for is not known"
        ),
        F::ChannelEnded { channel } => {
            format!(
                "the channel `{channel}` ended with PyTorch 2.5; conda-forge has the newer ones"
            )
        }
        F::NewerPytorch { installed, newest } => {
            format!("PyTorch {newest} runs on this machine; {installed} is installed")
        }
        F::PipTorch { version } => {
            format!("PyTorch {version} is pip's: conda's clients know nothing of it")
        }
        F::PipTorchOnTop { pip, conda } => format!(
            "pip put PyTorch {pip} on top of conda's {conda}: Python imports pip's, and both have written the same files"
        ),
        F::MixedChannels { pytorch, others } => {
            let mut names: Vec<String> = others
                .iter()
                .take(4)
                .map(|(name, channel)| format!("{name} ({channel})"))
                .collect();
            if others.len() > names.len() {
                names.push(format!("{} more", others.len() - names.len()));
            }
            format!("PyTorch is from `{pytorch}`, and not built to go with {}", names.join(", "))
        }
        F::CudnnWithdrawn { version, below, gpus } if gpus.is_empty() => format!(
            "cuDNN {version} was withdrawn: it crashes on GPUs below compute capability {below}"
        ),
        F::CudnnWithdrawn { version, below, .. } => format!(
            "cuDNN {version} was withdrawn: it crashes on GPUs below compute capability {below}, as here"
        ),
        F::CompanionMismatch { package, version, made_for, pytorch } => {
            format!("{package} {version} is for PyTorch {made_for}, not for {pytorch}")
        }
        F::CompanionOtherChannel { package, channel, pytorch } => {
            format!(
                "{package} is from `{channel}`, PyTorch from `{pytorch}`: they are not built for each other"
            )
        }
        F::CompanionAccelerator { package, build, has_cuda: true } => {
            format!("{package} has CUDA (`{build}`), PyTorch has not")
        }
        F::CompanionAccelerator { package, build, has_cuda: false } => {
            format!("PyTorch has CUDA, {package} has not (`{build}`)")
        }
        F::OverrideLeftBehind { variable, says, driver: Some(driver) } => {
            format!("`{variable}={says}` is set, but the driver supports CUDA {driver}")
        }
        F::OverrideLeftBehind { variable, says, driver: None } => {
            format!(
                "`{variable}={says}` is set, but there is no driver here whose version could be told"
            )
        }
        F::EnvironmentTranslated => {
            "the packages are for Intel Macs: they run translated, and without Metal".to_owned()
        }
        F::EnvironmentDamaged { source, detail } => format!("`{source}`: {detail}"),
    }
}

/// What to do, where it is not to install something else.
pub fn hint(finding: &Finding, checkup: &Checkup<'_>) -> Option<String> {
    use Finding as F;
    match finding {
        F::Of(diagnostic) => hints::hint(diagnostic, &checkup.machine, &checkup.advice),
        F::OverrideLeftBehind { variable, .. } => Some(format!(
            "unset `{variable}` before you install: clients believe it, PyTorch does not"
        )),
        F::EnvironmentTranslated => {
            Some("install Miniforge for arm64, and the environment with it".to_owned())
        }
        F::CpuBuild { .. }
        | F::CudaBuildIdle
        | F::BuildNotKnown { .. }
        | F::ChannelEnded { .. }
        | F::NewerPytorch { .. }
        | F::PipTorch { .. }
        | F::PipTorchOnTop { .. }
        | F::MixedChannels { .. }
        | F::CudnnWithdrawn { .. }
        | F::CompanionMismatch { .. }
        | F::CompanionOtherChannel { .. }
        | F::CompanionAccelerator { .. }
        | F::EnvironmentDamaged { .. } => None,
    }
}

/// The error as PyTorch, the loader or the driver words it.
pub fn symptom(symptom: Symptom) -> String {
    match symptom {
        Symptom::NoKernelImage => {
            "CUDA error: no kernel image is available for execution on the device".to_owned()
        }
        Symptom::NotCompiledWithCuda => "Torch not compiled with CUDA enabled".to_owned(),
        Symptom::DriverTooOld { found } => {
            format!("The NVIDIA driver on your system is too old (found version {found})")
        }
        Symptom::NoNvidiaDriver => "Found no NVIDIA driver on your system".to_owned(),
        Symptom::NoCudaGpus => "No CUDA GPUs are available".to_owned(),
        Symptom::UnsupportedPtx => {
            "the provided PTX was compiled with an unsupported toolchain".to_owned()
        }
        Symptom::GlibcNotFound { needed } => format!("version `GLIBC_{needed}' not found"),
        Symptom::Crash => "Segmentation fault".to_owned(),
        Symptom::NmsDoesNotExist => "operator torchvision::nms does not exist".to_owned(),
        Symptom::NmsWithoutCuda => {
            "Could not run 'torchvision::nms' with arguments from the 'CUDA' backend".to_owned()
        }
        Symptom::UndefinedSymbol => "undefined symbol, when it is imported".to_owned(),
    }
}

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
