//! `conda-torch clean`: removes the cached channel data.

use anyhow::Context;

use conda_torch_core::report::{self, ErrorCode};
use conda_torch_core::types::Shell;
use conda_torch_host::{kept_cache, remove_cache};
use conda_torch_probe::host::Host;

use super::flags::{FormatFlags, GlobalFlags};
use super::{Failure, Output};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    format: FormatFlags,
}

pub(super) fn run(args: &Args, global: &GlobalFlags, host: &dyn Host) -> anyhow::Result<Output> {
    let is_json = args.format.is_json(global)?;
    let folder = kept_cache(host);
    let removed = folder.as_ref().map(|folder| {
        let removed = remove_cache(folder);
        removed.with_context(|| format!("cannot remove the cache in `{folder}`"))
    });
    let removed = removed.transpose().map_err(Failure::of(ErrorCode::Unwritable))?;
    let stdout = match folder {
        folder if is_json => {
            let document = report::clean(folder.as_deref(), removed == Some(true));
            global.answer(document, Shell::Posix)?
        }
        None => {
            "Nothing is kept: neither `CONDA_TORCH_CACHE` nor a home folder is set\n".to_owned()
        }
        Some(folder) if removed == Some(true) => {
            format!("Removed the cached channel data in `{folder}`\n")
        }
        Some(folder) => format!("No cached channel data in `{folder}`\n"),
    };
    Ok(Output { stdout, code: 0 })
}
