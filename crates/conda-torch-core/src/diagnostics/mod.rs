//! Everything the program says for or against a build, a machine, a request or an environment.
//!
//! A diagnostic is one entry in the file of its subject: its facts, code, severity, message, hint and page.
//! `catalog!` makes [`Diagnostic`] from the entries, [`CATALOG`] lists them, and `conda-torch explain`,
//! `docs/diagnostics.md` and the list of codes in the JSON schema are made from that.

#[macro_use]
mod catalog;
mod context;

// Each file hands its entries on to the next; `catalog!` gets them all.
#[macro_use]
mod driver;
#[macro_use]
mod gpu;
#[macro_use]
mod system;
#[macro_use]
mod request;
#[macro_use]
mod client;
#[macro_use]
mod channel;
#[macro_use]
mod environment;

#[cfg(test)]
pub(crate) use catalog::Code;
pub use catalog::{Entry, Severity, entry, pages};
pub(crate) use channel::fault_text;
pub use channel::{UnreadableChannel, ago, channel_error};
pub use client::NoCudaReason;
pub use client::how_to_get_a_client;
pub(crate) use client::miniforge;
pub use context::{Context, describe_gpu, with_and};
pub use system::{AssumedFact, MissingFact};

use crate::conda::{Fault, FaultKind, Subdir, Version};
use crate::types::{
    ArmVariant, Blas, ClientKind, Companion, ComputeCapability, Contradiction, CudaVersion, Date,
    Detected, DriverVersion, KnownGpu, Origin, Setting,
};

use catalog::example;
use channel::fault_example;
use context::{list, with_capability};
use driver::{folder, version, versions};
use environment::packages;
use gpu::{REQUEST_GPU, gpu_example, hidden_gpus};
use request::{ROCM_ELSEWHERE, VERIFY_ALL, XPU_ELSEWHERE, has, verb, with_ticks};
use system::{OWN_GLIBC, described, flags};

driver! { gpu system request client channel environment catalog }
