//! The environments that the clients of a machine know, with their folders and names.

use conda_torch_core::types::{ClientKind, ConfigFile, Machine};

use crate::clients::home;
use crate::condarc;
use crate::host::{Failure, Host, links};
use crate::probe::Probe;

const LIST: usize = 1 << 20;

/// The folder of environments that conda adds to all others: for users that cannot write below its root prefix.
/// Source: `envs_dirs` in conda/base/context.py. mamba 2 does not.
const PERSONAL: &str = ".conda/envs";

/// The location of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Its folder.
    pub prefix: String,
    /// Its name for the clients (`-n`), if it has one.
    pub name: Option<String>,
}

/// The active environment, if there is one.
pub fn active(host: &dyn Host, machine: &Machine) -> Option<Location> {
    let prefix = host.env("CONDA_PREFIX").filter(|prefix| !prefix.is_empty())?;
    let real = without_links(host, &prefix);
    let mut known = all(host, machine).into_iter();
    let name = known.find(|location| without_links(host, &location.prefix) == real);
    Some(Location { prefix, name: name.and_then(|location| location.name) })
}

/// The environment in a folder, or in the folder of a pixi project.
pub fn at(host: &dyn Host, prefix: &str) -> Location {
    let pixi = host.target().join(prefix, ".pixi/envs/default");
    let is_project = !is_environment(host, prefix) && is_environment(host, &pixi);
    Location { prefix: if is_project { pixi } else { prefix.to_owned() }, name: None }
}

/// The environment with a name.
pub fn named(host: &dyn Host, machine: &Machine, name: &str) -> Option<Location> {
    all(host, machine).into_iter().find(|location| location.name.as_deref() == Some(name))
}

/// Every environment that the clients know, each once: the base environments, those in the folders of
/// environments, those in conda's list, and those of the pixi project.
pub fn all(host: &dyn Host, machine: &Machine) -> Vec<Location> {
    let target = host.target();
    // mamba 2 and micromamba keep environments there too, wherever they are installed.
    let mamba = host.env("MAMBA_ROOT_PREFIX").filter(|root| !root.is_empty());
    let roots = machine.clients.iter().filter_map(|client| client.root_prefix.as_deref());
    let roots: Vec<&str> = roots.chain(mamba.as_deref()).collect();
    let mut found: Vec<(String, Option<String>)> =
        roots.iter().map(|root| ((*root).to_owned(), Some("base".to_owned()))).collect();
    let personal = home(host).map(|home| target.join(&home, PERSONAL));
    for folder in folders(host, &machine.config_files, &roots).into_iter().chain(personal) {
        // Most folders do not exist. One that this user cannot list has no environments.
        for name in host.list(&folder).unwrap_or_default() {
            found.push((target.join(&folder, &name), Some(name)));
        }
    }
    found.extend(listed(host).into_iter().map(|prefix| (prefix, None)));
    let project = host.env("PIXI_PROJECT_ROOT").unwrap_or_else(|| ".".to_owned());
    let envs = target.join(&project, ".pixi/envs");
    let names = host.list(&envs).unwrap_or_default();
    found.extend(names.iter().map(|name| (target.join(&envs, name), None)));

    let (mut locations, mut known) = (Vec::<Location>::new(), Vec::new());
    for (prefix, name) in found {
        let real = without_links(host, &prefix);
        if is_environment(host, &prefix) && !known.contains(&real) {
            // Clients use the first of two folders with the same name.
            let is_taken = locations.iter().any(|location| location.name == name);
            locations.push(Location { prefix, name: name.filter(|_| !is_taken) });
            known.push(real);
        }
    }
    locations
}

/// Lists the names that each client has for environments.
pub(crate) fn detect(probe: &mut Probe<'_>) {
    let (host, files) = (probe.host, &probe.machine.config_files);
    for client in &mut probe.machine.clients {
        if client.kind == ClientKind::Pixi {
            continue;
        }
        let mut folders = folders(host, files, client.root_prefix.as_slice());
        let personal = home(host).map(|home| host.target().join(&home, PERSONAL));
        folders.extend(personal.filter(|_| client.kind == ClientKind::Conda));
        for folder in folders {
            for name in host.list(&folder).unwrap_or_default() {
                let prefix = host.target().join(&folder, &name);
                if !client.environments.contains(&name) && is_environment(host, &prefix) {
                    client.environments.push(name);
                }
            }
        }
    }
}

