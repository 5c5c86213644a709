//! Version constraints.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "only some of the forms that rattler reads matter to each question"
)]

use std::str::FromStr;

use rattler_conda_version::version_spec::{
    EqualityOperator, RangeOperator, StrictRangeOperator, VersionSpec,
};
use rattler_conda_version::{ParseStrictness, Version as CondaVersion};

use super::{ParseError, Version};

/// A version constraint with conda's meaning: `=2.1`, `>=2,<2.3`, `1.13.*|>=2.3`, `~=2.1`.
///
/// A version without an operator is exact, as in conda's `VersionSpec`.
/// Source: <https://conda.org/learn/ceps/cep-0029>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint(VersionSpec);

/// Words in versions of PyTorch. Others, as in `2.x`, are a version to conda, but not what was meant.
const TAGS: [&str; 7] = ["a", "alpha", "b", "beta", "rc", "dev", "post"];

impl FromStr for Constraint {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // conda reads `==2.1.*` in a match spec as `2.1.*`.
        let spec = text.strip_prefix("==").filter(|rest| rest.contains('*')).unwrap_or(text);
        let mut words = text.split(|c: char| !c.is_ascii_alphabetic());
        let spec = VersionSpec::from_str(spec, ParseStrictness::Lenient).ok();
        spec.filter(|_| words.all(|word| word.is_empty() || TAGS.contains(&word)))
            .map(Self)
            .ok_or_else(|| ParseError::new(text, "a version constraint; for example `>=2.1,<3`"))
    }
}

impl Constraint {
    /// All versions that begin like this one.
    pub fn begins(version: Version) -> Self {
        let version = conda_version(version).into();
        Self(VersionSpec::StrictRange(StrictRangeOperator::StartsWith, version))
    }

    /// Whether a version is allowed.
    pub fn admits(&self, version: Version) -> bool {
        self.0.matches(&conda_version(version))
    }

    /// Whether some version of a series such as `3.8` may be allowed.
    pub fn admits_series(&self, series: Version) -> bool {
        let first = conda_version(series);
        let last = conda_version(Version::new(&[series.major(), series.minor(), u16::MAX]));
        admits_between(&self.0, &first, &last)
    }

    /// The only version that is allowed, or what all of them begin with.
    pub fn pin(&self) -> Option<Version> {
        match &self.0 {
            VersionSpec::Exact(EqualityOperator::Equals, version) => numbers(version),
            VersionSpec::StrictRange(StrictRangeOperator::StartsWith, version) => numbers(version),
            _ => None,
        }
    }

    /// The greatest lower bound.
    pub fn lower(&self) -> Option<Version> {
        self.bound([RangeOperator::Greater, RangeOperator::GreaterEquals])
    }

    /// The greatest upper bound.
    pub fn upper(&self) -> Option<Version> {
        self.bound([RangeOperator::Less, RangeOperator::LessEquals])
    }

    /// The version that the constraint is about: the one it names, else its lower bound, else its upper bound.
    pub fn anchor(&self) -> Option<Version> {
        use StrictRangeOperator::{Compatible, StartsWith};
        let named = clauses(&self.0).into_iter().filter_map(|clause| match clause {
            VersionSpec::Exact(EqualityOperator::Equals, version) => numbers(version),
            VersionSpec::StrictRange(StartsWith | Compatible, version) => numbers(version),
            _ => None,
        });
        named.max().max(self.lower()).or_else(|| self.upper())
    }

    fn bound(&self, operators: [RangeOperator; 2]) -> Option<Version> {
        let bounds = clauses(&self.0).into_iter().filter_map(|clause| match clause {
            VersionSpec::Range(operator, version) if operators.contains(operator) => {
                numbers(version)
            }
            _ => None,
        });
        bounds.max()
    }
}

