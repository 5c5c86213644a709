//! Which client comes first.

use conda_torch_core::conda::Version;
use conda_torch_core::types::{Client, ClientKind};

use crate::probe::Probe;

/// conda's first version that solves with libmamba by default.
const FAST_CONDA: Version = Version::new(&[23, 10]);

/// Puts the client of the active environment first, then the one whose commands fit best; conda
/// with the slow solver, which also chooses differently, comes last.
pub(super) fn best_first(probe: &Probe<'_>, clients: &mut [Client]) {
    let in_pixi = probe.env("PIXI_IN_SHELL").is_some() || probe.env("PIXI_PROJECT_ROOT").is_some();
    // An environment outside the root prefix is told by the program that activated it.
    let prefix = probe.env("CONDA_PREFIX");
    let programs = [probe.env("CONDA_EXE"), probe.env("MAMBA_EXE")];
    let is_active = |client: &Client| {
        if client.kind == ClientKind::Pixi || in_pixi {
            return client.kind == ClientKind::Pixi && in_pixi;
        }
        let root = client.root_prefix.as_deref();
        prefix.is_some()
            && (prefix
                .as_deref()
                .is_some_and(|prefix| root.is_some_and(|root| is_below(prefix, root)))
                || programs.iter().any(|program| program.as_deref() == Some(&client.path)))
    };
    clients.sort_by_key(|client| (!is_active(client), rank(client)));
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder.trim_end_matches(['/', '\\']))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '\\']))
}

fn rank(client: &Client) -> u8 {
    // Of a conda that would not say its version the worst is assumed.
    let is_fast = client.version.value().is_some_and(|version| *version >= FAST_CONDA);
    match client.kind {
        ClientKind::Conda if is_fast => 0,
        ClientKind::Mamba => 1,
        ClientKind::Micromamba => 2,
        ClientKind::Pixi => 3,
        ClientKind::Conda => 4,
    }
}
