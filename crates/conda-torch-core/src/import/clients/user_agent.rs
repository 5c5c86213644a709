//! conda's `user_agent`: `conda/24.5.0 requests/2.31.0 CPython/3.12.3 Linux/6.5.0-35-generic
//! ubuntu/22.04.4 glibc/2.35 solver/libmamba`. It is of the machine itself, also where
//! `CONDA_SUBDIR` asks for another platform.

use crate::conda::{Os, Subdir};
use crate::types::{Detected, Machine};

use super::super::said;

/// Fills what the virtual packages left open.
pub(super) fn apply(machine: &mut Machine, agent: &str) {
    let words: Vec<(&str, &str)> =
        agent.split_whitespace().filter_map(|word| word.split_once('/')).collect();
    let of = |name: &str| words.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let system = ["Linux", "Darwin", "Windows"].into_iter().find(|name| of(name).is_some());
    let Some(system) = system else { return };
    let os = match system {
        "Linux" => Os::Linux,
        "Darwin" => Os::Macos,
        _ => Os::Windows,
    };
    if machine.subdir.value().is_some_and(|subdir| subdir.os() != os) {
        return;
    }
    let release = of(system).unwrap_or_default();
    if os == Os::Linux {
        wsl(machine, release);
        if is_open(&machine.kernel) {
            machine.kernel = said(release.to_owned(), machine);
        }
        let glibc = of("glibc").and_then(|text| text.parse().ok());
        if let Some(glibc) = glibc.filter(|_| is_open(&machine.glibc)) {
            machine.glibc = said(glibc, machine);
        }
    }
    let macos = of("OSX").and_then(|text| text.parse().ok());
    if let Some(macos) = macos.filter(|_| os == Os::Macos && is_open(&machine.macos)) {
        machine.macos = said(macos, machine);
    }
    // The word after that of the system is the distribution.
    let place = words.iter().position(|(key, _)| *key == system);
    if let Some((name, version)) = place.and_then(|at| words.get(at + 1)) {
        machine.os = said(format!("{name} {version}"), machine);
    }
    if os == Os::Windows && machine.subdir.value().is_none() {
        machine.subdir = said(Subdir::Win64, machine);
    }
}

/// WSL by the kernel's release, as the probe tells it: `5.15.153.1-microsoft-standard-WSL2`.
pub(in super::super) fn wsl(machine: &mut Machine, release: &str) {
    let release = release.to_ascii_lowercase();
    if release.contains("microsoft") {
        let version =
            if release.contains("wsl2") || release.contains("standard") { "2" } else { "1" };
        machine.wsl = said(version.to_owned(), machine);
    } else if release.starts_with(|c: char| c.is_ascii_digit()) {
        machine.wsl = Detected::Absent;
    }
}

fn is_open<T>(detected: &Detected<T>) -> bool {
    matches!(detected, Detected::Unknown { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(agent: &str, subdir: Option<Subdir>) -> Machine {
        let mut machine = super::super::super::blank("conda info");
        if let Some(subdir) = subdir {
            machine.subdir = said(subdir, &machine);
        }
        apply(&mut machine, agent);
        machine
    }

    #[test]
    fn the_system_is_told_by_the_words_of_the_agent() {
        let linux = read(
            "conda/4.10.3 requests/2.25.1 CPython/3.8.8 Linux/5.10.16.3-microsoft-standard-WSL2 ubuntu/20.04.2 glibc/2.31",
            Some(Subdir::Linux64),
        );
        assert_eq!(linux.glibc.value().map(ToString::to_string).as_deref(), Some("2.31"));
        assert_eq!(linux.wsl.value().map(String::as_str), Some("2"));
        assert_eq!(linux.os.value().map(String::as_str), Some("ubuntu 20.04.2"));
        let mac =
            read("conda/24.1.0 CPython/3.11.7 Darwin/23.3.0 OSX/14.3", Some(Subdir::OsxArm64));
        assert_eq!(mac.macos.value().map(ToString::to_string).as_deref(), Some("14.3"));
    }

    #[test]
    fn another_platform_than_the_machines_own_is_not_described_by_it() {
        let agent = "conda/24.1.0 CPython/3.11.7 Linux/6.5.0 ubuntu/22.04 glibc/2.35";
        let windows = read(agent, Some(Subdir::Win64));
        assert!(windows.glibc.value().is_none() && windows.os.value().is_none());
    }
}
