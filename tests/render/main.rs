//! Every format for every client, on recorded machines.

#![expect(clippy::disallowed_methods, reason = "tests read recorded machines and run shells")]

mod case;
mod clients;
#[path = "../common/mod.rs"]
mod common;
mod formats;
mod hints;
mod human;
mod json;
mod shells;
