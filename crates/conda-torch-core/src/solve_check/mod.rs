//! Proof before download: what a client's dry run of the printed command says, held against the advice.
//!
//! 1. `dry_run`: what a client printed, read.
//! 2. `verdict`: whether it ends on the promised build, and what it costs; `plan` holds one package
//!    against another, `why` finds out why there is no solution.
//! 3. `proof`: who was asked, and what came of it, with the room that it takes; `folders` says where.
//!    `solved` is a solve without a client in the same form.

mod comparison;
pub mod dry_run;
mod finding;
pub mod folders;
pub mod live;
mod no_solution;
pub mod outcome;
mod verdict;

pub use finding::SolveFinding;
pub use verdict::{Correction, Expectation, PlannedPytorch, SolveVerdict, Status, verdict};
