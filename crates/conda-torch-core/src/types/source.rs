//! Where a row of the matrix was read: a commit and its day.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use crate::conda::{ParseError, parse_numbers};

/// Where a row was read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The feedstock's commit, whose recipe has all of it. `None` if the row was read in a channel, which lacks
    /// the kernels and the glibc of CUDA's libraries.
    #[serde(deserialize_with = "commit")]
    pub commit: Option<Commit>,
    /// The day of what it was read in.
    pub date: Date,
    /// Whether the kernels are inferred from another build.
    #[serde(skip)]
    pub inferred: bool,
}

impl Source {
    /// A channel on a day.
    pub const fn channel(date: Date) -> Self {
        Self { commit: None, date, inferred: false }
    }
}

/// The rows of the program must have a commit.
fn commit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Commit>, D::Error> {
    Commit::deserialize(deserializer).map(Some)
}

/// A commit's full hash: never a shortened one, which may come to mean another commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit(Cow<'static, str>);

/// A day such as `2026-08-10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Date {
    pub year: u16,
    pub month: u16,
    pub day: u16,
}

impl Commit {
    /// The commit of a full hash in lower case, for tables.
    pub const fn new(hash: &'static str) -> Self {
        Self(Cow::Borrowed(hash))
    }

    /// Forty hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Commit {
    /// Forty hexadecimal digits; with a precision, `{:.8}`, the first ones.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Commit {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(Self(Cow::Owned(text.to_owned())));
        }
        let expected = "a commit; expected its full hash of 40 hexadecimal digits";
        Err(ParseError::new(text, expected))
    }
}

impl Date {
    /// `Date::new(2026, 8, 10)`.
    pub const fn new(year: u16, month: u16, day: u16) -> Self {
        Self { year, month, day }
    }

    /// The day of a time in seconds since 1970, in UTC.
    /// Source: days to civil, <https://howardhinnant.github.io/date_algorithms.html>.
    pub fn of_unix_time(seconds: u64) -> Self {
        let days = seconds / 86_400 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + era * 400 + u64::from(month <= 2);
        let [year, month, day] = [year, month, day].map(|n| u16::try_from(n).unwrap_or(u16::MAX));
        Self { year, month, day }
    }

    /// The days from an earlier day to this one; `None` if that is later.
    pub fn days_since(self, earlier: Self) -> Option<u32> {
        self.number().checked_sub(earlier.number())
    }

    /// The number of the day: days from civil, of the same source.
    fn number(self) -> u32 {
        let (month, day) = (u32::from(self.month), u32::from(self.day));
        let year = u32::from(self.year) - u32::from(month <= 2 && self.year > 0);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.saturating_sub(1);
        365 * year + year / 4 - year / 100 + year / 400 + of_year
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = parse_numbers(&text.replace('-', ".")).unwrap_or_default();
        if let [year, month @ 1..=12, day @ 1..=31] = numbers[..] {
            let date = Self { year, month, day };
            // Every number has all of its digits.
            if date.to_string() == text {
                return Ok(date);
            }
        }
        Err(ParseError::new(text, "a date; expected a day such as 2026-08-13"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_printed_as_read() {
        let text = "b835dc62735da5a7c446b64d2d488119814fd50d";
        let commit: Commit = text.parse().expect("a commit");
        assert_eq!(commit.to_string(), text);
        assert_eq!(format!("{commit:.8}"), "b835dc62");
    }

    #[test]
    fn refuses_a_short_hash() {
        let hash = "b835dc62735da5a7c446b64d2d488119814fd50d";
        for text in ["", "b835dc62", &hash[1..], &format!("{hash}0"), &hash.replace('b', "+")] {
            assert!(text.parse::<Commit>().is_err(), "{text:?}");
        }
        assert!("é".repeat(20).parse::<Commit>().is_err());
    }

    #[test]
    fn dates_are_ordered_and_printed_as_read() {
        let date = |text: &str| text.parse::<Date>().expect("a day");
        assert_eq!(date("2026-08-03"), Date::new(2026, 8, 3));
        assert_eq!(date("2026-08-03").to_string(), "2026-08-03");
        let days = ["2022-07-17", "2025-12-31", "2026-01-01", "2026-02-01", "2026-02-02"].map(date);
        assert!(days.is_sorted());
    }

    #[test]
    fn converts_unix_time_to_a_date() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_786_579_199, "2026-08-12"),
            (1_786_579_200, "2026-08-13"),
        ] {
            assert_eq!(Date::of_unix_time(seconds).to_string(), expected);
        }
    }

    #[test]
    fn refuses_invalid_dates() {
        for text in ["", "2026-8-10", "2026-13-01", "2026-00-01", "2026-08-32", "26-08-10"] {
            assert!(text.parse::<Date>().is_err(), "{text:?}");
        }
        for text in ["2026-08-10T", "2026/08/10", "2026-08", "+026-08-10", "2026-08-10-1"] {
            assert!(text.parse::<Date>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn days_are_counted_across_months_and_leap_years() {
        let days = |earlier: &str, later: &str| {
            let day = |text: &str| text.parse::<Date>().expect("a day");
            day(later).days_since(day(earlier))
        };
        assert_eq!(days("2026-08-13", "2026-08-13"), Some(0));
        assert_eq!(days("2026-08-13", "2026-11-28"), Some(107));
        assert_eq!(days("2026-12-31", "2027-01-01"), Some(1));
        assert_eq!(days("2028-02-28", "2028-03-01"), Some(2));
        assert_eq!(days("2026-08-13", "2027-08-13"), Some(365));
        assert_eq!(days("2026-08-13", "2026-08-12"), None);
    }
}
