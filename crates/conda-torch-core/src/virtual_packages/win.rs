//! `__win`: the version of Windows.

use crate::conda::Os;
use crate::types::{Detected, Machine, Origin};

use super::seen::{Seen, found, unknown};
use super::told;
use super::viewer::Viewer;

pub(super) fn seen(machine: &Machine, viewer: &Viewer<'_>) -> Seen {
    let is_here = match viewer.target(machine).map(|target| target.on(Os::Windows)) {
        Err(why) => return Seen::Unknown(why),
        // pixi shows it wherever it is set.
        Ok(None) if viewer.is_pixi() => false,
        Ok(None) => return Seen::Nothing,
        Ok(Some(is_here)) => is_here,
    };
    if let Some(setting) = told::of(machine, viewer, "WIN") {
        return match told::version(viewer, "__win", setting) {
            Seen::Nothing if viewer.is_libmamba() => found("__win", "0", setting.origin.clone()),
            seen @ (Seen::Package(..) | Seen::Nothing | Seen::Stops(_) | Seen::Unknown(_)) => seen,
        };
    }
    // The first to say more than that it is there: <https://github.com/conda/conda/pull/14450>,
    // mamba 2.0, and pixi with <https://github.com/conda/rattler/pull/1028>.
    let says_nothing = viewer.is_conda() && viewer.is_below(&[25, 1])
        || viewer.is_libmamba() && viewer.is_below(&[2])
        || viewer.is_pixi() && viewer.is_below(&[0, 41]);
    match &machine.windows {
        _ if !is_here && viewer.is_pixi() => Seen::Nothing,
        _ if !is_here || says_nothing => found("__win", "0", Origin::System),
        Detected::Found(windows) => {
            found("__win", &windows.value.to_string(), windows.origin.clone())
        }
        Detected::Absent => unknown("the version of Windows is not known"),
        Detected::Unknown { why } => unknown(why.clone()),
    }
}
