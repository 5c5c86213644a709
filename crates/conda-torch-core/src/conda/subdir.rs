//! Conda's name for a platform.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Conda's name for an operating system and architecture: the folder of a channel.
///
/// Also the subdirs for which conda-forge has no PyTorch, so that a machine of one of them gets an
/// answer. Source: <https://conda.org/learn/ceps/cep-0026> and conda's `KNOWN_SUBDIRS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Subdir {
    Linux64,
    LinuxAarch64,
    Osx64,
    OsxArm64,
    Win64,
    Linux32,
    LinuxArmv6l,
    LinuxArmv7l,
    LinuxPpc64le,
    LinuxRiscv64,
    LinuxS390x,
    WinArm64,
    Win32,
    FreeBsd64,
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

impl Subdir {
    /// Every subdir, those with PyTorch first.
    pub const ALL: [Self; 14] = [
        Self::Linux64,
        Self::LinuxAarch64,
        Self::Osx64,
        Self::OsxArm64,
        Self::Win64,
        Self::Linux32,
        Self::LinuxArmv6l,
        Self::LinuxArmv7l,
        Self::LinuxPpc64le,
        Self::LinuxRiscv64,
        Self::LinuxS390x,
        Self::WinArm64,
        Self::Win32,
        Self::FreeBsd64,
    ];

    /// The name as conda writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Linux64 => "linux-64",
            Self::LinuxAarch64 => "linux-aarch64",
            Self::Osx64 => "osx-64",
            Self::OsxArm64 => "osx-arm64",
            Self::Win64 => "win-64",
            Self::Linux32 => "linux-32",
            Self::LinuxArmv6l => "linux-armv6l",
            Self::LinuxArmv7l => "linux-armv7l",
            Self::LinuxPpc64le => "linux-ppc64le",
            Self::LinuxRiscv64 => "linux-riscv64",
            Self::LinuxS390x => "linux-s390x",
            Self::WinArm64 => "win-arm64",
            Self::Win32 => "win-32",
            Self::FreeBsd64 => "freebsd-64",
        }
    }

    /// The operating system.
    pub const fn os(self) -> Os {
        match self {
            Self::Osx64 | Self::OsxArm64 => Os::Macos,
            Self::Win64 | Self::WinArm64 | Self::Win32 => Os::Windows,
            Self::FreeBsd64 => Os::FreeBsd,
            Self::Linux64
            | Self::LinuxAarch64
            | Self::Linux32
            | Self::LinuxArmv6l
            | Self::LinuxArmv7l
            | Self::LinuxPpc64le
            | Self::LinuxRiscv64
            | Self::LinuxS390x => Os::Linux,
        }
    }
}

impl fmt::Display for Subdir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a text is not a subdir.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a conda platform; expected linux-64, linux-aarch64, osx-64, osx-arm64 or win-64"
)]
pub struct ParseSubdirError(pub String);

impl FromStr for Subdir {
    type Err = ParseSubdirError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|subdir| subdir.as_str() == text)
            .ok_or_else(|| ParseSubdirError(text.to_owned()))
    }
}

impl Serialize for Subdir {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Subdir {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::conda::from_text(deserializer)
    }
}
