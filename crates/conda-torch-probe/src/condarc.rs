//! Configuration files of conda, mamba and micromamba: their channels, priority and solver, and what
//! they say of the machine.

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::host::Failure;
use conda_torch_core::conda::Os;
use conda_torch_core::types::{ClientKind, ConfigFile, Origin, Outcome, Setting};

use super::clients::home;
use crate::probe::{Probe, SMALL};

/// In each folder these, the weaker first; then what is in `condarc.d`.
const NAMES: [&str; 2] = [".condarc", "condarc"];

pub(super) fn detect(probe: &mut Probe<'_>) {
    let mut files: Vec<ConfigFile> = Vec::new();
    let mut settings = Vec::new();
    for path in paths(probe) {
        let is_known = files.iter().any(|file| file.path == path);
        match probe.host.read(&path, SMALL) {
            Ok(bytes) if !is_known => {
                let (file, mut more) = read(path, &bytes);
                // The strongest first, as the files below.
                more.append(&mut settings);
                settings = more;
                files.push(file);
            }
            Ok(_) | Err(Failure::NotThere) => {}
            Err(failure) => {
                files.push(ConfigFile { problem: Some(failure.to_string()), ..empty(path) });
            }
        }
    }
    files.reverse();
    for file in &files {
        match &file.problem {
            Some(problem) => probe.report(file.path.clone(), Outcome::Failed, problem.clone()),
            None => probe.report(file.path.clone(), Outcome::Ok, "configuration of the clients"),
        }
    }
    if let Some(channels) = probe.env("CONDA_CHANNELS") {
        probe.report("CONDA_CHANNELS", Outcome::Ok, channels);
    }
    probe.machine.config_files = files;
    probe.machine.settings = settings;
}

/// Where configuration may be, the weakest first. Source: conda's `SEARCH_PATH` in
/// conda/base/constants.py; mamba adds `~/.mambarc`.
fn paths(probe: &Probe<'_>) -> Vec<String> {
    let target = probe.host.target();
    let mut paths = Vec::new();
    let mut folder = |folder: &str| {
        if !probe.host.exists(folder) {
            return;
        }
        paths.extend(NAMES.map(|name| target.join(folder, name)));
        let more = target.join(folder, "condarc.d");
        let names = probe.host.list(&more).unwrap_or_default();
        // conda takes these two, in small letters.
        let is_yaml = |name: &&String| matches!(name.rsplit_once('.'), Some((_, "yml" | "yaml")));
        paths.extend(names.iter().filter(is_yaml).map(|name| target.join(&more, name)));
    };
    if target.os() == Some(Os::Windows) {
        folder("C:\\ProgramData\\conda");
    } else {
        folder("/etc/conda");
        folder("/var/lib/conda");
    }
    let is_with_root = |kind: ClientKind| matches!(kind, ClientKind::Conda | ClientKind::Mamba);
    let clients = probe.machine.clients.iter().filter(|client| is_with_root(client.kind));
    for root in clients.filter_map(|client| client.root_prefix.as_deref()) {
        folder(root);
    }
    if let Some(config) = probe.env("XDG_CONFIG_HOME") {
        folder(&target.join(&config, "conda"));
    }
    if let Some(home) = home(probe) {
        folder(&target.join(&target.join(&home, ".config"), "conda"));
        folder(&target.join(&home, ".conda"));
        paths.push(target.join(&home, ".condarc"));
        paths.push(target.join(&home, ".mambarc"));
    }
    if let Some(prefix) = probe.env("CONDA_PREFIX") {
        paths.extend(NAMES.map(|name| target.join(&prefix, name)));
    }
    for variable in ["CONDARC", "MAMBARC"] {
        paths.extend(probe.env(variable).map(std::borrow::Cow::into_owned));
    }
    paths
}

fn empty(path: String) -> ConfigFile {
    ConfigFile { path, channels: None, channel_priority: None, solver: None, problem: None }
}

/// Reads a file; one that is no YAML mapping keeps its path and what is wrong with it.
fn read(path: String, bytes: &[u8]) -> (ConfigFile, Vec<Setting>) {
    let origin = Origin::File(path.clone());
    let mut keys = Keys { file: empty(path), settings: Vec::new(), origin };
    let problem = match std::str::from_utf8(bytes) {
        Ok(text) => keys.fill(text).err(),
        Err(_) => Some("not UTF-8".to_owned()),
    };
    match problem {
        Some(problem) => {
            (ConfigFile { problem: Some(problem), ..empty(keys.file.path) }, Vec::new())
        }
        None => (keys.file, keys.settings),
    }
}

/// What conda's `override_virtual_packages` may be called.
fn is_overrides(key: &str) -> bool {
    matches!(key, "override_virtual_packages" | "virtual_packages")
}

/// The keys of a file that matter here.
struct Keys {
    file: ConfigFile,
    settings: Vec<Setting>,
    origin: Origin,
}