/// Whether a version between two of a series may be allowed. Each clause is looked at by itself.
fn admits_between(spec: &VersionSpec, first: &CondaVersion, last: &CondaVersion) -> bool {
    use rattler_conda_version::version_spec::LogicalOperator::{And, Or};
    let admits = |spec: &VersionSpec| admits_between(spec, first, last);
    match spec {
        VersionSpec::Group(And, specs) => specs.iter().all(admits),
        VersionSpec::Group(Or, specs) => specs.iter().any(admits),
        VersionSpec::Exact(EqualityOperator::Equals, version) => version.starts_with(first),
        VersionSpec::StrictRange(StrictRangeOperator::StartsWith, version) => {
            first.starts_with(version) || version.starts_with(first)
        }
        spec => spec.matches(first) || spec.matches(last),
    }
}

fn clauses(spec: &VersionSpec) -> Vec<&VersionSpec> {
    match spec {
        VersionSpec::Group(_, specs) => specs.iter().flat_map(clauses).collect(),
        clause => vec![clause],
    }
}

fn conda_version(version: Version) -> CondaVersion {
    version.to_string().parse().expect("numbers with dots are a version to conda")
}

/// The numbers that a version begins with: 2.6.0 of `2.6.0a0`.
fn numbers(version: &CondaVersion) -> Option<Version> {
    let text = version.to_string();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text[..end].trim_end_matches('.').parse().ok().filter(|_| !version.has_epoch())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraint(text: &str) -> Constraint {
        text.parse().expect("a constraint")
    }

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    #[test]
    fn operators_have_the_meaning_of_conda() {
        for (text, yes, no) in [
            ("=2.1", "2.1.2", "2.10.0"),
            ("2.1.*", "2.1.2", "2.2.0"),
            ("2.1*", "2.1.2", "2.10.0"),
            ("2.1", "2.1.0", "2.1.2"),
            ("==2.1", "2.1.0", "2.1.2"),
            ("==2.1.*", "2.1.2", "2.2.0"),
            (">=2.0,<2.3", "2.1.2", "2.3.0"),
            (">2.0", "2.1.0", "2.0.0"),
            ("<=2.1.2", "2.1.2", "2.3.0"),
            ("<2.6.0a0", "2.5.1", "2.6.0"),
            ("!=2.1.0", "2.1.2", "2.1.0"),
            ("!=2.1.*", "2.3.0", "2.1.2"),
            ("~=2.1", "2.9.0", "3.0.0"),
            ("~=2.1", "2.1.0", "2.0.1"),
            ("~=2.1.0", "2.1.2", "2.3.0"),
            ("1.13.*|>=2.3", "1.13.1", "2.1.2"),
            ("2.1|2.3", "2.3.0", "2.3.1"),
        ] {
            assert!(constraint(text).admits(version(yes)), "{text} {yes}");
            assert!(!constraint(text).admits(version(no)), "{text} {no}");
        }
    }

    #[test]
    fn refuses_invalid_pytorch_versions() {
        for text in ["{{ version }}", "=", "", ">=", "x y", "2.x", "2.1+cu121"] {
            assert!(Constraint::from_str(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_series_is_allowed_if_one_of_its_versions_is() {
        for text in ["=3.8", "3.8.5", "=3", ">=3.6,<3.9", ">3.7", "<=3.8", "3.7.*|3.8.*", "~=3.7"] {
            assert!(constraint(text).admits_series(version("3.8")), "{text}");
        }
        for text in ["=3.9", ">=3.9", "<3.8", "3.10.*", "~=3.9", "3.80.1"] {
            assert!(!constraint(text).admits_series(version("3.8")), "{text}");
        }
    }

    #[test]
    fn the_anchor_is_the_named_version_or_the_lower_bound() {
        for (text, pin, anchor) in [
            ("=2.1", Some("2.1"), Some("2.1")),
            ("==2.1.2", Some("2.1.2"), Some("2.1.2")),
            ("2.4.*", Some("2.4"), Some("2.4")),
            (">=2.0,<2.3", None, Some("2.0")),
            ("<2.6.0a0", None, Some("2.6.0")),
            ("1.13.*|2.3.*", None, Some("2.3")),
            ("!=2.1", None, None),
            ("*", None, None),
        ] {
            assert_eq!(constraint(text).pin(), pin.map(version), "{text}");
            assert_eq!(constraint(text).anchor(), anchor.map(version), "{text}");
        }
    }
}
