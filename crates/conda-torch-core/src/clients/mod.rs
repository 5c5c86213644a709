//! Conda clients: which one a command is for, and what its version does in its own way.

mod habits;

use crate::conda::Version;
use crate::types::{Client, ClientKind, ClientPart, Machine, VirtualPackage};

pub(crate) use habits::{
    Archspec, ClientHabits, ConfigCommand, CudaArch, CudaSource, Detector, Elsewhere,
};

/// The client that commands are for, or whose virtual packages are predicted. One of unknown version is
/// assumed to be current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientTarget<'a> {
    /// Which.
    pub kind: ClientKind,
    /// Its version, where it is known.
    pub version: Option<Version>,
    /// The one on the machine, where there is one.
    pub found: Option<&'a Client>,
}

impl<'a> ClientTarget<'a> {
    /// A client on the machine.
    pub fn installed(client: &'a Client) -> Self {
        let version = client.version.value().copied();
        Self { kind: client.kind, version, found: Some(client) }
    }

    /// Every client on a machine, `first` first; without any, each kind in its current version.
    pub fn all(machine: &'a Machine, first: Option<&Client>) -> Vec<Self> {
        if machine.clients.is_empty() {
            return habits::CURRENT
                .map(|(kind, version)| Self { kind, version: Some(version), found: None })
                .to_vec();
        }
        let is_first = |client: &Client| first.is_some_and(|first| first.path == client.path);
        let mut clients: Vec<&Client> = machine.clients.iter().collect();
        clients.sort_by_key(|client| !is_first(client));
        clients.into_iter().map(Self::installed).collect()
    }

    /// The best client on the machine, or of a kind; conda where there is none.
    pub fn of(machine: &'a Machine, kind: Option<ClientKind>) -> Self {
        let found =
            machine.clients.iter().find(|client| kind.is_none_or(|kind| client.kind == kind));
        let version = found.and_then(|client| client.version.value()).copied();
        let kind = kind.or(found.map(|client| client.kind)).unwrap_or(ClientKind::Conda);
        Self { kind, version, found }
    }

    /// The client that an environment belongs to, or one of a kind; else the best.
    pub fn of_environment(machine: &'a Machine, prefix: &str, kind: Option<ClientKind>) -> Self {
        let is_its = |client: &&Client| {
            let root = client.root_prefix.as_deref().map(|root| root.trim_end_matches(['/', '\\']));
            let rest = root.and_then(|root| prefix.strip_prefix(root));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '\\']))
        };
        let is_wanted = |client: &&Client| kind.is_none_or(|kind| client.kind == kind);
        let found = machine.clients.iter().filter(is_wanted).find(is_its);
        found.map_or_else(|| Self::of(machine, kind), Self::installed)
    }

    /// What its version does in its own way.
    pub(crate) fn habits(&self) -> ClientHabits {
        ClientHabits::of(self.kind, self.version)
    }

    /// Whether it detects for the system that it runs on, whatever platform it installs for.
    pub fn sees_own_system_only(&self) -> bool {
        self.habits().own_system_only
    }

    /// The virtual packages that its own `info` lists.
    pub(crate) fn listed_packages(&self) -> Option<&'a [VirtualPackage]> {
        self.found?.sees.as_deref()
    }

    /// Something of it, or beside it, by its name.
    pub(crate) fn part<'m>(&self, machine: &'m Machine, name: &str) -> Option<&'m ClientPart> {
        let path = &self.found?.path;
        machine.client_parts.iter().find(|part| part.client == *path && part.part == name)
    }
}
