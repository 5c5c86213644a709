//! `__glibc`: the C library's version.

use crate::conda::Os;
use crate::types::{Detected, Machine, Origin};

use super::seen::{Seen, found, unknown};
use super::told;
use super::viewer::Viewer;

pub(super) fn seen(machine: &Machine, viewer: &Viewer<'_>) -> Seen {
    let is_here = match viewer.target(machine).map(|target| target.on(Os::Linux)) {
        Err(why) => return Seen::Unknown(why),
        Ok(None) => return Seen::Nothing,
        Ok(Some(is_here)) => is_here,
    };
    if let Some(setting) = told::of(machine, viewer, "GLIBC") {
        return told::version(viewer, "__glibc", setting);
    }
    if !is_here {
        // For another system conda has had the bare name since 25.11.
        let has_name = viewer.is_conda() && !viewer.is_below(&[25, 11]);
        return if has_name { found("__glibc", "0", Origin::System) } else { Seen::Nothing };
    }
    match &machine.glibc {
        Detected::Found(glibc) => found("__glibc", &glibc.value.to_string(), glibc.origin.clone()),
        Detected::Unknown { why } => unknown(why.clone()),
        // It asks the library that its own Python runs on, and that is none of this system.
        Detected::Absent if viewer.is_conda() => {
            unknown("the system has no glibc; conda sees the one that its Python runs on")
        }
        Detected::Absent => Seen::Nothing,
    }
}
