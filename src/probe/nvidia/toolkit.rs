//! What clients ask instead of the driver: the toolkit's file and `nvidia-smi`'s place.

use serde::Deserialize;

use crate::host::Failure;
use crate::model::{CudaVersion, Detected, Origin, Os, Outcome};

use super::super::clients::on_path;
use super::super::look::{Look, quoted};

/// Looked at by mamba since 2.1: <https://github.com/mamba-org/mamba/pull/3700>.
const FILE: &str = "/usr/local/cuda/version.json";

pub(in super::super) fn look(look: &mut Look<'_>) {
    look.machine.nvidia_smi = match on_path(look, "nvidia-smi") {
        Some(path) => Detected::found(path, Origin::Env("PATH".into())),
        None => Detected::Absent,
    };
    if look.host.target().os() != Some(Os::Linux) {
        look.machine.toolkit_file = Detected::Absent;
        return;
    }
    look.machine.toolkit_file = match look.text(FILE).and_then(|text| version(&text)) {
        Ok(version) => {
            look.report(FILE, Outcome::Ok, version.to_string());
            Detected::found(version, Origin::File(FILE.to_owned()))
        }
        Err(Failure::NotThere) => {
            look.report_failure(FILE, &Failure::NotThere);
            Detected::Absent
        }
        Err(failure) => {
            look.report_failure(FILE, &failure);
            Detected::unknown(failure.to_string())
        }
    };
}

/// The part of the file that counts.
#[derive(Deserialize)]
struct File {
    cuda: Component,
}

#[derive(Deserialize)]
struct Component {
    version: String,
}

fn version(text: &str) -> Result<CudaVersion, Failure> {
    let file: File = serde_json::from_str(text)
        .map_err(|error| Failure::Other(format!("no `cuda.version` in it: {error}")))?;
    let version = file.cuda.version;
    version.parse().map_err(|_| Failure::Other(format!("its version is {}", quoted(&version))))
}
