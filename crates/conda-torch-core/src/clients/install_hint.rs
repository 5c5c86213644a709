//! Where a client comes from, by the file for this machine.

use crate::conda::{Os, Subdir};
use crate::types::{Client, Machine};

/// A client of the Mac's own kind, where all that are there are translated too.
pub(crate) fn arm64_client(machine: &Machine) -> Option<String> {
    let is_arm64 = |client: &Client| client.subdir == Some(Subdir::OsxArm64);
    (!machine.clients.iter().any(is_arm64)).then(|| miniforge(machine))
}

/// How to get a client.
pub(crate) fn miniforge(machine: &Machine) -> String {
    let file = match machine
        .subdir
        .value()
        .filter(|_| machine.rosetta.value() != Some(&true))
        .map(|subdir| (subdir.os(), subdir.as_str()))
    {
        Some((Os::Windows, _)) => "`Miniforge3-Windows-x86_64.exe`",
        Some((_, "osx-arm64")) => "`Miniforge3-MacOSX-arm64.sh`",
        Some((_, "osx-64")) => "`Miniforge3-MacOSX-x86_64.sh`",
        Some((_, "linux-aarch64")) => "`Miniforge3-Linux-aarch64.sh`",
        Some((_, "linux-64")) => "`Miniforge3-Linux-x86_64.sh`",
        Some((_, "linux-ppc64le")) => "`Miniforge3-Linux-ppc64le.sh`",
        None if machine.rosetta.value() == Some(&true) => "`Miniforge3-MacOSX-arm64.sh`",
        Some(_) | None => "Miniforge",
    };
    format!("get conda and mamba with {file} from https://conda-forge.org/download/")
}
