//! `__win`: the version of Windows.

use crate::conda::Os;
use crate::types::{Detected, Machine, Origin};

use super::overrides;
use super::prediction::{Prediction, found, unknown};
use crate::clients::ClientTarget;

pub(super) fn predict(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let is_here = match client.target(machine).map(|target| target.on(Os::Windows)) {
        Err(why) => return Prediction::Unknown(why),
        // pixi shows it wherever it is set.
        Ok(None) if client.is_pixi() => false,
        Ok(None) => return Prediction::Absent,
        Ok(Some(is_here)) => is_here,
    };
    if let Some(setting) = overrides::setting(machine, client, "WIN") {
        return match overrides::version(client, "__win", setting) {
            Prediction::Absent if client.is_libmamba() => {
                found("__win", "0", setting.origin.clone())
            }
            prediction @ (Prediction::Present(..)
            | Prediction::Absent
            | Prediction::Fails(_)
            | Prediction::Unknown(_)) => prediction,
        };
    }
    // The first to say more than that it is there: <https://github.com/conda/conda/pull/14450>,
    // mamba 2.0, and pixi with <https://github.com/conda/rattler/pull/1028>.
    let says_nothing = client.is_conda() && client.is_below(&[25, 1])
        || client.is_libmamba() && client.is_below(&[2])
        || client.is_pixi() && client.is_below(&[0, 41]);
    match &machine.windows {
        _ if !is_here && client.is_pixi() => Prediction::Absent,
        _ if !is_here || says_nothing => found("__win", "0", Origin::System),
        Detected::Found(windows) => {
            found("__win", &windows.value.to_string(), windows.origin.clone())
        }
        Detected::Absent => unknown("the version of Windows is not known"),
        Detected::Unknown { why } => unknown(why.clone()),
    }
}
