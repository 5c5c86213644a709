//! `__glibc`: the C library's version.

use crate::conda::Os;
use crate::types::{Detected, Machine, Origin};

use super::overrides;
use super::prediction::{Prediction, found, unknown};
use crate::clients::ClientTarget;

pub(super) fn predict(machine: &Machine, client: &ClientTarget<'_>) -> Prediction {
    let is_here = match client.target(machine).map(|target| target.on(Os::Linux)) {
        Err(why) => return Prediction::Unknown(why),
        Ok(None) => return Prediction::Absent,
        Ok(Some(is_here)) => is_here,
    };
    if let Some(setting) = overrides::setting(machine, client, "GLIBC") {
        return overrides::version(client, "__glibc", setting);
    }
    if !is_here {
        // For another system conda has had the bare name since 25.11.
        let has_name = client.is_conda() && !client.is_below(&[25, 11]);
        return if has_name { found("__glibc", "0", Origin::System) } else { Prediction::Absent };
    }
    match &machine.glibc {
        Detected::Found(glibc) => found("__glibc", &glibc.value.to_string(), glibc.origin.clone()),
        Detected::Unknown { why } => unknown(why.clone()),
        // It asks the library that its own Python runs on, and that is none of this system.
        Detected::Absent if client.is_conda() => {
            unknown("the system has no glibc; conda sees the one that its Python runs on")
        }
        Detected::Absent => Prediction::Absent,
    }
}
