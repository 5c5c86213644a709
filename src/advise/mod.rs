//! The decision: which build this machine should install, and which specs make a solver end on it.
//! Pure, total and deterministic: the same machine, request and matrix give the same advice.

mod advice;
mod diagnostic;
mod request;

pub use advice::{Advice, Alternative, Choice, GpuKernels, Reason, Rejected, Status, Unlock};
pub use diagnostic::{Diagnostic, Severity};
pub use request::{AcceleratorWish, Request};
