//! The system in `collect_env`: platform, C library, kernel, processor.

use crate::conda::{Os, Subdir};
use crate::types::{Detected, Machine};

use super::super::clients::user_agent::wsl;
use super::super::labels::LabeledText;
use super::super::said;
use super::told;

/// Fills what the lines `OS`, `Libc version`, `Python platform` and those about the CPU say.
pub(super) fn fill(text: &str, labelled: &LabeledText<'_>, machine: &mut Machine) {
    let os = told(labelled, "os").unwrap_or_default();
    let python = told(labelled, "python platform").unwrap_or_default();
    let processor = processor(text, labelled);
    let system = system(os, python, text);
    let subdir = system.and_then(|system| {
        let by_cpu = || labelled.first("architecture").and_then(|arch| subdir(system, arch));
        subdir(system, os).or_else(|| subdir(system, python)).or_else(by_cpu).or({
            // There is no PyTorch for another.
            (system == Os::Windows).then_some(Subdir::Win64)
        })
    });
    if let Some(subdir) = subdir {
        machine.subdir = said(subdir, machine);
    } else if let Some(system) = system {
        machine.subdir =
            Detected::unknown(format!("the architecture of this {system:?} is not told"));
    }
    if !os.is_empty() {
        machine.os = said(without_architecture(os).to_owned(), machine);
    }
    if let Some(processor) = processor {
        let is_apple = processor.starts_with("Apple M");
        if is_apple && subdir == Some(Subdir::Osx64) {
            machine.rosetta = said(true, machine);
        }
        machine.cpu = said(processor, machine);
    }
    match system {
        Some(Os::Linux) => linux(os, python, labelled, machine),
        Some(Os::Macos) => {
            let version = os.split([' ', '(']).find_map(|word| word.parse().ok());
            let by_python = || python.strip_prefix("macOS-")?.split('-').next()?.parse().ok();
            if let Some(version) = version.or_else(by_python) {
                machine.macos = said(version, machine);
            }
        }
        Some(Os::Windows) => windows(os, python, machine),
        Some(Os::FreeBsd) | None => {}
    }
}

/// The OS; `Could not collect` is what Windows gives where `wmic` does not answer, and its paths tell.
fn system(os: &str, python: &str, text: &str) -> Option<Os> {
    let starts = |names: &[&str]| {
        names.iter().any(|name| {
            os.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
                || python.starts_with(name)
        })
    };
    if os.contains("Windows") || python.starts_with("Windows") {
        Some(Os::Windows)
    } else if starts(&["macOS", "Mac OS", "Darwin"]) {
        Some(Os::Macos)
    } else if !os.is_empty() || python.starts_with("Linux") {
        Some(Os::Linux)
    } else if text.contains(":\\") {
        Some(Os::Windows)
    } else {
        None
    }
}

/// The platform by an architecture somewhere in a text.
fn subdir(system: Os, text: &str) -> Option<Subdir> {
    let has = |names: &[&str]| names.iter().any(|name| text.contains(name));
    let is_arm = has(&["aarch64", "arm64", "ARM64"]);
    let is_x86 = has(&["x86_64", "AMD64", "amd64"]);
    match system {
        Os::Linux if is_arm => Some(Subdir::LinuxAarch64),
        Os::Linux if is_x86 => Some(Subdir::Linux64),
        Os::Linux if has(&["ppc64le"]) => Some(Subdir::LinuxPpc64le),
        Os::Linux if has(&["s390x"]) => Some(Subdir::LinuxS390x),
        Os::Linux if has(&["riscv64"]) => Some(Subdir::LinuxRiscv64),
        Os::Macos if is_arm => Some(Subdir::OsxArm64),
        Os::Macos if is_x86 => Some(Subdir::Osx64),
        Os::Windows if is_arm => Some(Subdir::WinArm64),
        Os::Windows if is_x86 => Some(Subdir::Win64),
        Os::Linux | Os::Macos | Os::Windows | Os::FreeBsd => None,
    }
}

/// `Ubuntu 22.04.3 LTS (x86_64)`: the name.
fn without_architecture(os: &str) -> &str {
    let ends = ["(x86_64)", "(aarch64)", "(arm64)", "(ppc64le)"];
    ends.iter().find_map(|end| os.strip_suffix(end)).unwrap_or(os).trim_end()
}

fn linux(os: &str, python: &str, labelled: &LabeledText<'_>, machine: &mut Machine) {
    let by_libc = || told(labelled, "libc version")?.strip_prefix("glibc-")?.parse().ok();
    let by_python = || python.rsplit_once("glibc")?.1.parse().ok();
    if let Some(glibc) = by_libc().or_else(by_python) {
        machine.glibc = said(glibc, machine);
    } else if os.starts_with("Alpine") || python.contains("-musl") {
        machine.glibc = Detected::Absent; // it is made with musl
    }
    let Some(rest) = python.strip_prefix("Linux-") else { return };
    let ends = ["-x86_64", "-aarch64", "-ppc64le", "-with-", "-s390x", "-riscv64"];
    let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
    let kernel = &rest[..end];
    wsl(machine, kernel);
    machine.kernel = said(kernel.to_owned(), machine);
    // NVIDIA's kernels for Jetson are called so.
    if kernel.ends_with("-tegra") {
        machine.jetson = said(format!("NVIDIA Jetson (kernel {kernel})"), machine);
    }
}

