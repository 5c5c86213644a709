//! Machines of recorded hosts. Each host is a folder: `host.json` has a description and the raw replies, and
//! `expected.txt`, written by hand, the facts that must be found, absent, or unknown with the reason.

use crate::common::facts;
use conda_torch_core::import::read_machine;
use conda_torch_core::types::Machine;
use conda_torch_probe::host::RecordedHost;
use conda_torch_probe::{Overrides, probe};

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

/// The differences from the expected facts, in which `…` matches any rest.
fn differences(name: &str) -> Vec<String> {
    let facts = facts::flat(&serde_json::to_value(machine(name)).expect("JSON"));
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
fn every_recorded_host_gives_its_expected_machine() {
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
        let text = conda_torch::text::machine(&machine(&name));
        // A path or word longer than a line is not broken.
        let is_long = |line: &&str| line.chars().count() > 80 && line.trim().contains("  ");
        assert_eq!(text.lines().find(is_long), None, "{name}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{name}");
    }
}
