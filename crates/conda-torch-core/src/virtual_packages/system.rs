//! The virtual packages of operating systems, and `__conda`.

use crate::clients::{ClientTarget, Detector, Elsewhere};
use crate::conda::{Os, Version};
use crate::types::{ClientKind, Detected, Machine, Origin};

use super::Prediction;
use super::overrides::{TargetPlatform, overridden};

/// `__unix`, which has no version.
pub(super) fn unix(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let is_libmamba = client.habits().detector == Detector::Libmamba;
    match TargetPlatform::of(machine, client).map(|target| target.subdir.os()) {
        Ok(Os::FreeBsd) if is_libmamba => Prediction::Absent,
        Ok(Os::Linux | Os::Macos | Os::FreeBsd) => {
            Prediction::version("__unix", "0", Origin::System)
        }
        Ok(Os::Windows) => Prediction::Absent,
        Err(why) => Prediction::Unknown(why),
    }
}

/// `__linux`: the kernel's version.
pub(super) fn linux(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let detector = client.habits().detector;
    match settled(machine, client, "__linux", Os::Linux, Elsewhere::Zero) {
        Some(Prediction::Present(package, origin)) if detector == Detector::Conda => {
            let version = leading(&package.version).unwrap_or("0");
            return Prediction::version("__linux", version, origin);
        }
        Some(settled) => return settled,
        None => {}
    }
    let kernel = match &machine.kernel {
        Detected::Found(kernel) => kernel,
        Detected::Absent => return Prediction::unknown("the version of the kernel is unknown"),
        Detected::Unknown { why } => return Prediction::unknown(why.clone()),
    };
    let is_libmamba = detector == Detector::Libmamba;
    let version = if is_libmamba { three(&kernel.value) } else { leading(&kernel.value) };
    if version.is_none() && detector == Detector::Rattler {
        let why = format!("the kernel's version is `{}`; pixi fails", kernel.value);
        return Prediction::Fails(why.into());
    }
    Prediction::version("__linux", version.unwrap_or("0"), kernel.origin.clone())
}

/// `__glibc`: the version of the C library.
pub(super) fn glibc(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let habits = client.habits();
    if let Some(settled) = settled(machine, client, "__glibc", Os::Linux, habits.glibc_elsewhere) {
        return settled;
    }
    match &machine.glibc {
        // conda reports the library that its own Python runs on.
        Detected::Absent if habits.detector == Detector::Conda => Prediction::unknown(
            "the system has no glibc; conda detects the one that its Python runs on",
        ),
        Detected::Absent => Prediction::Absent,
        Detected::Found(_) | Detected::Unknown { .. } => version("__glibc", &machine.glibc, ""),
    }
}

/// `__osx`: the version of macOS.
pub(super) fn osx(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    settled(machine, client, "__osx", Os::Macos, client.habits().osx_elsewhere)
        .unwrap_or_else(|| version("__osx", &machine.macos, "the version of macOS is unknown"))
}

/// `__win`: the version of Windows.
pub(super) fn win(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    match settled(machine, client, "__win", Os::Windows, Elsewhere::Zero) {
        Some(settled) => settled,
        None if !client.habits().has_win_version => {
            Prediction::version("__win", "0", Origin::System)
        }
        None => version("__win", &machine.windows, "the version of Windows is unknown"),
    }
}

/// `__conda`: conda's own version.
pub(super) fn conda(client: &ClientTarget<'_>) -> Prediction {
    match client.version {
        _ if !client.habits().has_conda_package => Prediction::Absent,
        Some(version) if client.kind == ClientKind::Conda => {
            Prediction::version("__conda", version, Origin::System)
        }
        Some(_) | None => Prediction::unknown("the version of conda is unknown"),
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
        Err(why) => return Some(Prediction::Unknown(why)),
        // pixi has it on every system if there is an override.
        Ok(None) if is_rattler && os != Os::Linux => false,
        Ok(None) => return Some(Prediction::Absent),
        Ok(Some(is_here)) => is_here,
    };
    overridden(machine, client, package).or_else(|| {
        (!is_here).then(|| match elsewhere {
            Elsewhere::Absent => Prediction::Absent,
            Elsewhere::Zero | Elsewhere::OwnSystem if is_rattler => Prediction::Absent,
            Elsewhere::Zero => Prediction::version(package, "0", Origin::System),
            Elsewhere::OwnSystem => {
                Prediction::unknown("this conda takes the version of the system that it runs on")
            }
        })
    })
}

fn version(package: &str, version: &Detected<Version>, absent: &'static str) -> Prediction {
    match version {
        Detected::Found(fact) => Prediction::fact(package, fact),
        Detected::Absent => Prediction::unknown(absent),
        Detected::Unknown { why } => Prediction::unknown(why.clone()),
    }
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
