//! What clients report about the machine and themselves: `conda info`, `mamba info`, `micromamba info` and
//! `pixi info`, with and without `--json`.

mod virtual_packages;

use std::collections::HashSet;
use std::str::FromStr;

use super::document::Document;
use super::fields::Fields;
use super::{Recognized, origin, report, set, set_kernel};
use crate::conda::{Os, Subdir, Version};
use crate::types::{
    Client, ClientKind, ConfigFile, Detected, Machine, Origin, Outcome, VirtualPackage,
};
use virtual_packages::Packages;

/// mamba's first version that reads `__cuda` from the toolkit's version file.
/// Source: <https://github.com/mamba-org/mamba/pull/3700>.
const READS_TOOLKIT: Version = Version::new(&[2, 0, 6]);

const NOT_SET: &str = "<not set>";

/// How the `info` of a client is recognized, and where it has the version and the active environment.
pub(super) struct InfoFormat {
    kind: ClientKind,
    /// The JSON has all keys of one of these lists.
    keys: &'static [&'static [&'static str]],
    /// Damaged JSON has one of these words.
    words: &'static [&'static str],
    /// The text has one of these labels, beside one of its list.
    labels: &'static [(&'static str, &'static [&'static str])],
    version: &'static [&'static str],
    active: &'static [&'static str],
}

/// Labels beside the version.
const LABELS: &[&str] = &[
    "platform",
    "virtual packages",
    "base environment",
    "root environment",
    "populated config files",
];

/// `conda info` since 4.4; mamba 1 prints the same after its version.
///
/// Source: `get_info_dict` and `get_main_info_display` in `conda/cli/main_info.py`; for mamba 1
/// `mamba/mamba/mamba.py`.
pub(super) const CONDA: InfoFormat = InfoFormat {
    kind: ClientKind::Conda,
    keys: &[&["conda_version", "platform"], &["conda_version", "root_prefix"], &["virtual_pkgs"]],
    words: &["\"conda_", "\"av_data_dir\"", "\"active_prefix\""],
    labels: &[("conda version", LABELS)],
    version: &["conda_version", "conda version"],
    active: &["active_prefix_name", "active environment"],
};

/// `micromamba info`. The keys of the JSON are the labels of the text.
///
/// Source: `print_info` in `libmamba/src/api/info.cpp`, from micromamba 1.0 to 2.8.
pub(super) const MICROMAMBA: InfoFormat = InfoFormat {
    kind: ClientKind::Micromamba,
    keys: &[&["micromamba version"]],
    words: &["\"micromamba version\""],
    labels: &[("micromamba version", LABELS)],
    version: &["micromamba version", "libmamba version"],
    active: &["environment"],
};

/// `mamba info` since 2.0, which prints the same without micromamba's version.
pub(super) const MAMBA: InfoFormat = InfoFormat {
    kind: ClientKind::Mamba,
    keys: &[&["libmamba version"]],
    words: &["\"libmamba version\"", "\"base environment\""],
    labels: &[("libmamba version", LABELS)],
    version: &["mamba version", "libmamba version"],
    active: &["environment"],
};

/// `pixi info`, all versions.
///
/// Source: `Info` in `crates/pixi_cli/src/info.rs`, from 0.1 to 0.77: `platform`, `virtual_packages` and
/// `version` are in all of them. The text has `Pixi version` since 0.4, and had `pixi 0.3.0` before.
pub(super) const PIXI: InfoFormat = InfoFormat {
    kind: ClientKind::Pixi,
    keys: &[
        &["virtual_packages", "platform", "version"],
        &["virtual_packages", "environments_info"],
        &["virtual_packages", "auth_dir"],
    ],
    words: &["\"virtual_packages\""],
    labels: &[("pixi version", LABELS), ("cache dir", &["virtual packages"])],
    version: &["version"],
    active: &[],
};

/// Its `Version` is the project's.
pub(super) const PIXI_TEXT: InfoFormat = InfoFormat { version: &["pixi version"], ..PIXI };

impl InfoFormat {
    pub(super) fn read_json(&self, document: &Document<'_>, machine: &mut Machine) -> Recognized {
        let fields = document.value().map(Fields::of_json).unwrap_or_default();
        let is_it = self.keys.iter().any(|keys| keys.iter().all(|key| fields.has(key)))
            || document.is_damaged_with(self.words);
        is_it.then(|| document.whole().map(|_| self.fill(&fields, document, machine)))
    }

