//! The system of a machine: what texts about it prove, wherever they were printed.

use super::distributions::glibc_of;
use super::{set, set_kernel};
use crate::conda::{Os, Subdir, Version};
use crate::types::{Detected, Machine, Origin};

/// That of Red Hat 6. An older one is no system's with a Python that prints it; see `is_glibc_of_python`.
const OLDEST_GLIBC: Version = Version::new(&[2, 12]);

/// Texts about a system; empty where nothing is reported.
#[derive(Debug, Default)]
pub(super) struct System<'t> {
    /// The name of the system, with its architecture or without: `Ubuntu 22.04.3 LTS (x86_64)`, `macOS 14.5 arm64`.
    pub os: &'t str,
    /// Python's `platform.platform()`: `Linux-5.15.0-91-generic-x86_64-with-glibc2.35`.
    pub platform: &'t str,
    /// The release of the kernel, if it is printed by itself.
    pub kernel: &'t str,
    pub architecture: &'t str,
    pub processor: &'t str,
    pub glibc: Option<Version>,
    /// Whether `glibc` and that of `platform` may be the oldest that Python needs, not the system's.
    pub is_glibc_of_python: bool,
    pub has_windows_paths: bool,
}

impl System<'_> {
    /// Fills what the texts prove.
    pub(super) fn fill(&self, machine: &mut Machine, origin: &Origin) {
        let os = self.kind();
        let subdir = os.and_then(|os| self.subdir(os));
        set(&mut machine.subdir, subdir, origin);
        if let (None, Some(os), Detected::Unknown { .. }) = (subdir, os, &machine.subdir) {
            machine.subdir =
                Detected::unknown(format!("the architecture of this {os:?} is not reported"));
        }
        let name = self.name();
        set(&mut machine.os, (!name.is_empty()).then(|| name.to_owned()), origin);
        let is_rosetta = is_apple(self.processor) && subdir == Some(Subdir::Osx64);
        set(&mut machine.rosetta, is_rosetta.then_some(true), origin);
        let processor = Some(self.processor.to_owned()).filter(|name| !name.is_empty());
        set(&mut machine.cpu, processor, origin);
        match os {
            Some(Os::Linux) => self.linux(machine, origin),
            Some(Os::Macos) => set(&mut machine.macos, self.macos(), origin),
            Some(Os::Windows) => set(&mut machine.windows, self.windows(), origin),
            Some(Os::FreeBsd) | None => {}
        }
    }

    fn kind(&self) -> Option<Os> {
        let starts = |names: &[&str]| {
            let mut texts =
                [self.os, self.platform, self.kernel].into_iter().map(str::to_ascii_lowercase);
            texts.any(|text| names.iter().any(|name| text.trim_start().starts_with(name)))
        };
        if starts(&["windows", "win32", "win10", "win11", "mingw", "msys", "cygwin"])
            || self.os.contains("Windows")
        {
            Some(Os::Windows)
        } else if starts(&["macos", "mac os", "os x", "darwin"]) {
            Some(Os::Macos)
        } else if starts(&["freebsd"]) {
            Some(Os::FreeBsd)
        } else if !self.os.is_empty() || !self.kernel.is_empty() || starts(&["linux"]) {
            Some(Os::Linux)
        } else if is_apple(self.processor) {
            Some(Os::Macos)
        } else {
            self.has_windows_paths.then_some(Os::Windows)
        }
    }

    fn subdir(&self, os: Os) -> Option<Subdir> {
        let texts = [self.os, self.platform, self.architecture, self.kernel];
        let ends = [' ', '-', '.', ',', '(', ')', '[', ']', ';'];
        let mut words = texts.iter().flat_map(|text| text.split(ends));
        // `hostnamectl` writes `x86-64`, Windows `x64`.
        let is_x86 =
            || self.architecture.starts_with("x86-64") || self.architecture.starts_with("x64");
        let subdir = if is_x86() {
            Subdir::of(os, "x86_64")
        } else {
            words.find_map(|word| Subdir::of(os, word))
        };
        match os {
            // PyTorch has no other platform on Windows.
            Os::Windows => subdir.or(Some(Subdir::Win64)),
            Os::Macos => subdir.or(is_apple(self.processor).then_some(Subdir::OsxArm64)),
            Os::Linux | Os::FreeBsd => subdir,
        }
    }

    /// The name without the architecture.
    fn name(&self) -> &str {
        // A system alone is no name: the platform says it.
        if ["Linux", "linux", "Windows", "macOS"].contains(&self.os) {
            return "";
        }
        let ends =
            ["(x86_64)", "(aarch64)", "(arm64)", "(ppc64le)", " x86_64", " aarch64", " arm64"];
        ends.iter().find_map(|end| self.os.strip_suffix(end)).unwrap_or(self.os).trim_end()
    }

    fn linux(&self, machine: &mut Machine, origin: &Origin) {
        let by_platform = || self.platform.rsplit_once("glibc")?.1.parse().ok();
        if self.os.starts_with("Alpine") || self.platform.contains("-musl") {
            machine.glibc = Detected::Absent;
        }
        let by_distribution = glibc_of(self.os).filter(|_| machine.glibc != Detected::Absent);
        let is_of_system = |glibc: &Version| !self.is_glibc_of_python && *glibc >= OLDEST_GLIBC;
        let printed = self.glibc.or_else(by_platform).filter(is_of_system);
        set(&mut machine.glibc, by_distribution, origin);
        set(&mut machine.glibc, printed, origin);
        let kernel = self.platform_kernel().unwrap_or(self.kernel.trim_start_matches("Linux "));
        let kernel = kernel.split(' ').next().unwrap_or_default();
        if !kernel.is_empty() {
            set_kernel(machine, kernel, origin);
        }
    }

    /// The kernel's release in `platform`.
    fn platform_kernel(&self) -> Option<&str> {
        let rest = self.platform.strip_prefix("Linux-")?;
        let ends = ["-x86_64", "-aarch64", "-ppc64le", "-with-", "-s390x", "-riscv64"];
        Some(&rest[..ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len())])
    }

    fn macos(&self) -> Option<Version> {
        let by_os = || {
            let mut words = self.os.split([' ', '(']);
            words.find_map(|word| word.parse::<Version>().ok())
        };
        let by_platform = || self.platform.strip_prefix("macOS-")?.split('-').next()?.parse().ok();
        by_os().or_else(by_platform)
    }

    /// `Microsoft Windows 11 Pro (10.0.22631 64-bit)`, `Windows-10-10.0.22631-SP0`.
    fn windows(&self) -> Option<Version> {
        let ends = [' ', '(', ')', '[', ']', ','];
        let words = self.os.split(ends).chain(self.kernel.split(ends));
        let mut words = words.chain(self.platform.split('-'));
        words.find_map(|word| word.starts_with("10.").then(|| word.parse().ok())?)
    }
}

