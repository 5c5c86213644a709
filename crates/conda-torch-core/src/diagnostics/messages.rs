//! What a diagnostic says: one sentence without a full stop. The one place with a sentence a variant.

use std::fmt::Display;

use crate::conda::Subdir;
use crate::diagnostics::{
    Diagnostic, channel_words, client_words, document_words, driver_access_words, hints,
};
use crate::resolve::Advice;
use crate::types::{ComputeCapability, DriverVersion, Machine};

/// A diagnostic in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What is so.
    pub sentence: String,
    /// What to do about it on this machine, where something can be done.
    pub hint: Option<String>,
    /// Where to read on.
    pub url: Option<&'static str>,
}

/// The driver by its version, where the machine has told it: the one that goes with a CUDA version is
/// the decision's own, and nobody has seen it.
pub fn the_driver(driver: Option<DriverVersion>, machine: &Machine) -> String {
    driver
        .filter(|_| machine.driver.is_found())
        .map_or("the driver".to_owned(), |driver| format!("driver {driver}"))
}

/// Says a diagnostic, with the hint that works on this machine. `channel` is whose builds were held
/// against it, without secrets.
#[must_use]
pub fn message(
    diagnostic: &Diagnostic,
    machine: &Machine,
    advice: &Advice<'_>,
    channel: &str,
) -> Message {
    Message {
        sentence: sentence(diagnostic, machine, channel),
        hint: hints::hint(diagnostic, machine, advice),
        url: hints::url(diagnostic),
    }
}

