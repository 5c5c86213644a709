//! The platform, its C library, and what is assumed of a machine that is only described.

use std::fmt::Write as _;

use crate::conda::{Subdir, Version};
use crate::types::Machine;

/// A fact that a document lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum MissingFact {
    Platform,
    Glibc,
    Macos,
    Driver,
    Gpus,
    /// What a GPU can execute.
    ComputeCapability,
}

impl MissingFact {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "the platform",
            Self::Glibc => "the glibc version",
            Self::Macos => "the macOS version",
            Self::Driver => "the driver",
            Self::Gpus => "the GPU",
            Self::ComputeCapability => "the GPU's compute capability",
        }
    }
}

/// What is assumed for a fact that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum AssumedFact {
    Platform(Subdir),
    Glibc(Version),
    Macos(Version),
}

impl AssumedFact {
    pub(super) fn value_and_flag(self) -> (String, &'static str) {
        match self {
            Self::Platform(subdir) => (subdir.to_string(), "`--platform SUBDIR`"),
            Self::Glibc(version) => (format!("glibc {version}"), "`--glibc X.Y`"),
            Self::Macos(version) => (format!("macOS {version}"), "`--macos X.Y`"),
        }
    }
}

/// Where a described machine is from: what the document lacks, what is assumed, and which of its machines it is.
pub(super) fn described(
    format: &str,
    missing: &[MissingFact],
    assumed: &[AssumedFact],
    machine: &Machine,
) -> String {
    let mut text = format!("the machine is read from `{format}`");
    let facts: Vec<String> = missing.iter().map(|fact| fact.as_str().to_owned()).collect();
    if !facts.is_empty() {
        let _ = write!(text, ", which lacks {}", super::with_and(&facts));
    }
    if !assumed.is_empty() {
        let values: Vec<String> = assumed.iter().map(|fact| fact.value_and_flag().0).collect();
        let _ = write!(text, "; assuming {}", values.join(", "));
    }
    let nodes = machine.sources.iter().find(|source| source.source == "nodes");
    text + &nodes.map_or(String::new(), |nodes| format!("; {}", nodes.detail))
}

pub(super) fn flags(assumed: &[AssumedFact]) -> Option<String> {
    let flags: Vec<&str> = assumed.iter().map(|fact| fact.value_and_flag().1).collect();
    (!flags.is_empty()).then(|| format!("pass {} to override", flags.join(", ")))
}

/// A container for a machine with another C library; Debian 12's has glibc 2.36.
pub(super) const OWN_GLIBC: &str =
    "a container includes its own glibc: add `--glibc 2.36 --format dockerfile`";

