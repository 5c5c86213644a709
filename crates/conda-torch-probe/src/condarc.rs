//! Configuration files of conda, mamba and micromamba.

use conda_torch_core::conda::{Address, Os, masked};
use conda_torch_core::types::{
    ClientKind, Condarc, CondarcLine, ConfigFile, Machine, Origin, Outcome, Setting,
};
use conda_torch_core::yaml::{Document, Value};

use crate::clients::{self, home};
use crate::host::{Failure, Host};
use crate::probe::{Probe, SMALL, failed};

/// The names in each folder, the weaker first; then the files in `condarc.d`.
const NAMES: [&str; 2] = [".condarc", "condarc"];

/// Keys about channels, priorities, and what joins every solve.
const CHANNEL_KEYS: [&str; 11] = [
    "channel_alias",
    "channel_priority",
    "channels",
    "create_default_packages",
    "custom_channels",
    "custom_multichannels",
    "default_channels",
    "mirrored_channels",
    "override_channels_enabled",
    "pinned_packages",
    "solver",
];

pub(super) fn detect(probe: &mut Probe<'_>) {
    // The strongest first.
    let mut files: Vec<ConfigFile> = Vec::new();
    let mut settings = Vec::new();
    for path in paths(probe) {
        if files.iter().any(|file| file.path == path) {
            continue;
        }
        match open(probe.host, &path) {
            Ok((_, document)) => {
                let (file, more) = read(path, &document);
                files.insert(0, file);
                settings.splice(0..0, more);
            }
            Err(Failure::NotThere) => {}
            Err(failure) => {
                let problem = Some(failure.to_string());
                files.insert(0, ConfigFile { path, problem, ..ConfigFile::default() });
            }
        }
    }
    for file in &files {
        match &file.problem {
            Some(problem) => probe.report(&file.path, Outcome::Failed, problem),
            None => probe.report(&file.path, Outcome::Ok, "configuration of the clients"),
        }
    }
    if let Some(channels) = probe.env("CONDA_CHANNELS") {
        let channels: Vec<String> =
            channels.split(',').map(|it| Address::of(it).to_string()).collect();
        probe.report("CONDA_CHANNELS", Outcome::Ok, channels.join(","));
    }
    probe.machine.config_files = files;
    probe.machine.settings = settings;
}

/// The settings for channels in configuration files, line by line.
pub fn settings(host: &dyn Host, files: &[ConfigFile]) -> Vec<Condarc> {
    let read = |file: &ConfigFile| {
        let path = file.path.clone();
        match open(host, &path) {
            Ok((text, document)) => channel_settings(path, &text, &document),
            Err(failure) => {
                Condarc { path, problem: Some(failure.to_string()), ..Condarc::default() }
            }
        }
    };
    files.iter().map(read).collect()
}

/// The settings for channels in all configuration files of a host. Nothing else of the host is detected.
pub fn find_settings(host: &dyn Host) -> Vec<Condarc> {
    let mut probe = Probe::new(host, Machine::default());
    clients::detect(&mut probe);
    detect(&mut probe);
    settings(host, &probe.machine.config_files)
}

/// The folders of environments that configuration files name.
pub(super) fn environment_folders(host: &dyn Host, files: &[ConfigFile]) -> Vec<String> {
    let folders = |file: &ConfigFile| {
        let (_, document) = open(host, &file.path).unwrap_or_default();
        let root = document.root();
        let keys = ["envs_dirs", "envs_path"].into_iter();
        keys.filter_map(|key| root?.get(key)).flat_map(texts).collect::<Vec<_>>()
    };
    files.iter().flat_map(folders).collect()
}