    pub(super) fn read_text(&self, document: &Document<'_>, machine: &mut Machine) -> Recognized {
        let fields = document.fields();
        let is_it = self.labels.iter().any(|(version, labels)| {
            fields.has(version) && labels.iter().any(|label| fields.has(label))
        });
        is_it.then(|| {
            self.fill(fields, document, machine);
            Ok(())
        })
    }

    fn fill(&self, fields: &Fields, document: &Document<'_>, machine: &mut Machine) {
        let (kind, origin) = (self.kind, origin(machine));
        let packages = Packages::of(fields);
        let subdir = subdir(fields, packages.as_ref(), machine);
        set(&mut machine.subdir, subdir, &origin);
        if let Some(agent) = fields.first_of(&["user_agent", "user-agent"]) {
            apply_user_agent(machine, agent, &origin);
        }
        match &packages {
            Some(packages) => {
                virtual_packages::apply(machine, packages, kind, &origin);
                let text = |it: &VirtualPackage| format!("{}={}={}", it.name, it.version, it.build);
                let texts: Vec<String> = packages.list.iter().map(text).collect();
                report(machine, "virtual packages", Outcome::Ok, texts.join(" "));
            }
            None => report(machine, "virtual packages", Outcome::Absent, "not in the document"),
        }
        let mut lines = document.plain.lines();
        let title = lines.find_map(|line| line.trim().strip_prefix("pixi ").map(str::trim));
        let title = title.filter(|_| kind == ClientKind::Pixi);
        let program = fields.first("env_vars.CONDA_EXE").filter(|path| *path != NOT_SET);
        let root = fields.first_of(&["root_prefix", "base environment", "root environment"]);
        machine.clients.push(Client {
            kind,
            version: version(fields.first_of(self.version).or(title), &origin),
            path: program.unwrap_or(kind.as_str()).to_owned(),
            root_prefix: root.map(|root| without_note(root).to_owned()),
            subdir,
            environments: environments(fields, fields.first_of(self.active)),
            sees: packages.filter(|packages| packages.is_complete).map(|packages| packages.list),
        });
        if kind != ClientKind::Pixi {
            add_config_files(machine, fields);
        }
        match kind {
            ClientKind::Conda => add_details_of_conda(fields, machine, &origin),
            ClientKind::Mamba | ClientKind::Micromamba => note_toolkit(machine),
            ClientKind::Pixi => {}
        }
    }
}

/// Sets what conda's `user_agent` reports and virtual packages may overwrite: `conda/24.5.0 requests/2.31.0
/// CPython/3.12.3 Linux/6.5.0-35-generic ubuntu/22.04.4 glibc/2.35 solver/libmamba`. It describes the machine, even if
/// `CONDA_SUBDIR` sets another platform.
fn apply_user_agent(machine: &mut Machine, agent: &str, origin: &Origin) {
    let words: Vec<(&str, &str)> =
        agent.split_whitespace().filter_map(|word| word.split_once('/')).collect();
    let systems = [("Linux", Os::Linux), ("Darwin", Os::Macos), ("Windows", Os::Windows)];
    let system = words.iter().enumerate().find_map(|(place, (word, release))| {
        let (_, os) = systems.iter().find(|(name, _)| name == word)?;
        Some((place, *os, *release))
    });
    let Some((place, os, release)) = system else { return };
    if machine.subdir.value().is_some_and(|subdir| subdir.os() != os) {
        return;
    }
    if os == Os::Linux {
        set_kernel(machine, release, origin);
        set(&mut machine.glibc, parsed(&words, "glibc"), origin);
    } else if os == Os::Macos {
        set(&mut machine.macos, parsed(&words, "OSX"), origin);
    } else if machine.subdir.value().is_none() {
        machine.subdir = Detected::found(Subdir::Win64, origin.clone());
    }
    // The word after the system is the distribution.
    let distribution = words.get(place + 1).map(|(name, version)| format!("{name} {version}"));
    set(&mut machine.os, distribution, origin);
}

fn parsed<T: FromStr>(words: &[(&str, &str)], name: &str) -> Option<T> {
    words.iter().find(|(word, _)| *word == name)?.1.parse().ok()
}

