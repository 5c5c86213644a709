//! Conda environments: where they are, and their packages. Only files are read; no client is started.

mod history;
mod locations;
mod pip;
mod read;

pub(crate) use locations::detect;
pub use locations::{Location, active, all, at, named};
pub use read::read;
