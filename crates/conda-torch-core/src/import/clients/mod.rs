//! What clients report about the machine and themselves: `conda info`, `mamba info`, `micromamba info` and
//! `pixi info`, with and without `--json`.

pub(super) mod user_agent;
mod virtual_packages;

use serde_json::Value;

use super::document::Document;
use super::labels::LabeledText;
use super::{Recognized, report, reported};
use crate::conda::{Subdir, Version};
use crate::types::{Client, ClientKind, ConfigFile, Detected, Machine, Outcome, VirtualPackage};

/// mamba's first version that reads `__cuda` from the toolkit's version file.
/// Source: <https://github.com/mamba-org/mamba/pull/3700>.
const READS_TOOLKIT: Version = Version::new(&[2, 0, 6]);

/// How the `info` of a client is recognized, and read.
pub(super) struct InfoFormat {
    /// The JSON has all keys of one of these lists.
    keys: &'static [&'static [&'static str]],
    /// Damaged JSON has one of these words.
    words: &'static [&'static str],
    /// The text has all labels of one of these lists.
    labels: &'static [&'static [&'static str]],
    fill: fn(&Fields<'_>, &Document<'_>, &mut Machine),
}

/// `conda info` since 4.4; mamba 1 prints the same after its version.
///
/// Source: `get_info_dict` and `get_main_info_display` in `conda/cli/main_info.py`; for mamba 1
/// `mamba/mamba/mamba.py`.
pub(super) const CONDA: InfoFormat = InfoFormat {
    keys: &[&["conda_version", "platform"], &["conda_version", "root_prefix"], &["virtual_pkgs"]],
    words: &["\"conda_", "\"av_data_dir\"", "\"active_prefix\""],
    labels: &[
        &["conda version", "platform"],
        &["conda version", "virtual packages"],
        &["conda version", "base environment"],
        &["conda version", "root environment"],
    ],
    fill: conda,
};

/// `micromamba info`. The keys of the JSON are the labels of the text.
///
/// Source: `print_info` in `libmamba/src/api/info.cpp`, from micromamba 1.0 to 2.8.
pub(super) const MICROMAMBA: InfoFormat = InfoFormat {
    keys: &[&["micromamba version"]],
    words: &["\"micromamba version\""],
    labels: &[
        &["micromamba version", "platform"],
        &["micromamba version", "virtual packages"],
        &["micromamba version", "base environment"],
        &["micromamba version", "populated config files"],
    ],
    fill: |fields, _, machine| mamba(ClientKind::Micromamba, fields, machine),
};

/// `mamba info` since 2.0, which prints the same without micromamba's version.
pub(super) const MAMBA: InfoFormat = InfoFormat {
    keys: &[&["libmamba version"]],
    words: &["\"libmamba version\"", "\"base environment\""],
    labels: &[
        &["libmamba version", "platform"],
        &["libmamba version", "virtual packages"],
        &["libmamba version", "base environment"],
        &["libmamba version", "populated config files"],
    ],
    fill: |fields, _, machine| mamba(ClientKind::Mamba, fields, machine),
};

/// `pixi info`, all versions.
///
/// Source: `Info` in `crates/pixi_cli/src/info.rs`, from 0.1 to 0.77: `platform`, `virtual_packages` and
/// `version` are in all of them. The text has `Pixi version` since 0.4, and had `pixi 0.3.0` before.
pub(super) const PIXI: InfoFormat = InfoFormat {
    keys: &[
        &["virtual_packages", "platform", "version"],
        &["virtual_packages", "environments_info"],
        &["virtual_packages", "auth_dir"],
    ],
    words: &["\"virtual_packages\""],
    labels: &[
        &["pixi version", "virtual packages"],
        &["pixi version", "platform"],
        &["cache dir", "virtual packages"],
    ],
    fill: pixi,
};

pub(super) fn read_json(
    format: &InfoFormat,
    document: &Document<'_>,
    machine: &mut Machine,
) -> Recognized {
    let is_it = format.keys.iter().any(|keys| document.has_keys(keys))
        || document.is_damaged_with(format.words);
    let fill = |value| (format.fill)(&Fields::Json(value), document, machine);
    is_it.then(|| document.whole().map(fill))
}

pub(super) fn read_text(
    format: &InfoFormat,
    document: &Document<'_>,
    machine: &mut Machine,
) -> Recognized {
    let labels = LabeledText::of(&document.plain);
    let is_it = format.labels.iter().any(|set| set.iter().all(|label| labels.has(label)));
    is_it.then(|| {
        (format.fill)(&Fields::Text(&labels), document, machine);
        Ok(())
    })
}

fn conda(fields: &Fields<'_>, _: &Document<'_>, machine: &mut Machine) {
    let (value, environments) = match fields {
        Fields::Json(value) => (*value, environments(value)),
        Fields::Text(labels) => {
            let active = labels.first("active environment").and_then(environment_name);
            (&Value::Null, active.into_iter().collect())
        }
    };
    let variable = |name: &str| {
        let value = value["env_vars"][name].as_str().filter(|text| *text != "<not set>");
        value.map(str::to_owned)
    };
    let root = fields
        .first("root_prefix", "base environment")
        .or_else(|| fields.first("root_prefix", "root environment"));
    let info = Info {
        kind: ClientKind::Conda,
        version: fields.first("conda_version", "conda version"),
        platform: fields.first("platform", "platform"),
        channels: fields.all("channels", "channel urls").unwrap_or_default(),
        packages: fields.packages("virtual_pkgs", "virtual packages"),
        program: variable("CONDA_EXE"),
        root_prefix: root.map(|root| without_note(&root).to_owned()),
        environments,
    };
    info.fill(machine);
    if let Some(agent) = fields.first("user_agent", "user-agent") {
        user_agent::apply(machine, &agent);
    }
    add_config_files(machine, fields.all("config_files", "populated config files"));
    // Users of mamba get its commands.
    if let Some(mamba_version) = fields.first("mamba_version", "mamba version")
        && let Some(mut mamba) = machine.clients.first().cloned()
    {
        mamba.kind = ClientKind::Mamba;
        mamba.version = version(Some(mamba_version), machine);
        "mamba".clone_into(&mut mamba.path);
        machine.clients.insert(0, mamba);
    }
    for name in ["CONDA_OVERRIDE_CUDA", "CONDA_OVERRIDE_GLIBC", "CONDA_OVERRIDE_OSX"] {
        if let Some(text) = variable(name) {
            report(machine, name, Outcome::Ok, format!("`{text}` on the described machine"));
        }
    }
}

fn mamba(kind: ClientKind, fields: &Fields<'_>, machine: &mut Machine) {
    let field = |key: &str| fields.first(key, key);
    let environment = field("environment").as_deref().and_then(environment_name);
    let info = Info {
        kind,
        version: field(&format!("{kind} version")).or_else(|| field("libmamba version")),
        platform: field("platform"),
        channels: fields.all("channels", "channels").unwrap_or_default(),
        packages: fields.packages("virtual packages", "virtual packages"),
        program: None,
        root_prefix: field("base environment"),
        environments: environment.into_iter().collect(),
    };
    info.fill(machine);
    add_config_files(machine, fields.all("populated config files", "populated config files"));
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

fn pixi(fields: &Fields<'_>, document: &Document<'_>, machine: &mut Machine) {
    let title = document.plain.lines().find_map(|line| line.trim().strip_prefix("pixi "));
    let title = title.map(|title| title.trim().to_owned());
    let info = Info {
        kind: ClientKind::Pixi,
        version: fields.first("version", "pixi version").or(title),
        platform: fields.first("platform", "platform"),
        channels: Vec::new(),
        packages: fields.packages("virtual_packages", "virtual packages"),
        program: None,
        root_prefix: None,
        environments: Vec::new(),
    };
    info.fill(machine);
}

/// The folder in `/opt/conda  (writable)`.
fn without_note(text: &str) -> &str {
    let folder = ["(writable)", "(read only)"].iter().find_map(|note| text.strip_suffix(note));
    folder.unwrap_or(text).trim_end()
}

/// The environments with a name: those in a folder of environments, and the active one.
fn environments(value: &Value) -> Vec<String> {
    let texts = |key: &str| value[key].as_array().into_iter().flatten().filter_map(Value::as_str);
    let root = value["root_prefix"].as_str().unwrap_or_default();
    let folders: Vec<&str> = texts("envs_dirs").collect();
    let name = |path: &str| {
        let (folder, name) = path.rsplit_once(['/', '\\'])?;
        let below_root = folder
            .strip_prefix(root)
            .is_some_and(|rest| !root.is_empty() && rest.trim_start_matches(['/', '\\']) == "envs");
        (below_root || folders.contains(&folder)).then(|| name.to_owned())
    };
    let mut names: Vec<String> = texts("envs").filter_map(name).collect();
    if let Some(active) = value["active_prefix_name"].as_str().and_then(environment_name)
        && !names.contains(&active)
    {
        names.push(active);
    }
    names
}

/// The fields of a document, by their keys in JSON or their labels in text.
enum Fields<'d> {
    Json(&'d Value),
    Text(&'d LabeledText<'d>),
}

impl Fields<'_> {
    /// All values of a field.
    fn all(&self, key: &str, label: &str) -> Option<Vec<String>> {
        let texts =
            |items: &[Value]| items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        match self {
            Self::Json(value) => match value.get(key)? {
                Value::String(text) => Some(vec![text.clone()]),
                Value::Array(items) => Some(texts(items)),
                // An empty list of mamba before 2.9.
                Value::Null => Some(Vec::new()),
                Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
            },
            Self::Text(labels) => {
                Some(labels.all(label)?.iter().map(|value| (*value).to_owned()).collect())
            }
        }
    }

    /// The only or first value of a field.
    fn first(&self, key: &str, label: &str) -> Option<String> {
        self.all(key, label)?.into_iter().next().filter(|text| !text.is_empty())
    }

    /// The virtual packages, if they are reported.
    fn packages(&self, key: &str, label: &str) -> Option<Packages> {
        match self {
            Self::Json(value) => {
                let items = value.get(key)?.as_array()?;
                let list = items.iter().filter_map(virtual_packages::of_json).collect();
                Some(Packages { list, is_complete: true })
            }
            Self::Text(labels) => {
                let lines = labels.all(label)?.iter();
                let list = lines.filter_map(|line| virtual_packages::of_line(line)).collect();
                // A text that ends here may be cut off here.
                Some(Packages { list, is_complete: !labels.is_last(label) })
            }
        }
    }
}

/// The virtual packages of a document.
struct Packages {
    list: Vec<VirtualPackage>,
    /// Whether the client has no others.
    is_complete: bool,
}

/// What a client reports.
struct Info {
    kind: ClientKind,
    version: Option<String>,
    platform: Option<String>,
    /// The URLs of the channels, which end with a platform.
    channels: Vec<String>,
    packages: Option<Packages>,
    /// The path of its program.
    program: Option<String>,
    root_prefix: Option<String>,
    environments: Vec<String>,
}

impl Info {
    /// Sets the facts that the client reports, and adds the client.
    fn fill(self, machine: &mut Machine) {
        let subdir = self.subdir(machine);
        if let Some(subdir) = subdir {
            machine.subdir = reported(subdir, machine);
        }
        match &self.packages {
            Some(packages) => {
                virtual_packages::apply(machine, packages, self.kind);
                let text = |it: &VirtualPackage| format!("{}={}={}", it.name, it.version, it.build);
                let texts: Vec<String> = packages.list.iter().map(text).collect();
                report(machine, "virtual packages", Outcome::Ok, texts.join(" "));
            }
            None => report(machine, "virtual packages", Outcome::Absent, "not in the document"),
        }
        let client = Client {
            kind: self.kind,
            version: version(self.version, machine),
            path: self.program.unwrap_or_else(|| self.kind.as_str().to_owned()),
            root_prefix: self.root_prefix,
            subdir,
            environments: self.environments,
            sees: self
                .packages
                .filter(|packages| packages.is_complete)
                .map(|packages| packages.list),
        };
        machine.clients.push(client);
    }

