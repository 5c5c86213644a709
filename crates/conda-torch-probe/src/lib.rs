//! Detects a machine and the conda environments on it, through a [`Host`]: live, or recorded for tests.
//!
//! [`probe`] runs every source in the order of `SOURCES` and returns a [`Machine`]. It decides nothing: a fact that no
//! source finds is unknown. [`environment`] reads the environments.
//!
//! ```
//! use conda_torch_probe::host::RecordedHost;
//! use conda_torch_probe::{Overrides, probe};
//!
//! let host: RecordedHost = r#"{"target": {"os": "linux", "arch": "x86_64"}}"#.parse()?;
//! let machine = probe(&host, &Overrides::default());
//! assert!(machine.gpus.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clients;
mod condarc;
mod container;
pub mod environment;
pub mod host;
mod libc;
mod nvidia;
mod os;
mod overrides;
mod package_record;
mod pci;
mod probe;
mod processor;
mod shell;

use conda_torch_core::types::Machine;

use host::Host;
use probe::Probe;

pub use conda_torch_core::question::{GpuOverride, Overrides};
pub use condarc::{find_settings, settings};

/// The sources in order. A later one may use what an earlier one found.
const SOURCES: [fn(&mut Probe<'_>); 11] = [
    os::detect, // platform, distribution, kernel, Rosetta
    processor::detect,
    libc::detect,      // glibc or musl
    container::detect, // container, WSL
    pci::detect,       // display adapters
    nvidia::detect,    // NVML, libcuda, /proc and /sys, nvidia-smi
    nvidia::detect_client_sources,
    clients::detect, // conda, mamba, micromamba, pixi
    condarc::detect,
    environment::detect, // the names that each client has for environments
    shell::detect,
];

/// Detects the machine. If a platform is named, nothing is detected: the machine is the platform's
/// [baseline](Machine::baseline). `CONDA_OVERRIDE_*` applies in both cases, and flags override it.
pub fn probe(host: &dyn Host, overrides: &Overrides) -> Machine {
    let machine = overrides.platform.map(Machine::baseline).unwrap_or_default();
    let mut probe = Probe::new(host, machine);
    if overrides.platform.is_none() {
        for source in SOURCES {
            source(&mut probe);
        }
    }
    overrides::add_settings(&mut probe);
    overrides::apply_environment(&mut probe);
    let mut machine = probe.machine;
    overrides.apply(&mut machine);
    machine
}
