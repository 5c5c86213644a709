//! What to do about a diagnostic, and only what works on the machine it is said to.

use crate::conda::Os;
use crate::diagnostics::{
    AssumedFact, Diagnostic, MissingFact, Trouble, client_words, driver_access_words,
};
use crate::matrix::Matrix;
use crate::resolve::{Advice, Unlock};
use crate::types::{ComputeCapability, Detected, DriverVersion, Machine, Origin};

use crate::clients::{arm64_client, miniforge};

/// What to do, where something can be done.
#[expect(clippy::too_many_lines, reason = "one arm a variant, in one place")]
pub(crate) fn hint(
    diagnostic: &Diagnostic,
    machine: &Machine,
    advice: &Advice<'_>,
) -> Option<String> {
    use Diagnostic as D;
    // What says more of the same has the hint that fits.
    let better = |other: &&D| matches!(other, D::Trouble(trouble) if trouble.says_more_than().contains(&diagnostic.code()));
    if let Some(D::Trouble(trouble)) = advice.diagnostics.iter().find(better)
        && !matches!(trouble, Trouble::Nouveau { .. })
    {
        return driver_access_words::hint(trouble, machine);
    }
    if machine.container.is_found() && is_of_container(diagnostic) {
        return start_container(diagnostic, machine);
    }
    match diagnostic {
        // A card on the bus knows better which driver it can have.
        D::NoDriver { .. } if !machine.gpus.is_empty() => {
            newer_driver(advice).and_then(|needed| get_driver("install NVIDIA's driver", needed, last_branch(machine), machine))
        }
        D::NoDriver { .. } if machine.document.is_some() => Some(of_another_machine()),
        D::CardWithoutDriver { needed, capability, .. } => {
            get_driver("install NVIDIA's driver", *needed, last_branch_of(*capability), machine)
        }
        D::DriverTooOld { .. } | D::PtxNeedsNewerDriver { .. } => {
            newer_driver(advice).and_then(|needed| get_driver("update NVIDIA's driver to", needed, last_branch(machine), machine))
        }
        D::NoGpu if machine.driver.is_found() && !is_described(machine) => Some(
            "run this on the machine with the GPU, or describe it: `--gpu NAME` or `--compute-capability X.Y`"
                .to_owned(),
        ),
        D::GpuNotKnown { .. } => Some(
            "name it with `--gpu NAME` or `--compute-capability X.Y` for an exact answer".to_owned(),
        ),
        D::CapabilityNotKnown { capability: None, .. } => {
            Some("say it with `--compute-capability X.Y` for an exact answer".to_owned())
        }
        D::DriverAssumed { .. } | D::DriverBranchAssumed { .. } => {
            Some("say it with `--driver VERSION` for an exact answer".to_owned())
        }
        D::BaselineAssumed { glibc: None, macos: Some(_) } | D::MacosUnknown { .. } => {
            Some("say it with `--macos X.Y` for an exact answer".to_owned())
        }
        D::BaselineAssumed { glibc: Some(_), .. } | D::GlibcUnknown { .. } => {
            Some("say it with `--glibc X.Y` for an exact answer".to_owned())
        }
        // The image of the Dockerfile has glibc 2.36. In words that go with whatever else was asked.
        D::GlibcTooOld { .. } if !machine.container.is_found() => advice
            .alternatives
            .iter()
            .any(|other| matches!(other.unlocked_by.as_slice(), [Unlock::Glibc(_)]))
            .then(in_a_container),
        D::NoGlibc { .. } if !machine.container.is_found() => Some(in_a_container()),
        D::DescribedElsewhere { missing, assumed, .. } => say_flags(missing, assumed, machine),
        D::DriverUnknown { .. } if machine.document.is_some() => Some(say_driver()),
        D::DriverUnknown { .. } => Some(
            "`conda-torch probe` shows what was asked; or say it with `--driver VERSION`".to_owned(),
        ),
        D::PlatformWithoutBuilds { subdir: None } => {
            Some("name it with `--platform`".to_owned())
        }
        D::NoClient => Some(miniforge(machine)),
        // The card's own remark names the driver that it can have.
        D::Trouble(Trouble::Nouveau { .. }) => advice
            .diagnostics
            .iter()
            .find(|other| matches!(other, D::CardWithoutDriver { .. }))
            .and_then(|card| hint(card, machine, advice)),
        // A newer driver translates for the card: nobody need wait.
        D::Trouble(Trouble::GpuTooNew { .. }) if newer_driver(advice).is_some() => None,
        D::Trouble(trouble) => driver_access_words::hint(trouble, machine),
        D::Rosetta if !machine.clients.is_empty() => arm64_client(machine),
        // Outside a container the driver's packages come in parts.
        D::LibcudaMissing if owns_its_driver(machine) && !machine.jetson.is_found() && machine.nvidia.libcuda_error.is_none() => Some(
            "install the driver's compute library: Debian `libcuda1`, Ubuntu `libnvidia-compute-NNN`, Fedora `xorg-x11-drv-nvidia-cuda`"
                .to_owned(),
        ),
        D::CudaVersionHoldsBack { .. } => Some(
            "leave `--cuda-version` out unless something else needs it: it is the toolkit's version, not the driver's"
                .to_owned(),
        ),
        D::CompanionHoldsBack { package, .. } => Some(format!("leave out `{package}`")),
        D::GpuLeftOut { .. } => Some(
            "hide it from programs that would choose it with `CUDA_VISIBLE_DEVICES`".to_owned(),
        ),
        D::ToolkitShadowsDriver { .. }
        | D::ToolkitFileBroken { .. }
        | D::ClientSeesNoCuda { .. }
        | D::CudaOverridden { .. } => client_words::hint(diagnostic),
        D::NoDriver { .. }
        | D::NoGpu
        | D::GlibcTooOld { .. }
        | D::NoGlibc { .. }
        | D::CapabilityNotKnown { .. }
        | D::BaselineAssumed { .. }
        | D::NoKernels { .. }
        | D::ToolkitNotKnown { .. }
        | D::ToolkitTooOldForGpu { .. }
        | D::PtxJit { .. }
        | D::MacosTooOld { .. }
        | D::OtherArmVariant { .. }
        | D::Channel(_)
        | D::OtherPytorch { .. }
        | D::PythonNotBuilt { .. }
        | D::OtherCudaVersion { .. }
        | D::OtherAccelerator
        | D::OtherBlas { .. }
        | D::CompanionMissing { .. }
        | D::ReleaseCandidate
        | D::Outranked { .. }
        | D::LeavesGpuUnused
        | D::GpuNotUsed { .. }
        | D::DriverDroppedGpu { .. }
        | D::AmdGpu
        | D::IntelGpu
        | D::Rosetta
        | D::JetsonWithoutBuild { .. }
        | D::PlatformWithoutBuilds { .. }
        | D::LibcudaMissing
        | D::NoCudaOnPlatform { .. }
        | D::MetalNeedsNewerMacos { .. }
        | D::OtherPlatform { .. }
        | D::GlibcNotTried { .. }
        | D::CudaVersionNotBuilt { .. }
        | D::NoSuchCudaVersion { .. }
        | D::NoSuchPytorch { .. }
        | D::CompanionNotOnPlatform { .. }
        | D::PythonHoldsBack { .. }
        | D::MinorVersionCompatibility { .. }
        | D::FailsLoudly
        | D::MetalIncluded => None,
    }
}

