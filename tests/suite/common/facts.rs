//! A machine as readable lines.

use std::collections::BTreeMap;

use serde_json::Value;

/// A machine's JSON as flat lines: `gpus.0.name` → `NVIDIA H200 by nvml`, `sources.nvml` → `ok: …`.
pub(crate) fn flat(machine: &Value) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    flatten("", machine, &mut facts);
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