/// Where configuration may be, the weakest first. Source: conda's `SEARCH_PATH` in
/// conda/base/constants.py; mamba adds `~/.mambarc`.
fn paths(probe: &Probe<'_>) -> Vec<String> {
    let target = probe.host.target();
    let mut folders: Vec<String> = if target.is(Os::Windows) {
        vec!["C:\\ProgramData\\conda".to_owned()]
    } else {
        vec!["/etc/conda".to_owned(), "/var/lib/conda".to_owned()]
    };
    let has_root = |kind: ClientKind| matches!(kind, ClientKind::Conda | ClientKind::Mamba);
    let clients = probe.machine.clients.iter().filter(|client| has_root(client.kind));
    folders.extend(clients.filter_map(|client| client.root_prefix.clone()));
    folders.extend(probe.env("XDG_CONFIG_HOME").map(|config| target.join(&config, "conda")));
    let home = home(probe.host);
    if let Some(home) = &home {
        folders.push(target.join(home, ".config/conda"));
        folders.push(target.join(home, ".conda"));
    }
    let mut paths = Vec::new();
    for folder in folders.iter().filter(|folder| probe.host.exists(folder)) {
        paths.extend(NAMES.map(|name| target.join(folder, name)));
        let more = target.join(folder, "condarc.d");
        let names = probe.host.list(&more).unwrap_or_default();
        // conda reads these two, in lower case.
        let is_yaml = |name: &&String| matches!(name.rsplit_once('.'), Some((_, "yml" | "yaml")));
        paths.extend(names.iter().filter(is_yaml).map(|name| target.join(&more, name)));
    }
    if let Some(home) = &home {
        paths.extend([".condarc", ".mambarc"].map(|name| target.join(home, name)));
    }
    if let Some(prefix) = probe.env("CONDA_PREFIX") {
        paths.extend(NAMES.map(|name| target.join(&prefix, name)));
    }
    paths.extend(["CONDARC", "MAMBARC"].iter().filter_map(|variable| probe.env(variable)));
    paths
}

/// Reads the keys of a file that describe the client and the machine.
fn read(path: String, document: &Document) -> (ConfigFile, Vec<Setting>) {
    let mut settings = Vec::new();
    let mut set = |name: String, value: String| {
        settings.push(Setting { name, value, origin: Origin::File(path.clone()) });
    };
    let mut file = ConfigFile::default();
    for (key, value) in document.root().into_iter().flat_map(Value::entries) {
        let text = value.text().filter(|_| !value.is_null()).map(str::to_owned);
        match (key, text) {
            ("channels", None) if value.is_list() => {
                file.channels =
                    Some(value.items().filter_map(Value::text).map(Address::of).collect());
            }
            // `mamba config set channels` writes a single value, which mamba cannot read itself.
            ("channels", Some(channel)) => file.channels = Some(vec![Address::of(&channel)]),
            ("channel_priority", text) => file.channel_priority = text,
            ("solver", text) => file.solver = text,
            // conda's key and mamba's.
            ("subdir" | "platform", Some(platform)) => set(key.to_owned(), platform),
            ("override_virtual_packages" | "virtual_packages", None) => {
                for (name, version) in value.entries().filter(|(_, version)| !version.is_null()) {
                    let name = name.strip_prefix("__").unwrap_or(name);
                    set(format!("override_virtual_packages.{name}"), as_conda_reads_it(version));
                }
            }
            _ => {}
        }
    }
    (ConfigFile { path, ..file }, settings)
}

/// Without quotes 12.10 is a number in YAML, and conda reads 12.1.
fn as_conda_reads_it(value: Value<'_>) -> String {
    let text = value.text().unwrap_or_default();
    match text.parse::<f64>() {
        Ok(number) if value.is_plain() && text.contains('.') => format!("{number:?}"),
        Ok(_) | Err(_) => text.to_owned(),
    }
}

fn texts(list: Value<'_>) -> Vec<String> {
    list.items().filter_map(Value::text).map(str::to_owned).collect()
}

fn add_lines(lines: &mut Vec<CondarcLine>, key: &str, value: Value<'_>, is_entry: bool) {
    match value.text() {
        Some(text) if !value.is_null() => lines.push(CondarcLine {
            line: value.line(),
            key: key.to_owned(),
            value: Address::of(text),
            is_entry,
        }),
        Some(_) => {}
        None => {
            value.items().for_each(|item| add_lines(lines, key, item, true));
            for (inner, value) in value.entries() {
                add_lines(lines, &format!("{key}.{}", Address::of(inner)), value, false);
            }
        }
    }
}

/// The lines with channel settings.
fn channel_settings(path: String, text: &str, document: &Document) -> Condarc {
    let mut lines = Vec::new();
    for (key, value) in document.root().into_iter().flat_map(Value::entries) {
        if CHANNEL_KEYS.contains(&key) {
            add_lines(&mut lines, key, value, false);
        }
    }
    let is_comment = |line: &str| line.trim_start().starts_with('#') || line.contains(" #");
    Condarc { path, lines, has_comments: text.lines().any(is_comment), problem: None }
}

