//! `__osx`: the version of macOS.

use crate::conda::Os;
use crate::types::{Detected, Machine, Origin};

use super::seen::{Seen, found, unknown};
use super::told;
use super::viewer::Viewer;

pub(super) fn seen(machine: &Machine, viewer: &Viewer<'_>) -> Seen {
    let is_here = match viewer.target(machine).map(|target| target.on(Os::Macos)) {
        Err(why) => return Seen::Unknown(why),
        // pixi shows it wherever it is set.
        Ok(None) if viewer.is_pixi() => false,
        Ok(None) => return Seen::Nothing,
        Ok(Some(is_here)) => is_here,
    };
    if let Some(setting) = told::of(machine, viewer, "OSX") {
        return match told::version(viewer, "__osx", setting) {
            Seen::Nothing if viewer.is_libmamba() && !viewer.is_below(&[2]) => {
                found("__osx", "0", setting.origin.clone())
            }
            seen @ (Seen::Package(..) | Seen::Nothing | Seen::Stops(_) | Seen::Unknown(_)) => seen,
        };
    }
    match &machine.macos {
        _ if !is_here && viewer.is_pixi() => Seen::Nothing,
        _ if !is_here && viewer.is_conda() && viewer.is_below(&[25, 1]) => {
            unknown("this conda takes the version of the system that it runs on")
        }
        _ if !is_here && viewer.is_libmamba() && viewer.is_below(&[2]) => Seen::Nothing,
        _ if !is_here => found("__osx", "0", Origin::System),
        Detected::Found(macos) => found("__osx", &macos.value.to_string(), macos.origin.clone()),
        Detected::Absent => unknown("the version of macOS is not known"),
        Detected::Unknown { why } => unknown(why.clone()),
    }
}
