//! Versions of the NVIDIA driver.

use std::fmt;
use std::str::FromStr;

use crate::conda::{ParseError, parse_numbers};

/// A version of the NVIDIA driver such as `580.65.06` (Linux) or `576.57` (Windows),
/// in contrast to the [`CudaVersion`](super::CudaVersion) that it supports.
///
/// A bare branch (`580`) stands for a current release of that branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DriverVersion {
    parts: [u32; 3],
    len: u8,
    /// Whether later parts were written without a leading zero, as Jetson's `540.4.0` is.
    bare: bool,
}

impl DriverVersion {
    /// A release, or with `&[580]` a branch; more than three parts are cut.
    pub const fn new(written: &[u32]) -> Self {
        let mut parts = [0; 3];
        let mut len = 0;
        while len < written.len() && len < 3 {
            parts[len] = written[len];
            len += 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "len is at most 3")]
        Self { parts, len: len as u8, bare: false }
    }

    /// The release branch, 580 in `580.65.06`.
    pub const fn branch(self) -> u32 {
        self.parts[0]
    }

    /// Whether only the branch is known.
    pub const fn is_branch(self) -> bool {
        self.len < 2
    }

    /// Whether this driver is `floor` or newer. A bare branch counts as its newest release.
    pub fn is_at_least(self, floor: Self) -> bool {
        if self.is_branch() { self.branch() >= floor.branch() } else { self.parts >= floor.parts }
    }
}

impl fmt::Display for DriverVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.parts[0])?;
        for part in &self.parts[1..usize::from(self.len.max(1))] {
            let width = if self.bare { 1 } else { 2 };
            write!(f, ".{part:0width$}")?;
        }
        Ok(())
    }
}

impl FromStr for DriverVersion {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match parse_numbers(text) {
            // No driver with CUDA was ever below 100; `12.4` is a CUDA version in the wrong place.
            Some(numbers) if numbers.len() <= 3 && numbers[0] >= 100 => {
                let bare = text.split('.').skip(1).any(|part| part.len() == 1);
                Ok(Self { bare, ..Self::new(&numbers) })
            }
            Some(_) | None => {
                let expected = "a version; expected a driver version such as 580.65.06, or its branch, such as 580";
                Err(ParseError::new(text, expected))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn driver(text: &str) -> DriverVersion {
        text.parse().expect("a driver version")
    }

    #[test]
    fn versions_are_printed_as_nvidia_does() {
        for text in ["580.65.06", "570.124.06", "546.01", "450.80.02", "580", "540.4.0"] {
            assert_eq!(driver(text).to_string(), text);
        }
    }

    #[test]
    fn a_branch_counts_as_its_newest_release() {
        assert!(driver("580.65.06").is_at_least(driver("580.65.06")));
        assert!(!driver("580.65.05").is_at_least(driver("580.65.06")));
        assert!(driver("570.124.06").is_at_least(driver("570.26")));
        assert!(driver("580").is_at_least(driver("580.95.05")));
        assert!(!driver("575").is_at_least(driver("580.65.06")));
    }

    #[test]
    fn a_cuda_version_is_not_a_driver_version() {
        for text in ["12.4", "", "580.", "N/A", "580.65.06.01", "-580"] {
            assert!(text.parse::<DriverVersion>().is_err(), "{text:?}");
        }
    }
}
