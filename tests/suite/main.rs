//! The tests of the whole program, a module a subject. They are one program: it links once, and tests that wait
//! share the cores with tests that compute.
#![expect(clippy::disallowed_methods, reason = "tests read fixtures and run programs")]

mod advise;
mod channel;
mod channels;
mod check;
mod cli;
mod command;
mod common;
mod docs;
mod documents;
mod dry_runs;
mod explain;
#[cfg(target_os = "linux")]
mod feedstock;
mod fleet;
mod gpu_pages;
mod invariants;
mod layers;
mod live;
mod matrix;
mod migrate;
mod migrate_files;
mod nvml;
mod nvml_hostile;
mod overrides;
#[cfg(target_os = "linux")]
mod packaging;
mod picture;
mod probe;
mod properties;
mod readme;
mod real_clients;
mod render;
mod secrets;
mod solver;
mod trust;
mod verify;
mod virtual_packages;
