//! glibc or musl, and its version.

use conda_torch_core::conda::{Os, Version};
use conda_torch_core::types::{Detected, Origin, Outcome};

use crate::clients::on_path;
use crate::host::Failure;
use crate::probe::{Probe, failed, quoted};

/// How much of a C library is read to find its version: glibc has about 2 MB.
const LIBRARY: usize = 16 << 20;

/// glibc is that of this process. A program that is linked with musl may run on either: glibc counts, for a glibc
/// system may have musl installed as well.
pub(super) fn detect(probe: &mut Probe<'_>) {
    probe.machine.glibc = Detected::Absent;
    probe.machine.musl = Detected::Absent;
    if !probe.is_on(Os::Linux) {
        return;
    }
    if let Some(version) = probe.host.own_glibc() {
        let version = version.parse::<Version>();
        let version = version.or_else(|error| failed(error.to_string()));
        probe.machine.glibc = probe.record("glibc", version, Origin::System);
        return;
    }
    match glibc(probe) {
        Some((path, Ok(version))) => {
            probe.report(&path, Outcome::Ok, format!("glibc {version}"));
            probe.machine.glibc = Detected::found(version, Origin::File(path));
        }
        Some((path, Err(failure))) => {
            probe.machine.glibc = Detected::unknown(format!("{path}: {failure}"));
            probe.machine.musl = Detected::unknown("a glibc could not be read");
            probe.report_failure(&path, &failure);
        }
        None => {
            probe.report("glibc", Outcome::Absent, "no libc.so.6 in the usual folders");
            probe.machine.musl = musl(probe);
            if matches!(probe.machine.musl, Detected::Unknown { .. })
                && let Some(version) = named_glibc(probe)
            {
                probe.machine.glibc = Detected::found(version, Origin::System);
                probe.machine.musl = Detected::Absent;
            }
        }
    }
}

/// The file of the first glibc with a version, or else of the first one without.
fn glibc(probe: &Probe<'_>) -> Option<(String, Result<Version, Failure>)> {
    let triplet = match probe.host.target().arch.as_str() {
        "powerpc64" => "powerpc64le-linux-gnu".to_owned(),
        "x86" => "i386-linux-gnu".to_owned(),
        arch => format!("{arch}-linux-gnu"),
    };
    let [lib, usr_lib] = ["/lib", "/usr/lib"].map(|folder| format!("{folder}/{triplet}"));
    // `/lib64` is `/usr/lib` in some distributions and `/usr/lib64` in others.
    // The last is that of https://github.com/sgerrand/alpine-pkg-glibc, for conda on Alpine.
    let folders =
        ["/lib64", &lib, &usr_lib, "/usr/lib64", "/lib", "/usr/lib", "/usr/glibc-compat/lib"];
    let mut problem = None;
    for folder in folders {
        let path = format!("{folder}/libc.so.6");
        let failure = match probe.host.read(&path, LIBRARY) {
            Ok(bytes) => match banner_version(&bytes) {
                Some(version) => return Some((path, Ok(version))),
                // Alpine's gcompat has a libc.so.6 without glibc.
                None if find(&bytes, b"gcompat").is_some() => continue,
                None => Failure::Other("no glibc version in it".to_owned()),
            },
            Err(Failure::NotThere) => continue,
            Err(failure) => failure,
        };
        problem.get_or_insert((path, Err(failure)));
    }
    problem
}

fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text)
}

/// From `GNU C Library (Debian GLIBC 2.36-9+deb12u13) stable release version 2.36.`
fn banner_version(bytes: &[u8]) -> Option<Version> {
    let start = find(bytes, b"GNU C Library")?;
    let banner = String::from_utf8_lossy(&bytes[start..bytes.len().min(start + 200)]);
    Version::at_start(banner.split_once("release version ")?.1)
}

/// The glibc of systems that have it in no usual folder, such as NixOS and Guix, from their `getconf`.
fn named_glibc(probe: &mut Probe<'_>) -> Option<Version> {
    let program = on_path(probe, "getconf")?;
    let version = probe.run(&program, &["GNU_LIBC_VERSION"]).and_then(|output| {
        let version = output.stdout.trim().strip_prefix("glibc ").and_then(|it| it.parse().ok());
        version.ok_or_else(|| Failure::Other(format!("no glibc in {}", quoted(&output.stdout))))
    });
    match version {
        Ok(version) => {
            probe.report(&program, Outcome::Ok, format!("glibc {version}"));
            Some(version)
        }
        Err(failure) => {
            probe.report_failure(&program, &failure);
            None
        }
    }
}

/// musl's loader is its library, and prints its version if it is run without a program.
fn musl(probe: &mut Probe<'_>) -> Detected<Version> {
    let names = match probe.host.list("/lib") {
        Ok(names) => names,
        Err(failure) => {
            probe.report_failure("/lib", &failure);
            return Detected::unknown(format!("/lib: {failure}"));
        }
    };
    // Not that of another architecture, which runs nothing here.
    let arch = match probe.host.target().arch.as_str() {
        "powerpc64" => "powerpc64le",
        "x86" => "i386",
        arch => arch,
    };
    let name = format!("ld-musl-{arch}.so.1");
    if !names.contains(&name) {
        probe.report("musl", Outcome::Absent, format!("no /lib/{name}"));
        return Detected::unknown("this program runs on musl, but musl's loader was not found");
    }
    let loader = format!("/lib/{name}");
    let version = probe.host.run(&loader, &[]).and_then(|output| musl_version(&output.stderr));
    probe.record(&loader, version, Origin::File(loader.clone()))
}

/// From `musl libc (x86_64)`, `Version 1.2.5`, each on a line.
fn musl_version(usage: &str) -> Result<Version, Failure> {
    let version = usage.lines().find_map(|line| line.strip_prefix("Version "));
    // A snapshot adds its commit: `1.2.5-git-12-gabcdef`.
    let version = version.and_then(|version| version.trim().split('-').next()?.parse().ok());
    version.ok_or_else(|| Failure::Other(format!("no version in {}", quoted(usage))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banner_of_every_distribution_is_read() {
        let banners: [(&[u8], &[u16]); 4] = [
            (
                b"\0GNU C Library (Debian GLIBC 2.36-9+deb12u13) stable release version 2.36.\n",
                &[2, 36],
            ),
            (
                b"GNU C Library (GNU libc) stable release version 2.17, by Roland McGrath et al.",
                &[2, 17],
            ),
            (
                b"x\0GNU C Library (Ubuntu GLIBC 2.39-0ubuntu8.6) stable release version 2.39.",
                &[2, 39],
            ),
            (b"GNU C Library (GNU libc) development release version 2.42.9000.", &[2, 42, 9000]),
        ];
        for (banner, version) in banners {
            assert_eq!(banner_version(banner), Some(Version::new(version)));
        }
        assert_eq!(banner_version(b"GNU C Library stable release version x"), None);
        assert_eq!(banner_version(b"\xff\xfe GNU C Libr"), None);
    }

    #[test]
    fn musl_prints_its_version_in_its_usage() {
        let usage = "musl libc (x86_64)\nVersion 1.2.5\nDynamic Program Loader\nUsage: …";
        assert_eq!(musl_version(usage), Ok(Version::new(&[1, 2, 5])));
        assert_eq!(musl_version("Version 1.2.5-git-3-gabc"), Ok(Version::new(&[1, 2, 5])));
        assert!(musl_version("segfault").is_err());
    }
}