/// Adds the client mamba 1, and reports the overrides.
fn add_details_of_conda(fields: &Fields, machine: &mut Machine, origin: &Origin) {
    // Users of mamba get its commands.
    if let Some(mamba_version) = fields.first_of(&["mamba_version", "mamba version"])
        && let Some(mut mamba) = machine.clients.first().cloned()
    {
        mamba.kind = ClientKind::Mamba;
        mamba.version = version(Some(mamba_version), origin);
        "mamba".clone_into(&mut mamba.path);
        machine.clients.insert(0, mamba);
    }
    for name in ["CONDA_OVERRIDE_CUDA", "CONDA_OVERRIDE_GLIBC", "CONDA_OVERRIDE_OSX"] {
        if let Some(text) = fields.first(&format!("env_vars.{name}")).filter(|it| *it != NOT_SET) {
            report(machine, name, Outcome::Ok, format!("`{text}` on the described machine"));
        }
    }
}

/// mamba does not report the source of `__cuda`.
fn note_toolkit(machine: &mut Machine) {
    let mut versions = machine.clients.iter().map(|client| client.version.value());
    let reads_toolkit = versions.any(|version| version.is_none_or(|it| *it >= READS_TOOLKIT));
    if reads_toolkit && machine.driver_cuda.is_found() {
        let detail =
            "since 2.0.6 it is the toolkit's version if `/usr/local/cuda/version.json` exists";
        report(machine, "__cuda", Outcome::Ok, detail);
        machine.toolkit_file =
            Detected::unknown("`__cuda` may be from it: mamba does not report its source");
    }
}

/// The platform: as reported, or by the channels, or by the virtual packages.
fn subdir(fields: &Fields, packages: Option<&Packages>, machine: &mut Machine) -> Option<Subdir> {
    let Some(platform) = fields.first("platform") else {
        let channels = fields.all("channels").or(fields.all("channel urls")).unwrap_or_default();
        let mut ends = channels.iter().filter_map(|channel| channel.rsplit('/').next());
        let of_packages = || virtual_packages::subdir_of(&packages?.list);
        return ends.find_map(|end| end.parse().ok()).or_else(of_packages);
    };
    let subdir = platform.parse::<Subdir>().map_err(|error| error.to_string());
    if let Err(error) = &subdir {
        machine.subdir = Detected::unknown(error.clone());
        report(machine, "platform", Outcome::Failed, error);
    }
    subdir.ok()
}

/// The folder in `/opt/conda  (writable)`.
fn without_note(text: &str) -> &str {
    let folder = ["(writable)", "(read only)"].iter().find_map(|note| text.strip_suffix(note));
    folder.unwrap_or(text).trim_end()
}

/// The environments with a name: those in a folder of environments, and the active one.
fn environments(fields: &Fields, active: Option<&str>) -> Vec<String> {
    let root = fields.first("root_prefix").unwrap_or_default();
    let folders = fields.all("envs_dirs").unwrap_or_default();
    let folders: HashSet<&str> = folders.iter().map(String::as_str).collect();
    let name = |path: &String| {
        let (folder, name) = path.rsplit_once(['/', '\\'])?;
        let below_root = folder
            .strip_prefix(root)
            .is_some_and(|rest| !root.is_empty() && rest.trim_start_matches(['/', '\\']) == "envs");
        (below_root || folders.contains(folder)).then(|| name.to_owned())
    };
    let envs = fields.all("envs").unwrap_or_default();
    let mut names: Vec<String> = envs.iter().filter_map(name).collect();
    names.extend(active.and_then(environment_name).filter(|active| !names.contains(active)));
    names
}

/// A client's version: the numbers of `24.1.1.dev3+gabc`.
fn version(text: Option<&str>, origin: &Origin) -> Detected<Version> {
    let Some(text) = text else { return Detected::unknown("the document does not report it") };
    let why = format!("`{text}` is not a version");
    Detected::found_or(Version::at_start(text), origin.clone(), why)
}

