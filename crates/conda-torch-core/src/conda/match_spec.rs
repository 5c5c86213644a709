//! What a client is told to install.

use std::fmt;

use serde::{Serialize, Serializer};

/// A match spec in the form that every client reads alike: `name`, `name=version` or
/// `name=version=build`.
///
/// With a build, the version is exact for conda and fuzzy for micromamba
/// (`pytorch=2.9=cuda*` is `==2.9` for conda), so versions are always written in full there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MatchSpec {
    /// The package.
    pub name: &'static str,
    /// The version, `*` for any where a build follows.
    pub version: Option<String>,
    /// A glob over the build string.
    pub build: Option<String>,
}

impl MatchSpec {
    /// `name=version`.
    #[must_use]
    pub fn version(name: &'static str, version: impl fmt::Display) -> Self {
        Self { name, version: Some(version.to_string()), build: None }
    }

    /// `name=version=build`.
    #[must_use]
    pub fn build(name: &'static str, version: impl fmt::Display, build: impl Into<String>) -> Self {
        Self { name, version: Some(version.to_string()), build: Some(build.into()) }
    }
}

impl fmt::Display for MatchSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        match (&self.version, &self.build) {
            (None, None) => Ok(()),
            (Some(version), None) => write!(f, "={version}"),
            (None, Some(build)) => write!(f, "=*={build}"),
            (Some(version), Some(build)) => write!(f, "={version}={build}"),
        }
    }
}

impl Serialize for MatchSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