/// What is so.
#[expect(clippy::too_many_lines, reason = "one arm a variant, in one place")]
pub fn sentence(diagnostic: &Diagnostic, machine: &Machine, channel: &str) -> String {
    use Diagnostic as D;
    match diagnostic {
        D::OtherPlatform { build } => format!("the build is for {build}"),
        D::NoDriver { needed } => {
            format!("no NVIDIA driver was found; CUDA needs driver {needed} or newer")
        }
        D::NoGpu => "the NVIDIA driver shows no GPU here".to_owned(),
        D::DriverUnknown { why } => {
            format!("what the NVIDIA driver supports could not be told: {why}")
        }
        D::DriverTooOld { driver, cuda, toolkit, needed } => format!(
            "{} supports CUDA {cuda} at most; builds with CUDA {toolkit} need driver {needed} or newer",
            the_driver(*driver, machine)
        ),
        D::ToolkitNotKnown { toolkit } => format!(
            "CUDA {toolkit} is newer than this program, and so is the driver that it needs"
        ),
        D::NoKernels { gpu, name, capability, toolkit } => format!(
            "the builds with CUDA {toolkit} have no kernels for {}",
            a_gpu(*gpu, name.as_deref(), Some(*capability), Some(machine))
        ),
        D::PtxNeedsNewerDriver { gpu, name, capability, toolkit, needed, .. } => format!(
            "the builds with CUDA {toolkit} reach {} only by translation, which needs driver {needed} or newer",
            a_gpu(*gpu, name.as_deref(), Some(*capability), Some(machine))
        ),
        D::ToolkitTooOldForGpu { gpu, name, capability, toolkit, first } => format!(
            "the libraries of CUDA {toolkit} are older than {}, which needs CUDA {first} or newer",
            a_gpu(*gpu, name.as_deref(), Some(*capability), Some(machine))
        ),
        D::PtxJit { gpu, name, capability } => format!(
            "{} is reached by translation: the first run takes minutes, later ones start as usual",
            a_gpu(*gpu, name.as_deref(), Some(*capability), Some(machine))
        ),
        D::GlibcTooOld { found, needed, declared } if needed > declared => {
            format!("glibc is {found}; the CUDA libraries of the build need {needed} or newer")
        }
        D::GlibcTooOld { found, needed, .. } => {
            format!("glibc is {found}; the build needs {needed} or newer")
        }
        D::NoGlibc { musl: Some(musl) } => {
            format!("the system's C library is musl {musl}; {channel}'s builds need glibc")
        }
        D::NoGlibc { musl: None } => {
            format!("the system has no glibc, which {channel}'s builds need")
        }
        D::GlibcUnknown { why, needed } => format!(
            "the version of glibc could not be told ({why}); taken as new enough, {needed} or newer"
        ),
        D::MacosTooOld { found, needed } => {
            format!("macOS is {found}; the build needs {needed} or newer")
        }
        D::MacosUnknown { why, needed } => format!(
            "the version of macOS could not be told ({why}); taken as new enough, {needed} or newer"
        ),
        D::OtherArmVariant { machine, build } => {
            format!("the build is for `{build}` machines, and this one is `{machine}`")
        }
        D::OtherPytorch { requested } => {
            format!("the build is not the PyTorch {requested} asked for")
        }
        D::PythonNotBuilt { requested, first, last } => {
            format!(
                "the build exists for Python {first} to {last}, not for the {requested} asked for"
            )
        }
        D::OtherCudaVersion { requested, accepts_from, accepts_below } => format!(
            "the build takes `cuda-version` from {accepts_from} to below {accepts_below}, not the {requested} asked for"
        ),
        D::OtherAccelerator => "the build does not compute on what was asked for".to_owned(),
        D::OtherBlas { requested } => {
            format!("the build's linear algebra library is not the {requested} asked for")
        }
        D::CompanionMissing { package } => format!("{package} does not exist for the build"),
        D::ReleaseCandidate => {
            "the build is a release candidate, kept on the label `pytorch_rc`".to_owned()
        }
        D::Outranked { by } => {
            format!("the build would work; {by} as recommended is the better choice")
        }
        D::LeavesGpuUnused => "the build would work, but leaves the GPU unused".to_owned(),
        D::GpuNotUsed { asked: true } => {
            "this answer leaves the NVIDIA GPU unused, as `--accelerator cpu` asks".to_owned()
        }
        D::GpuNotUsed { asked: false } => "this answer does not use the NVIDIA GPU".to_owned(),
        D::CudaVersionNotBuilt { requested, subdir } => {
            format!("no PyTorch on {channel} for {subdir} takes `cuda-version={requested}`")
        }
        D::CardWithoutDriver { pci_id, capability, kernel_driver, needed } => format!(
            "there is an NVIDIA card ({pci_id}{}){}; CUDA needs NVIDIA's driver {needed} or newer",
            capability.map_or(String::new(), |c| format!(", compute capability {c}")),
            match kernel_driver.as_deref() {
                Some(driver) => format!(" under the kernel driver `{driver}`"),
                None => " without a driver".to_owned(),
            }
        ),
        D::GpuNotKnown { served } => format!(
            "the GPU is not known; this build serves those of compute capability {}",
            list(served)
        ),
        D::CapabilityNotKnown { gpu, name, capability: Some(capability) } => format!(
            "{} is newer than this program's tables; taken by NVIDIA's general rules",
            a_gpu(*gpu, name.as_deref(), Some(*capability), Some(machine))
        ),
        D::CapabilityNotKnown { gpu, name, capability: None } => format!(
            "the compute capability of {} is not known; taken as served",
            a_gpu(*gpu, name.as_deref(), None, Some(machine))
        ),
        D::GpuLeftOut { gpu, name, capability } => format!(
            "this build has no kernels for {}; the other GPUs are served",
            a_gpu(*gpu, name.as_deref(), Some(*capability), Some(machine))
        ),
        D::DriverDroppedGpu { gpu, name, capability, driver, last_branch } => format!(
            "driver {driver} no longer supports {}; branch {last_branch} was the last that did",
            a_gpu(*gpu, name.as_deref(), Some(*capability), Some(machine))
        ),
        D::AmdGpu => format!("the AMD GPU stays unused: {channel} has no ROCm builds"),
        D::IntelGpu => format!("the Intel GPU stays unused: {channel} has no XPU builds"),
        D::Rosetta => {
            "an x86-64 program runs translated on this Mac; the answer is for arm64".to_owned()
        }
        D::JetsonWithoutBuild { model } => {
            format!("{channel} has no build for the GPU of this Jetson (`{model}`)")
        }
        D::PlatformWithoutBuilds { subdir } => {
            format!("{channel} has no PyTorch for {}", platform(*subdir))
        }
        D::LibcudaMissing => {
            "the kernel has an NVIDIA driver, but `libcuda` is missing here or shows no device: PyTorch will find no GPU until that changes".to_owned()
        }
        D::GlibcNotTried { found } => {
            format!("CUDA builds were not tried with a glibc as old as {found}")
        }
        D::DriverAssumed { driver } => {
            format!("no driver was named; assumed a current one, {driver}")
        }
        D::DriverBranchAssumed { driver } => {
            format!("only the driver's branch {driver} was named; taken as a current release of it")
        }
        D::BaselineAssumed { glibc, macos } => {
            let assumed = match (glibc, macos) {
                (Some(glibc), _) => format!("glibc {glibc}"),
                (None, Some(macos)) => format!("macOS {macos}"),
                (None, None) => "a current system".to_owned(),
            };
            format!("nothing was probed; assumed {assumed}")
        }
        D::Trouble(trouble) => driver_access_words::sentence(trouble, machine, channel),
        D::Channel(remark) => channel_words::sentence(remark),
        D::DescribedElsewhere { format, missing, assumed } => {
            document_words::sentence(format, missing, assumed, machine)
        }
        D::NoClient => "no conda, mamba, micromamba or pixi was found".to_owned(),
        D::CudaVersionHoldsBack { requested, gives, newest, without } => format!(
            "`cuda-version={requested}` leads to PyTorch {gives}; {newest} takes {without}, which this machine runs"
        ),
        D::NoSuchCudaVersion { requested, nearest } => {
            format!("there is no `cuda-version` {requested}; nearest: {}", list(nearest))
        }
        D::NoSuchPytorch { requested, nearest } => {
            format!("{channel} has no PyTorch {requested} here; nearest: {}", list(nearest))
        }
        D::CompanionHoldsBack { package, gives, newest } => {
            format!("{package} holds PyTorch at {gives}; without it {newest} can be had")
        }
        D::CompanionNotOnPlatform { package, subdir } => {
            format!("{channel} has no {package} for {subdir}")
        }
        D::PythonHoldsBack { python, gives, newest } => format!(
            "Python {python} holds PyTorch at {gives}; with a newer one {newest} can be had"
        ),
        D::ToolkitShadowsDriver { .. }
        | D::ToolkitFileBroken { .. }
        | D::ClientSeesNoCuda { .. }
        | D::CudaOverridden { .. } => client_words::sentence(diagnostic),
        D::MinorVersionCompatibility { cuda, toolkit, floor } => format!(
            "a driver that says CUDA {cuda} runs CUDA {toolkit} all the same: every {} does from driver {floor} on",
            format_args!("{}.x", toolkit.major)
        ),
        D::FailsLoudly => {
            "`pytorch-gpu` fails where a solver sees no GPU, in place of installing the CPU build"
                .to_owned()
        }
        D::MetalNeedsNewerMacos { found, needed } => format!(
            "Apple's GPU is reached from macOS {needed} on; on {found} the build computes on the processor"
        ),
        D::NoCudaOnPlatform { subdir } => {
            format!("{channel} has no CUDA builds of PyTorch for {subdir}")
        }
        D::MetalIncluded => {
            "Apple's GPU is used through Metal, device `mps`, where macOS is new enough for it"
                .to_owned()
        }
    }
}

