//! An existing environment, checked against a machine.

/// `mkl (pkgs/main), numpy (defaults), 3 more`.
pub(super) fn packages(packages: &[(String, String)]) -> String {
    const SHOWN: usize = 4;
    let shown = packages.iter().take(SHOWN).map(|(name, channel)| format!("{name} ({channel})"));
    let mut names: Vec<String> = shown.collect();
    if packages.len() > SHOWN {
        names.push(format!("{} more", packages.len() - SHOWN));
    }
    names.join(", ")
}

macro_rules! environment { ($next:ident $($more:tt)*) => { $next! { $($more)* Environment {

/// The environment has a CPU build of PyTorch, but this machine has a GPU that CUDA builds run on.
/// Why: without `pytorch-gpu`, a solver that detects no GPU selects the CPU build, as does a request such as `cpuonly`.
/// What to do: create a new environment with the commands shown.
CpuBuild { requested_by: Option<String> } = "cpu-build", Warning;
message: match requested_by {
    Some(spec) => format!("the build is for the CPU, as `{spec}` requests, but this machine has an NVIDIA GPU"),
    None => "the build is for the CPU, but this machine has an NVIDIA GPU".to_owned(),
};
symptom: Some("Torch not compiled with CUDA enabled".to_owned());
example: { requested_by: None };

/// The build is for CUDA, but this machine has no NVIDIA GPU, like a login node. It runs on the CPU:
/// `torch.cuda.is_available()` is `False`.
/// What to do: nothing if it is to run on another machine (`check --machine` checks that one). Otherwise the CPU build is
/// gigabytes smaller.
CudaBuildIdle = "cuda-build-idle", Info;
message: "the build is for CUDA, but this machine has no NVIDIA GPU: it runs on the CPU";

/// The build is not in the built-in data: the GPUs that it has kernels for are unknown. The driver is checked.
/// What to do: nothing; `torch.cuda.get_arch_list()` lists its kernels.
BuildNotKnown { version: String, build: String, channel: String } = "build-not-known", Info;
message: format!("unknown build `pytorch={version}={build}` of `{channel}`: the GPUs that it supports are unknown");
example: {
    version: example("2.14.0"),
    build: example("cuda131_mkl_py311_h4dfa0ec_300"),
    channel: example("conda-forge")
};

/// PyTorch is from a channel that gets no more builds: `pytorch` ended with PyTorch 2.5.
/// What to do: for a newer one, create a new environment from conda-forge, as `conda-torch advise` says.
ChannelEnded = "channel-ended", Info;
message: "the channel `pytorch` ended with PyTorch 2.5; conda-forge has newer versions";

/// This machine runs a newer PyTorch than the installed one.
/// What to do: nothing, or what `conda-torch advise` says.
NewerPytorch { installed: Version, newest: Version } = "newer-pytorch", Info;
message: format!("PyTorch {newest} runs on this machine; {installed} is installed");
example: { installed: example("2.5.1"), newest: example("2.13.0") };

/// pip installed PyTorch, and conda has none in this environment. conda's clients do not know about it.
/// What to do: nothing, if no conda package needs `pytorch`.
PipTorch { version: String } = "pip-torch", Info;
message: format!("pip installed PyTorch {version}; conda's clients do not know about it");
example: { version: example("2.6.0+cu124") };

/// pip installed its PyTorch over conda's. Both wrote the same files, and Python imports pip's.
/// What to do: create a new environment with one of them; the commands shown use conda-forge's.
PipTorchOnTop { pip: String, conda: String } = "pip-torch-on-top", Warning;
message: format!("pip installed PyTorch {pip} over conda's {conda}: both wrote the same files, and Python imports pip's");
example: { pip: example("2.6.0+cu124"), conda: example("2.5.1") };

/// A package is newer than what this PyTorch was built for. It solves, and then fails.
/// What to do: create a new environment with the commands shown, or install a version of the package that works.
PackageFails {
    package: String,
    pytorch: Version,
    effect: &'static str,
    symptom: &'static str,
    works: Box<str>,
} = "package-fails", Error;
message: format!("PyTorch {pytorch} does not work with {package}: {effect}");
hint: Some(format!("to keep this PyTorch, install `{works}`"));
symptom: Some((*symptom).to_owned());
example: {
    package: example("mkl 2024.1.0"),
    pytorch: example("2.0.1"),
    effect: "PyTorch cannot be imported",
    symptom: "undefined symbol: iJIT_NotifyEvent",
    works: "mkl<2024.1".into()
};

/// pip installed a package that PyTorch uses over conda's. Both wrote the same files, and Python imports pip's.
/// What to do: create a new environment with the commands shown, and install the package with one of them.
WheelOnTop { package: String, pip: String, conda: String } = "wheel-on-top", Warning;
message: format!("pip installed {package} {pip} over conda's {conda}: both wrote the same files, and Python imports pip's");
example: { package: example("torchvision"), pip: example("0.20.1"), conda: example("0.20.0") };

/// A wheel of PyTorch has an OpenMP of its own, and conda's packages use another. On macOS and Windows, a process with two
/// of them ends with an error, unless `KMP_DUPLICATE_LIB_OK` is set, which can give wrong results.
/// What to do: create a new environment with the commands shown: all its packages share one OpenMP.
TwoOpenmp { package: String } = "two-openmp", Warning;
message: format!("pip's PyTorch has an OpenMP of its own beside conda's `{package}`");
symptom: Some("OMP: Error #15".to_owned());
example: { package: example("llvm-openmp") };

/// The build is one of upstream's wheels in a conda package, not a build of conda-forge. The GPUs that it has kernels for are
/// unknown, and conda-forge's packages are not compiled for it.
/// What to do: nothing if it works; the commands of `conda-torch advise` install conda-forge's.
RepackedWheel { version: String, build: String, channel: String } = "repacked-wheel", Info;
message: format!("`pytorch={version}={build}` of `{channel}` is a repacked wheel: conda-forge's packages are not compiled for it");
example: {
    version: example("2.9.1"),
    build: example("cuda128_repack_py312_0"),
    channel: example("comfy-forge")
};

/// The libraries that PyTorch uses are from channels that are not built for each other. CUDA, BLAS, OpenMP and numpy are
/// partly from conda-forge and partly from `pytorch`, `nvidia` or `defaults`.
/// Why: two OpenMP libraries in one process, or a BLAS with other symbols, crash it.
/// What to do: create a new environment from conda-forge alone, with the commands shown.
MixedChannels { pytorch: String, others: Vec<(String, String)> } = "mixed-channels", Warning;
message: format!("PyTorch from `{pytorch}` is not built to work with {}", packages(others));
example: { pytorch: example("conda-forge"), others: vec![(example("mkl"), example("pkgs/main"))] };

/// cuDNN 9.11 to 9.13 for CUDA 12 has no code for GPUs before Turing and crashes on them. conda-forge withdrew these
/// versions in November 2025 (<https://github.com/conda-forge/cudnn-feedstock/issues/124>). A note on newer GPUs.
/// What to do: create a new environment; solve a lock file from July to November 2025 again.
CudnnWithdrawn { version: String, below: ComputeCapability, gpus: Vec<ComputeCapability> }
    = "cudnn-withdrawn", if gpus.is_empty() { Info } else { Error };
message: format!(
    "cuDNN {version} was withdrawn: it crashes on GPUs below compute capability {below}{}",
    if gpus.is_empty() { "" } else { ", such as this one" }
);
symptom: (!gpus.is_empty()).then(|| "Segmentation fault".to_owned());
example: { version: example("9.13.0.50"), below: example("7.5"), gpus: vec![example("7.0")] };

/// torchvision or torchaudio is built for another series of PyTorch and does not work with this one.
/// What to do: create a new environment with the commands shown, which select matching versions.
CompanionMismatch { package: Companion, version: String, made_for: Version, pytorch: Version }
    = "companion-mismatch", Error;
message: format!("{package} {version} is for PyTorch {made_for}, not {pytorch}");
symptom: Some(match package {
    Companion::Torchvision => "operator torchvision::nms does not exist".to_owned(),
    Companion::Torchaudio => "undefined symbol, when it is imported".to_owned(),
});
example: {
    package: Companion::Torchvision,
    version: example("0.25.0"),
    made_for: example("2.10"),
    pytorch: example("2.13.0")
};

/// torchvision or torchaudio is from another channel than PyTorch.
/// What to do: create a new environment with the commands shown.
CompanionOtherChannel { package: Companion, channel: String, pytorch: String } = "companion-other-channel", Warning;
message: format!("{package} is from `{channel}`, PyTorch from `{pytorch}`: they are not built for each other");
example: { package: Companion::Torchvision, channel: example("pytorch"), pytorch: example("conda-forge") };

/// One of PyTorch and torchvision or torchaudio is built for CUDA, the other is not.
/// What to do: create a new environment with the commands shown.
CompanionAccelerator { package: Companion, build: String, has_cuda: bool } = "companion-accelerator", Warning;
message: if *has_cuda {
    format!("{package} is built for CUDA (`{build}`), PyTorch is not")
} else {
    format!("PyTorch is built for CUDA, {package} is not (`{build}`)")
};
symptom: (*package == Companion::Torchvision && !has_cuda)
    .then(|| "Could not run 'torchvision::nms' with arguments from the 'CUDA' backend".to_owned());
example: { package: Companion::Torchvision, build: example("cpu_py311_h8d2d9b0_1"), has_cuda: false };

/// `CONDA_OVERRIDE_CUDA` is set and differs from the driver's CUDA. Clients use it; PyTorch asks the driver.
/// What to do: unset it before the next installation on this machine.
OverrideLeftBehind { variable: &'static str, value: String, driver: Option<CudaVersion> }
    = "override-left-behind", Warning;
message: match driver {
    Some(driver) => format!("`{variable}={value}` is set, but the driver supports CUDA {driver}"),
    None => format!("`{variable}={value}` is set, but no driver with a known version was found"),
};
hint: Some(format!("unset `{variable}` before you install: clients use it, PyTorch does not"));
example: { variable: "CONDA_OVERRIDE_CUDA", value: example("13.0"), driver: Some(example("12.4")) };

/// The packages are for Intel Macs, but this Mac has an Apple chip: they run under Rosetta, without Metal.
/// What to do: install Miniforge for arm64, and create the environment with it.
EnvironmentTranslated = "environment-translated", Warning;
message: "the packages are for Intel Macs: they run under Rosetta, without Metal";
hint: Some("install Miniforge for arm64, and create the environment with it".to_owned());

/// A file of the environment cannot be read. Everything else is checked.
/// What to do: look at the file; if a record is damaged, create the environment again.
EnvironmentDamaged { source: String, detail: String } = "environment-damaged", Warning;
message: format!("cannot read `{source}`: {detail}");
example: { source: example("conda-meta/numpy-2.2.6-py311h5d046bc_0.json"), detail: example("it ends early") };

} } } }