macro_rules! system { ($next:ident $($more:tt)*) => { $next! { $($more)* System {

/// The build is for another platform. Only `--json --all` lists these.
/// What to do: nothing; `--platform` selects another platform.
OtherPlatform { build: Subdir } = "other-platform", Error;
message: format!("the build is for {build}");
example: { build: Subdir::Win64 };

/// conda-forge has no PyTorch for this platform.
/// Why: it builds for linux-64, linux-aarch64, osx-64, osx-arm64 and win-64. For win-arm64 (Windows on Arm: RTX Spark, N1X)
/// it has begun (<https://github.com/conda-forge/conda-forge-pinning-feedstock/pull/8944>), without PyTorch so far.
/// What to do: if the platform is unknown, pass `--platform`. On Windows on Arm use WSL, which is linux-aarch64 there. For
/// others nothing on conda-forge helps.
PlatformWithoutBuilds { subdir: Option<Subdir> } = "platform-without-builds", Error;
message(c): match subdir {
    Some(subdir) => format!("{} has no PyTorch for {subdir}", c.channel()),
    None => "unknown platform".to_owned(),
};
hint: match subdir {
    Some(Subdir::WinArm64) => {
        Some("WSL is linux-aarch64 there: run `conda-torch advise` in it, or pass `--platform linux-aarch64`".to_owned())
    }
    Some(_) => None,
    None => Some("pass `--platform SUBDIR`".to_owned()),
};
example: { subdir: Some(example("linux-ppc64le")) };

/// CUDA was requested, or an NVIDIA GPU named, on a platform for which conda-forge has no CUDA builds.
/// Why: NVIDIA ended CUDA for macOS with CUDA 10.2.
/// What to do: leave out `--cuda-version` and `--accelerator cuda`; arm64 Macs use Apple's GPU through Metal.
NoCudaOnPlatform { subdir: Subdir } = "no-cuda-on-platform", Error;
message(c): format!("{} has no CUDA builds of PyTorch for {subdir}", c.channel());
covers: [OtherAccelerator];
example: { subdir: Subdir::OsxArm64 };

/// The system's glibc is older than the build needs.
/// Why: packages declare what they need (`__glibc >=2.17`). CUDA builds of PyTorch since 2.5.1 declare 2.17, but depend
/// on CUDA libraries that need 2.28: both are checked here.
/// What to do: install the recommended build; or use a newer system, or a container, which includes its own glibc: add
/// `--glibc 2.36 --format dockerfile`.
GlibcTooOld { found: Version, needed: Version, declared: Version } = "glibc-too-old", Error;
message: {
    let what = if needed > declared { "the build's CUDA libraries need" } else { "the build needs" };
    format!("glibc is {found}; {what} {needed} or newer")
};
hint(c): (c.glibc_for_better && !c.in_container()).then(|| OWN_GLIBC.to_owned());
symptom: Some(format!("version `GLIBC_{needed}' not found"));
example: { found: example("2.17"), needed: example("2.28"), declared: example("2.17") };

/// The system's glibc is too new for the build: its libraries do not load.
/// Why: from 2.41 on (Debian 13, Ubuntu 25.04, Fedora 42), glibc refuses libraries that are marked for an executable
/// stack. Builds for linux-64 have the mark up to 2.4.1 #5 and 2.5.1 #12, although they do not need it. Solvers do not
/// know: the packages install, and the import fails.
/// What to do: install the recommended build; or use a container, which includes its own glibc: add
/// `--glibc 2.36 --format dockerfile`. `patchelf --clear-execstack` on `libtorch_cpu.so` removes the mark.
GlibcTooNew { found: Version, below: Version } = "glibc-too-new", Error;
message: format!("glibc is {found}; the build does not load with glibc {below} or newer");
hint(c): (!c.in_container()).then(|| OWN_GLIBC.to_owned());
url: "https://github.com/conda-forge/pytorch-cpu-feedstock/issues/350";
symptom: Some("cannot enable executable stack as shared object requires: Invalid argument".to_owned());
example: { found: example("2.41"), below: example("2.41") };

/// The system's C library is not glibc. conda-forge builds for glibc alone.
/// Why: Alpine and some small images use musl.
/// What to do: use an image with glibc, such as Debian.
NoGlibc { musl: Option<Version> } = "no-glibc", Error;
message(c): match musl {
    Some(musl) => format!("the C library is musl {musl}; the builds of {} need glibc", c.channel()),
    None => format!("no glibc found; the builds of {} need it", c.channel()),
};
hint(c): (!c.in_container()).then(|| OWN_GLIBC.to_owned());
example: { musl: Some(example("1.2.5")) };

/// The glibc version is unknown; the answer assumes that it is new enough.
/// What to do: pass `--glibc X.Y`; `ldd --version` prints it.
GlibcUnknown { why: String, needed: Version } = "glibc-unknown", Warning;
message: format!("unknown glibc version ({why}); assuming {needed} or newer");
hint: Some("pass `--glibc X.Y` to override".to_owned());
degrades: true;
example: { why: example("no answer"), needed: example("2.28") };

/// CUDA builds are untested with a glibc this old. By its metadata the build works.
/// What to do: run the command that checks the result.
GlibcNotTried { found: Version } = "glibc-not-tried", Warning;
message: format!("CUDA builds are untested with glibc {found}");
example: { found: example("2.17") };

/// The build needs a newer macOS. PyTorch 2.13 needs macOS 12.
/// What to do: install the recommended build, or update macOS.
MacosTooOld { found: Version, needed: Version } = "macos-too-old", Error;
message: format!("macOS is {found}; the build needs {needed} or newer");
example: { found: example("10.15.7"), needed: example("12.0") };

/// The macOS version is unknown; the answer assumes that it is new enough.
/// What to do: pass `--macos X.Y`; `sw_vers` prints it.
MacosUnknown { why: String, needed: Version } = "macos-unknown", Warning;
message: format!("unknown macOS version ({why}); assuming {needed} or newer");
hint: Some("pass `--macos X.Y` to override".to_owned());
degrades: true;
example: { why: example("no answer"), needed: example("12.0") };

/// The build is for the other kind of aarch64 machine.
/// Why: the CUDA 12 builds exist twice, for servers (`sbsa`) and for Jetson up to Orin (`tegra`); the package
/// `arm-variant` selects one. With CUDA 13 `sbsa` runs on both.
/// What to do: nothing: the recommended specs select the right one.
OtherArmVariant { machine: ArmVariant, build: ArmVariant } = "other-arm-variant", Error;
message: format!("the build is for `{build}` machines; this one is `{machine}`");
example: { machine: ArmVariant::Sbsa, build: ArmVariant::Tegra };

/// This program, or the conda client, is for Intel Macs and runs under Rosetta on an arm64 Mac.
/// Why: an x86-64 PyTorch cannot use Apple's GPU. The answer is for arm64, which can.
/// What to do: run the commands as they are: they include `--platform osx-arm64` if the client is for Intel Macs. An
/// arm64 client is better in the long run.
Rosetta = "rosetta", Warning;
message: "an x86-64 program runs under Rosetta on this Mac; the answer is for arm64";
hint(c): {
    let clients = &c.machine.clients;
    let none_is_arm64 = clients.iter().all(|client| client.subdir != Some(Subdir::OsxArm64));
    (!clients.is_empty() && none_is_arm64).then(|| miniforge(c.machine))
};

/// The machine is described with `--platform`; the version of its system is assumed.
/// What to do: pass `--glibc` or `--macos`.
BaselineAssumed { fact: AssumedFact } = "baseline-assumed", Info;
message: format!("assuming {}", fact.value_and_flag().0);
hint: flags(&[*fact]);
example: { fact: AssumedFact::Glibc(example("2.28")) };

/// The machine is read from a document of another program (`--machine`). The message names the document's format, what
/// it lacks and what is assumed instead.
/// Why: `nvidia-smi` does not print glibc, the `info` of a client not the GPU's compute capability, and so on. The
/// answer assumes what conda's tools assume of an unknown machine: Linux on x86-64 with glibc 2.28, macOS 13.0
/// (14.0 on Apple silicon).
/// What to do: pass what you know with `--platform`, `--glibc`, `--macos`, `--driver`, `--gpu`; or run
/// `conda-torch probe --json` on the machine itself, whose output is complete.
DescribedElsewhere { format: String, missing: Vec<MissingFact>, assumed: Vec<AssumedFact> }
    = "described-elsewhere", Info;
message(c): described(format, missing, assumed, c.machine);
hint(c): {
    let no_gpu = c.machine.gpu_count == Detected::Absent;
    if missing.contains(&MissingFact::Driver) && no_gpu {
        Some("if it has an NVIDIA GPU, pass `--gpu NAME` and `--driver VERSION`".to_owned())
    } else {
        flags(assumed)
    }
};
example: {
    format: example("nvidia-smi --query-gpu"),
    missing: vec![MissingFact::Platform, MissingFact::Glibc],
    assumed: vec![AssumedFact::Platform(Subdir::Linux64), AssumedFact::Glibc(example("2.28"))]
};

/// Two parts of the text that describes the machine differ, such as a report from before a change and one from after.
/// Why: the parts were printed at different times, in a container and on its host, or on two machines.
/// What to do: pass one part alone, or the right value with a flag.
DocumentsDiffer { contradiction: Box<Contradiction> } = "documents-differ", Warning;
message: {
    let Contradiction { fact, used, used_from, other, other_from } = &**contradiction;
    format!("`{used_from}` reports the {fact} {used}, `{other_from}` {other}; using the first")
};
hint: {
    let flags = [
        ("driver", "--driver VERSION"),
        ("driver's CUDA", "--cuda X.Y"),
        ("GPUs", "--gpu NAME"),
        ("glibc", "--glibc X.Y"),
        ("macOS", "--macos X.Y"),
    ];
    let flag = flags.iter().find(|(fact, _)| contradiction.fact == *fact);
    flag.map(|(_, flag)| format!("pass `{flag}` to override"))
};
example: {
    contradiction: Box::new(Contradiction {
        fact: example("driver"),
        used: example("550.54.15"),
        used_from: example("nvidia-smi"),
        other: example("470.57.02"),
        other_from: example("python -m torch.utils.collect_env")
    })
};

} } } }
