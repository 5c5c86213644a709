//! Which PyTorch of conda-forge works on a machine, and the commands that install it.
//!
//! The library is pure: no file, process, clock, environment or socket. It runs anywhere, also as WebAssembly. Give it
//! a [`Machine`] (detected by `conda-torch-probe`, or read from a document such as the output of `nvidia-smi`) and a
//! [`Request`]; it decides from the [`Matrix`] of builds and writes commands, files or JSON.
//!
//! ```
//! use conda_torch_core::{Answer, Matrix, Request, advise, formats, import, read_machine};
//!
//! let output = "\
//! name, driver_version, compute_cap
//! NVIDIA GeForce RTX 4090, 580.65.06, 8.9
//! ";
//! let mut machine = read_machine(output, None)?;
//! import::assume_baseline(&mut machine); // the platform and the system, which the output lacks
//! let (request, matrix) = (Request::default(), Matrix::embedded());
//! let advice = advise(&machine, &request, matrix);
//! let commands = formats::commands(&Answer::new(&machine, &request, &advice, matrix))?;
//!
//! print!("{commands}"); // conda create -n torch --override-channels -c conda-forge … pytorch-gpu=…
//! assert!(commands.contains("conda create -n torch --override-channels -c conda-forge "));
//! assert!(commands.contains(" pytorch-gpu="));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ```text
//! document ── import ──▶ Machine ─┐
//!                        Request ─┼─ resolve ──▶ Advice ──▶ Answer ─┬─ formats ──▶ commands, environment.yml, …
//! channel ── matrix ───▶ Matrix ──┘                                 └─ report ───▶ JSON
//! ```
//!
//! An installed PyTorch is checked by [`audit`], an environment or a file with builds of the old `pytorch` channel is
//! moved by [`migrate`], and a client's dry run is compared with the advice by [`solve_check`]. What any of them says is
//! a [`Diagnostic`](diagnostics::Diagnostic).

// The vocabulary.
pub mod conda; // conda's grammar: channels, platforms, versions, match specs
pub mod escapes; // control characters in names and texts of others, shown
pub mod types; // plain values: Machine, Build, DriverVersion, …
pub mod yaml; // documents in which every value knows its place

// What the decision is based on.
pub mod channel; // records of a channel → Matrix
pub mod clients; // conda, mamba, micromamba and pixi: what each version does differently
pub mod import; // documents made elsewhere → Machine
pub mod matrix; // data rows → Matrix

// The decision.
pub mod diagnostics; // one entry for each code
pub mod resolve; // Machine + Request + Matrix → Advice
pub mod virtual_packages; // Machine + client → `__cuda`, `__glibc`, …

// Checks of what exists.
pub mod audit; // an installed PyTorch on a machine
pub mod error_texts; // known failures in tracebacks and messages of solvers and clients
pub mod migrate; // environments and files with builds of the old `pytorch` channel
pub mod smoke_test; // kernels of an installed PyTorch, run
pub mod solve_check; // a client's dry run against an Advice

// Output.
pub mod answer; // an Advice with what it is for
pub mod commands; // the steps of each client, quoted for each shell
pub mod fleet; // many machines and the fewest environments for them
pub mod formats; // commands, environment.yml, pixi.toml, Dockerfile
pub mod heat_map; // builds and GPUs as a picture
pub mod question;
pub mod report; // JSON documents
pub mod sentences; // an Answer in sentences // flags, or the keys of an address → Answer

pub use answer::Answer;
pub use import::read_machine;
pub use matrix::Matrix;
pub use resolve::{Advice, Request, advise};
pub use types::Machine;
