//! conda's `user_agent`: `conda/24.5.0 requests/2.31.0 CPython/3.12.3 Linux/6.5.0-35-generic
//! ubuntu/22.04.4 glibc/2.35 solver/libmamba`. It describes the machine, even if `CONDA_SUBDIR` sets another platform.

use std::str::FromStr;

use super::super::set;
use crate::conda::{Os, Subdir};
use crate::types::{Detected, Machine, Origin};

/// Sets what the virtual packages may overwrite.
pub(super) fn apply(machine: &mut Machine, agent: &str, origin: &Origin) {
    let words: Vec<(&str, &str)> =
        agent.split_whitespace().filter_map(|word| word.split_once('/')).collect();
    let systems = [("Linux", Os::Linux), ("Darwin", Os::Macos), ("Windows", Os::Windows)];
    let system = words.iter().enumerate().find_map(|(place, (word, release))| {
        let (_, os) = systems.iter().find(|(name, _)| name == word)?;
        Some((place, *os, *release))
    });
    let Some((place, os, release)) = system else { return };
    if machine.subdir.value().is_some_and(|subdir| subdir.os() != os) {
        return;
    }
    if os == Os::Linux {
        set_wsl(machine, release, origin);
        set(&mut machine.kernel, Some(release.to_owned()), origin);
        set(&mut machine.glibc, parsed(&words, "glibc"), origin);
    } else if os == Os::Macos {
        set(&mut machine.macos, parsed(&words, "OSX"), origin);
    } else if machine.subdir.value().is_none() {
        machine.subdir = Detected::found(Subdir::Win64, origin.clone());
    }
    // The word after the system is the distribution.
    let distribution = words.get(place + 1).map(|(name, version)| format!("{name} {version}"));
    set(&mut machine.os, distribution, origin);
}

fn parsed<T: FromStr>(words: &[(&str, &str)], name: &str) -> Option<T> {
    words.iter().find(|(word, _)| *word == name)?.1.parse().ok()
}

/// Sets WSL by the release of the kernel: `5.15.153.1-microsoft-standard-WSL2`.
pub(in super::super) fn set_wsl(machine: &mut Machine, release: &str, origin: &Origin) {
    let release = release.to_ascii_lowercase();
    if release.contains("microsoft") {
        let is_2 = release.contains("wsl2") || release.contains("standard");
        machine.wsl = Detected::found(if is_2 { "2" } else { "1" }.to_owned(), origin.clone());
    } else if release.starts_with(|c: char| c.is_ascii_digit()) {
        machine.wsl = Detected::Absent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(agent: &str, subdir: Option<Subdir>) -> Machine {
        let mut machine = super::super::super::unknown_machine("conda info");
        if let Some(subdir) = subdir {
            machine.subdir = Detected::found(subdir, Origin::Baseline);
        }
        apply(&mut machine, agent, &Origin::Baseline);
        machine
    }

    #[test]
    fn the_agent_describes_the_system() {
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
    fn the_agent_does_not_describe_another_platform() {
        let agent = "conda/24.1.0 CPython/3.11.7 Linux/6.5.0 ubuntu/22.04 glibc/2.35";
        let windows = read(agent, Some(Subdir::Win64));
        assert!(windows.glibc.value().is_none() && windows.os.value().is_none());
    }
}
