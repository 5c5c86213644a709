//! `conda-torch`.

use std::process::ExitCode;

fn main() -> ExitCode {
    conda_torch::cli::run()
}
