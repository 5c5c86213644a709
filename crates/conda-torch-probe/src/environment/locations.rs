//! Which environments there are, by the names and folders that the clients of a machine know.

use saphyr_parser::{Event, Parser};

use crate::host::Host;
use conda_torch_core::conda::Os;
use conda_torch_core::types::Machine;

/// How much of a configuration file, or of a list of environments, is read.
const SMALL: usize = 1 << 20;
/// Links from a folder to another that are followed.
const LINKS: usize = 4;

/// Where an environment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Its folder.
    pub prefix: String,
    /// What a client calls it (`-n`); `None` where only its folder names it.
    pub name: Option<String>,
}

/// The environment that is active, where one is.
#[must_use]
pub fn active(host: &dyn Host, machine: &Machine) -> Option<Location> {
    let prefix = host.env("CONDA_PREFIX").filter(|prefix| !prefix.is_empty())?;
    let known = all(host, machine);
    let is_it = |place: &Location| resolved(host, &place.prefix) == resolved(host, &prefix);
    let name = known.into_iter().find(is_it).and_then(|place| place.name);
    Some(Location { prefix: prefix.into_owned(), name })
}

/// The environment in a folder, or in the folder of a pixi project.
#[must_use]
pub fn at(host: &dyn Host, prefix: &str) -> Location {
    let place = |prefix: &str| Location { prefix: prefix.to_owned(), name: None };
    let of_pixi = [".pixi", "envs", "default"]
        .iter()
        .fold(prefix.to_owned(), |path, name| host.target().join(&path, name));
    let is_pixis = !is_environment(host, prefix) && is_environment(host, &of_pixi);
    place(if is_pixis { &of_pixi } else { prefix })
}

/// The environment of a name.
#[must_use]
pub fn named(host: &dyn Host, machine: &Machine, name: &str) -> Option<Location> {
    all(host, machine).into_iter().find(|place| place.name.as_deref() == Some(name))
}

/// Every environment that the clients know, each once: the base environments, what is in the folders
/// of environments, and those that conda keeps a list of.
#[must_use]
pub fn all(host: &dyn Host, machine: &Machine) -> Vec<Location> {
    let mut places = Locations { host, found: Vec::new(), seen: Vec::new() };
    let roots: Vec<&str> =
        machine.clients.iter().filter_map(|client| client.root_prefix.as_deref()).collect();
    let folders = folders(host, machine, &roots);
    for root in &roots {
        places.add((*root).to_owned(), Some("base".to_owned()));
    }
    for folder in &folders {
        // Most of them are not there; one that may not be listed has none for this user.
        for name in host.list(folder).unwrap_or_default() {
            places.add(host.target().join(folder, &name), Some(name));
        }
    }
    for prefix in listed(host) {
        places.add(prefix, None);
    }
    // pixi keeps its environments in the folder of the project.
    let project =
        host.env("PIXI_PROJECT_ROOT").map_or(".".to_owned(), std::borrow::Cow::into_owned);
    let of_pixi = host.target().join(&host.target().join(&project, ".pixi"), "envs");
    for name in host.list(&of_pixi).unwrap_or_default() {
        places.add(host.target().join(&of_pixi, &name), None);
    }
    places.found
}

/// The environments found so far.
struct Locations<'h> {
    host: &'h dyn Host,
    found: Vec<Location>,
    /// Their folders, without links.
    seen: Vec<String>,
}

impl Locations<'_> {
    fn add(&mut self, prefix: String, name: Option<String>) {
        let resolved = resolved(self.host, &prefix);
        if is_environment(self.host, &prefix) && !self.seen.contains(&resolved) {
            // Of two folders with one name the clients take the first.
            let name = name
                .filter(|name| self.found.iter().all(|place| place.name.as_deref() != Some(name)));
            self.seen.push(resolved);
            self.found.push(Location { prefix, name });
        }
    }
}

/// Whether a folder is an environment; one that may not be looked into is one too.
fn is_environment(host: &dyn Host, prefix: &str) -> bool {
    let folder = host.target().join(prefix, "conda-meta");
    host.exists(&folder) || host.list(&folder).is_err_and(|failure| !failure.is_not_there())
}

/// A folder where its own link points to, without a separator at the end.
fn resolved(host: &dyn Host, path: &str) -> String {
    let mut path = path.trim_end_matches(['/', '\\']).to_owned();
    for _ in 0..LINKS {
        let Ok(link) = host.read_link(&path) else { break };
        let parent = path.rfind(['/', '\\']).map_or("", |at| &path[..at]);
        let is_absolute = link.starts_with(['/', '\\']) || link.contains(":\\");
        let next = if is_absolute { link } else { host.target().join(parent, &link) };
        next.trim_end_matches(['/', '\\']).clone_into(&mut path);
    }
    path
}

