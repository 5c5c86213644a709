//! Looks at a machine: `Host` and [`Overrides`] in, [`Machine`] out. Decides nothing, drops nothing:
//! every source that is asked leaves a report, and what it failed to say stays unknown.
//!
//! The order of the sources is that of `SOURCES`; within NVIDIA's it is in `nvidia`.

mod clients;
mod condarc;
mod container;
pub mod environment;
mod foreign_libc;
pub mod host;
mod libc;
mod nvidia;
mod os;
mod overrides;
mod pci;
mod probe;
mod processor;
mod settings;
mod shell;

use crate::host::Host;
use conda_torch_core::types::Machine;

use probe::Probe;

pub use overrides::{GpuOverride, Overrides};
pub use settings::{settings, settings_of};

/// What is looked at, in this order. A later one may use what an earlier one found.
const SOURCES: [fn(&mut Probe<'_>); 10] = [
    os::detect, // platform, distribution, kernel, Rosetta
    processor::detect,
    libc::detect,      // glibc or musl
    container::detect, // container, WSL
    pci::detect,       // display adapters on the bus
    nvidia::detect,    // NVML, libcuda, /proc and /sys, nvidia-smi
    nvidia::toolkit,   // /usr/local/cuda/version.json, the path of nvidia-smi
    clients::detect,   // conda, mamba, micromamba, pixi
    condarc::detect,
    shell::detect,
];

/// Looks at the machine, or, where a platform is named, at none: then the machine is that platform's
/// [baseline](Machine::baseline). `CONDA_OVERRIDE_*` counts in both cases, and flags count most.
#[must_use]
pub fn probe(host: &dyn Host, overrides: &Overrides) -> Machine {
    let mut probe = match overrides.platform {
        Some(subdir) => Probe::new(host, Machine::baseline(subdir)),
        None => Probe::new(host, Machine::default()),
    };
    if overrides.platform.is_none() {
        for source in SOURCES {
            source(&mut probe);
        }
    }
    overrides::settings(&mut probe);
    overrides::apply_environment(&mut probe);
    let mut machine = probe.machine;
    overrides.apply(&mut machine);
    machine
}
