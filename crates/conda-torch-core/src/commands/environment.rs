//! Where the packages go.

use crate::conda::Subdir;
use crate::types::{self};

use crate::clients::ClientTarget;

/// The environment, as the user names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TargetEnvironment {
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
pub(super) struct InstallTarget {
    /// `-n` or `-p`.
    flag: &'static str,
    /// The name or the folder.
    value: String,
    /// Whether the client has it already.
    exists: bool,
    /// The one that was asked for and that takes packages of another platform.
    instead_of: Option<String>,
}

impl TargetEnvironment {
    /// The environment on this client; a new one where the packages are for another platform than the
    /// client's own, which its environments are taken to be for.
    pub(super) fn place(&self, client: &ClientTarget<'_>, other: Option<Subdir>) -> InstallTarget {
        let has = |name: &str| {
            client.found.is_some_and(|client| client.environments.iter().any(|e| e == name))
        };
        let (flag, wish) = match self {
            Self::Unnamed => ("-n", None),
            Self::Name(name) => ("-n", Some(name.as_str())),
            Self::Prefix(folder) => ("-p", Some(folder.as_str())),
        };
        let new = |value| InstallTarget { flag, value, exists: false, instead_of: None };
        let Some(wish) = wish else { return new(free_name("torch", has)) };
        match other.filter(|_| has(wish)) {
            Some(subdir) => {
                let (_, arch) = subdir.as_str().split_once('-').unwrap_or_default();
                let stem = wish.trim_end_matches(['/', '\\']);
                let value = free_name(&format!("{stem}-{arch}"), has);
                InstallTarget { instead_of: Some(wish.to_owned()), ..new(value) }
            }
            None => InstallTarget { exists: has(wish), ..new(wish.to_owned()) },
        }
    }

    /// A new one beside one that exists, which keeps all that is in it.
    pub(super) fn beside(old: &types::Environment, taken: &[String]) -> Self {
        let has = |name: &str| taken.iter().any(|taken| taken == name);
        match old.name.as_deref() {
            Some("base") => Self::Name(free_name("torch", has)),
            Some(name) => Self::Name(free_name(&format!("{name}-cf"), has)),
            None => {
                let stem = old.prefix.trim_end_matches(['/', '\\']);
                Self::Prefix(free_name(&format!("{stem}-cf"), has))
            }
        }
    }

    /// One that exists.
    pub(super) fn existing(old: &types::Environment) -> Self {
        old.name.clone().map_or_else(|| Self::Prefix(old.prefix.clone()), Self::Name)
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

impl InstallTarget {
    /// The place of an environment that is there.
    pub(super) fn of(old: &types::Environment) -> Self {
        let (flag, value) = match TargetEnvironment::existing(old) {
            TargetEnvironment::Name(name) => ("-n", name),
            TargetEnvironment::Prefix(prefix) => ("-p", prefix),
            TargetEnvironment::Unnamed => ("-n", String::new()),
        };
        Self { flag, value, exists: true, instead_of: None }
    }

    /// A name for a file about it.
    pub(super) fn file_stem(&self) -> &str {
        self.value.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or("environment")
    }

    /// Whether it has to be made.
    pub(super) const fn is_new(&self) -> bool {
        !self.exists
    }

    /// The words that name it.
    pub(super) fn words(&self) -> [&str; 2] {
        [self.flag, &self.value]
    }

    /// What to say where it exists, or where the one that was asked for does.
    pub(super) fn note(&self) -> Option<String> {
        if let Some(old) = &self.instead_of {
            return Some(format!(
                "the environment `{old}` exists, with packages of the client's own platform; these are for another, and go into a new one"
            ));
        }
        self.exists.then(|| {
            format!(
                "the environment `{}` exists: what is in it may change, or may keep these packages out; a new one is safer",
                self.value
            )
        })
    }
}

/// The first of `name`, `name-2`, `name-3`, … that is not taken.
fn free_name(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(name) {
        return name.to_owned();
    }
    let numbered = (2..).map(|number: u32| format!("{name}-{number}"));
    numbered.into_iter().find(|name| !is_taken(name)).unwrap_or_default()
}