/// The GPU that a diagnostic is about, as the driver counts.
pub fn gpu(diagnostic: &Diagnostic) -> Option<u32> {
    use Diagnostic as D;
    if let D::Trouble(trouble) = diagnostic {
        driver_access_words::gpu(trouble)
    } else if let D::NoKernels { gpu, .. }
    | D::PtxNeedsNewerDriver { gpu, .. }
    | D::ToolkitTooOldForGpu { gpu, .. }
    | D::PtxJit { gpu, .. }
    | D::CapabilityNotKnown { gpu, .. }
    | D::GpuLeftOut { gpu, .. }
    | D::DriverDroppedGpu { gpu, .. } = diagnostic
    {
        Some(*gpu)
    } else {
        None
    }
}

/// A GPU by name and capability, with its number where the machine has several.
pub fn a_gpu(
    index: u32,
    name: Option<&str>,
    capability: Option<ComputeCapability>,
    machine: Option<&Machine>,
) -> String {
    let several = machine.is_some_and(|machine| machine.gpus.len() > 1);
    let number = if several { format!("GPU {index}, ") } else { String::new() };
    match (name, capability) {
        (Some(name), Some(capability)) => {
            format!("{number}compute capability {capability} ({name})")
        }
        (None, Some(capability)) => format!("{number}compute capability {capability}"),
        (Some(name), None) => format!("{number}the {name}"),
        (None, None) => format!("{number}the GPU"),
    }
}

fn platform(subdir: Option<Subdir>) -> String {
    subdir.map_or("a platform that could not be told".to_owned(), |subdir| subdir.to_string())
}

/// Values with commas.
fn list<T: Display>(values: &[T]) -> String {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}
