//! `__osx`: the version of macOS.

use crate::conda::Os;
use crate::types::{Detected, Machine, Origin};

use super::overrides;
use super::prediction::{Prediction, found, unknown};
use crate::clients::ClientTarget;

pub(super) fn predict(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let is_here = match client.target(machine).map(|target| target.on(Os::Macos)) {
        Err(why) => return Prediction::Unknown(why),
        // pixi shows it wherever it is set.
        Ok(None) if client.is_pixi() => false,
        Ok(None) => return Prediction::Absent,
        Ok(Some(is_here)) => is_here,
    };
    if let Some(setting) = overrides::setting(machine, client, "OSX") {
        return match overrides::version(client, "__osx", setting) {
            Prediction::Absent if client.is_libmamba() && !client.is_below(&[2]) => {
                found("__osx", "0", setting.origin.clone())
            }
            prediction @ (Prediction::Present(..)
            | Prediction::Absent
            | Prediction::Fails(_)
            | Prediction::Unknown(_)) => prediction,
        };
    }
    match &machine.macos {
        _ if !is_here && client.is_pixi() => Prediction::Absent,
        _ if !is_here && client.is_conda() && client.is_below(&[25, 1]) => {
            unknown("this conda takes the version of the system that it runs on")
        }
        _ if !is_here && client.is_libmamba() && client.is_below(&[2]) => Prediction::Absent,
        _ if !is_here => found("__osx", "0", Origin::System),
        Detected::Found(macos) => found("__osx", &macos.value.to_string(), macos.origin.clone()),
        Detected::Absent => unknown("the version of macOS is not known"),
        Detected::Unknown { why } => unknown(why.clone()),
    }
}
