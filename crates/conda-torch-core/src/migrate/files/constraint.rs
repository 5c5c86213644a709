//! What a match spec says about versions, as far as numbers go.
//!
//! Source: <https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html>

use crate::conda::Version;

/// Alternatives (`|`) of clauses that hold together (`,`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Constraint(Vec<Vec<Clause>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Clause {
    operator: Operator,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    /// `=2.1`, `2.1.*`: the version begins like that.
    Begins,
    /// `==2.1`.
    Exact,
    AtLeast,
    Above,
    AtMost,
    Below,
    /// `!=2.1`.
    Not,
    /// `!=2.1.*`.
    NotBegins,
    /// `~=2.1.2`: at least that, and the same but for the last number.
    Compatible,
}

/// The operators, the longer ones first.
const OPERATORS: [(&str, Operator); 8] = [
    ("==", Operator::Exact),
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("!=", Operator::Not),
    ("~=", Operator::Compatible),
    (">", Operator::Above),
    ("<", Operator::Below),
    ("=", Operator::Begins),
];

impl Constraint {
    /// Reads a constraint; a version without an operator is `bare`. `None` for what is not understood,
    /// `Some` of no clause for `*`.
    pub(super) fn parse(text: &str, is_exact: bool) -> Option<Self> {
        let bare = if is_exact { Operator::Exact } else { Operator::Begins };
        let mut alternatives = Vec::new();
        for alternative in text.split('|') {
            let mut clauses = Vec::new();
            for clause in alternative.split(',') {
                let clause = clause.trim();
                if !is_any(clause) {
                    clauses.push(Clause::parse(clause, bare)?);
                }
            }
            alternatives.push(clauses);
        }
        Some(Self(alternatives))
    }

    /// A version that begins like this one.
    pub(super) fn begins(version: Version) -> Self {
        Self(vec![vec![Clause { operator: Operator::Begins, version }]])
    }

    /// Whether it says nothing.
    pub(super) fn is_any(&self) -> bool {
        self.0.iter().any(Vec::is_empty)
    }

    /// Whether it is one version, or all that begin like one.
    pub(super) fn is_pin(&self) -> bool {
        let [clauses] = self.0.as_slice() else { return false };
        let [clause] = clauses.as_slice() else { return false };
        matches!(clause.operator, Operator::Begins | Operator::Exact)
    }

    /// Whether a version is allowed.
    pub(super) fn admits(&self, version: Version) -> bool {
        self.0.iter().any(|clauses| clauses.iter().all(|clause| clause.admits(version)))
    }

    /// Whether some version of a series (`3.8`) may be allowed.
    pub(super) fn admits_series(&self, series: Version) -> bool {
        let last = Version::new(&[series.major(), series.minor(), u16::MAX]);
        self.0.iter().any(|clauses| {
            clauses.iter().all(|clause| match clause.operator {
                Operator::Begins | Operator::Exact => {
                    clause.version.covers(series) || series.covers(clause.version)
                }
                Operator::AtLeast
                | Operator::Above
                | Operator::AtMost
                | Operator::Below
                | Operator::Not
                | Operator::NotBegins
                | Operator::Compatible => clause.admits(series) || clause.admits(last),
            })
        })
    }

    /// The version that is meant most: the one named, else the lower bound, else the upper one.
    pub(super) fn anchor(&self) -> Option<Version> {
        let clauses = self.0.iter().flatten();
        let is_upper =
            |clause: &&Clause| matches!(clause.operator, Operator::Below | Operator::AtMost);
        let excludes =
            |clause: &&Clause| matches!(clause.operator, Operator::Not | Operator::NotBegins);
        let named = clauses.clone().filter(|clause| !is_upper(clause) && !excludes(clause));
        let upper = clauses.filter(is_upper).map(|clause| clause.version).max();
        named.map(|clause| clause.version).max().or(upper)
    }
}

/// Whether a clause allows everything.
fn is_any(clause: &str) -> bool {
    matches!(clause.trim_start_matches('=').trim(), "*") && !clause.starts_with("===")
}

impl Clause {
    fn parse(text: &str, bare: Operator) -> Option<Self> {
        let found = OPERATORS.iter().find_map(|(sign, operator)| {
            text.strip_prefix(sign).map(|rest| (*operator, rest.trim()))
        });
        let (mut operator, mut rest) = found.unwrap_or((bare, text));
        if let Some(start) = rest.strip_suffix(".*").or_else(|| rest.strip_suffix('*')) {
            rest = start;
            operator = match operator {
                Operator::Exact | Operator::Begins => Operator::Begins,
                Operator::Not | Operator::NotBegins => Operator::NotBegins,
                Operator::AtLeast
                | Operator::Above
                | Operator::AtMost
                | Operator::Below
                | Operator::Compatible => operator,
            };
        }
        let version = rest.parse().ok()?;
        Some(Self { operator, version })
    }

    fn admits(&self, version: Version) -> bool {
        match self.operator {
            Operator::Begins => self.version.covers(version),
            Operator::Exact => version == self.version,
            Operator::AtLeast => version >= self.version,
            Operator::Above => version > self.version,
            Operator::AtMost => version <= self.version,
            Operator::Below => version < self.version,
            Operator::Not => version != self.version,
            Operator::NotBegins => !self.version.covers(version),
            Operator::Compatible => {
                version >= self.version && self.version.parent().covers(version)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(text: &str, version: &str) -> bool {
        let constraint = Constraint::parse(text, false).expect("understood");
        constraint.admits(version.parse().expect("a version"))
    }

    #[test]
    fn each_operator_means_what_conda_means() {
        for (text, yes, no) in [
            ("=2.1", "2.1.2", "2.10.0"),
            ("2.1.*", "2.1.2", "2.2.0"),
            ("==2.1", "2.1.0", "2.1.2"),
            (">=2.0,<2.3", "2.1.2", "2.3.0"),
            (">2.0", "2.1.0", "2.0.0"),
            ("<=2.1.2", "2.1.2", "2.3.0"),
            ("!=2.1.0", "2.1.2", "2.1.0"),
            ("!=2.1.*", "2.3.0", "2.1.2"),
            ("~=2.1.0", "2.1.2", "2.3.0"),
            ("1.13.*|>=2.3", "1.13.1", "2.1.2"),
        ] {
            assert!(admits(text, yes), "{text} {yes}");
            assert!(!admits(text, no), "{text} {no}");
        }
    }

    #[test]
    fn what_is_not_a_version_is_not_understood() {
        for text in ["{{ version }}", "=", "2.1a", "", ">="] {
            assert_eq!(Constraint::parse(text, false), None, "{text}");
        }
        assert!(Constraint::parse("*", false).expect("understood").is_any());
    }

    #[test]
    fn a_series_is_allowed_where_one_of_its_versions_may_be() {
        let constraint = |text| Constraint::parse(text, false).expect("understood");
        let series: Version = "3.8".parse().expect("a version");
        for text in ["=3.8", "3.8.5", "3", ">=3.6,<3.9", ">3.7", "<=3.8", "3.7.*|3.8.*"] {
            assert!(constraint(text).admits_series(series), "{text}");
        }
        for text in ["=3.9", ">=3.9", "<3.8", "3.10.*"] {
            assert!(!constraint(text).admits_series(series), "{text}");
        }
    }
}