/// The text of a file whose top is a mapping, or empty.
fn open(host: &dyn Host, path: &str) -> Result<(String, Document), Failure> {
    let text = String::from_utf8(host.read(path, SMALL)?).or(failed("not UTF-8"))?;
    let document = Document::parse(&text).or_else(|error| failed(masked(&error.to_string())))?;
    match document.root() {
        Some(root) if !root.is_map() && !root.is_null() => failed("not a mapping of keys"),
        Some(_) | None => Ok((text, document)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::RecordedHost;

    /// A host with one file, `x`.
    fn host(text: &str) -> RecordedHost {
        let host = serde_json::json!({
            "target": {"os": "linux", "arch": "x86_64"}, "files": {"x": text}
        });
        host.to_string().parse().expect("a host")
    }

    fn read_all(text: &str) -> (ConfigFile, Vec<Setting>) {
        let (_, document) = open(&host(text), "x").expect("a configuration file");
        read("x".to_owned(), &document)
    }

    fn file(text: &str) -> ConfigFile {
        read_all(text).0
    }

    fn channels(text: &str) -> Option<Vec<Address>> {
        file(text).channels
    }

    fn lines(text: &str) -> Vec<(usize, String, String)> {
        let (text, document) = open(&host(text), "x").expect("YAML");
        let lines = channel_settings("x".to_owned(), &text, &document).lines;
        lines.into_iter().map(|line| (line.line, line.key, line.value.to_string())).collect()
    }

    #[test]
    fn channels_are_read_as_a_block_and_as_a_flow_list() {
        let expected = Some(["pytorch", "conda-forge"].map(Address::of).to_vec());
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
    fn keys_of_other_mappings_are_ignored() {
        let text = "custom_channels:\n  channels: http://x\n  solver: no\ncustom_multichannels:\n  a: [channels, b]\nchannel_priority: strict\n";
        let read = file(text);
        assert_eq!(read.channels, None);
        assert_eq!(read.solver, None);
        assert_eq!(read.channel_priority.as_deref(), Some("strict"));
    }

    #[test]
    fn a_damaged_file_is_an_error_and_an_empty_one_is_not() {
        for text in ["channels: [a, b", "channels:\n\t- a", "- a\n- b", "just words", "a: b: c"] {
            assert!(open(&host(text), "x").is_err(), "{text:?}");
        }
        for text in ["", "# nothing\n", "{}", "channels:\n"] {
            assert_eq!(file(text), ConfigFile { path: "x".to_owned(), ..ConfigFile::default() });
            assert_eq!(lines(text), []);
        }
        assert_eq!(file("a: &x [1]\nb: *x\nsolver: rattler\n").solver.as_deref(), Some("rattler"));
    }

    #[test]
    fn settings_of_the_machine_are_kept_as_written() {
        let text = "override_virtual_packages:\n  cuda: 12.4\n  __glibc: ''\n  osx: null\n  win:\nsubdir: osx-64\n";
        let (file, settings) = read_all(text);
        assert_eq!(file.problem, None);
        let found: Vec<_> = settings.iter().map(|s| (s.name.as_str(), s.value.as_str())).collect();
        assert_eq!(
            found,
            [
                ("override_virtual_packages.cuda", "12.4"),
                ("override_virtual_packages.glibc", ""),
                ("subdir", "osx-64"),
            ]
        );
    }

    #[test]
    fn every_value_has_its_line() {
        let text = "# mine\nchannels:\n  - pytorch\n  - nvidia # for CUDA\nssl_verify: false\nchannel_priority: strict\ncustom_channels:\n  corp: https://host/\ndefault_channels: [https://repo.anaconda.com/pkgs/main]\n";
        let expected = [
            (3, "channels", "pytorch"),
            (4, "channels", "nvidia"),
            (6, "channel_priority", "strict"),
            (8, "custom_channels.corp", "https://host/"),
            (9, "default_channels", "https://repo.anaconda.com/pkgs/main"),
        ];
        let expected = expected.map(|(line, key, value)| (line, key.to_owned(), value.to_owned()));
        assert_eq!(lines(text), expected);
    }

    #[test]
    fn environment_folders_are_read_as_a_block_and_as_a_flow_list() {
        let folders = |text: &str| {
            let host = host(text);
            environment_folders(
                &host,
                &[ConfigFile { path: "x".to_owned(), ..ConfigFile::default() }],
            )
        };
        assert_eq!(folders("envs_dirs: [/a, /b]\nchannels: [c]"), ["/a", "/b"]);
        assert_eq!(folders("envs_path:\n- /a\npkgs_dirs:\n- /p\n"), ["/a"]);
        assert_eq!(folders("- a\n- b"), [""; 0]);
        assert_eq!(folders("envs_dirs: [\n"), [""; 0]);
    }
}
