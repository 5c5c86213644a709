//! The platform and the operating system.

use conda_torch_core::conda::{Os, Subdir, Version};
use conda_torch_core::types::{Detected, Origin, Outcome};

use crate::host::{Failure, System, Target};
use crate::probe::{Probe, failed, quoted};

/// Conda's platforms by Rust's names for the operating system and the architecture.
const SUBDIRS: [(&str, &str, Subdir); 13] = [
    ("linux", "x86_64", Subdir::Linux64),
    ("linux", "aarch64", Subdir::LinuxAarch64),
    ("linux", "x86", Subdir::Linux32),
    ("linux", "arm", Subdir::LinuxArmv7l),
    ("linux", "powerpc64", Subdir::LinuxPpc64le),
    ("linux", "riscv64", Subdir::LinuxRiscv64),
    ("linux", "s390x", Subdir::LinuxS390x),
    ("macos", "x86_64", Subdir::Osx64),
    ("macos", "aarch64", Subdir::OsxArm64),
    ("windows", "x86_64", Subdir::Win64),
    ("windows", "aarch64", Subdir::WinArm64),
    ("windows", "x86", Subdir::Win32),
    ("freebsd", "x86_64", Subdir::FreeBsd64),
];

/// Windows 10's first release; Windows 8.1 was 9600.
const FIRST_BUILD_OF_10: u16 = 10_240;

const NO_NAME: &str = "the system does not report its name";

pub(super) fn detect(probe: &mut Probe<'_>) {
    let target = probe.host.target();
    let system = probe.host.system();
    subdir(probe, target, &system);
    operating_system(probe, target, &system);
    rosetta(probe, target);
}

/// Conda's platform is the one that this program was compiled for. The kernel's architecture may differ (32-bit
/// programs, Rosetta).
fn subdir(probe: &mut Probe<'_>, target: &Target, system: &System) {
    let Target { os, arch, .. } = target;
    let subdir = SUBDIRS.iter().find(|(other, on, _)| other == os && on == arch);
    let kernel = system.arch.as_deref().filter(|kernel| !same_processor(kernel, arch));
    let kernel = kernel.map(|kernel| format!(", the kernel is {kernel}")).unwrap_or_default();
    let detail = format!("compiled for {os} on {arch}{kernel}");
    let outcome = if subdir.is_some() { Outcome::Ok } else { Outcome::Failed };
    probe.machine.subdir = match subdir {
        Some((.., subdir)) => Detected::found(*subdir, Origin::Compiled),
        None => Detected::unknown(format!("conda has no platform for {os} on {arch}")),
    };
    probe.report("platform", outcome, detail);
}

/// Whether the kernel's name for the processor and Rust's mean the same.
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

fn operating_system(probe: &mut Probe<'_>, target: &Target, system: &System) {
    let machine = &mut probe.machine;
    let name = system.name.as_deref().map(|name| if name == "Darwin" { "macOS" } else { name });
    let os = name.map(|name| match &system.version {
        Some(version) => format!("{name} {version}"),
        None => name.to_owned(),
    });
    let fact = |value: Option<String>, why: &'static str| match value {
        Some(value) => Detected::found(value, Origin::System),
        None => Detected::unknown(why),
    };
    machine.os = fact(os.clone(), NO_NAME);
    machine.kernel = fact(system.kernel.clone(), "the system does not report its kernel");
    let version_on = |os: Os| match &system.version {
        _ if !target.is(os) => Detected::Absent,
        None => Detected::unknown("the system does not report its version"),
        Some(text) => match leading_version(text) {
            Some(version) => Detected::found(version, Origin::System),
            None => Detected::unknown(format!("{} is not a version", quoted(text))),
        },
    };
    machine.macos = version_on(Os::Macos);
    machine.windows = match windows_build(system) {
        Some(build) if target.is(Os::Windows) => {
            Detected::found(Version::new(&[10, 0, build]), Origin::System)
        }
        Some(_) | None => version_on(Os::Windows),
    };
    match os {
        Some(os) => probe.report("system", Outcome::Ok, os),
        None => probe.report("system", Outcome::Failed, NO_NAME),
    }
}

/// sysinfo reports `11 (22631)` or `Server 2022 (20348)`: the product and the build. Conda's `__win` is
/// the kernel's version, which is 10.0 and the build for every release in use.
fn windows_build(system: &System) -> Option<u16> {
    let (_, rest) = system.version.as_deref()?.split_once('(')?;
    let build = rest.split(')').next()?.parse().ok();
    build.filter(|build| *build >= FIRST_BUILD_OF_10)
}

/// The version at the start of a text.
fn leading_version(text: &str) -> Option<Version> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text[..end].trim_end_matches('.').parse().ok()
}

/// Whether an x86-64 program is translated on an arm64 Mac.
fn rosetta(probe: &mut Probe<'_>, target: &Target) {
    if !target.is(Os::Macos) || target.arch != "x86_64" {
        probe.machine.rosetta = Detected::Absent;
        return;
    }
    let source = "sysctl.proc_translated";
    // macOS before 11 does not know it and exits with 1: "unknown oid".
    let translated = match probe.host.run("/usr/sbin/sysctl", &["-n", source]) {
        Ok(output) if output.stdout.trim() == "1" => Ok(true),
        Ok(output) if output.stdout.trim() == "0" || output.stderr.contains("unknown oid") => {
            Ok(false)
        }
        Ok(output) => failed(format!("unexpected output {}", quoted(&output.stdout))),
        Err(failure) => Err::<bool, Failure>(failure),
    };
    probe.machine.rosetta = probe.record(source, translated, Origin::System);
}
