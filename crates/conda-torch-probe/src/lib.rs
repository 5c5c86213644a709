//! Looks at a machine: `Host` and [`Overrides`] in, [`Machine`] out. Decides nothing, drops nothing:
//! every source that is asked leaves a report, and what it failed to say stays unknown.
//!
//! The order of the sources is that of `SOURCES`; within NVIDIA's it is in `nvidia`.

mod clients;
mod config_files;
mod container;
pub mod environment;
mod foreign_libc;
pub mod host;
mod libc;
mod look;
mod nvidia;
mod os;
mod overrides;
mod pci;
mod processor;
mod settings;
mod shell;

use crate::host::Host;
use conda_torch_core::types::Machine;

use look::Look;

pub use overrides::{Overrides, WishedGpu};
pub use settings::{settings, settings_of};

/// What is looked at, in this order. A later one may use what an earlier one found.
const SOURCES: [fn(&mut Look<'_>); 10] = [
    os::look, // platform, distribution, kernel, Rosetta
    processor::look,
    libc::look,      // glibc or musl
    container::look, // container, WSL
    pci::look,       // display adapters on the bus
    nvidia::look,    // NVML, libcuda, /proc and /sys, nvidia-smi
    nvidia::toolkit, // /usr/local/cuda/version.json, the path of nvidia-smi
    clients::look,   // conda, mamba, micromamba, pixi
    config_files::look,
    shell::look,
];

/// Looks at the machine, or, where a platform is named, at none: then the machine is that platform's
/// [baseline](Machine::baseline). `CONDA_OVERRIDE_*` counts in both cases, and flags count most.
#[must_use]
pub fn probe(host: &dyn Host, overrides: &Overrides) -> Machine {
    let mut look = match overrides.platform {
        Some(subdir) => Look::at(host, Machine::baseline(subdir)),
        None => Look::at(host, Machine::default()),
    };
    if overrides.platform.is_none() {
        for source in SOURCES {
            source(&mut look);
        }
    }
    overrides::settings(&mut look);
    overrides::apply_environment(&mut look);
    let mut machine = look.machine;
    overrides.apply(&mut machine);
    machine
}
