//! Versions of PyTorch, libc, an OS, Python or a client, compared by number.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::parse::{ParseError, parse_numbers};

/// Dotted numbers such as `2.13.0`, with an optional release candidate (`2.10.0.rc3`).
///
/// Missing parts count as zero, as for conda: `2.28` equals `2.28.0`. A number is at most 65535, so
/// that a version is small; Windows' builds (`10.0.26100`) are below. Not for drivers
/// ([`DriverVersion`](crate::types::DriverVersion)) or CUDA ([`CudaVersion`](crate::types::CudaVersion)).
#[derive(Debug, Clone, Copy)]
pub struct Version {
    parts: [u16; 4],
    /// How many parts were written: only for printing and for prefixes.
    len: u8,
    /// The release candidate; 0 is a release.
    candidate: u8,
}

impl Version {
    /// A release of one to four parts; more are cut.
    pub const fn new(written: &[u16]) -> Self {
        let mut parts = [0; 4];
        let mut len = 0;
        while len < written.len() && len < 4 {
            parts[len] = written[len];
            len += 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "len is at most 4")]
        Self { parts, len: len as u8, candidate: 0 }
    }

    /// The numbers at the start of a text: `24.1.1` of `24.1.1.dev3+gabc`.
    pub fn at_start(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        text[..end].trim_end_matches('.').parse().ok()
    }

    /// The same version as release candidate `n`.
    pub const fn candidate(self, n: u8) -> Self {
        Self { candidate: n, ..self }
    }

    /// The first part.
    pub const fn major(self) -> u16 {
        self.parts[0]
    }

    /// The second part, 0 where none was written.
    pub const fn minor(self) -> u16 {
        self.parts[1]
    }

    /// Whether this is a release candidate: conda-forge keeps those on a label of their own.
    pub const fn is_candidate(self) -> bool {
        self.candidate != 0
    }

    /// Whether `self`, read as a prefix, covers `other`: `2.9` covers `2.9.1`, `2` covers both.
    pub fn covers(self, other: Self) -> bool {
        let len = usize::from(self.len);
        self.parts[..len] == other.parts[..len]
            && (self.candidate == 0 || self.candidate == other.candidate)
    }

    /// How far apart two versions are, series first: for "the nearest", not for order.
    pub fn distance(self, other: Self) -> u64 {
        let weigh = |version: Self| {
            version.parts.iter().fold(0_u64, |sum, part| sum * 1000 + u64::from((*part).min(999)))
        };
        weigh(self).abs_diff(weigh(other))
    }

    /// The first two parts alone: `2.13.0` is of the series `2.13`.
    pub const fn series(self) -> Self {
        Self { parts: [self.parts[0], self.parts[1], 0, 0], len: 2, candidate: 0 }
    }

    /// What versions are compared by. A candidate comes before its release.
    fn key(self) -> ([u16; 4], bool, u8) {
        (self.parts, !self.is_candidate(), self.candidate)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.parts[0])?;
        for part in &self.parts[1..usize::from(self.len.max(1))] {
            write!(f, ".{part}")?;
        }
        if self.is_candidate() { write!(f, ".rc{}", self.candidate) } else { Ok(()) }
    }
}

impl FromStr for Version {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "a version; expected one to four numbers with dots, such as 2.13.0";
        let error = || ParseError::new(text, expected);
        let (release, candidate) = match text.split_once("rc") {
            Some((head, n)) => {
                let n = n.parse::<u8>().ok().filter(|n| *n > 0).ok_or_else(error)?;
                (head.strip_suffix('.').unwrap_or(head), n)
            }
            None => (text, 0),
        };
        let numbers = parse_numbers::<u32>(release).filter(|it| it.len() <= 4).ok_or_else(error)?;
        let parts: Result<Vec<u16>, _> = numbers.into_iter().map(u16::try_from).collect();
        let too_large = |_| ParseError::new(text, "a version; expected numbers up to 65535");
        Ok(Self::new(&parts.map_err(too_large)?).candidate(candidate))
    }
}

super::parse::serde_as_text!(Version);

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert!(version("2.9.1") < version("2.10.0"));
        assert!(version("2.28") == version("2.28.0"));
        assert!(version("3.9") < version("3.10"));
    }

    #[test]
    fn a_release_candidate_is_older_than_its_release() {
        assert!(version("2.10.0.rc3") < version("2.10.0"));
        assert!(version("2.10.0rc3") > version("2.9.1"));
        assert_eq!(version("2.10.0rc3").to_string(), "2.10.0.rc3");
    }

    #[test]
    fn a_prefix_matches_longer_versions() {
        assert!(version("2.9").covers(version("2.9.1")));
        assert!(version("2").covers(version("2.9.1")));
        assert!(!version("2.9").covers(version("2.10.0")));
        assert!(!version("2.1").covers(version("2.10.0")));
    }

    #[test]
    fn numbers_do_not_overflow() {
        assert_eq!(version("10.0.65535").to_string(), "10.0.65535");
        let error = "20240101".parse::<Version>().expect_err("a day");
        assert_eq!(error.to_string(), "`20240101` is not a version; expected numbers up to 65535");
    }

    #[test]
    fn refuses_invalid_versions() {
        for text in
            ["", "2.", ".2", "2.x", "-1", "1.2.3.4.5", "2.9rc", "99999999999", " 2", "2.65536"]
        {
            assert!(text.parse::<Version>().is_err(), "{text:?}");
        }
    }
}