/// `Microsoft Windows 11 Pro (10.0.22631 64-bit)`, `Windows-10-10.0.22631-SP0`.
fn windows(os: &str, python: &str, machine: &mut Machine) {
    let version = |word: &str| word.starts_with("10.").then(|| word.parse().ok()).flatten();
    let mut words = os.split([' ', '(', ')']).chain(python.split('-'));
    if let Some(version) = words.find_map(version) {
        machine.windows = said(version, machine);
    }
}

/// `Model name:` of `lscpu`, `Name:` or `Name=` of Windows, the line below `CPU:` of macOS.
fn processor(text: &str, labelled: &LabeledText<'_>) -> Option<String> {
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != "CPU:").skip(1);
    let below = lines.next().filter(|line| !line.is_empty() && !line.contains([':', '=']));
    let by_equals =
        || text.lines().find_map(|line| line.trim().strip_prefix("Name=")).map(str::trim);
    let name = labelled.first("model name").or_else(|| labelled.first("name"));
    name.or_else(by_equals).or(below).filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Machine {
        let mut machine = super::super::super::blank("collect_env");
        fill(text, &LabeledText::of(text), &mut machine);
        machine
    }

    #[track_caller]
    fn check(text: &str, subdir: Option<Subdir>, glibc: Option<&str>) {
        let machine = read(text);
        assert_eq!(machine.subdir.value().copied(), subdir, "{text}");
        let found = machine.glibc.value().map(ToString::to_string);
        assert_eq!(found.as_deref(), glibc, "{text}");
    }

    #[test]
    fn the_platform_is_told_by_whichever_line_has_the_architecture() {
        check(
            "OS: Ubuntu 22.04.3 LTS (x86_64)\nLibc version: glibc-2.35",
            Some(Subdir::Linux64),
            Some("2.35"),
        );
        check(
            "OS: Ubuntu 22.04.3 LTS\nPython platform: Linux-5.15.0-91-generic-aarch64-with-glibc2.34",
            Some(Subdir::LinuxAarch64),
            Some("2.34"),
        );
        check(
            "OS: Could not collect\nPython platform: Linux-5.4.0-x86_64-with-debian-10",
            Some(Subdir::Linux64),
            None,
        );
        check("OS: macOS 14.5 (arm64)\nLibc version: N/A", Some(Subdir::OsxArm64), None);
        check("OS: Mac OSX 10.15.7 (x86_64)", Some(Subdir::Osx64), None);
        check("OS: Microsoft Windows 10 Home\nLibc version: N/A", Some(Subdir::Win64), None);
        check(
            "OS: Could not collect\ncuDNN version: C:\\Program Files\\cudnn.dll",
            Some(Subdir::Win64),
            None,
        );
        check("OS: Could not collect", None, None);
        check("OS: Ubuntu 18.04.3 LTS\nArchitecture:   x86_64", Some(Subdir::Linux64), None);
        check("OS: Ubuntu 18.04.3 LTS", None, None);
    }

    #[test]
    fn alpine_has_no_glibc() {
        assert_eq!(read("OS: Alpine Linux v3.18 (x86_64)").glibc, Detected::Absent);
    }

    #[test]
    fn an_x86_python_on_an_apple_processor_is_translated() {
        let machine = read("OS: macOS 13.4 (x86_64)\n\nCPU:\nApple M1 Pro\n");
        assert_eq!(machine.rosetta.value(), Some(&true));
        let intel = read("OS: macOS 13.4 (x86_64)\n\nCPU:\nIntel(R) Core(TM) i9\n");
        assert!(intel.rosetta.value().is_none());
    }

    #[test]
    fn the_kernel_tells_wsl_and_a_jetson() {
        let wsl = read(
            "OS: Ubuntu 22.04 (x86_64)\nPython platform: Linux-5.15.153.1-microsoft-standard-WSL2-x86_64-with-glibc2.35",
        );
        assert_eq!(wsl.wsl.value().map(String::as_str), Some("2"));
        let jetson = read(
            "OS: Ubuntu 22.04 (aarch64)\nPython platform: Linux-5.15.148-tegra-aarch64-with-glibc2.35",
        );
        assert!(jetson.jetson.is_found() && jetson.wsl == Detected::Absent);
    }

    #[test]
    fn windows_tells_its_build() {
        for text in [
            "OS: Microsoft Windows 11 Pro (10.0.22631 64-bit)",
            "OS: Microsoft Windows 10 Home\nPython platform: Windows-10-10.0.22631-SP0",
        ] {
            let windows = read(text).windows.value().map(ToString::to_string);
            assert_eq!(windows.as_deref(), Some("10.0.22631"), "{text}");
        }
    }
}
