//! Conda environments: where they are, and what is in them. Only their files are read; no client and no Python is
//! started, and nothing is written.

mod history;
mod locations;
mod pip;
mod read;
mod record;

pub use conda_torch_core::conda::without_secrets;
pub use locations::{Location, active, all, at, named};
pub use read::read;
