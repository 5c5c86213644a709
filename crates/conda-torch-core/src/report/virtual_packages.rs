//! What each client will see, for a person and as JSON.

use std::borrow::Cow;

use serde::Serialize;

use crate::clients::ClientTarget;
use crate::types::{Client, Machine};
use crate::virtual_packages::VirtualPackages;

/// What one client will take the machine for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SightText {
    /// conda, mamba, micromamba, pixi.
    pub client: &'static str,
    /// Its version; null where that is not known.
    pub version: Option<String>,
    /// Where its program is; null where none was found, and this is what a current one would see.
    pub path: Option<String>,
    /// Its virtual packages.
    pub packages: Vec<SeenText>,
    /// Those of which it could not be told whether it has them.
    pub unknown: Vec<UnseenText>,
}

/// A virtual package that a client will see.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SeenText {
    /// `__cuda`.
    pub name: String,
    /// As the client writes it; it may be no version.
    pub version: String,
    /// `0`, or the processor's name for `__archspec`.
    pub build: String,
    /// Where the client has it from, in the words of the machine's `origin`.
    pub source: String,
}

/// A virtual package that could not be told.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UnseenText {
    /// `__cuda`.
    pub name: Cow<'static, str>,
    /// Why not; also that the client ends with an error.
    pub why: Cow<'static, str>,
}

/// What every client on the machine will see, the one with this program first.
#[must_use]
pub fn virtual_packages(machine: &Machine, first: Option<&Client>) -> Vec<SightText> {
    let clients = ClientTarget::all(machine, first);
    clients.iter().map(|client| text(client, VirtualPackages::of(machine, client))).collect()
}

/// The same without `__archspec`; of a client that is not there, what a current one would see.
pub(super) fn for_installers(machine: &Machine, client: &ClientTarget<'_>) -> Vec<SightText> {
    let clients = match client.found {
        Some(found) => ClientTarget::all(machine, Some(found)),
        None => vec![*client],
    };
    let packages = |client| VirtualPackages::without_archspec(machine, client);
    clients.iter().map(|client| text(client, packages(client))).collect()
}

/// What one client will see.
fn text(client: &ClientTarget<'_>, packages: VirtualPackages) -> SightText {
    let VirtualPackages { packages, unknown } = packages;
    let seen = packages.into_iter().map(|(package, origin)| SeenText {
        name: package.name,
        version: package.version,
        build: package.build,
        source: origin.to_string(),
    });
    SightText {
        client: client.kind.as_str(),
        version: client.version.map(|version| version.to_string()),
        path: client.found.map(|found| found.path.clone()),
        packages: seen.collect(),
        unknown: unknown.into_iter().map(|(name, why)| UnseenText { name, why }).collect(),
    }
}
