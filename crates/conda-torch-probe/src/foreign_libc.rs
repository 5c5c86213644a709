//! The system's libc, seen from a program that does not run on it: one that is linked with musl.

use crate::host::Failure;
use conda_torch_core::conda::Version;
use conda_torch_core::types::{Detected, Origin, Outcome};

use crate::probe::{Probe, quoted};

/// How much of a C library is read to find its version: glibc is about 2 MB.
const LIBRARY: usize = 16 << 20;

/// What every glibc says of itself, followed by a release number.
const BANNER: &[u8] = b"GNU C Library";

/// Where distributions keep glibc, for the processors of conda. The loader's folder is no help:
/// `/lib64` is `/usr/lib` here and `/usr/lib64` there.
fn folders(arch: &str) -> Vec<String> {
    let triplet = match arch {
        "powerpc64" => "powerpc64le-linux-gnu".to_owned(),
        "x86" => "i386-linux-gnu".to_owned(),
        arch => format!("{arch}-linux-gnu"),
    };
    vec![
        "/lib64".to_owned(),
        format!("/lib/{triplet}"),
        format!("/usr/lib/{triplet}"),
        "/usr/lib64".to_owned(),
        "/lib".to_owned(),
        "/usr/lib".to_owned(),
    ]
}

/// Looks for musl's loader, which Alpine has, and then for glibc. A glibc machine may have musl
/// installed beside it, so glibc's loader counts first.
pub(super) fn detect(probe: &mut Probe<'_>) {
    let arch = probe.host.target().arch;
    let folders = folders(&arch);
    match glibc(probe, &folders) {
        Ok(Some((version, path))) => {
            probe.report(path.clone(), Outcome::Ok, format!("glibc {version}"));
            probe.machine.glibc = Detected::found(version, Origin::File(path));
            probe.machine.musl = Detected::Absent;
        }
        Ok(None) => {
            probe.report("glibc", Outcome::Absent, "no libc.so.6 in the usual folders");
            probe.machine.glibc = Detected::Absent;
            musl(probe);
        }
        Err((path, failure)) => {
            probe.machine.glibc = Detected::unknown(format!("{path}: {failure}"));
            probe.machine.musl = Detected::unknown("there is a glibc that could not be read");
            probe.report_failure(path, &failure);
        }
    }
}

/// The first glibc that says its version, or the first one that would not.
fn glibc(
    probe: &Probe<'_>,
    folders: &[String],
) -> Result<Option<(Version, String)>, (String, Failure)> {
    let mut problem = None;
    for folder in folders {
        let path = format!("{folder}/libc.so.6");
        match probe.host.read(&path, LIBRARY) {
            Ok(bytes) => match banner_version(&bytes) {
                Some(version) => return Ok(Some((version, path))),
                // Alpine's gcompat has a libc.so.6 without glibc in it.
                None if holds(&bytes, b"gcompat") => {}
                None => {
                    let why = Failure::Other("no glibc version in it".to_owned());
                    problem.get_or_insert((path, why));
                }
            },
            Err(Failure::NotThere) => {}
            Err(failure) => {
                problem.get_or_insert((path, failure));
            }
        }
    }
    problem.map_or(Ok(None), Err)
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    memchr::memmem::find(bytes, text).is_some()
}

/// From `GNU C Library (Debian GLIBC 2.36-9+deb12u13) stable release version 2.36.`
fn banner_version(bytes: &[u8]) -> Option<Version> {
    let start = memchr::memmem::find(bytes, BANNER)?;
    let banner = &bytes[start..bytes.len().min(start + 200)];
    let marker = b"release version ";
    let number = &banner[memchr::memmem::find(banner, marker)? + marker.len()..];
    let end = number.iter().position(|b| !b.is_ascii_digit() && *b != b'.').unwrap_or(number.len());
    std::str::from_utf8(&number[..end]).ok()?.trim_end_matches('.').parse().ok()
}

/// musl's loader is its library, and tells its version to who runs it without a program.
fn musl(probe: &mut Probe<'_>) {
    let loader = match probe.host.list("/lib") {
        Ok(names) => names
            .into_iter()
            .find(|name| name.starts_with("ld-musl-") && name.ends_with(".so.1"))
            .map(|name| format!("/lib/{name}")),
        Err(failure) => {
            probe.machine.musl = Detected::unknown(format!("/lib: {failure}"));
            return probe.report_failure("/lib", &failure);
        }
    };
    let Some(loader) = loader else {
        probe.machine.musl =
            Detected::unknown("this program runs on musl, but there is no loader of it");
        return probe.report("musl", Outcome::Absent, "no /lib/ld-musl-*.so.1");
    };
    let version = probe.host.run(&loader, &[]).and_then(|ran| musl_version(&ran.stderr));
    match version {
        Ok(version) => {
            probe.report(loader.clone(), Outcome::Ok, format!("musl {version}"));
            probe.machine.musl = Detected::found(version, Origin::File(loader));
        }
        Err(failure) => {
            probe.machine.musl = Detected::unknown(format!("{loader}: {failure}"));
            probe.report_failure(loader, &failure);
        }
    }
}

/// From `musl libc (x86_64)`, `Version 1.2.5`, each on a line.
fn musl_version(said: &str) -> Result<Version, Failure> {
    said.lines()
        .find_map(|line| line.strip_prefix("Version "))
        // A snapshot adds its commit: `1.2.5-git-12-gabcdef`.
        .and_then(|version| version.trim().split('-').next()?.parse().ok())
        .ok_or_else(|| Failure::Other(format!("no version in {}", quoted(said))))
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
    fn musl_tells_its_version_in_its_usage() {
        let said = "musl libc (x86_64)\nVersion 1.2.5\nDynamic Program Loader\nUsage: …";
        assert_eq!(musl_version(said), Ok(Version::new(&[1, 2, 5])));
        assert_eq!(musl_version("Version 1.2.5-git-3-gabc"), Ok(Version::new(&[1, 2, 5])));
        assert!(musl_version("segfault").is_err());
    }
}
