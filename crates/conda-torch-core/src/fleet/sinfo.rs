//! Rows of `sinfo`, and nodes of Slurm's JSON, as what `scontrol show node` prints.

use serde_json::Value;

use super::hosts::expand;

/// Which column of a table of `sinfo` has what.
#[derive(Debug, Clone)]
pub(super) struct Sinfo {
    bar: bool,
    nodes: usize,
    gres: usize,
    features: Option<usize>,
}

/// The headings of a column with names, with generic resources, with features.
const NODES: [&str; 4] = ["NODELIST", "HOSTNAMES", "NODE_ADDR", "NODEHOST"];
const FEATURES: [&str; 3] = ["AVAIL_FEATURES", "ACTIVE_FEATURES", "FEATURES"];

impl Sinfo {
    /// The columns of a table, if this is its header.
    pub(super) fn header(line: &str) -> Option<Self> {
        let bar = line.contains('|');
        let columns = cells(line, bar);
        let find = |names: &[&str]| columns.iter().position(|column| names.contains(column));
        Some(Self { bar, nodes: find(&NODES)?, gres: find(&["GRES"])?, features: find(&FEATURES) })
    }

    /// The names of the nodes in a row, and a description of them.
    pub(super) fn nodes(&self, line: &str) -> Option<(Vec<String>, String)> {
        let cells = cells(line, self.bar);
        let cell = |at: usize| cells.get(at).copied();
        let names = expand(cell(self.nodes)?).ok()?;
        let features = self.features.and_then(cell).unwrap_or_default();
        Some((names, description(cell(self.gres)?, features, "", "")))
    }
}

fn cells(line: &str, bar: bool) -> Vec<&str> {
    if bar { line.split('|').map(str::trim).collect() } else { line.split_whitespace().collect() }
}

/// Slurm names no architecture in a table: the most common one is assumed, as for one machine.
fn description(gres: &str, features: &str, arch: &str, os: &str) -> String {
    let arch = if arch.is_empty() { "x86_64" } else { arch };
    let missing = ["(null)", "N/A", ""];
    let mut text = format!("NodeName=node Arch={arch}");
    if !missing.contains(&features) {
        text.push_str(" AvailableFeatures=");
        text.push_str(features);
    }
    if !missing.contains(&gres) {
        text.push_str("\n   Gres=");
        text.push_str(gres);
    }
    if !os.is_empty() {
        text.push_str("\n   OS=");
        text.push_str(os);
    }
    text
}

/// The names of a block of `scontrol show node`, and what of it decides.
pub(super) fn node_of_block(block: &str) -> (Vec<String>, String) {
    let words = || block.split_whitespace();
    let value = |key: &str| words().find_map(|word| word.strip_prefix(key)).unwrap_or_default();
    let features = ["AvailableFeatures=", "Features=", "ActiveFeatures="];
    let features = features.iter().map(|key| value(key)).find(|it| !it.is_empty());
    // The system's text has blanks.
    let os = block.lines().find_map(|line| line.split_once("OS=Linux ").map(|(_, os)| os));
    let os = os.and_then(|os| os.split(' ').next()).map(|kernel| format!("Linux {kernel}"));
    let (os, features) = (os.unwrap_or_default(), features.unwrap_or_default());
    let names = expand(value("NodeName=")).unwrap_or_default();
    (names, description(value("Gres="), features, value("Arch="), &os))
}

/// A node of `scontrol show nodes --json`, or a row of `sinfo --json`.
pub(super) fn node_of_json(text: &str) -> Option<(Vec<String>, String)> {
    let node: Value = serde_json::from_str(text).ok()?;
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        Value::Object(of) => of.get("total").and_then(Value::as_str).unwrap_or_default().to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    };
    let names = match node["nodes"]["nodes"].as_array() {
        Some(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => vec![node["name"].as_str()?.to_owned()],
    };
    let description = description(
        &word(&node["gres"]),
        &word(&node["features"]),
        &word(&node["architecture"]),
        &word(&node["operating_system"]),
    );
    Some((names, description))
}
