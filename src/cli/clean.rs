//! `conda-torch clean`: removes the cached channel data.

use anyhow::Context;

use conda_torch_host::{kept_cache, remove_cache};
use conda_torch_probe::host::Host;

use super::Output;

pub(super) fn run(host: &dyn Host) -> anyhow::Result<Output> {
    let stdout = match kept_cache(host) {
        None => {
            "Nothing is kept: neither `CONDA_TORCH_CACHE` nor a home folder is set\n".to_owned()
        }
        Some(folder) => {
            let was_there = remove_cache(&folder);
            if was_there.with_context(|| format!("cannot remove the cache in `{folder}`"))? {
                format!("Removed the cached channel data in `{folder}`\n")
            } else {
                format!("No cached channel data in `{folder}`\n")
            }
        }
    };
    Ok(Output { stdout, code: 0 })
}
