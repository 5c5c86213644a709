//! Which PyTorch of conda-forge works on a machine, and what to type for it.
//!
//! Pure: no file, process, clock, environment or socket. It compiles for WebAssembly.

pub mod answer; // an advice with what it was for
pub mod audit; // an installed PyTorch held against a machine
pub mod channel; // a channel's records → Matrix
pub mod clients; // which client, and what its version does in its own way
pub mod commands; // what to type: commands of conda, mamba, micromamba and pixi
pub mod conda; // conda's grammar: channels, platforms, versions, match specs; uses nothing
pub mod diagnostics; // what speaks for or against: one entry a diagnostic
pub mod formats; // Answer → environment.yml, pixi.toml, Dockerfile, commands
pub mod import; // documents made elsewhere → Machine
pub mod matrix; // rows → Matrix
pub mod migrate; // environments and files of the old channel
pub mod report; // the documents that are printed as JSON
pub mod resolve; // Machine + Request + Matrix → Advice
pub mod solve_check; // a dry run + Advice → Verdict
pub mod types; // the vocabulary: plain values
pub mod virtual_packages; // Machine + client → what the client detects
pub mod yaml; // documents in which every value knows its place; uses nothing
