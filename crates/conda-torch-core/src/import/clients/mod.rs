//! What the clients say of the machine and of themselves: `conda info`, `mamba info`,
//! `micromamba info` and `pixi info`, with `--json` and as printed for people.

pub(super) mod conda;
pub(super) mod mamba;
pub(super) mod pixi;
pub(super) mod user_agent;
mod virtual_packages;

use serde_json::Value;

use crate::conda::{Subdir, Version};
use crate::types::{
    Client, ClientKind, ConfigFile, Detected, Machine, Outcome, SourceReport, VirtualPackage,
};

use super::labels::LabeledText;
use super::said;

/// The fields of a document in either form.
enum Fields<'d> {
    Json(&'d Value),
    Text(&'d LabeledText<'d>),
}

impl Fields<'_> {
    /// All values of a field, by its key in JSON and its label in text.
    fn all(&self, key: &str, label: &str) -> Option<Vec<String>> {
        match self {
            Self::Json(value) => match value.get(key)? {
                Value::String(text) => Some(vec![text.clone()]),
                Value::Array(items) => {
                    Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                }
                // How mamba wrote an empty list before 2.9.
                Value::Null => Some(Vec::new()),
                Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
            },
            Self::Text(labelled) => {
                Some(labelled.all(label)?.iter().map(|value| (*value).to_owned()).collect())
            }
        }
    }

    /// The only or first value of a field.
    fn first(&self, key: &str, label: &str) -> Option<String> {
        self.all(key, label)?.into_iter().next().filter(|text| !text.is_empty())
    }

    /// The virtual packages; `None` where they are not told.
    fn packages(&self, key: &str, label: &str) -> Option<Packages> {
        match self {
            Self::Json(value) => {
                let items = value.get(key)?.as_array()?;
                let list = items.iter().filter_map(virtual_packages::of_json).collect();
                Some(Packages { list, is_whole: true })
            }
            Self::Text(labelled) => {
                let lines = labelled.all(label)?.iter();
                let list = lines.filter_map(|line| virtual_packages::of_line(line)).collect();
                // A text that ends here may have been cut off here.
                Some(Packages { list, is_whole: !labelled.is_last(label) })
            }
        }
    }
}

/// The virtual packages of a document.
struct Packages {
    list: Vec<VirtualPackage>,
    /// Whether what is not among them was not seen.
    is_whole: bool,
}

/// What a client says, in any form.
struct Info {
    kind: ClientKind,
    version: Option<String>,
    platform: Option<String>,
    /// The channels' addresses, which end with a platform.
    channels: Vec<String>,
    packages: Option<Packages>,
    /// Where its program is, where that is told.
    program: Option<String>,
    root_prefix: Option<String>,
    environments: Vec<String>,
}

impl Info {
    /// Fills what a client sees and what it is.
    fn fill(self, machine: &mut Machine) {
        let subdir = self.subdir(machine);
        if let Some(subdir) = subdir {
            machine.subdir = said(subdir, machine);
        }
        match &self.packages {
            Some(packages) => {
                virtual_packages::apply(machine, packages, self.kind);
                let list = packages.list.iter();
                let texts: Vec<String> =
                    list.map(|p| format!("{}={}={}", p.name, p.version, p.build)).collect();
                report(machine, "virtual packages", Outcome::Ok, texts.join(" "));
            }
            None => report(machine, "virtual packages", Outcome::Absent, "not in the document"),
        }
        let version = version_of(self.version.as_deref(), machine);
        machine.clients.push(Client {
            kind: self.kind,
            version,
            path: self.program.unwrap_or_else(|| self.kind.as_str().to_owned()),
            root_prefix: self.root_prefix,
            subdir,
            environments: self.environments,
            sees: self.packages.filter(|packages| packages.is_whole).map(|packages| packages.list),
        });
    }

    fn subdir(&self, machine: &mut Machine) -> Option<Subdir> {
        let Some(platform) = &self.platform else {
            let mut ends = self.channels.iter().filter_map(|channel| channel.rsplit('/').next());
            let by_packages = || {
                self.packages
                    .as_ref()
                    .and_then(|packages| virtual_packages::subdir_of(&packages.list))
            };
            return ends.find_map(|end| end.parse().ok()).or_else(by_packages);
        };
        match platform.parse() {
            Ok(subdir) => Some(subdir),
            Err(error) => {
                machine.subdir = Detected::unknown(error.to_string());
                report(machine, "platform", Outcome::Failed, error.to_string());
                None
            }
        }
    }
}

/// A client's version: of `24.1.1.dev3+gabc` the numbers.
fn version_of(text: Option<&str>, machine: &Machine) -> Detected<Version> {
    let Some(text) = text else { return Detected::unknown("the document does not say it") };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    match text[..end].trim_end_matches('.').parse() {
        Ok(version) => said(version, machine),
        Err(_) => Detected::unknown(format!("`{text}` is not a version")),
    }
}

/// Configuration files by their paths: what is in them is not told, so that nothing is concluded
/// from them. Where not even their paths are told there may be some.
fn config_files(machine: &mut Machine, paths: Option<Vec<String>>) {
    let format = machine.document.clone().unwrap_or_default();
    let problem = format!("{format} does not say what is in it");
    let paths = paths.unwrap_or_else(|| vec![".condarc".to_owned()]);
    // conda lists the weakest first.
    machine.config_files = paths
        .into_iter()
        .rev()
        .map(|path| ConfigFile {
            path,
            channels: None,
            channel_priority: None,
            solver: None,
            problem: Some(problem.clone()),
        })
        .collect();
}

/// The name of an environment that is active, where it has one of its own.
fn named(name: &str) -> Option<String> {
    let name = name.split(" (").next().unwrap_or(name).trim();
    let is_name = !name.is_empty()
        && !name.contains(['/', '\\'])
        && !["None", "none", "base", "root", "-"].contains(&name);
    is_name.then(|| name.to_owned())
}

fn report(machine: &mut Machine, source: &str, outcome: Outcome, detail: impl Into<String>) {
    let (source, detail) = (source.to_owned(), detail.into());
    machine.sources.push(SourceReport { source, outcome, detail });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_development_version_the_numbers_count() {
        let machine = super::super::blank("conda info");
        let version =
            |text: &str| version_of(Some(text), &machine).value().map(ToString::to_string);
        assert_eq!(version("24.1.1.dev3+gabc").as_deref(), Some("24.1.1"));
        assert_eq!(version("4.10.3").as_deref(), Some("4.10.3"));
        assert_eq!(version("unknown"), None);
    }

    #[test]
    fn an_environment_by_folder_has_no_name() {
        assert_eq!(named("torch (active)").as_deref(), Some("torch"));
        for text in ["base", "None", "/opt/env (active)", "-", "C:\\env", ""] {
            assert_eq!(named(text), None, "{text}");
        }
    }
}
