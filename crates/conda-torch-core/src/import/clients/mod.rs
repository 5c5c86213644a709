//! What clients report about the machine and themselves: `conda info`, `mamba info`, `micromamba info` and
//! `pixi info`, with and without `--json`.

pub(super) mod conda;
pub(super) mod mamba;
pub(super) mod pixi;
pub(super) mod user_agent;
mod virtual_packages;

use serde_json::Value;

use super::labels::LabeledText;
use super::{report, reported};
use crate::conda::{Subdir, Version};
use crate::types::{Client, ClientKind, ConfigFile, Detected, Machine, Outcome, VirtualPackage};

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
                // mamba before 2.9 writes an empty list so.
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
    /// Fills the machine that the client sees, and the client.
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

/// Adds configuration files by their paths. Their content is not reported, so nothing is concluded from it. Without
/// paths there may be one.
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
}
