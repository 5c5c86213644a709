//! The virtual packages of operating systems, and `__conda`.

use crate::clients::{ClientTarget, Detector, Elsewhere};
use crate::conda::{Os, Version};
use crate::types::{ClientKind, Detected, Machine, Origin};

use super::overrides::{TargetPlatform, overridden};
use super::{NoPrediction, Prediction, detected, present, unknown};

/// `__unix`, which has no version.
pub(super) fn unix(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let is_libmamba = client.habits().detector == Detector::Libmamba;
    match TargetPlatform::of(machine, client)?.subdir.os() {
        Os::FreeBsd if is_libmamba => Ok(None),
        Os::Linux | Os::Macos | Os::FreeBsd => present("__unix", "0", Origin::System),
        Os::Windows => Ok(None),
    }
}

/// `__linux`: the kernel's version.
pub(super) fn linux(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let detector = client.habits().detector;
    if let Some(settled) = settled(machine, client, "__linux", Os::Linux, Elsewhere::Zero) {
        return match settled? {
            Some((package, origin)) if detector == Detector::Conda => {
                present("__linux", leading(&package.version).unwrap_or("0"), origin)
            }
            settled => Ok(settled),
        };
    }
    let kernel = match &machine.kernel {
        Detected::Found(kernel) => kernel,
        Detected::Absent => return unknown("the version of the kernel is unknown"),
        Detected::Unknown { why } => return unknown(why.clone()),
    };
    let is_libmamba = detector == Detector::Libmamba;
    let version = if is_libmamba { three(&kernel.value) } else { leading(&kernel.value) };
    if version.is_none() && detector == Detector::Rattler {
        let why = format!("the kernel's version is `{}`; pixi fails", kernel.value);
        return Err(NoPrediction::Fails(why.into()));
    }
    present("__linux", version.unwrap_or("0"), kernel.origin.clone())
}

/// `__glibc`: the version of the C library.
pub(super) fn glibc(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let habits = client.habits();
    if let Some(settled) = settled(machine, client, "__glibc", Os::Linux, habits.glibc_elsewhere) {
        return settled;
    }
    // conda reports the library that its own Python runs on.
    if machine.glibc == Detected::Absent && habits.detector == Detector::Conda {
        return unknown("the system has no glibc; conda detects the one that its Python runs on");
    }
    detected("__glibc", &machine.glibc)
}

/// `__osx`: the version of macOS.
pub(super) fn osx(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    settled(machine, client, "__osx", Os::Macos, client.habits().osx_elsewhere)
        .unwrap_or_else(|| version("__osx", &machine.macos, "the version of macOS is unknown"))
}

/// `__win`: the version of Windows.
pub(super) fn win(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    settled(machine, client, "__win", Os::Windows, Elsewhere::Zero).unwrap_or_else(|| {
        if client.habits().has_win_version {
            version("__win", &machine.windows, "the version of Windows is unknown")
        } else {
            present("__win", "0", Origin::System)
        }
    })
}

/// `__conda`: conda's own version.
pub(super) fn conda(client: &ClientTarget<'_>) -> Prediction {
    match client.version {
        _ if !client.habits().has_conda_package => Ok(None),
        Some(version) if client.kind == ClientKind::Conda => {
            present("__conda", version, Origin::System)
        }
        Some(_) | None => unknown("the version of conda is unknown"),
    }
}

/// A prediction that needs no look at the system: the platform has no such package, the user overrides it,
/// or the client runs on another system.
fn settled(
    machine: &Machine,
    client: &ClientTarget<'_>,
    package: &str,
    os: Os,
    elsewhere: Elsewhere,
) -> Option<Prediction> {
    let is_rattler = client.habits().detector == Detector::Rattler;
    let is_here = match TargetPlatform::of(machine, client).map(|target| target.on(os)) {
        Err(why) => return Some(unknown(why)),
        // pixi has it on every system if there is an override.
        Ok(None) if is_rattler && os != Os::Linux => false,
        Ok(None) => return Some(Ok(None)),
        Ok(Some(is_here)) => is_here,
    };
    overridden(machine, client, package).or_else(|| {
        (!is_here).then(|| match elsewhere {
            Elsewhere::Zero if !is_rattler => present(package, "0", Origin::System),
            Elsewhere::OwnSystem if !is_rattler => {
                unknown("this conda takes the version of the system that it runs on")
            }
            Elsewhere::Absent | Elsewhere::Zero | Elsewhere::OwnSystem => Ok(None),
        })
    })
}

/// The version of a system that must have one.
fn version(package: &str, version: &Detected<Version>, absent: &'static str) -> Prediction {
    if *version == Detected::Absent { unknown(absent) } else { detected(package, version) }
}

/// Two, three or four numbers at the start, as conda and rattler read them: `6.1.0` of `6.1.0-18-amd64`.
fn leading(release: &str) -> Option<&str> {
    numbers(release, 4).filter(|text| text.contains('.'))
}

/// The first three numbers anywhere, as libmamba reads them.
fn three(release: &str) -> Option<&str> {
    let starts = release.char_indices().filter(|(_, c)| c.is_ascii_digit());
    starts
        .filter_map(|(at, _)| numbers(&release[at..], 3))
        .find(|text| text.matches('.').count() == 2)
}

/// The numbers with dots that a text begins with, at most so many.
fn numbers(text: &str, most: usize) -> Option<&str> {
    let digits = |part: &str| part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
    let mut end = digits(text);
    for _ in 1..most {
        match text[end..].strip_prefix('.').map(digits) {
            Some(length) if length > 0 => end += 1 + length,
            Some(_) | None => break,
        }
    }
    (end > 0).then(|| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conda_reads_up_to_four_numbers_of_the_kernel_and_libmamba_three() {
        assert_eq!(leading("6.1.0-18-amd64"), Some("6.1.0"));
        assert_eq!(leading("5.15.153.1-microsoft-standard-WSL2"), Some("5.15.153.1"));
        assert_eq!(three("5.15.153.1-microsoft-standard-WSL2"), Some("5.15.153"));
        assert_eq!((leading("6.1-rc1"), three("6.1-rc1")), (Some("6.1"), None));
        assert_eq!((leading("6"), leading("x6.1"), leading("6..1")), (None, None, None));
        assert_eq!(three("x 1.2 3.4.5.6"), Some("3.4.5"));
    }
}
