//! `conda-torch explain`: what a diagnostic means.

use anyhow::bail;

use conda_torch_core::diagnostics::{CATALOG, entry};
use conda_torch_core::escapes::visible;

use super::{Output, UsageError};

const EXAMPLES: &str = "\
Examples:
  conda-torch explain no-kernels
  conda-torch explain                         list all codes";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The code in brackets after a message [e.g. no-kernels]; without one, list them all
    code: Option<String>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Output> {
    let Some(code) = &args.code else {
        let lines = CATALOG.iter().map(|entry| format!("{:28} {}\n", entry.code, entry.summary()));
        return Ok(Output { stdout: lines.collect(), code: 0 });
    };
    match entry(code) {
        Some(entry) => Ok(Output { stdout: entry.page(), code: 0 }),
        None => bail!(UsageError(format!(
            "unknown code `{}`; `conda-torch explain` lists all codes",
            visible(code)
        ))),
    }
}
