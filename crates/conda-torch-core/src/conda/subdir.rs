//! Conda's name for a platform.

use std::str::FromStr;

use super::parse::ParseError;

/// Makes [`Subdir`] of rows: variant, name and operating system.
macro_rules! subdirs {
    ($($variant:ident $name:literal $os:ident,)+) => {
        /// Conda's name for an operating system and architecture: the folder of a channel.
        ///
        /// Also the subdirs for which conda-forge has no PyTorch, so that a machine of one of them gets an
        /// answer. Source: <https://conda.org/learn/ceps/cep-0026> and conda's `KNOWN_SUBDIRS`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Subdir {
            $($variant),+
        }

        impl Subdir {
            /// Every subdir, those with PyTorch first.
            pub const ALL: [Self; 14] = [$(Self::$variant),+];

            /// Those with PyTorch on conda-forge.
            pub const WITH_PYTORCH: &[Self] = Self::ALL.split_at(5).0;

            /// The operating system.
            pub const fn os(self) -> Os {
                match self {
                    $(Self::$variant => Os::$os),+
                }
            }
        }

        super::parse::words!(Subdir { $($variant = $name),+ });
    };
}

subdirs! {
    Linux64 "linux-64" Linux,
    LinuxAarch64 "linux-aarch64" Linux,
    Osx64 "osx-64" Macos,
    OsxArm64 "osx-arm64" Macos,
    Win64 "win-64" Windows,
    Linux32 "linux-32" Linux,
    LinuxArmv6l "linux-armv6l" Linux,
    LinuxArmv7l "linux-armv7l" Linux,
    LinuxPpc64le "linux-ppc64le" Linux,
    LinuxRiscv64 "linux-riscv64" Linux,
    LinuxS390x "linux-s390x" Linux,
    WinArm64 "win-arm64" Windows,
    Win32 "win-32" Windows,
    FreeBsd64 "freebsd-64" FreeBsd,
}

/// What runs a subdir's programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Os {
    Linux,
    Macos,
    Windows,
    FreeBsd,
}

impl Os {
    /// By its name in Rust and Go.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "linux" => Some(Self::Linux),
            "macos" => Some(Self::Macos),
            "windows" => Some(Self::Windows),
            "freebsd" => Some(Self::FreeBsd),
            _ => None,
        }
    }
}

impl Subdir {
    /// The subdir of an operating system on an architecture, by its name in a kernel, Rust or Go.
    pub fn of(os: Os, arch: &str) -> Option<Self> {
        let system = match os {
            Os::Linux => "linux",
            Os::Macos => "osx",
            Os::Windows => "win",
            Os::FreeBsd => "freebsd",
        };
        let arch = match arch {
            "x86_64" | "amd64" | "AMD64" => "64",
            "x86" | "i386" | "i486" | "i586" | "i686" => "32",
            "aarch64" | "arm64" | "ARM64" if os == Os::Linux => "aarch64",
            "aarch64" | "arm64" | "ARM64" => "arm64",
            "arm" | "armv7l" | "armv8l" => "armv7l",
            "powerpc64" | "ppc64" | "ppc64le" => "ppc64le",
            "armv6l" | "riscv64" | "s390x" => arch,
            _ => return None,
        };
        format!("{system}-{arch}").parse().ok()
    }
}

super::parse::serde_as_text!(Subdir);

impl FromStr for Subdir {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected =
            "a conda platform; expected linux-64, linux-aarch64, osx-64, osx-arm64 or win-64";
        let subdir = Self::ALL.into_iter().find(|subdir| subdir.as_str() == text);
        subdir.ok_or_else(|| ParseError::new(text, expected))
    }
}
