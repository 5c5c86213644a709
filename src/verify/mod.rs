//! Proof before download: what a client's dry run of the printed command says, held against the advice.
//!
//! 1. `dry_run`: what a client printed, read.
//! 2. `verdict`: whether it ends on the promised build, and what it costs.

pub mod dry_run;