/// Adds configuration files by their paths. Their content is not reported. Without paths one is assumed.
fn add_config_files(machine: &mut Machine, fields: &Fields) {
    let format = machine.document.as_deref().unwrap_or_default();
    let problem = Some(format!("{format} does not report its content"));
    let paths = fields.all("config_files").or(fields.all("populated config files"));
    let paths = paths.map_or_else(|| vec![".condarc".to_owned()], <[String]>::to_vec);
    // conda lists the weakest first.
    let file = |path| ConfigFile { path, problem: problem.clone(), ..ConfigFile::default() };
    machine.config_files = paths.into_iter().rev().map(file).collect();
}

/// The name of the active environment, if it has one other than `base`.
fn environment_name(name: &str) -> Option<String> {
    let name = name.split(" (").next().unwrap_or(name).trim();
    let is_name = !name.is_empty()
        && !name.contains(['/', '\\'])
        && !["None", "none", "base", "root", "-"].contains(&name);
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_numbers_of_a_development_version_count() {
        let origin = Origin::Document("conda info".to_owned());
        let of = |text: &str| version(Some(text), &origin).value().map(ToString::to_string);
        assert_eq!(of("24.1.1.dev3+gabc").as_deref(), Some("24.1.1"));
        assert_eq!(of("4.10.3").as_deref(), Some("4.10.3"));
        assert_eq!(of("unknown"), None);
    }

    #[test]
    fn an_environment_in_another_folder_has_no_name() {
        assert_eq!(environment_name("torch (active)").as_deref(), Some("torch"));
        for text in ["base", "None", "/opt/env (active)", "-", "C:\\env", ""] {
            assert_eq!(environment_name(text), None, "{text}");
        }
    }

    #[test]
    fn environments_have_the_name_of_their_folder() {
        let names = |value: &serde_json::Value| {
            let fields = Fields::of_json(value);
            environments(&fields, fields.first("active_prefix_name"))
        };
        let value = serde_json::json!({
            "root_prefix": "/opt/conda",
            "envs": ["/opt/conda", "/opt/conda/envs/torch", "/scratch/mine", "/home/u/e/a"],
            "envs_dirs": ["/home/u/e"],
            "active_prefix_name": "base",
        });
        assert_eq!(names(&value), ["torch", "a"]);
        let windows = serde_json::json!({
            "root_prefix": "C:\\conda",
            "envs": ["C:\\conda", "C:\\conda\\envs\\torch"],
            "active_prefix_name": "/elsewhere/env",
        });
        assert_eq!(names(&windows), ["torch"]);
        assert_eq!(names(&serde_json::json!({})), [""; 0]);
    }

    #[test]
    fn the_root_prefix_of_the_text_has_a_note() {
        assert_eq!(without_note("/opt/my conda  (writable)"), "/opt/my conda");
        assert_eq!(without_note("C:\\ProgramData\\conda  (read only)"), "C:\\ProgramData\\conda");
        assert_eq!(without_note("/opt/conda (x)"), "/opt/conda (x)");
    }

    fn read(agent: &str, subdir: Option<Subdir>) -> Machine {
        let mut machine = super::super::unknown_machine("conda info");
        if let Some(subdir) = subdir {
            machine.subdir = Detected::found(subdir, Origin::Baseline);
        }
        apply_user_agent(&mut machine, agent, &Origin::Baseline);
        machine
    }

    #[test]
    fn the_agent_describes_the_system() {
        let linux = read(
            "conda/4.10.3 requests/2.25.1 CPython/3.8.8 Linux/5.10.16.3-microsoft-standard-WSL2 ubuntu/20.04.2 glibc/2.31",
            Some(Subdir::Linux64),
        );
        assert_eq!(linux.glibc.value().map(ToString::to_string).as_deref(), Some("2.31"));
        assert_eq!(linux.wsl.value().map(String::as_str), Some("2"));
        assert_eq!(linux.os.value().map(String::as_str), Some("ubuntu 20.04.2"));
        let mac =
            read("conda/24.1.0 CPython/3.11.7 Darwin/23.3.0 OSX/14.3", Some(Subdir::OsxArm64));
        assert_eq!(mac.macos.value().map(ToString::to_string).as_deref(), Some("14.3"));
    }

    #[test]
    fn the_agent_does_not_describe_another_platform() {
        let agent = "conda/24.1.0 CPython/3.11.7 Linux/6.5.0 ubuntu/22.04 glibc/2.35";
        let windows = read(agent, Some(Subdir::Win64));
        assert!(windows.glibc.value().is_none() && windows.os.value().is_none());
    }
}
