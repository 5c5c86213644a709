//! Environments that exist: where they are, and what is in one. Only their files are read; no client
//! and no Python is started, and nothing is written.
//!
//! - `places`: the environments that the clients of a machine know.
//! - `read`: one of them as an [`Environment`](conda_torch_core::types::Environment): the records of
//!   `conda-meta` (`record`), what was asked for
//!   (`history`), and what pip put beside it (`pip`).

mod history;
mod locations;
mod pip;
mod read;
mod record;

pub use conda_torch_core::conda::without_secrets;
pub use locations::{Location, active, all, at, named};
pub use read::read;