/// The flags that say what was assumed, or that there is a GPU where a client saw none.
fn say_flags(
    missing: &[MissingFact],
    assumed: &[AssumedFact],
    machine: &Machine,
) -> Option<String> {
    if missing.contains(&MissingFact::Driver) && machine.gpu_count == Detected::Absent {
        return Some(
            "if it has an NVIDIA GPU all the same, say so with `--gpu NAME` and `--driver VERSION`"
                .to_owned(),
        );
    }
    let flags = assumed.iter().map(|fact| match fact {
        AssumedFact::Platform(_) => "`--platform SUBDIR`",
        AssumedFact::Glibc(_) => "`--glibc X.Y`",
        AssumedFact::Macos(_) => "`--macos X.Y`",
    });
    let flags: Vec<&str> = flags.collect();
    (!flags.is_empty()).then(|| format!("say it with {} for an exact answer", flags.join(", ")))
}

/// Whether a diagnostic in a container is most likely about how that was started.
fn is_of_container(diagnostic: &Diagnostic) -> bool {
    use Diagnostic as D;
    matches!(
        diagnostic,
        D::NoDriver { .. }
            | D::CardWithoutDriver { .. }
            | D::NoGpu
            | D::DriverUnknown { .. }
            | D::LibcudaMissing
    )
}

/// How to start a container so that it has the GPU.
fn start_container(diagnostic: &Diagnostic, machine: &Machine) -> Option<String> {
    use Diagnostic as D;
    if matches!(diagnostic, D::LibcudaMissing) {
        return Some(
            "start the container with the GPU: `--gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,utility`"
                .to_owned(),
        );
    }
    if !is_under_nouveau(machine) {
        return Some(driver_access_words::start_container(machine));
    }
    // The card has to leave the open driver first, and only the host can see to that.
    let D::CardWithoutDriver { needed, capability, .. } = diagnostic else { return None };
    let driver = range(*needed, last_branch_of(*capability));
    Some(format!(
        "on the host, install NVIDIA's driver {driver}; then start the container with `--gpus all`"
    ))
}

