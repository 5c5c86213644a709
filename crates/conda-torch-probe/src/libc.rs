//! glibc or musl, and which version.

use conda_torch_core::conda::{Os, Version};
use conda_torch_core::types::{Detected, Origin, Outcome};

use super::foreign_libc;
use crate::probe::{Probe, quoted};

pub(super) fn detect(probe: &mut Probe<'_>) {
    let target = probe.host.target();
    if target.os() != Some(Os::Linux) {
        probe.machine.glibc = Detected::Absent;
        probe.machine.musl = Detected::Absent;
        return;
    }
    // A program that runs on glibc has the one that counts under its feet.
    if let Some(version) = probe.host.own_glibc() {
        probe.machine.musl = Detected::Absent;
        probe.machine.glibc = match version.parse::<Version>() {
            Ok(parsed) => {
                probe.report("glibc", Outcome::Ok, version);
                Detected::found(parsed, Origin::System)
            }
            Err(error) => {
                probe.report("glibc", Outcome::Failed, error.to_string());
                Detected::unknown(format!("glibc calls itself {}", quoted(version)))
            }
        };
        return;
    }
    foreign_libc::detect(probe);
}
