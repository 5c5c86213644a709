//! The environment that packages go into.

use crate::clients::ClientTarget;
use crate::conda::Subdir;
use crate::types::{self, ClientKind};

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

/// A name that a client refuses for an environment, or the folder of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` cannot name an environment: {why}")]
pub struct NoName {
    name: String,
    why: String,
}

/// A folder as the value of a flag; one that begins with `-` would be an option to a client.
pub fn as_folder(folder: &str) -> String {
    if folder.starts_with('-') { format!("./{folder}") } else { folder.to_owned() }
}

/// What conda refuses in a name, and in the last part of a folder (`PREFIX_NAME_DISALLOWED_CHARS`).
/// Source: <https://github.com/conda/conda/blob/26.7.1/conda/base/constants.py>
const NOT_IN_NAMES: [char; 4] = ['/', ' ', ':', '#'];

impl TargetEnvironment {
    /// The environment with a name, or why a client refuses it. pixi has a folder with any name.
    pub fn named(name: String, client: ClientKind) -> Result<Self, NoName> {
        let why = if name.starts_with('-') {
            "it begins with `-`, like an option".to_owned()
        } else if client == ClientKind::Pixi {
            return Ok(Self::Name(name));
        } else if name == "root" {
            format!("{client} reads it as its own environment `base`")
        } else if let Some(why) = refused_character(&name, client) {
            why
        } else {
            return Ok(Self::Name(name));
        };
        Err(NoName { name, why })
    }

    /// The environment in a folder, or why conda refuses to make one there.
    pub fn in_folder(folder: String, client: &ClientTarget<'_>) -> Result<Self, NoName> {
        let exists = client.found.is_some_and(|client| client.environments.contains(&folder));
        let last =
            folder.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
        match refused_character(last, client.kind) {
            Some(why) if client.kind == ClientKind::Conda && !exists => {
                Err(NoName { name: folder, why })
            }
            Some(_) | None => Ok(Self::Prefix(folder)),
        }
    }

    /// The environment on a client; a new one if the packages are for another platform than the client's own,
    /// which its environments are assumed to be for.
    pub(super) fn target(&self, client: &ClientTarget<'_>, other: Option<Subdir>) -> InstallTarget {
        let is_listed = |name: &str| {
            client.found.is_some_and(|client| client.environments.iter().any(|it| it == name))
        };
        // `base` is the client's own.
        let is_named = !matches!(self, Self::Prefix(_));
        let exists = |name: &str| is_named && name == "base" || is_listed(name);
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

    /// A new one with another name than one that exists, which may be on another machine than the client.
    pub(crate) fn instead_of(old: &types::Environment, client: &ClientTarget<'_>) -> Self {
        let last = old.prefix.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next();
        let listed = client.found.map_or(&[][..], |client| &client.environments);
        let is_taken = |name: &str| {
            old.name.as_deref() == Some(name)
                || last == Some(name)
                || listed.iter().any(|it| it == name)
        };
        Self::Name(free_name("torch", is_taken))
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

fn refused_character(name: &str, client: ClientKind) -> Option<String> {
    let character = name.chars().find(|c| NOT_IN_NAMES.contains(c))?;
    let character = if character == ' ' { "a space".to_owned() } else { format!("`{character}`") };
    Some(format!("{client} refuses {character} in it"))
}

/// The first of `name`, `name-2`, `name-3`, … that does not exist.
fn free_name(name: &str, exists: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number: u32| format!("{name}-{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !exists(name)).expect("not every number is taken")
}