/// Whether a folder is an environment, or may be one that this user cannot read.
fn is_environment(host: &dyn Host, prefix: &str) -> bool {
    let folder = host.target().join(prefix, "conda-meta");
    host.exists(&folder) || host.list(&folder).is_err_and(|failure| failure != Failure::NotThere)
}

/// A folder without a separator at the end. If it is a link, its target.
fn without_links(host: &dyn Host, path: &str) -> String {
    let last = links(host, path.trim_end_matches(['/', '\\'])).last().unwrap_or_default();
    last.trim_end_matches(['/', '\\']).to_owned()
}

/// The folders of environments: those that variables and configuration files name, and `envs` of each root.
fn folders(host: &dyn Host, files: &[ConfigFile], roots: &[impl AsRef<str>]) -> Vec<String> {
    let target = host.target();
    let home = home(host);
    let mut folders: Vec<String> = Vec::new();
    for variable in ["CONDA_ENVS_PATH", "CONDA_ENVS_DIRS"] {
        let value = host.env(variable).unwrap_or_default();
        folders.extend(value.split(target.list_separator()).map(str::to_owned));
    }
    folders.extend(condarc::environment_folders(host, files));
    folders.extend(roots.iter().map(|root| target.join(root.as_ref(), "envs")));
    folders.retain(|folder| !folder.is_empty());
    for folder in &mut folders {
        if let (Some(rest), Some(home)) = (folder.strip_prefix("~/"), &home) {
            *folder = target.join(home, rest);
        }
    }
    folders
}

