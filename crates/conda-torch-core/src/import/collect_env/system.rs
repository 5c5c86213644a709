//! The system in `collect_env`: platform, C library, kernel, processor.

use super::super::clients::user_agent::set_wsl;
use super::super::labels::LabeledText;
use super::super::{reported, set};
use super::known;
use crate::conda::{Os, Subdir, Version};
use crate::types::{Detected, Machine};

/// Names of architectures, by the OS and its platform.
const ARCHITECTURES: [(Os, &[&str], Subdir); 9] = [
    (Os::Linux, ARM, Subdir::LinuxAarch64),
    (Os::Linux, X86, Subdir::Linux64),
    (Os::Linux, &["ppc64le"], Subdir::LinuxPpc64le),
    (Os::Linux, &["s390x"], Subdir::LinuxS390x),
    (Os::Linux, &["riscv64"], Subdir::LinuxRiscv64),
    (Os::Macos, ARM, Subdir::OsxArm64),
    (Os::Macos, X86, Subdir::Osx64),
    (Os::Windows, ARM, Subdir::WinArm64),
    (Os::Windows, X86, Subdir::Win64),
];
const ARM: &[&str] = &["aarch64", "arm64", "ARM64"];
const X86: &[&str] = &["x86_64", "AMD64", "amd64"];

/// Fills what the lines `OS`, `Libc version`, `Python platform` and those about the CPU report.
pub(super) fn fill(text: &str, labels: &LabeledText<'_>, machine: &mut Machine) {
    let os = known(labels, "os").unwrap_or_default();
    let python = known(labels, "python platform").unwrap_or_default();
    let system = system(os, python, text);
    let texts = [os, python, labels.first("architecture").unwrap_or_default()];
    let subdir = system.and_then(|system| {
        let subdir = texts.iter().find_map(|text| subdir(system, text));
        // PyTorch has no other platform on Windows.
        subdir.or((system == Os::Windows).then_some(Subdir::Win64))
    });
    match (subdir, system) {
        (Some(subdir), _) => machine.subdir = reported(subdir, machine),
        (None, Some(system)) => {
            let why = format!("the architecture of this {system:?} is not reported");
            machine.subdir = Detected::unknown(why);
        }
        (None, None) => {}
    }
    let name = (!os.is_empty()).then(|| without_architecture(os).to_owned());
    set(machine, |machine| &mut machine.os, name);
    let processor = processor(text, labels);
    let is_apple = processor.as_deref().is_some_and(|name| name.starts_with("Apple M"));
    if is_apple && subdir == Some(Subdir::Osx64) {
        machine.rosetta = reported(true, machine);
    }
    set(machine, |machine| &mut machine.cpu, processor);
    match system {
        Some(Os::Linux) => linux(os, python, labels, machine),
        Some(Os::Macos) => {
            let by_os = os.split([' ', '(']).find_map(|word| word.parse().ok());
            let by_python = || python.strip_prefix("macOS-")?.split('-').next()?.parse().ok();
            set(machine, |machine| &mut machine.macos, by_os.or_else(by_python));
        }
        Some(Os::Windows) => set(machine, |machine| &mut machine.windows, windows(os, python)),
        Some(Os::FreeBsd) | None => {}
    }
}

/// The OS. Windows prints `Could not collect` if `wmic` does not answer; then its paths show it.
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
    let is_it = |(os, names, _): &&(Os, &[&str], Subdir)| {
        *os == system && names.iter().any(|name| text.contains(name))
    };
    ARCHITECTURES.iter().find(is_it).map(|(.., subdir)| *subdir)
}

/// `Ubuntu 22.04.3 LTS (x86_64)`: the name.
fn without_architecture(os: &str) -> &str {
    let ends = ["(x86_64)", "(aarch64)", "(arm64)", "(ppc64le)"];
    ends.iter().find_map(|end| os.strip_suffix(end)).unwrap_or(os).trim_end()
}

fn linux(os: &str, python: &str, labels: &LabeledText<'_>, machine: &mut Machine) {
    let by_libc = || known(labels, "libc version")?.strip_prefix("glibc-")?.parse().ok();
    let by_python = || python.rsplit_once("glibc")?.1.parse().ok();
    if let Some(glibc) = by_libc().or_else(by_python) {
        machine.glibc = reported(glibc, machine);
    } else if os.starts_with("Alpine") || python.contains("-musl") {
        machine.glibc = Detected::Absent;
    }
    let Some(rest) = python.strip_prefix("Linux-") else { return };
    let ends = ["-x86_64", "-aarch64", "-ppc64le", "-with-", "-s390x", "-riscv64"];
    let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
    let kernel = &rest[..end];
    set_wsl(machine, kernel);
    machine.kernel = reported(kernel.to_owned(), machine);
    // The name of NVIDIA's kernels for Jetson.
    if kernel.ends_with("-tegra") {
        machine.jetson = reported(format!("NVIDIA Jetson (kernel {kernel})"), machine);
    }
}

/// `Microsoft Windows 11 Pro (10.0.22631 64-bit)`, `Windows-10-10.0.22631-SP0`.
fn windows(os: &str, python: &str) -> Option<Version> {
    let mut words = os.split([' ', '(', ')']).chain(python.split('-'));
    words.find_map(|word| word.starts_with("10.").then(|| word.parse().ok())?)
}

/// `Model name:` of `lscpu`, `Name:` or `Name=` on Windows, the line below `CPU:` on macOS.
fn processor(text: &str, labels: &LabeledText<'_>) -> Option<String> {
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != "CPU:").skip(1);
    let below = lines.next().filter(|line| !line.is_empty() && !line.contains([':', '=']));
    let by_equals =
        || text.lines().find_map(|line| line.trim().strip_prefix("Name=")).map(str::trim);
    let name = labels.first("model name").or_else(|| labels.first("name"));
    name.or_else(by_equals).or(below).filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Machine {
        let mut machine = super::super::super::unknown_machine("collect_env");
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
    fn any_line_with_an_architecture_names_the_platform() {
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
    fn an_x86_python_on_an_apple_processor_runs_in_rosetta() {
        let machine = read("OS: macOS 13.4 (x86_64)\n\nCPU:\nApple M1 Pro\n");
        assert_eq!(machine.rosetta.value(), Some(&true));
        let intel = read("OS: macOS 13.4 (x86_64)\n\nCPU:\nIntel(R) Core(TM) i9\n");
        assert!(intel.rosetta.value().is_none());
    }

    #[test]
    fn the_kernel_names_wsl_and_jetson() {
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
    fn windows_has_its_build() {
        for text in [
            "OS: Microsoft Windows 11 Pro (10.0.22631 64-bit)",
            "OS: Microsoft Windows 10 Home\nPython platform: Windows-10-10.0.22631-SP0",
        ] {
            let windows = read(text).windows.value().map(ToString::to_string);
            assert_eq!(windows.as_deref(), Some("10.0.22631"), "{text}");
        }
    }
}
