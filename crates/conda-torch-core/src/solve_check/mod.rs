//! The check of a client's dry run against the advice, before anything is downloaded.
//!
//! 1. [`dry_run`]: what a client printed.
//! 2. `finding`, `comparison`, `no_solution`: how a plan differs from the advice, or why there is none.
//! 3. `verdict`: whether the dry run selects the recommended build.
//! 4. [`outcome`]: what was run and its result, with the disk space that it needs in [`folders`]; [`live`] is
//!    a solve without a client.

mod comparison;
pub mod dry_run;
mod finding;
pub mod folders;
pub mod live;
mod no_solution;
pub mod outcome;
mod verdict;

pub use comparison::{Expectation, PlannedPytorch};
pub use finding::{Correction, SolveFinding};
pub use verdict::{SolveVerdict, Status, verdict};
