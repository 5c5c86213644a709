//! The platform and the operating system.

use conda_torch_core::conda::{Os, Subdir, Version};
use conda_torch_core::types::{Detected, Origin, Outcome};

use crate::host::{System, Target};
use crate::probe::{Probe, failed, quoted};

/// Windows 10's first release; Windows 8.1 was 9600.
const FIRST_BUILD_OF_10: u16 = 10_240;

pub(super) fn detect(probe: &mut Probe<'_>) {
    let target = probe.host.target();
    let system = probe.host.system();
    subdir(probe, target, &system);
    operating_system(probe, target, system);
    rosetta(probe, target);
}

/// Conda's platform: what this program was compiled for, not the kernel's (32-bit programs, Rosetta).
fn subdir(probe: &mut Probe<'_>, target: &Target, system: &System) {
    let Target { os, arch, .. } = target;
    let of = |arch: &str| Subdir::of(target.os()?, arch);
    let kernel = system.arch.as_deref().filter(|kernel| kernel != arch && of(kernel) != of(arch));
    let kernel = kernel.map(|kernel| format!(", the kernel is {kernel}")).unwrap_or_default();
    let outcome = if of(arch).is_some() { Outcome::Ok } else { Outcome::Failed };
    let why = format!("conda has no platform for {os} on {arch}");
    probe.machine.subdir = Detected::found_or(of(arch), Origin::Compiled, why);
    probe.report("platform", outcome, format!("compiled for {os} on {arch}{kernel}"));
}

fn operating_system(probe: &mut Probe<'_>, target: &Target, system: System) {
    let machine = &mut probe.machine;
    let version_on = |os: Os| match &system.version {
        _ if !target.is(os) => Detected::Absent,
        None => Detected::unknown("the system does not report its version"),
        Some(text) => {
            let version = windows_version(text).filter(|_| os == Os::Windows);
            let why = format!("{} is not a version", quoted(text));
            Detected::found_or(version.or(Version::at_start(text)), Origin::System, why)
        }
    };
    machine.macos = version_on(Os::Macos);
    machine.windows = version_on(Os::Windows);
    let name = system.name.as_deref().map(|name| if name == "Darwin" { "macOS" } else { name });
    let os = name.map(|name| match &system.version {
        Some(version) => format!("{name} {version}"),
        None => name.to_owned(),
    });
    let no_name = "the system does not report its name";
    machine.os = Detected::found_or(os.clone(), Origin::System, no_name);
    let no_kernel = "the system does not report its kernel";
    machine.kernel = Detected::found_or(system.kernel, Origin::System, no_kernel);
    let outcome = if os.is_some() { Outcome::Ok } else { Outcome::Failed };
    probe.report("system", outcome, os.unwrap_or(no_name.to_owned()));
}

/// sysinfo reports `11 (22631)` or `Server 2022 (20348)`: the product and the build. Conda's `__win` is
/// the kernel's version, which is 10.0 and the build for every release in use.
fn windows_version(text: &str) -> Option<Version> {
    let build = text.split_once('(')?.1.split(')').next()?.parse().ok();
    build.filter(|build| *build >= FIRST_BUILD_OF_10).map(|build| Version::new(&[10, 0, build]))
}

fn rosetta(probe: &mut Probe<'_>, target: &Target) {
    if !target.is(Os::Macos) || target.arch != "x86_64" {
        probe.machine.rosetta = Detected::Absent;
        return;
    }
    let source = "sysctl.proc_translated";
    let output = probe.host.run("/usr/sbin/sysctl", &["-n", source]);
    let translated = output.and_then(|output| match output.stdout.trim() {
        "1" => Ok(true),
        "0" => Ok(false),
        // macOS before 11 does not know it and exits with 1.
        _ if output.stderr.contains("unknown oid") => Ok(false),
        text => failed(format!("unexpected output {}", quoted(text))),
    });
    probe.machine.rosetta = probe.record(source, translated, Origin::System);
}
