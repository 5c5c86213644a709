//! Verification of an advice: the dry run of a client, or a solve, compared with the recommended build.
//!
//! 1. `dry_run` reads the output of a client or of `conda-torch-live`.
//! 2. `verdict` compares it with the advice; `no_solution` explains why there is no solution.
//! 3. `outcome` is the result of a check with the disk space that it needs, in the client's `folders`.

pub mod dry_run;
mod finding;
pub mod folders;
mod no_solution;
pub mod outcome;
mod verdict;

pub use finding::SolveFinding;
pub use verdict::{Correction, Expectation, ProofStatus, SolveVerdict, verdict};