fn listed(host: &dyn Host) -> Vec<String> {
    let Some(home) = home(host) else { return Vec::new() };
    let file = host.target().join(&home, ".conda/environments.txt");
    let text = host.text(&file, LIST).unwrap_or_default();
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::RecordedHost;
    use conda_torch_core::types::{Client, ClientKind, ConfigFile, Detected};

    fn machine() -> Machine {
        let client = Client {
            kind: ClientKind::Conda,
            version: Detected::Absent,
            path: "/opt/conda/bin/conda".to_owned(),
            root_prefix: Some("/opt/conda".to_owned()),
            subdir: None,
            environments: Vec::new(),
            sees: None,
        };
        let file = ConfigFile { path: "/home/u/.condarc".to_owned(), ..ConfigFile::default() };
        Machine { clients: vec![client], config_files: vec![file], ..Machine::default() }
    }

    fn host(env: &str) -> RecordedHost {
        let text = format!(
            r#"{{"target": {{"os": "linux", "arch": "x86_64"}}, "env": {{"HOME": "/home/u"{env}}},
            "files": {{
                "/home/u/.condarc": "channels: [a]\nenvs_dirs:\n  - ~/work\nx: y",
                "/home/u/.conda/environments.txt": "/opt/conda\n/srv/deep\n/srv/gone\n\n",
                "/opt/conda/conda-meta/history": "",
                "/opt/conda/envs/torch/conda-meta/history": "",
                "/opt/conda/envs/no-environment/x": "",
                "/home/u/work/torch/conda-meta/history": "",
                "/home/u/work/other/conda-meta/history": "",
                "/srv/deep/conda-meta": {{"fails": "denied"}},
                "/srv/project/.pixi/envs/default/conda-meta/pixi": ""}},
            "links": {{"/opt/conda/envs/linked": "/srv/deep"}}}}"#
        );
        text.parse().expect("a recorded host")
    }

    #[test]
    fn every_environment_is_found_once_and_the_first_of_a_name_keeps_it() {
        let found: Vec<(String, Option<String>)> = all(&host(""), &machine())
            .into_iter()
            .map(|location| (location.prefix, location.name))
            .collect();
        let expected = [
            ("/opt/conda", Some("base")),
            ("/home/u/work/other", Some("other")),
            ("/home/u/work/torch", Some("torch")),
            ("/opt/conda/envs/torch", None),
            ("/srv/deep", None),
        ];
        let expected: Vec<(String, Option<String>)> =
            expected.map(|(prefix, name)| (prefix.to_owned(), name.map(str::to_owned))).to_vec();
        assert_eq!(found, expected);
    }

    /// The names of a client's environments on a host with its program and more variables and files.
    fn names(env: &str, program: &str, files: &str) -> Vec<String> {
        let text = format!(
            r#"{{"target": {{"os": "linux", "arch": "x86_64"}},
            "env": {{"HOME": "/home/u", "PATH": "/opt/c/bin"{env}}},
            "files": {{"/opt/c/bin/{program}": "", "/home/u/.conda/envs/mine/conda-meta/history": "",
                "/opt/c/conda-meta/history": "", "/opt/c/envs/torch/conda-meta/history": "",
                "/srv/e/torch/conda-meta/history": "", "/srv/e/shared/conda-meta/history": ""{files}}}}}"#
        );
        let host: RecordedHost = text.parse().expect("a recorded host");
        let machine = crate::probe(&host, &crate::Overrides::default());
        machine.clients.into_iter().flat_map(|client| client.environments).collect()
    }

    #[test]
    fn a_client_has_the_names_of_every_folder_that_it_looks_in() {
        let configured = r#", "/home/u/.condarc": "envs_dirs: [/srv/e]""#;
        assert_eq!(names("", "conda", ""), ["torch", "mine"]);
        assert_eq!(names("", "conda", configured), ["shared", "torch", "mine"]);
        assert_eq!(
            names(r#", "CONDA_ENVS_DIRS": "/srv/e""#, "conda", ""),
            ["shared", "torch", "mine"]
        );
        // mamba 2.8.1, asked with `mamba info`, does not look in the folder below `~/.conda`.
        assert_eq!(names("", "mamba", configured), ["shared", "torch"]);
        assert_eq!(names(r#", "CONDA_ENVS_PATH": "/srv/e""#, "mamba", ""), ["shared", "torch"]);
    }

    #[test]
    fn a_mamba_outside_of_every_prefix_has_the_root_prefix_that_its_variable_names() {
        let root = r#", "MAMBA_ROOT_PREFIX": "/srv/m", "PATH": "/usr/bin""#;
        let files = r#", "/usr/bin/mamba": "", "/srv/m/envs/work/conda-meta/history": """#;
        assert_eq!(names(root, "unused", files), ["work"]);
    }

    #[test]
    fn environments_below_the_root_prefix_of_mamba_are_found() {
        let text = r#"{"target": {"os": "linux", "arch": "x86_64"},
            "env": {"HOME": "/home/u", "MAMBA_ROOT_PREFIX": "/srv/mamba"},
            "files": {"/srv/mamba/envs/torch/conda-meta/history": ""}}"#;
        let host: RecordedHost = text.parse().expect("a recorded host");
        let found = named(&host, &machine(), "torch").expect("an environment");
        assert_eq!(found.prefix, "/srv/mamba/envs/torch");
    }

    #[test]
    fn an_environment_is_found_by_name_by_folder_and_by_being_active() {
        let host = host(r#", "CONDA_PREFIX": "/opt/conda/envs/torch/""#);
        let prefix = |location: Option<Location>| location.map(|location| location.prefix);
        assert_eq!(
            prefix(named(&host, &machine(), "torch")).as_deref(),
            Some("/home/u/work/torch")
        );
        assert_eq!(named(&host, &machine(), "no-environment"), None);
        assert_eq!(prefix(active(&host, &machine())).as_deref(), Some("/opt/conda/envs/torch/"));
        assert_eq!(at(&host, "/srv/project").prefix, "/srv/project/.pixi/envs/default");
        assert_eq!(at(&host, "/srv/nothing").prefix, "/srv/nothing");
    }
}
