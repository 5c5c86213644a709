//! The environment that packages go into.

use crate::clients::ClientTarget;
use crate::conda::Subdir;
use crate::types;

/// The environment, as the user names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TargetEnvironment {
    /// Not named: `torch`, or the first of `torch-2`, `torch-3`, … that does not exist.
    #[default]
    Unnamed,
    /// By name.
    Name(String),
    /// By folder.
    Prefix(String),
}

/// The environment, as a command names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InstallTarget {
    /// `-n` or `-p`.
    flag: &'static str,
    value: String,
    pub(super) exists: bool,
    /// The environment that the user named and that is for another platform.
    instead_of: Option<String>,
}

impl TargetEnvironment {
    /// The environment on a client; a new one if the packages are for another platform than the client's own,
    /// which its environments are assumed to be for.
    pub(super) fn target(&self, client: &ClientTarget<'_>, other: Option<Subdir>) -> InstallTarget {
        let exists = |name: &str| {
            client.found.is_some_and(|client| client.environments.iter().any(|it| it == name))
        };
        let (flag, value) = match self {
            Self::Unnamed => ("-n", free_name("torch", exists)),
            Self::Name(name) => ("-n", name.clone()),
            Self::Prefix(folder) => ("-p", folder.clone()),
        };
        match other.filter(|_| exists(&value)) {
            Some(subdir) => {
                let (_, arch) = subdir.as_str().split_once('-').unwrap_or_default();
                let stem = value.trim_end_matches(['/', '\\']);
                let free = free_name(&format!("{stem}-{arch}"), exists);
                InstallTarget { flag, value: free, exists: false, instead_of: Some(value) }
            }
            None => InstallTarget { flag, exists: exists(&value), value, instead_of: None },
        }
    }

    /// A new one beside one that exists; `taken` are the names and folders of those that do.
    pub(super) fn beside(old: &types::Environment, taken: &[String]) -> Self {
        let exists = |name: &str| taken.iter().any(|taken| taken == name);
        match old.name.as_deref() {
            Some("base") => Self::Name(free_name("torch", exists)),
            Some(name) => Self::Name(free_name(&format!("{name}-cf"), exists)),
            None => {
                let stem = old.prefix.trim_end_matches(['/', '\\']);
                Self::Prefix(free_name(&format!("{stem}-cf"), exists))
            }
        }
    }

    /// A name for a project or a file: the environment's, or `torch`.
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Unnamed | Self::Prefix(_) => "torch",
        }
    }

    /// The manifest of a pixi project, in the prefix or in a folder called like the environment.
    pub(super) fn manifest(&self) -> String {
        format!("{}/pixi.toml", self.folder().trim_end_matches(['/', '\\']))
    }

    /// The prefix, or a folder called like the environment.
    pub(super) fn folder(&self) -> &str {
        match self {
            Self::Prefix(folder) => folder,
            Self::Unnamed | Self::Name(_) => self.name(),
        }
    }
}

impl InstallTarget {
    pub(super) fn existing(old: &types::Environment) -> Self {
        let (flag, value) = old.name.as_ref().map_or(("-p", &old.prefix), |name| ("-n", name));
        Self { flag, value: value.clone(), exists: true, instead_of: None }
    }

    /// A name for a file about it.
    pub(super) fn file_stem(&self) -> &str {
        self.value.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or("environment")
    }

    pub(super) fn words(&self) -> [&str; 2] {
        [self.flag, &self.value]
    }

    /// What to know if it exists, or if the one that the user named does.
    pub(super) fn note(&self) -> Option<String> {
        match &self.instead_of {
            Some(old) => Some(format!(
                "the environment `{old}` is for the client's own platform; these packages are for another and need a new one"
            )),
            None => self.exists.then(|| {
                format!(
                    "the environment `{}` exists; its packages may change or conflict; a new one is safer",
                    self.value
                )
            }),
        }
    }
}

/// The first of `name`, `name-2`, `name-3`, … that does not exist.
fn free_name(name: &str, exists: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number: u32| format!("{name}-{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !exists(name)).expect("not every number is taken")
}
