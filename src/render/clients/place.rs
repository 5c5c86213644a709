//! Where the packages go.

use super::ClientTarget;

/// The environment, as the user names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Environment {
    /// Not named: `torch`, or the first of `torch-2`, `torch-3`, … that is not there yet.
    #[default]
    Unnamed,
    /// By name.
    Name(String),
    /// By folder.
    Prefix(String),
}

/// An environment that is to be made or filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// `-n` or `-p`.
    flag: &'static str,
    /// The name or the folder.
    value: String,
    /// Whether the client has it already.
    exists: bool,
}

impl Environment {
    /// The environment on this client.
    pub(super) fn place(&self, client: &ClientTarget<'_>) -> Place {
        let has = |name: &str| {
            client.found.is_some_and(|client| client.environments.iter().any(|e| e == name))
        };
        match self {
            Self::Unnamed => Place { flag: "-n", value: free_name(has), exists: false },
            Self::Name(name) => Place { flag: "-n", exists: has(name), value: name.clone() },
            Self::Prefix(folder) => {
                Place { flag: "-p", value: folder.clone(), exists: has(folder) }
            }
        }
    }

    /// A name for a project or a file: the environment's, or `torch`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Unnamed | Self::Prefix(_) => "torch",
        }
    }

    /// A folder of its own: the prefix, or one called like the environment.
    pub(super) fn folder(&self) -> &str {
        match self {
            Self::Prefix(folder) => folder,
            Self::Unnamed | Self::Name(_) => self.name(),
        }
    }
}

impl Place {
    /// Whether it has to be made.
    pub(super) const fn is_new(&self) -> bool {
        !self.exists
    }

    /// The words that name it.
    pub(super) fn words(&self) -> [&str; 2] {
        [self.flag, &self.value]
    }

    /// What to say where it exists.
    pub(super) fn note(&self) -> Option<String> {
        self.exists.then(|| {
            format!(
                "the environment `{}` exists: what is in it may change, or may keep these packages out; a new one is safer",
                self.value
            )
        })
    }
}

/// The first name that is not taken.
fn free_name(is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken("torch") {
        return "torch".to_owned();
    }
    let numbered = (2..).map(|number: u32| format!("torch-{number}"));
    numbered.into_iter().find(|name| !is_taken(name)).unwrap_or_default()
}
