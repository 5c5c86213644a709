//! What a GPU can execute.

use std::fmt;
use std::str::FromStr;

use crate::conda::{ParseVersionError, parse_parts};

/// A GPU's compute capability, such as `8.6`: which machine code it executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComputeCapability {
    /// 8 in 8.6: the generation.
    pub major: u8,
    /// 6 in 8.6.
    pub minor: u8,
}

impl ComputeCapability {
    /// `ComputeCapability::new(8, 6)`.
    pub const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for ComputeCapability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for ComputeCapability {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = [0; 2];
        let small = |n: u32| u8::try_from(n).ok();
        parse_parts(text, &mut parts)
            .filter(|len| *len == 2)
            .and_then(|_| Some(Self { major: small(parts[0])?, minor: small(parts[1])? }))
            .filter(|capability| capability.major > 0)
            .ok_or_else(|| ParseVersionError {
                text: text.to_owned(),
                expected: "a compute capability such as 8.6",
            })
    }
}
