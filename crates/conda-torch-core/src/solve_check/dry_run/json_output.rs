//! The JSON of conda, mamba and micromamba, found in other text.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::conda::ChannelName;

use super::PlannedPackage;

/// The output of a dry run. A value of another type than expected counts as missing.
pub(super) struct JsonOutput(Value);

pub(super) enum Search {
    Output(JsonOutput),
    Cut,
    Nothing,
}

const STARTS: usize = 64;

/// Finds the last object that has a key of a dry run: errors come last.
pub(super) fn find(text: &str) -> Search {
    let mut found = Search::Nothing;
    let mut from = 0;
    for _ in 0..STARTS {
        let Some(start) = text[from..].find('{').map(|at| from + at) else { break };
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter();
        match values.next() {
            Some(Ok(object)) => {
                from = start + values.byte_offset().max(1);
                let output = JsonOutput(object);
                if output.is_output() {
                    found = Search::Output(output);
                }
            }
            Some(Err(error)) if error.is_eof() && !matches!(found, Search::Output(_)) => {
                return Search::Cut;
            }
            Some(Err(_)) | None => from = start + 1,
        }
    }
    found
}

impl JsonOutput {
    fn is_output(&self) -> bool {
        self.0["actions"].is_object()
            || self.0["dependencies"].is_array()
            || self.success().is_some()
            || self.is_of_solver()
            || self.0["log_history"].is_array()
            || ["exception_name", "error"].iter().any(|key| self.0[key].is_string())
    }

    pub(super) fn success(&self) -> Option<bool> {
        self.0["success"].as_bool()
    }

    pub(super) fn exception(&self) -> Option<&str> {
        self.0["exception_name"].as_str()
    }

    pub(super) fn words(&self) -> &str {
        self.0["message"].as_str().or(self.0["error"].as_str()).unwrap_or_default()
    }

    /// Whether mamba's solver printed it.
    pub(super) fn is_of_solver(&self) -> bool {
        self.0["solver_problems"].is_array()
    }

    pub(super) fn texts(&self, key: &str) -> impl Iterator<Item = &str> {
        self.0[key].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    pub(super) fn logged_errors(&self) -> impl Iterator<Item = &str> {
        let lines = self.0["log_history"].as_array().into_iter().flatten();
        let is_grave = |line: &&Value| matches!(text(line, "level"), "error" | "critical");
        lines.filter(is_grave).map(|line| text(line, "message"))
    }

    /// The linked packages, with the sizes of their archives; `None` without a plan.
    pub(super) fn planned(&self) -> Option<Vec<PlannedPackage>> {
        let Some(actions) = self.0["actions"].as_object() else {
            let solved = self.0["dependencies"].as_array()?;
            return Some(
                solved.iter().filter_map(|package| solved_package(package.as_str()?)).collect(),
            );
        };
        let rows = |key| actions.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let (fetched, linked) = (rows("FETCH"), rows("LINK"));
        let rows = if linked.is_empty() { fetched } else { linked };
        let fetched: BTreeMap<_, _> = fetched.iter().map(|row| (key(row), row)).collect();
        let package = |row: &Value| {
            let archive = fetched.get(&key(row));
            let (name, version, build) = key(row);
            PlannedPackage {
                name: name.to_owned(),
                version: version.to_owned(),
                build: build.to_owned(),
                channel: channel(row),
                size: archive.and_then(|archive| archive["size"].as_u64()).or(row["size"].as_u64()),
                to_download: Some(archive.is_some()),
            }
        };
        Some(rows.iter().map(package).collect())
    }
}

/// A package as `conda env create` prints it: `conda-forge/linux-64::pytorch==2.13.0=cuda129_mkl_py312_h1_302`.
fn solved_package(text: &str) -> Option<PlannedPackage> {
    let (channel, package) = text.rsplit_once("::")?;
    let (name, rest) = package.split_once("==")?;
    let (version, build) = rest.split_once('=')?;
    let [name, version, build] = [name, version, build].map(str::to_owned);
    let channel = channel.rsplit_once('/').map_or(channel, |(channel, _)| channel);
    let channel = ChannelName::of(channel).name;
    Some(PlannedPackage { name, version, build, channel, size: None, to_download: None })
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_default()
}

fn key(row: &Value) -> (&str, &str, &str) {
    let build = row["build_string"].as_str().filter(|build| !build.is_empty());
    (text(row, "name"), text(row, "version"), build.unwrap_or(text(row, "build")))
}

/// The channel of a package, from its URL if there is one.
fn channel(row: &Value) -> String {
    let url = text(row, "url");
    if url.contains("://") {
        return ChannelName::of_package(url).name;
    }
    let base = text(row, "base_url");
    ChannelName::of(if base.is_empty() { text(row, "channel") } else { base }).name
}
