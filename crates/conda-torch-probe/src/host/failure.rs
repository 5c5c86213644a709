//! Why something could not be asked.

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

/// Why a file or program did not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// It is not there.
    NotThere,
    /// This user may not.
    Denied,
    /// It is larger than anything that was expected there.
    TooLarge,
    /// It did not answer within the deadline.
    TimedOut,
    /// Anything else, in the system's words.
    Other(String),
}

impl Failure {
    /// Whether nothing is there, in contrast to something that did not answer.
    #[must_use]
    pub fn is_not_there(&self) -> bool {
        matches!(self, Self::NotThere)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotThere => "not there",
            Self::Denied => "no permission",
            Self::TooLarge => "larger than expected",
            Self::TimedOut => "no answer within two seconds",
            Self::Other(why) => why,
        })
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
        let kind = error.kind();
        // A file in the place of a folder on the way: the path does not exist either.
        if kind == NotFound || kind == NotADirectory {
            Self::NotThere
        } else if kind == PermissionDenied {
            Self::Denied
        } else {
            Self::Other(error.to_string())
        }
    }
}
