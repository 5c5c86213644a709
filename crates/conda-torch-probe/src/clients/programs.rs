//! Where clients are.

use conda_torch_core::conda::Os;
use conda_torch_core::types::ClientKind;

use crate::probe::Probe;

/// The folders that installers make below a home or `/opt`.
const ROOTS: [&str; 6] =
    ["miniforge3", "mambaforge", "miniconda3", "anaconda3", "miniforge", "micromamba"];

/// Every program that may be a client, the likeliest first; the same one may come twice.
pub(super) fn programs(probe: &Probe<'_>) -> Vec<(ClientKind, String)> {
    let mut programs = Vec::new();
    if let Some(path) = probe.env("CONDA_EXE").filter(|path| probe.host.is_file(path)) {
        programs.push((ClientKind::Conda, path.into_owned()));
    }
    if let Some(path) = probe.env("MAMBA_EXE").filter(|path| probe.host.is_file(path)) {
        let is_micromamba = path.to_ascii_lowercase().contains("micromamba");
        let kind = if is_micromamba { ClientKind::Micromamba } else { ClientKind::Mamba };
        programs.push((kind, path.into_owned()));
    }
    for kind in ClientKind::ALL {
        programs.extend(on_path(probe, kind.as_str()).map(|path| (kind, path)));
    }
    for root in roots(probe).iter().filter(|root| probe.host.exists(root)) {
        for kind in ClientKind::ALL {
            programs.extend(in_root(probe, root, kind).map(|path| (kind, path)));
        }
    }
    programs.extend(lone_programs(probe));
    programs
}

/// The user's own folder.
pub(in super::super) fn home<'h>(probe: &Probe<'h>) -> Option<std::borrow::Cow<'h, str>> {
    let is_windows = probe.host.target().os() == Some(Os::Windows);
    probe.env(if is_windows { "USERPROFILE" } else { "HOME" })
}

/// Root prefixes that are worth a probe.
fn roots(probe: &Probe<'_>) -> Vec<String> {
    let target = probe.host.target();
    let mut roots = Vec::new();
    roots.extend(probe.env("MAMBA_ROOT_PREFIX").map(std::borrow::Cow::into_owned));
    let mut below = |folder: &str| roots.extend(ROOTS.map(|name| target.join(folder, name)));
    if let Some(home) = home(probe) {
        below(&home);
    }
    if target.os() == Some(Os::Windows) {
        for variable in ["ProgramData", "LOCALAPPDATA"] {
            if let Some(folder) = probe.env(variable) {
                below(&folder);
            }
        }
    } else {
        // `/opt/conda` is what Docker images have, `/opt/homebrew` has casks of them.
        roots.push("/opt/conda".to_owned());
        roots.push("/opt/miniforge3".to_owned());
        roots.push("/opt/miniconda3".to_owned());
        roots.push("/opt/anaconda3".to_owned());
        if target.os() == Some(Os::Macos) {
            let casks = "/opt/homebrew/Caskroom";
            roots.push(format!("{casks}/miniforge/base"));
            roots.push(format!("{casks}/miniconda/base"));
        }
    }
    roots
}

/// A client's program in a root prefix.
fn in_root(probe: &Probe<'_>, root: &str, kind: ClientKind) -> Option<String> {
    let target = probe.host.target();
    let name = kind.as_str();
    if target.os() != Some(Os::Windows) {
        let path = format!("{}/bin/{name}", root.trim_end_matches('/'));
        return probe.host.is_file(&path).then_some(path);
    }
    ["Scripts", "Library\\bin", "condabin"]
        .into_iter()
        .find_map(|folder| in_folder(probe, &target.join(root, folder), name))
}

/// Single programs, without a root prefix around them.
fn lone_programs(probe: &Probe<'_>) -> Vec<(ClientKind, String)> {
    use ClientKind::{Micromamba, Pixi};
    let target = probe.host.target();
    let mut found = Vec::new();
    let mut at = |kind: ClientKind, folder: &str, below: &[&str]| {
        let folder = below.iter().fold(folder.to_owned(), |path, name| target.join(&path, name));
        found.extend(in_folder(probe, &folder, kind.as_str()).map(|path| (kind, path)));
    };
    if let Some(folder) = probe.env("PIXI_HOME") {
        at(Pixi, &folder, &["bin"]);
    }
    if let Some(home) = home(probe) {
        at(Pixi, &home, &[".pixi", "bin"]);
        at(Pixi, &home, &[".local", "bin"]);
        at(Micromamba, &home, &[".local", "bin"]);
    }
    if target.os() == Some(Os::Windows)
        && let Some(folder) = probe.env("LOCALAPPDATA")
    {
        at(Micromamba, &folder, &["micromamba"]);
    }
    found
}

/// A program by its name, where the shell would find it.
pub(in super::super) fn on_path(probe: &Probe<'_>, name: &str) -> Option<String> {
    probe
        .folders
        .get_or_init(|| folders(probe))
        .iter()
        .find_map(|folder| in_folder(probe, folder, name))
}

/// The folders of PATH, each once. What lies in the folder one happens to be in is not an
/// installed program.
fn folders(probe: &Probe<'_>) -> Vec<String> {
    let is_windows = probe.host.target().os() == Some(Os::Windows);
    let separator = if is_windows { ';' } else { ':' };
    let mut folders: Vec<String> = Vec::new();
    for folder in probe.env("PATH").unwrap_or_default().split(separator) {
        let is_absolute = folder.starts_with(['/', '\\']) || folder.contains(":\\");
        if is_absolute && !folders.iter().any(|known| known == folder) {
            folders.push(folder.to_owned());
        }
    }
    folders
}

fn in_folder(probe: &Probe<'_>, folder: &str, name: &str) -> Option<String> {
    first_file(probe, &[folder], name)
}

/// The first program of that name, in one text for all paths: nearly all of them lead nowhere.
fn first_file(probe: &Probe<'_>, folders: &[impl AsRef<str>], name: &str) -> Option<String> {
    let target = probe.host.target();
    let is_windows = target.os() == Some(Os::Windows);
    let extensions: &[&str] = if is_windows { &[".exe", ".bat"] } else { &[""] };
    let mut path = String::with_capacity(128);
    for folder in folders {
        for extension in extensions {
            path.clear();
            target.join_to(&mut path, folder.as_ref(), name);
            path.push_str(extension);
            if probe.host.is_file(&path) {
                return Some(path);
            }
        }
    }
    None
}
