//! Which client comes first.

use crate::model::{Client, ClientKind, Version};

use super::super::look::Look;

/// conda's first version that solves with libmamba by default.
const FAST_CONDA: Version = Version::new(&[23, 10]);

/// Puts the client of the active environment first, then the one whose commands fit best; conda
/// with the slow solver, which also chooses differently, comes last.
pub(super) fn best_first(look: &Look<'_>, clients: &mut [Client]) {
    let prefix = look.env("CONDA_PREFIX");
    let in_pixi = look.env("PIXI_IN_SHELL").is_some() || look.env("PIXI_PROJECT_ROOT").is_some();
    let is_active = |client: &Client| match (&client.root_prefix, &prefix) {
        _ if client.kind == ClientKind::Pixi => in_pixi,
        (Some(root), Some(prefix)) => !in_pixi && is_below(prefix, root),
        (None, _) | (_, None) => false,
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
