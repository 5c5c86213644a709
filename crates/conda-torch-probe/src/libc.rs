//! glibc or musl, and which version.

use conda_torch_core::conda::{Os, Version};
use conda_torch_core::types::{Detected, Origin, Outcome};

use super::foreign_libc;
use super::look::{Look, quoted};

pub(super) fn look(look: &mut Look<'_>) {
    let target = look.host.target();
    if target.os() != Some(Os::Linux) {
        look.machine.glibc = Detected::Absent;
        look.machine.musl = Detected::Absent;
        return;
    }
    // A program that runs on glibc has the one that counts under its feet.
    if let Some(version) = look.host.own_glibc() {
        look.machine.musl = Detected::Absent;
        look.machine.glibc = match version.parse::<Version>() {
            Ok(parsed) => {
                look.report("glibc", Outcome::Ok, version);
                Detected::found(parsed, Origin::System)
            }
            Err(error) => {
                look.report("glibc", Outcome::Failed, error.to_string());
                Detected::unknown(format!("glibc calls itself {}", quoted(version)))
            }
        };
        return;
    }
    foreign_libc::look(look);
}
