//! CUDA versions: a toolkit's, a driver's, or a pin's.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::conda::{ParseError, parse_numbers};

/// A CUDA version such as `12.9`: what a toolkit is, what a driver supports at most
/// (conda's `__cuda`), or what the package `cuda-version` is pinned to.
///
/// Never a driver's own version: that is [`DriverVersion`](super::DriverVersion).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CudaVersion {
    /// 12 in 12.9.
    pub major: u16,
    /// 9 in 12.9.
    pub minor: u16,
}

impl CudaVersion {
    /// `CudaVersion::new(12, 9)`.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    /// From the driver API's integer, 12090 for 12.9. `None` for numbers below 1000.
    ///
    /// Source: `cuDriverGetVersion`, "1000 * major + 10 * minor".
    pub fn from_driver_integer(number: i32) -> Option<Self> {
        let number = u16::try_from(number).ok().filter(|n| *n >= 1000)?;
        Some(Self { major: number / 1000, minor: number % 1000 / 10 })
    }

    /// The next minor version: the open end of "any 12.8".
    pub const fn next_minor(self) -> Self {
        Self { major: self.major, minor: self.minor.saturating_add(1) }
    }

    /// The next major version: the open end of "any 12".
    pub const fn next_major(self) -> Self {
        Self { major: self.major.saturating_add(1), minor: 0 }
    }

    /// From the digits in a build string: `129`, `92`. The major number is the first of two, or the first two of more.
    pub fn from_digits(digits: &str) -> Option<Self> {
        let major = if digits.len() > 2 { 2 } else { 1 };
        let (major, minor) = digits.split_at_checked(major)?;
        format!("{major}.{minor}").parse().ok()
    }

    /// The digits as conda-forge writes them in a build string: `129`.
    pub fn digits(self) -> String {
        format!("{}{}", self.major, self.minor)
    }
}

/// The `cuda-version` pins that a build accepts: from the first, up to but not including the last.
pub type CudaPins = Range<CudaVersion>;

impl fmt::Display for CudaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for CudaVersion {
    type Err = ParseError;

    /// `12.9`, also `12.9.1` (the update is dropped); a bare `12` is refused: which 12 matters.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match parse_numbers(text).as_deref() {
            Some(&[major @ 1..1000, minor @ 0..1000, ref rest @ ..]) if rest.len() <= 2 => {
                Ok(Self { major, minor })
            }
            Some(_) | None => {
                let expected =
                    "a version; expected a CUDA version with its minor number, such as 12.9";
                Err(ParseError::new(text, expected))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_versions_are_compared_as_numbers() {
        assert!(CudaVersion::new(12, 10) > CudaVersion::new(12, 9));
        assert_eq!("12.10".parse(), Ok(CudaVersion::new(12, 10)));
    }

    #[test]
    fn parses_the_driver_apis_integer() {
        assert_eq!(CudaVersion::from_driver_integer(12_080), Some(CudaVersion::new(12, 8)));
        assert_eq!(CudaVersion::from_driver_integer(10_020), Some(CudaVersion::new(10, 2)));
        assert_eq!(CudaVersion::from_driver_integer(0), None);
        assert_eq!(CudaVersion::from_driver_integer(-1), None);
    }

    #[test]
    fn refuses_a_major_version_alone() {
        for text in ["12", "", "12.", "12.x", "0.1", "N/A", "12.9 [Deprecated]"] {
            assert!(text.parse::<CudaVersion>().is_err(), "{text:?}");
        }
    }
}