    /// The platform: as reported, or by the channels, or by the virtual packages.
    fn subdir(&self, machine: &mut Machine) -> Option<Subdir> {
        let Some(platform) = &self.platform else {
            let mut ends = self.channels.iter().filter_map(|channel| channel.rsplit('/').next());
            let of_packages = || virtual_packages::subdir_of(&self.packages.as_ref()?.list);
            return ends.find_map(|end| end.parse().ok()).or_else(of_packages);
        };
        platform
            .parse()
            .map_err(|error: crate::conda::ParseSubdirError| {
                machine.subdir = Detected::unknown(error.to_string());
                report(machine, "platform", Outcome::Failed, error.to_string());
            })
            .ok()
    }
}

/// A client's version: the numbers of `24.1.1.dev3+gabc`.
fn version(text: Option<String>, machine: &Machine) -> Detected<Version> {
    let Some(text) = text else { return Detected::unknown("the document does not report it") };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    match text[..end].trim_end_matches('.').parse() {
        Ok(version) => reported(version, machine),
        Err(_) => Detected::unknown(format!("`{text}` is not a version")),
    }
}

/// Adds configuration files by their paths. Their content is not reported. Without paths one is assumed.
fn add_config_files(machine: &mut Machine, paths: Option<Vec<String>>) {
    let format = machine.document.clone().unwrap_or_default();
    let problem = Some(format!("{format} does not report its content"));
    let paths = paths.unwrap_or_else(|| vec![".condarc".to_owned()]);
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
        let machine = super::super::unknown_machine("conda info");
        let of =
            |text: &str| version(Some(text.to_owned()), &machine).value().map(ToString::to_string);
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
        let value = serde_json::json!({
            "root_prefix": "/opt/conda",
            "envs": ["/opt/conda", "/opt/conda/envs/torch", "/scratch/mine", "/home/u/e/a"],
            "envs_dirs": ["/home/u/e"],
            "active_prefix_name": "base",
        });
        assert_eq!(environments(&value), ["torch", "a"]);
        let windows = serde_json::json!({
            "root_prefix": "C:\\conda",
            "envs": ["C:\\conda", "C:\\conda\\envs\\torch"],
            "active_prefix_name": "/elsewhere/env",
        });
        assert_eq!(environments(&windows), ["torch"]);
        assert_eq!(environments(&serde_json::json!({})), [""; 0]);
    }

    #[test]
    fn the_root_prefix_of_the_text_has_a_note() {
        assert_eq!(without_note("/opt/my conda  (writable)"), "/opt/my conda");
        assert_eq!(without_note("C:\\ProgramData\\conda  (read only)"), "C:\\ProgramData\\conda");
        assert_eq!(without_note("/opt/conda (x)"), "/opt/conda (x)");
    }
}