impl Keys {
    /// Takes the keys out of the top mapping, and one mapping below it.
    fn fill(&mut self, text: &str) -> Result<(), String> {
        let mut depth = 0_usize; // in mappings and lists
        let mut key: Option<String> = None; // of the top mapping, whose value comes next
        let mut package: Option<String> = None; // of the mapping of overrides, the same
        for event in Parser::new_from_str(text) {
            let (event, _) = event.map_err(|error| format!("not YAML: {error}"))?;
            match event {
                Event::Scalar(value, ..) if depth == 1 && key.is_none() => {
                    key = Some(value.into_owned());
                }
                Event::Scalar(value, ..) if depth == 1 => {
                    let key = key.take().unwrap_or_default();
                    self.scalar(&key, value.into_owned());
                }
                Event::Scalar(value, ..) if depth == 2 && key.as_deref() == Some("channels") => {
                    self.file.channels.get_or_insert_default().push(value.into_owned());
                }
                Event::Scalar(value, style, ..)
                    if depth == 2 && key.as_deref().is_some_and(is_overrides) =>
                {
                    match package.take() {
                        None => package = Some(value.into_owned()),
                        Some(name) => self.overridden(&name, value.into_owned(), style),
                    }
                }
                Event::SequenceStart(..) | Event::MappingStart(..) => {
                    if depth == 0 && matches!(event, Event::SequenceStart(..)) {
                        return Err("not a mapping of keys".to_owned());
                    }
                    if depth == 1 && key.as_deref() == Some("channels") {
                        self.file.channels = Some(Vec::new());
                    }
                    depth += 1;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    depth = depth.saturating_sub(1);
                    if depth == 1 {
                        key = None;
                        package = None;
                    }
                }
                // An alias as a value: nobody writes that here, but the next key must stay a key.
                Event::Alias(_) if depth == 1 => key = None,
                Event::Scalar(value, ..) if depth == 0 && !value.is_empty() && &*value != "~" => {
                    return Err("not a mapping of keys".to_owned());
                }
                Event::Scalar(..)
                | Event::Alias(_)
                | Event::Nothing
                | Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_)
                | Event::DocumentEnd => {}
            }
        }
        Ok(())
    }

    fn scalar(&mut self, key: &str, value: String) {
        match key {
            // What `mamba config set channels` writes: the client itself stumbles over it.
            "channels" if !value.is_empty() && value != "~" && value != "null" => {
                self.file.channels = Some(vec![value]);
            }
            "channel_priority" => self.file.channel_priority = Some(value),
            "solver" => self.file.solver = Some(value),
            // conda's word and mamba's.
            "subdir" | "platform" => self.setting(key.to_owned(), value),
            _ => {}
        }
    }

    /// A virtual package that is set; one without a value is not.
    fn overridden(&mut self, name: &str, value: String, style: ScalarStyle) {
        let is_null = style == ScalarStyle::Plain && matches!(&*value, "" | "~" | "null");
        if !is_null {
            // Without quotes 12.10 is a number to YAML, and conda gets 12.1.
            let number = value.parse::<f64>().ok().filter(|_| style == ScalarStyle::Plain);
            let value = match number {
                Some(number) if value.contains('.') => format!("{number:?}"),
                Some(_) | None => value,
            };
            let name = name.strip_prefix("__").unwrap_or(name);
            self.setting(format!("override_virtual_packages.{name}"), value);
        }
    }

    fn setting(&mut self, name: String, value: String) {
        self.settings.push(Setting { name, value, origin: self.origin.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> ConfigFile {
        read("x".to_owned(), text.as_bytes()).0
    }

    fn channels(text: &str) -> Option<Vec<String>> {
        file(text).channels
    }

    #[test]
    fn channels_are_read_as_a_block_and_as_a_flow_list() {
        let expected = Some(vec!["pytorch".to_owned(), "conda-forge".to_owned()]);
        assert_eq!(channels("channels:\n  - pytorch\n  - conda-forge\n"), expected);
        assert_eq!(
            channels("channels: [pytorch, 'conda-forge']  # mine\nsolver: libmamba"),
            expected
        );
        assert_eq!(channels("channels: []"), Some(vec![]));
        assert_eq!(channels("channels:"), None);
        assert_eq!(channels("solver: classic"), None);
    }

    #[test]
    fn keys_of_other_mappings_are_not_taken_for_the_files_own() {
        let text = "custom_channels:\n  channels: http://x\n  solver: no\ncustom_multichannels:\n  a: [channels, b]\nchannel_priority: strict\n";
        let read = file(text);
        assert_eq!(read.channels, None);
        assert_eq!(read.solver, None);
        assert_eq!(read.channel_priority.as_deref(), Some("strict"));
    }

    #[test]
    fn a_damaged_file_keeps_its_problem_and_an_empty_one_has_none() {
        for text in ["channels: [a, b", "channels:\n\t- a", "- a\n- b", "just words"] {
            assert!(file(text).problem.is_some(), "{text:?}");
        }
        assert!(read("x".to_owned(), b"\xff\xfe").0.problem.is_some());
        for text in ["", "# nothing\n", "{}", "a: &x [1]\nb: *x\nsolver: rattler\n"] {
            assert_eq!(file(text).problem, None, "{text:?}");
        }
        assert_eq!(file("a: &x [1]\nb: *x\nsolver: rattler\n").solver.as_deref(), Some("rattler"));
    }

    #[test]
    fn what_a_file_says_of_the_machine_is_kept_as_it_is_written() {
        let text = "override_virtual_packages:\n  cuda: 12.4\n  __glibc: ''\n  osx: null\n  win:\nsubdir: osx-64\n";
        let (file, settings) = read("x".to_owned(), text.as_bytes());
        assert_eq!(file.problem, None);
        let said: Vec<_> = settings.iter().map(|s| (s.name.as_str(), s.value.as_str())).collect();
        assert_eq!(
            said,
            [
                ("override_virtual_packages.cuda", "12.4"),
                ("override_virtual_packages.glibc", ""),
                ("subdir", "osx-64"),
            ]
        );
    }
}
