//! The platform and the operating system.

use crate::host::{Failure, System, Target};
use conda_torch_core::conda::{Os, Subdir, Version};
use conda_torch_core::types::{Detected, Origin, Outcome};

use crate::probe::{Probe, quoted};

/// Windows 10's first release; Windows 8.1 was 9600.
const FIRST_BUILD_OF_10: u16 = 10_240;

pub(super) fn detect(probe: &mut Probe<'_>) {
    let target = probe.host.target();
    let system = probe.host.system();
    subdir(probe, &target, &system);
    named(probe, &target, &system);
    rosetta(probe, &target);
}

/// Conda's platform is what this program was compiled for: the kernel may be another
/// architecture's (32-bit programs, Rosetta), and conda's programs have to run beside this one.
fn subdir(probe: &mut Probe<'_>, target: &Target, system: &System) {
    let (os, arch) = (target.os.as_ref(), target.arch.as_ref());
    let subdir = match (os, arch) {
        ("linux", "x86_64") => Some(Subdir::Linux64),
        ("linux", "aarch64") => Some(Subdir::LinuxAarch64),
        ("linux", "x86") => Some(Subdir::Linux32),
        ("linux", "arm") => Some(Subdir::LinuxArmv7l),
        ("linux", "powerpc64") => Some(Subdir::LinuxPpc64le),
        ("linux", "riscv64") => Some(Subdir::LinuxRiscv64),
        ("linux", "s390x") => Some(Subdir::LinuxS390x),
        ("macos", "x86_64") => Some(Subdir::Osx64),
        ("macos", "aarch64") => Some(Subdir::OsxArm64),
        ("windows", "x86_64") => Some(Subdir::Win64),
        ("windows", "aarch64") => Some(Subdir::WinArm64),
        ("windows", "x86") => Some(Subdir::Win32),
        ("freebsd", "x86_64") => Some(Subdir::FreeBsd64),
        _ => None,
    };
    let mut detail = format!("compiled for {os} on {arch}");
    if let Some(kernel) = system.arch.as_deref().filter(|kernel| !same_processor(kernel, arch)) {
        detail.push_str(", the kernel says ");
        detail.push_str(kernel);
    }
    probe.machine.subdir = match subdir {
        Some(subdir) => Detected::found(subdir, Origin::Compiled),
        None => Detected::unknown(format!("conda has no name for {os} on {arch}")),
    };
    let outcome = if subdir.is_some() { Outcome::Ok } else { Outcome::Failed };
    probe.report("platform", outcome, detail);
}

/// Whether the kernel's word for the processor and Rust's mean the same.
fn same_processor(kernel: &str, arch: &str) -> bool {
    match arch {
        "x86_64" => matches!(kernel, "x86_64" | "amd64" | "AMD64"),
        "aarch64" => matches!(kernel, "aarch64" | "arm64" | "ARM64"),
        "powerpc64" => kernel.starts_with("ppc64"),
        "x86" => matches!(kernel, "i386" | "i486" | "i586" | "i686" | "x86"),
        "arm" => kernel.starts_with("arm") && kernel != "arm64",
        other => kernel == other,
    }
}

fn named(probe: &mut Probe<'_>, target: &Target, system: &System) {
    let machine = &mut probe.machine;
    machine.os = match (&system.name, &system.version) {
        (Some(name), Some(version)) => {
            let name = if name == "Darwin" { "macOS" } else { name };
            Detected::found(format!("{name} {version}"), Origin::System)
        }
        (Some(name), None) => Detected::found(name.clone(), Origin::System),
        (None, _) => Detected::unknown("the system did not name itself"),
    };
    machine.kernel = match &system.kernel {
        Some(kernel) => Detected::found(kernel.clone(), Origin::System),
        None => Detected::unknown("the system did not name its kernel"),
    };
    let version_on = |os: Os| match (&system.version, target.os() == Some(os)) {
        (_, false) => Detected::Absent,
        (None, true) => Detected::unknown("the system did not say its version"),
        (Some(text), true) => match leading_version(text) {
            Some(version) => Detected::found(version, Origin::System),
            None => Detected::unknown(format!("{} is not a version", quoted(text))),
        },
    };
    machine.macos = version_on(Os::Macos);
    machine.windows = windows(system, version_on(Os::Windows));
    let (outcome, detail) = match (&machine.os, system.name.is_some()) {
        (Detected::Found(os), _) => (Outcome::Ok, os.value.clone()),
        (Detected::Absent | Detected::Unknown { .. }, _) => {
            (Outcome::Failed, "the system did not name itself".to_owned())
        }
    };
    probe.report("system", outcome, detail);
}

/// sysinfo says `11 (22631)` or `Server 2022 (20348)`: the product's name and the build. Conda's
/// `__win` is the kernel's version, which is 10.0 with the build for all that are in use.
fn windows(system: &System, version: Detected<Version>) -> Detected<Version> {
    let build = system
        .version
        .as_deref()
        .and_then(|text| text.split_once('('))
        .and_then(|(_, rest)| rest.split(')').next())
        .and_then(|build| build.parse::<u16>().ok())
        .filter(|build| *build >= FIRST_BUILD_OF_10);
    match (version, build) {
        (Detected::Absent, _) => Detected::Absent,
        (Detected::Found(_) | Detected::Unknown { .. }, Some(build)) => {
            Detected::found(Version::new(&[10, 0, build]), Origin::System)
        }
        (version, None) => version,
    }
}

/// The version that a text begins with.
fn leading_version(text: &str) -> Option<Version> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text[..end].trim_end_matches('.').parse().ok()
}

/// Whether an x86-64 program is translated on an arm64 Mac.
fn rosetta(probe: &mut Probe<'_>, target: &Target) {
    if (target.os.as_ref(), target.arch.as_ref()) != ("macos", "x86_64") {
        probe.machine.rosetta = Detected::Absent;
        return;
    }
    let source = "sysctl.proc_translated";
    // Macs that have never heard of it (before macOS 11) exit with 1: "unknown oid".
    let said = probe.host.run("/usr/sbin/sysctl", &["-n", source]);
    let translated = match &said {
        Ok(ran) if ran.stdout.trim() == "1" => Ok(true),
        Ok(ran) if ran.stdout.trim() == "0" || ran.stderr.contains("unknown oid") => Ok(false),
        Ok(ran) => Err(Failure::Other(format!("it said {}", quoted(&ran.stdout)))),
        Err(failure) => Err(failure.clone()),
    };
    match translated {
        Ok(translated) => {
            probe.report(source, Outcome::Ok, if translated { "1" } else { "0" });
            probe.machine.rosetta = Detected::found(translated, Origin::System);
        }
        Err(failure) => {
            probe.machine.rosetta = Detected::unknown(format!("{source}: {failure}"));
            probe.report_failure(source, &failure);
        }
    }
}
