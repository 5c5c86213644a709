//! What exactly to type to get a PyTorch that works on this machine, from conda-forge.
//!
//! ```text
//! Host ──────── probe ───▶ Machine ─┐
//! flags, env ── parse ──▶ Overrides │
//! flags ─────── parse ──▶ Request ──┼─ advise ─▶ Advice ─ render ─▶ text ─ cli ─▶ stdout, exit code
//! data/*.toml ─ embed ──▶ Matrix ───┘
//! ```
//!
//! `advise(&Machine, &Request, &Matrix) -> Advice` is the program; all else brings things to it or
//! carries its answer away. Data flows one way: a room uses only those above it in this list.

pub mod advise; // Machine + Request + Matrix → Advice
pub mod channel; // a channel's records → Matrix
pub mod check; // Environment + Machine + Matrix → Checkup
pub mod cli; // flags, streams, exit codes
pub mod environment; // Host + a prefix → Environment
pub mod foresee; // Machine + client → what it will take the machine for
pub mod host; // the only door to the outside
pub mod matrix; // rows → Matrix
pub mod migrate; // Environment + Machine + Advice → Migration
pub mod model; // the vocabulary: plain values, uses nothing
pub mod probe; // Host + Overrides → Machine
pub mod render; // Advice → text
pub mod rewrite; // a file for the old channel + Advice → its new text
pub mod verify; // a dry run + Advice → Verdict