fn home(host: &dyn Host) -> Option<String> {
    let is_windows = host.target().os() == Some(Os::Windows);
    let home = host.env(if is_windows { "USERPROFILE" } else { "HOME" })?;
    Some(home.into_owned()).filter(|home| !home.is_empty())
}

/// The folders of environments: those that variables and configuration name, and `envs` of each root.
fn folders(host: &dyn Host, machine: &Machine, roots: &[&str]) -> Vec<String> {
    let target = host.target();
    let home = home(host);
    let separator = if target.os() == Some(Os::Windows) { ';' } else { ':' };
    let mut folders: Vec<String> = Vec::new();
    for variable in ["CONDA_ENVS_PATH", "CONDA_ENVS_DIRS"] {
        let named = host.env(variable).unwrap_or_default();
        folders.extend(named.split(separator).map(str::to_owned));
    }
    for file in &machine.config_files {
        let Ok(bytes) = host.read(&file.path, SMALL) else { continue };
        folders.extend(envs_dirs(&String::from_utf8_lossy(&bytes)));
    }
    folders.extend(roots.iter().map(|root| target.join(root, "envs")));
    if let Some(home) = &home {
        folders.push(target.join(&target.join(home, ".conda"), "envs"));
    }
    folders.retain(|folder| !folder.is_empty());
    for folder in &mut folders {
        if let (Some(rest), Some(home)) = (folder.strip_prefix("~/"), &home) {
            *folder = target.join(home, rest);
        }
    }
    folders
}

/// The folders below `envs_dirs` (or `envs_path`) in a configuration file.
fn envs_dirs(text: &str) -> Vec<String> {
    let (mut folders, mut depth, mut key) = (Vec::new(), 0_usize, None::<String>);
    for event in Parser::new_from_str(text) {
        let Ok((event, _)) = event else { break };
        let is_it = matches!(key.as_deref(), Some("envs_dirs" | "envs_path"));
        match event {
            Event::Scalar(value, ..) if depth == 1 => {
                key = if key.is_none() { Some(value.into_owned()) } else { None };
            }
            Event::Scalar(value, ..) if depth == 2 && is_it => folders.push(value.into_owned()),
            Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
            Event::SequenceEnd | Event::MappingEnd => {
                depth = depth.saturating_sub(1);
                if depth == 1 {
                    key = None;
                }
            }
            Event::Alias(_) if depth == 1 => key = None,
            Event::Scalar(..)
            | Event::Alias(_)
            | Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
    }
    folders
}

/// The environments that conda and mamba keep a list of.
fn listed(host: &dyn Host) -> Vec<String> {
    let Some(home) = home(host) else { return Vec::new() };
    let file = host.target().join(&host.target().join(&home, ".conda"), "environments.txt");
    let bytes = host.read(&file, SMALL).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
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
        let file = ConfigFile {
            path: "/home/u/.condarc".to_owned(),
            channels: None,
            channel_priority: None,
            solver: None,
            problem: None,
        };
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
    fn every_environment_is_found_once_and_the_first_of_a_name_has_it() {
        let found: Vec<(String, Option<String>)> = all(&host(""), &machine())
            .into_iter()
            .map(|place| (place.prefix, place.name))
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

    #[test]
    fn an_environment_is_found_by_name_by_folder_and_by_being_active() {
        let host = host(r#", "CONDA_PREFIX": "/opt/conda/envs/torch/""#);
        let prefix = |place: Option<Location>| place.map(|place| place.prefix);
        assert_eq!(
            prefix(named(&host, &machine(), "torch")).as_deref(),
            Some("/home/u/work/torch")
        );
        assert_eq!(named(&host, &machine(), "no-environment"), None);
        assert_eq!(prefix(active(&host, &machine())).as_deref(), Some("/opt/conda/envs/torch/"));
        assert_eq!(at(&host, "/srv/project").prefix, "/srv/project/.pixi/envs/default");
        assert_eq!(at(&host, "/srv/nothing").prefix, "/srv/nothing");
    }

    #[test]
    fn folders_of_environments_are_read_in_both_forms_of_a_list() {
        assert_eq!(envs_dirs("envs_dirs: [/a, /b]\nchannels: [c]"), ["/a", "/b"]);
        assert_eq!(envs_dirs("envs_path:\n- /a\npkgs_dirs:\n- /p\n"), ["/a"]);
        assert_eq!(envs_dirs("- a\n- b"), [""; 0]);
        assert_eq!(envs_dirs("envs_dirs: [\n"), [""; 0]);
    }
}
