//! `conda-torch`.

mod arena;

use std::process::ExitCode;

#[global_allocator]
static ARENA: arena::Arena = arena::Arena::new();

fn main() -> ExitCode {
    conda_torch::cli::run()
}
