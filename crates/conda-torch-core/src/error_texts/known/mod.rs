//! The known error texts, one row each, by subject. A row's texts are in its source, a public thread.

mod build;
mod client;
mod driver;
mod gpu;
mod libraries;
mod packages;
mod program;
mod solver;

use super::KnownError;

/// Each subject with its rows.
pub(super) const SUBJECTS: &[(&str, &[KnownError])] = &[
    ("GPU and kernels", gpu::ROWS),
    ("Driver and containers", driver::ROWS),
    ("Libraries that do not load", libraries::ROWS),
    ("Packages that do not fit", packages::ROWS),
    ("Solvers", solver::ROWS),
    ("Clients and downloads", client::ROWS),
    ("Compilers", build::ROWS),
    ("Programs", program::ROWS),
];
