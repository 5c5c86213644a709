//! Recorded raw answers → `Machine`. A host is a folder: `host.json` tells its story and what it
//! answers, `expected.txt` is written by hand and says what must be found, what must be absent, and
//! what must be unknown and why.
#![expect(clippy::disallowed_methods, reason = "tests read fixtures and run the program")]

use std::collections::BTreeMap;

use conda_torch::host::RecordedHost;
use conda_torch::model::Machine;
use conda_torch::probe::{Overrides, probe, read_machine};
use serde_json::Value;

fn folder() -> String {
    format!("{}/tests/hosts", env!("CARGO_MANIFEST_DIR"))
}

fn hosts() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("hosts");
    let name =
        |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
    let mut names: Vec<String> = entries.filter_map(name).collect();
    names.sort_unstable();
    assert!(names.len() >= 22, "{names:?}");
    names
}

fn read(host: &str, file: &str) -> String {
    let path = format!("{}/{host}/{file}", folder());
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn machine(name: &str) -> Machine {
    let host: RecordedHost = read(name, "host.json").parse().expect("a recorded host");
    probe(&host, &Overrides::default())
}

/// A machine as flat lines: `gpus.0.name` → `NVIDIA H200 by nvml`, `sources.nvml` → `ok: …`.
fn flat(machine: &Machine) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    flatten("", &serde_json::to_value(machine).expect("JSON"), &mut facts);
    facts
}

fn flatten(key: &str, value: &Value, facts: &mut BTreeMap<String, String>) {
    let below = |name: &str| {
        if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") }
    };
    match value {
        Value::Object(map) if map.contains_key("status") => {
            facts.insert(key.to_owned(), fact(value));
        }
        Value::Object(map) if map.contains_key("outcome") => {
            let text = |key: &str| value[key].as_str().expect("a text").to_owned();
            let line = format!("{}: {}", text("outcome"), text("detail"));
            facts.insert(format!("sources.{}", text("source")), line);
        }
        Value::Object(map) => {
            map.iter().for_each(|(name, value)| flatten(&below(name), value, facts));
        }
        Value::Array(items) if key != "sources" && items.iter().all(Value::is_string) => {
            facts.insert(key.to_owned(), value.to_string());
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&below(&index.to_string()), item, facts);
            }
        }
        Value::String(text) => {
            facts.insert(key.to_owned(), text.clone());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            facts.insert(key.to_owned(), value.to_string());
        }
    }
}

fn fact(detected: &Value) -> String {
    let text = |key: &str| {
        let value = &detected[key];
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    match detected["status"].as_str() {
        Some("found") => format!("{} by {}", text("value"), text("origin")),
        Some("unknown") => format!("unknown: {}", text("why")),
        _ => text("status"),
    }
}

/// What is not as the table says. In a table `…` stands for whatever follows.
fn differences(name: &str) -> Vec<String> {
    let facts = flat(&machine(name));
    let mut wrong = Vec::new();
    for line in read(name, "expected.txt").lines() {
        let (key, expected) = line.split_once(" = ").expect("key = fact");
        let is = facts.get(key).map_or("nothing", String::as_str);
        let fits = match expected.strip_suffix('…') {
            Some(start) => is.starts_with(start),
            None => is == expected,
        };
        if !fits {
            wrong.push(format!("{name}: {key}\n    is       {is}\n    expected {expected}"));
        }
    }
    wrong
}

#[test]
fn every_recorded_host_gives_the_machine_that_was_written_down_for_it() {
    let wrong: Vec<String> = hosts().iter().flat_map(|name| differences(name)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_recorded_host_survives_saving_and_reading_back() {
    for name in hosts() {
        let machine = machine(&name);
        let text = serde_json::json!({ "format_version": 1, "machine": machine }).to_string();
        assert_eq!(read_machine(&text, None).expect("a machine"), machine, "{name}");
    }
}

#[test]
fn every_recorded_host_is_readable_at_80_columns() {
    for name in hosts() {
        let text = conda_torch::render::machine(&machine(&name));
        // A path or a word that is longer than a line stays whole.
        let is_long = |line: &&str| line.chars().count() > 80 && line.trim().contains("  ");
        assert_eq!(text.lines().find(is_long), None, "{name}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{name}");
    }
}
