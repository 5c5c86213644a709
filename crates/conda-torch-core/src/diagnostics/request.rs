//! The request: what it rules out and what it costs.

pub(super) const ROCM_ELSEWHERE: &str =
    "for AMD GPUs, PyTorch has pip wheels: https://pytorch.org/get-started/locally/";

pub(super) const XPU_ELSEWHERE: &str =
    "for Intel GPUs, PyTorch has pip wheels: https://pytorch.org/get-started/locally/";

pub(super) const VERIFY_ALL: &str = "pass `--verify` to solve all packages together";

/// `a` and `b`.
pub(super) fn with_ticks(packages: &[String]) -> String {
    let packages: Vec<String> = packages.iter().map(|package| format!("`{package}`")).collect();
    super::with_and(&packages)
}

pub(super) const fn verb(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

pub(super) const fn has(count: usize) -> &'static str {
    if count == 1 { "has" } else { "have" }
}

macro_rules! request { ($next:ident $($more:tt)*) => { $next! { $($more)* Request {

/// The build is not of the requested PyTorch (`--pytorch`).
/// What to do: nothing, or request another version.
OtherPytorch { requested: String } = "other-pytorch", Error;
message: format!("the build is not PyTorch {requested}");
example: { requested: example("2.9") };

/// conda-forge never had the requested PyTorch, or not for this platform.
/// Why: some releases were skipped: 2.0.1, 2.2, 2.5.0, 2.9.0.
/// What to do: request one of the nearest.
NoSuchPytorch { requested: String, nearest: Vec<Version> } = "no-such-pytorch", Error;
message(c): format!("{} has no PyTorch {requested} for this platform; nearest: {}", c.channel(), list(nearest));
covers: [OtherPytorch];
example: { requested: example("2.2"), nearest: vec![example("2.1.2"), example("2.3.0")] };

/// The build does not exist for the requested Python (`--python`).
/// Why: conda-forge builds for four or five series of Python at a time.
/// What to do: request another Python, or none.
PythonNotBuilt { requested: String, first: Version, last: Version } = "python-not-built", Error;
message: format!("the build supports Python {first} to {last}, not {requested}");
example: { requested: example("3.9"), first: example("3.10"), last: example("3.14") };

/// The requested Python limits PyTorch to an older version than this machine runs.
/// What to do: request a newer Python, or none.
PythonHoldsBack { python: String, gives: Version, newest: Version, first: Version } = "python-holds-back", Warning;
message: format!("Python {python} limits PyTorch to {gives}; Python {first} or newer allows {newest}");
example: { python: example("3.9"), gives: example("2.7.1"), newest: example("2.13.0"), first: example("3.10") };

/// The build does not accept the requested `cuda-version`.
/// Why: a build with CUDA 12.9 accepts pins from 12.9 to below 13. No build was ever made with 12.1 or 12.4; those pins
/// select builds made with 12.0.
/// What to do: leave out `--cuda-version` unless another package needs it.
OtherCudaVersion { requested: CudaVersion, accepts_from: CudaVersion, accepts_below: CudaVersion }
    = "other-cuda-version", Error;
message: format!("the build accepts `cuda-version` from {accepts_from} to below {accepts_below}, not {requested}");
example: { requested: example("12.4"), accepts_from: example("12.9"), accepts_below: example("13.0") };

/// The requested `cuda-version` limits PyTorch to an older version than this machine runs.
/// Why: `cuda-version` is the version of the toolkit that the packages include, not that of the driver. A driver that
/// supports CUDA 12.4 runs packages with 12.9. `cuda-version=12.4` is valid, and selects PyTorch 2.5.1 of November 2024
/// without a warning from the solver.
/// What to do: leave out `--cuda-version` unless another package in the environment needs it.
CudaVersionHoldsBack { requested: CudaVersion, gives: Version, newest: Version, without: CudaVersion }
    = "cuda-version-holds-back", Warning;
message: format!("`cuda-version={requested}` limits PyTorch to {gives}; use {without} for {newest}");
hint: Some("leave out `--cuda-version` unless another package needs it: it is the toolkit's version, not the driver's".to_owned());
example: { requested: example("12.4"), gives: example("2.5.1"), newest: example("2.13.0"), without: example("12.9") };

/// The requested `cuda-version` is not the CUDA version that the build is compiled with.
///
/// Why: a build is compiled with one CUDA and accepts the libraries of a range of versions; `cuda-version` selects them.
///
/// What to do: nothing.
CudaVersionInRange { requested: CudaVersion, toolkit: CudaVersion } = "cuda-version-in-range", Info;
message: format!(
    "the build is compiled with CUDA {toolkit}; the requested `cuda-version={requested}` selects its CUDA libraries"
);
example: { requested: example("12.1"), toolkit: example("12.0") };

/// The requested `cuda-version` exists, but no PyTorch on conda-forge for this platform was built for it.
/// Why: conda-forge's first CUDA builds for aarch64 used 12.0, its first for Windows 12.6.
/// What to do: request another `--cuda-version`, or none.
CudaVersionNotBuilt { requested: CudaVersion, subdir: Subdir } = "cuda-version-not-built", Error;
message(c): format!("no PyTorch on {} for {subdir} accepts `cuda-version={requested}`", c.channel());
covers: [OtherCudaVersion];
example: { requested: example("11.8"), subdir: Subdir::Win64 };

/// The package `cuda-version` never had the requested version.
/// What to do: request one of the nearest, or none.
NoSuchCudaVersion { requested: CudaVersion, nearest: Vec<CudaVersion> } = "no-such-cuda-version", Error;
message: format!("there is no `cuda-version` {requested}; nearest: {}", list(nearest));
covers: [OtherCudaVersion];
example: { requested: example("12.7"), nearest: vec![example("12.6"), example("12.8")] };

/// The build is not for the requested accelerator, or is a CPU build where a `--cuda-version` was requested.
/// What to do: nothing, or leave out the flag.
OtherAccelerator = "other-accelerator", Error;
message: "the build is not for the requested accelerator";

/// conda-forge has no PyTorch for AMD GPUs.
/// What to do: use the CPU build, or PyTorch's own wheels for ROCm (<https://pytorch.org/get-started/locally/>). Experimental
/// conda packages for gfx942, gfx1150 and gfx1151 are on the channel <https://prefix.dev/rock-the-conda>.
NoRocmBuilds = "no-rocm-builds", Error;
message(c): format!("{} has no PyTorch for AMD GPUs (ROCm)", c.channel());
hint: Some(ROCM_ELSEWHERE.to_owned());
covers: [OtherAccelerator, AmdGpu];

/// conda-forge has no PyTorch for Intel GPUs.
/// What to do: use the CPU build, or PyTorch's own wheels for XPU (<https://pytorch.org/get-started/locally/>).
NoXpuBuilds = "no-xpu-builds", Error;
message(c): format!("{} has no PyTorch for Intel GPUs (XPU)", c.channel());
hint: Some(XPU_ELSEWHERE.to_owned());
covers: [OtherAccelerator, IntelGpu];

/// Metal (MPS) is Apple's: only builds for Macs with an Apple chip use it.
/// What to do: leave out `--accelerator mps`.
NoMetalOnPlatform { subdir: Subdir } = "no-metal-on-platform", Error;
message: format!("only Macs with an Apple chip have Metal (MPS), not {subdir}");
covers: [OtherAccelerator];
example: { subdir: Subdir::Linux64 };

/// Other packages that were requested go into the commands as they were written.
/// Why: the built-in data has the builds of PyTorch, torchvision and torchaudio alone. Whether the other packages have
/// builds that go with the recommended PyTorch is not looked at.
/// What to do: pass `--verify`, which solves all packages together.
PackagesNotLookedAt { packages: Vec<String> } = "packages-not-looked-at", Info;
message: format!("{} {} installed as written; not looked at", with_ticks(packages), verb(packages.len()));
hint: Some(VERIFY_ALL.to_owned());
example: { packages: vec![example("transformers"), example("numpy<2")] };

/// A requested package is compiled against one PyTorch: each of its builds needs the PyTorch that it was compiled with.
/// Why: an extension of PyTorch uses symbols of its C++ library, which change with each release. A package that is
/// rebuilt late has no build for the newest PyTorch, and the solve fails.
/// What to do: pass `--verify`. If the solve fails, request the PyTorch before with `--pytorch`.
CompiledAgainstPytorch { packages: Vec<String>, pytorch: Version } = "compiled-against-pytorch", Info;
message: format!(
    "{} {} compiled against one PyTorch; builds for {pytorch} not looked at", with_ticks(packages), verb(packages.len())
);
hint: Some(VERIFY_ALL.to_owned());
example: { packages: vec![example("xformers")], pytorch: example("2.13.0") };

/// A requested package has GPU builds with CUDA libraries of its own.
/// Why: an environment has one `cuda-version`. A package without a build for it fails the solve, or is installed as its
/// CPU build.
/// What to do: pass `--verify`, and look at the build strings that it installs.
BringsCudaLibraries { packages: Vec<String>, cuda: Option<CudaVersion> } = "brings-cuda-libraries", Info;
message: {
    let with = cuda.map_or_else(|| "the CPU build".to_owned(), |cuda| format!("`cuda-version={cuda}`"));
    format!("{} {} CUDA builds of their own; builds for {with} not looked at", with_ticks(packages), has(packages.len()))
};
hint: Some(VERIFY_ALL.to_owned());
example: { packages: vec![example("cupy")], cuda: Some(example("12.9")) };

/// A requested package is of another CUDA toolkit than the build.
/// Why: the version of this package is that of the toolkit, and an environment has one `cuda-version`.
/// What to do: leave out the version of the package, or request the toolkit with `--cuda-version`.
OtherToolkitPackage { package: String, cuda: CudaVersion } = "other-toolkit-package", Error;
message: format!("`{package}` excludes the `cuda-version={cuda}` of the build: the solve fails");
hint: Some("leave out its version, or pass that version with `--cuda-version`".to_owned());
degrades: true;
example: { package: example("cuda-toolkit=12.4"), cuda: example("12.9") };

/// The build is compiled for numpy 1, and a requested package is numpy 2.
/// Why: PyTorch before 2.3 uses numpy's interface of version 1. conda-forge's packages of it exclude numpy 2.
/// What to do: request `numpy<2`, or PyTorch 2.3 or newer.
NumpyRequestedTooNew { package: String, pytorch: Version } = "numpy-2-requested", Error;
message: format!("`{package}` does not go with PyTorch {pytorch}, which is compiled for numpy 1");
hint: Some("pass `numpy<2`, or `--pytorch '>=2.3'`".to_owned());
degrades: true;
example: { package: example("numpy>=2"), pytorch: example("2.1.2") };

/// A requested package has another name on conda-forge.
/// What to do: nothing; the commands have conda-forge's name.
NamedOnCondaForge { package: String, name: String } = "named-on-conda-forge", Info;
message: format!("`{package}` is `{name}` on conda-forge");
example: { package: example("pyg"), name: example("pytorch_geometric") };

/// conda-forge does not have a requested package.
/// Why: some extensions of PyTorch are for pip alone, as wheels for one PyTorch and one CUDA each, or as source.
/// What to do: install it with pip afterwards, by its own instructions for the PyTorch and the CUDA of this answer.
NotOnCondaForge { package: String } = "not-on-conda-forge", Warning;
message: format!("conda-forge has no `{package}`; left out");
hint: Some("after the installation, follow the project's own instructions for pip".to_owned());
degrades: true;
example: { package: example("spconv") };

/// A requested package selects builds of the channel `pytorch`, which ended.
/// Why: on conda-forge, `pytorch-gpu` and `cuda-version` select the build.
/// What to do: leave it out.
OldSelector { package: String } = "old-selector", Info;
message: format!("`{package}` is of the ended channel `pytorch`; left out, as the build is selected without it");
example: { package: example("pytorch-cuda=12.1") };

/// The build does not use the requested linear algebra library (`--blas`).
/// Why: MKL exists for x86-64 alone; on Windows it is the only one.
/// What to do: nothing, or leave out the flag.
OtherBlas { requested: Blas } = "other-blas", Error;
message: format!("the build does not use the requested BLAS, {requested}");
example: { requested: Blas::Generic };

/// A requested package, torchvision or torchaudio, does not exist for this build.
/// Why: each is built for one series of PyTorch, and is released later. The last torchaudio is 2.11.0, built for PyTorch
/// 2.10.
/// What to do: leave out the package, or install the older PyTorch that is recommended with it.
CompanionMissing { package: Companion } = "companion-missing", Error;
message: format!("no {package} exists for the build");
example: { package: Companion::Torchaudio };

/// torchvision or torchaudio limits PyTorch to an older version than this machine runs.
/// What to do: leave out the package if you can.
CompanionHoldsBack { package: Companion, gives: Version, newest: Version } = "companion-holds-back", Warning;
message: format!("{package} limits PyTorch to {gives}; without it, {newest} is available");
hint: Some(format!("leave out `{package}`"));
example: { package: Companion::Torchaudio, gives: example("2.10.0"), newest: example("2.13.0") };

/// torchvision or torchaudio does not exist for this platform. torchaudio was never built for Windows.
/// What to do: leave out the package.
CompanionNotOnPlatform { package: Companion, subdir: Subdir } = "companion-not-on-platform", Error;
message(c): format!("{} has no {package} for {subdir}", c.channel());
example: { package: Companion::Torchaudio, subdir: Subdir::Win64 };

/// The build is a release candidate. conda-forge has those on the label `pytorch_rc`, which a solve does not use.
/// What to do: nothing.
ReleaseCandidate = "release-candidate", Error;
message: "the build is a release candidate, on the label `pytorch_rc`";

/// The channel has the build, but other packages of the channel exclude it: no solver can install it any more.
/// What to do: nothing.
NotSolvable = "not-solvable", Error;
message: "no solver can install the build any more: packages that it depends on exclude each other";

/// The build works on this machine; the recommended one is newer or better for it.
/// What to do: nothing; or request it with `--pytorch`, `--cuda-version` or `--blas`.
Outranked { by: Version } = "outranked", Info;
message: format!("the build works; the recommended {by} is better");
example: { by: example("2.13.0") };

/// The commands install `pytorch-gpu` instead of `pytorch`.
/// Why: if a solver detects no GPU, it installs the CPU build of `pytorch` without a warning; `pytorch-gpu` fails
/// instead.
/// What to do: nothing. If it fails, the client does not detect the driver: set `CONDA_OVERRIDE_CUDA` as the commands
/// for another machine do.
FailsLoudly = "fails-loudly", Info;
message: "`pytorch-gpu` fails if no GPU is detected, instead of silently installing the CPU build";

} } } }