/// What a client saw on a login node, most likely, is all that is known.
fn of_another_machine() -> String {
    "if the GPU is in another machine, describe that: `--gpu NAME --driver VERSION`".to_owned()
}

fn say_driver() -> String {
    "say it with `--driver VERSION`, or what the driver supports with `--cuda X.Y`".to_owned()
}

/// A container for a machine with another C library.
fn in_a_container() -> String {
    "a container brings its own glibc: add `--glibc 2.36 --format dockerfile`".to_owned()
}

/// Where to read on.
pub(crate) fn url(diagnostic: &Diagnostic) -> Option<&'static str> {
    use Diagnostic as D;
    if matches!(
        diagnostic,
        D::NoDriver { .. } | D::CardWithoutDriver { .. } | D::DriverTooOld { .. }
    ) {
        Some("https://www.nvidia.com/en-us/drivers/")
    } else if matches!(diagnostic, D::MinorVersionCompatibility { .. }) {
        Some("https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html")
    } else if matches!(diagnostic, D::NoClient) {
        Some("https://conda-forge.org/download/")
    } else {
        None
    }
}

/// Whether the machine was described by flags.
fn is_described(machine: &Machine) -> bool {
    let by_flag = machine.subdir.fact().is_some_and(|fact| matches!(fact.origin, Origin::Flag(_)));
    by_flag || machine.document.is_some()
}

/// How to come to a driver: `step` is to install one where there is none, to update the one there is.
fn get_driver(
    step: &str,
    needed: DriverVersion,
    last_branch: Option<u32>,
    machine: &Machine,
) -> Option<String> {
    if machine.jetson.is_found() {
        return Some(update_jetpack(needed, machine));
    }
    if machine.gpus.iter().any(crate::types::Gpu::is_vgpu) {
        return Some(format!(
            "ask who runs the host for a vGPU release with driver {needed} or newer: a guest's driver goes with it"
        ));
    }
    let driver = range(needed, last_branch);
    if machine.container.is_found() {
        Some(format!("the host, not the container, needs NVIDIA's driver {driver}"))
    } else if machine.wsl.is_found() {
        Some(format!("{step} {driver} in Windows, and none in WSL"))
    } else {
        owns_its_driver(machine).then(|| format!("{step} {driver}"))
    }
}

/// What to do on a Jetson.
fn update_jetpack(needed: DriverVersion, machine: &Machine) -> String {
    let jetpack = jetpack(needed);
    if machine.container.is_found() {
        format!(
            "the host, not the container, needs {jetpack} or newer: a Jetson's driver comes with it"
        )
    } else {
        format!("update to {jetpack} or newer: a Jetson's driver comes with it")
    }
}

/// Whether a card on the bus is held by the open driver.
fn is_under_nouveau(machine: &Machine) -> bool {
    machine.adapters.iter().any(|card| card.kernel_driver.as_deref() == Some("nouveau"))
}

/// `525.60.13 or newer, up to branch 580`: later branches dropped the card.
fn range(needed: DriverVersion, last_branch: Option<u32>) -> String {
    match last_branch {
        Some(last) => format!("{needed} or newer, up to branch {last}"),
        None => format!("{needed} or newer"),
    }
}

/// The last driver branch for a card.
fn last_branch_of(capability: Option<ComputeCapability>) -> Option<u32> {
    Matrix::embedded().capability(capability?)?.last_branch
}

/// The last driver branch for the machine's oldest GPU, where drivers have dropped it.
fn last_branch(machine: &Machine) -> Option<u32> {
    let capabilities = machine.gpus.iter().filter_map(|gpu| gpu.compute_capability.value());
    capabilities.filter_map(|c| last_branch_of(Some(*c))).min()
}

/// Whether a machine has its NVIDIA driver of its own, in contrast to a container or WSL.
fn owns_its_driver(machine: &Machine) -> bool {
    !machine.container.is_found()
        && !machine.wsl.is_found()
        && machine.subdir.value().is_some_and(|s| matches!(s.os(), Os::Linux | Os::Windows))
}

/// A driver that alone would unlock something better: only then is a newer one worth having, since a
/// newer driver may have dropped the card, and a newer build may have no kernels for it.
fn newer_driver(advice: &Advice<'_>) -> Option<DriverVersion> {
    advice.alternatives.iter().find_map(|alternative| match alternative.unlocked_by.as_slice() {
        [Unlock::Driver(needed)] => Some(*needed),
        _ => None,
    })
}

/// The release that brings a driver to a Jetson: it comes with `JetPack` and cannot be had alone.
pub fn jetpack(driver: DriverVersion) -> &'static str {
    // JetPack 6 has driver 540.
    if driver.branch() > 540 { "JetPack 7" } else { "JetPack 6" }
}
