//! Where the programs of clients are.

use conda_torch_core::conda::Os;
use conda_torch_core::types::ClientKind;

use crate::host::Host;
use crate::probe::Probe;

/// The folders that installers create in a home folder.
const ROOTS: [&str; 6] =
    ["miniforge3", "mambaforge", "miniconda3", "anaconda3", "miniforge", "micromamba"];

/// The same elsewhere. `/opt/conda` is in Docker images.
const UNIX_ROOTS: [&str; 4] =
    ["/opt/conda", "/opt/miniforge3", "/opt/miniconda3", "/opt/anaconda3"];
const MACOS_ROOTS: [&str; 2] =
    ["/opt/homebrew/Caskroom/miniforge/base", "/opt/homebrew/Caskroom/miniconda/base"];

/// Folders of single programs: the variable of a folder, the rest of the path, and the client.
const LONE_PROGRAMS: [(&str, &str, ClientKind); 5] = [
    ("PIXI_HOME", "bin", ClientKind::Pixi),
    ("HOME", ".pixi/bin", ClientKind::Pixi),
    ("HOME", ".local/bin", ClientKind::Pixi),
    ("HOME", ".local/bin", ClientKind::Micromamba),
    ("LOCALAPPDATA", "micromamba", ClientKind::Micromamba),
];

/// All programs of clients, the likeliest first. The same one may come twice.
pub(super) fn programs(probe: &Probe<'_>) -> Vec<(ClientKind, String)> {
    let target = probe.host.target();
    let mut programs = Vec::new();
    let variable = |name: &str| probe.env(name).filter(|path| probe.host.is_file(path));
    programs.extend(variable("CONDA_EXE").map(|path| (ClientKind::Conda, path)));
    if let Some(path) = variable("MAMBA_EXE") {
        let is_micromamba = path.to_ascii_lowercase().contains("micromamba");
        let kind = if is_micromamba { ClientKind::Micromamba } else { ClientKind::Mamba };
        programs.push((kind, path));
    }
    for kind in ClientKind::ALL {
        programs.extend(on_path(probe, kind.as_str()).map(|path| (kind, path)));
    }
    let folders: &[&str] =
        if target.is(Os::Windows) { &["Scripts", "Library/bin", "condabin"] } else { &["bin"] };
    for root in roots(probe).iter().filter(|root| probe.host.exists(root)) {
        for kind in ClientKind::ALL {
            let mut folders = folders.iter().map(|folder| target.join(root, folder));
            let program = folders.find_map(|folder| in_folder(probe, &folder, kind.as_str()));
            programs.extend(program.map(|path| (kind, path)));
        }
    }
    for (variable, folder, kind) in LONE_PROGRAMS {
        let base = match variable {
            "HOME" => home(probe.host),
            "LOCALAPPDATA" if !target.is(Os::Windows) => None,
            variable => probe.env(variable),
        };
        let folder = base.map(|base| target.join(&base, folder));
        let program = folder.and_then(|folder| in_folder(probe, &folder, kind.as_str()));
        programs.extend(program.map(|path| (kind, path)));
    }
    programs
}

pub(crate) fn home(host: &dyn Host) -> Option<String> {
    let variable = if host.target().is(Os::Windows) { "USERPROFILE" } else { "HOME" };
    host.env(variable).filter(|home| !home.is_empty())
}

fn roots(probe: &Probe<'_>) -> Vec<String> {
    let target = probe.host.target();
    let mut roots: Vec<String> = probe.env("MAMBA_ROOT_PREFIX").into_iter().collect();
    let mut below = |folder: Option<String>| {
        roots.extend(folder.iter().flat_map(|folder| ROOTS.map(|name| target.join(folder, name))));
    };
    below(home(probe.host));
    if target.is(Os::Windows) {
        below(probe.env("ProgramData"));
        below(probe.env("LOCALAPPDATA"));
    } else {
        roots.extend(UNIX_ROOTS.map(str::to_owned));
    }
    if target.is(Os::Macos) {
        roots.extend(MACOS_ROOTS.map(str::to_owned));
    }
    roots
}

/// The program that a shell would run for a name. A program in the current folder is not an installed one.
pub(crate) fn on_path(probe: &Probe<'_>, name: &str) -> Option<String> {
    let separator = probe.host.target().list_separator();
    let is_absolute = |folder: &&str| folder.starts_with(['/', '\\']) || folder.contains(":\\");
    let path = probe.env("PATH").unwrap_or_default();
    path.split(separator).filter(is_absolute).find_map(|folder| in_folder(probe, folder, name))
}

fn in_folder(probe: &Probe<'_>, folder: &str, name: &str) -> Option<String> {
    let extensions: &[&str] = if probe.is_on(Os::Windows) { &[".exe", ".bat"] } else { &[""] };
    let path = |extension: &&str| probe.host.target().join(folder, &format!("{name}{extension}"));
    extensions.iter().map(path).find(|path| probe.host.is_file(path))
}
