//! Proof before download: what a client's dry run of the printed command says, held against the advice.
//!
//! 1. `dry_run`: what a client printed, read.
//! 2. `verdict`: whether it ends on the promised build, and what it costs.
//! 3. `proof`: who was asked, and what came of it, with the room that it takes; `folders` says where. `solved` is a solve
//!    without a client in the same form.

pub mod dry_run;
pub mod folders;
pub mod interim;
pub mod proof;
pub mod solved;