pub(super) fn is_apple(processor: &str) -> bool {
    processor.starts_with("Apple M")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(system: &System<'_>) -> Machine {
        let mut machine = super::super::unknown_machine("a test");
        system.fill(&mut machine, &Origin::Baseline);
        machine
    }

    fn text<T: ToString>(fact: &Detected<T>) -> Option<String> {
        fact.value().map(ToString::to_string)
    }

    #[test]
    fn the_glibc_is_that_of_the_distribution_if_none_is_printed() {
        let jammy = System { os: "Ubuntu 22.04.3 LTS x86_64", ..System::default() };
        assert_eq!(text(&read(&jammy).glibc).as_deref(), Some("2.35"));
        let printed = System { glibc: "2.36".parse().ok(), ..jammy };
        assert_eq!(text(&read(&printed).glibc).as_deref(), Some("2.36"));
        let of_python = System {
            os: "CentOS Linux release 7.9.2009 (Core) (x86_64)",
            glibc: "2.3.4".parse().ok(),
            is_glibc_of_python: true,
            ..System::default()
        };
        assert_eq!(text(&read(&of_python).glibc).as_deref(), Some("2.17"));
        let unknown = System { os: "Arch Linux", ..of_python };
        assert_eq!(text(&read(&unknown).glibc), None);
    }

    #[test]
    fn each_system_has_its_version() {
        let mac = System { os: "macOS Sonoma 14.5 23F79 arm64", ..System::default() };
        assert_eq!(text(&read(&mac).subdir).as_deref(), Some("osx-arm64"));
        assert_eq!(text(&read(&mac).macos).as_deref(), Some("14.5"));
        let chip = System { processor: "Apple M1 Max", ..System::default() };
        assert_eq!(text(&read(&chip).subdir).as_deref(), Some("osx-arm64"));
        let windows =
            System { os: "Windows 11 Pro x86_64", kernel: "10.0.22631", ..System::default() };
        assert_eq!(text(&read(&windows).windows).as_deref(), Some("10.0.22631"));
        let tegra =
            System { kernel: "Linux 5.15.148-tegra", architecture: "aarch64", ..System::default() };
        assert!(read(&tegra).jetson.is_found());
        let wsl = System {
            kernel: "5.15.153.1-microsoft-standard-WSL2",
            architecture: "x86-64",
            ..System::default()
        };
        assert_eq!(text(&read(&wsl).subdir).as_deref(), Some("linux-64"));
        assert_eq!(text(&read(&wsl).wsl).as_deref(), Some("2"));
    }
}
