//! What real parsers read in a file before and after its migration: what was not asked to change is the same.

use std::collections::BTreeMap;

use conda_torch_core::migrate::files::{FileFormat, FileMigration};

/// A text by the path of its value. Items of lists have the path of the list.
type Values = Vec<(String, String)>;

/// The last keys of paths with channels or packages, which a migration may change.
const CHANGED: [&str; 7] = [
    "channels",
    "dependencies",
    "packages",
    "host-dependencies",
    "build-dependencies",
    "channel",
    "system-requirements",
];

/// Compares the values of a file before and after.
///
/// # Panics
/// If the new text cannot be read, or has other values than planned.
pub fn compare(old: &str, migration: &FileMigration) {
    let read = match migration.format {
        FileFormat::EnvironmentYml | FileFormat::Condarc => yaml,
        FileFormat::PixiToml => toml,
        FileFormat::Commands | FileFormat::SpecList => return,
    };
    // The other parser may refuse what ours reads, such as a key that is there twice.
    let Some(before) = read(old) else { return };
    let new = &migration.text;
    let after = read(new).unwrap_or_else(|| panic!("cannot be read any more:\n{old}\n---\n{new}"));
    let (old_values, new_values) = (counts(&before), counts(&after));
    // An alias elsewhere follows the line that its anchor is on.
    let has_anchor = old.contains('&');
    let planned = |text: &str| {
        let is_in = |other: &String| other.contains(text) || text.contains(other.as_str());
        migration.changes.iter().any(|change| is_in(&change.before) || change.after.iter().any(is_in))
    };
    for ((path, value), count) in &old_values {
        let kept = new_values.get(&(path, value)).unwrap_or(&0);
        let may_change = path.split('\u{1}').any(|key| CHANGED.contains(&key));
        let is_planned = planned(value) || path.split('\u{1}').any(&planned);
        assert!(
            kept == count || (may_change || has_anchor) && is_planned,
            "{path:?} = {value:?} was {count} times, is {kept} times:\n{old}\n---\n{new}"
        );
    }
    for ((path, value), count) in &new_values {
        let before = old_values.get(&(path, value)).unwrap_or(&0);
        let may_change = path.split('\u{1}').any(|key| CHANGED.contains(&key));
        assert!(
            before == count || may_change || has_anchor && planned(value),
            "{path:?} = {value:?} was {before} times, is {count} times:\n{old}\n---\n{new}"
        );
    }
}

/// How often each value is there.
fn counts(values: &Values) -> BTreeMap<(&String, &String), usize> {
    let mut counts = BTreeMap::new();
    for (path, value) in values {
        *counts.entry((path, value)).or_default() += 1;
    }
    counts
}

fn yaml(text: &str) -> Option<Values> {
    fn add(path: &str, value: &serde_yaml_ng::Value, values: &mut Values) {
        use serde_yaml_ng::Value;
        match value {
            Value::Mapping(entries) => {
                for (key, value) in entries {
                    let key = serde_yaml_ng::to_string(key).unwrap_or_default();
                    add(&format!("{path}\u{1}{}", key.trim()), value, values);
                }
            }
            Value::Sequence(items) => items.iter().for_each(|item| add(path, item, values)),
            Value::Tagged(tagged) => add(path, &tagged.value, values),
            Value::String(text) => values.push((path.to_owned(), text.clone())),
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                values.push((path.to_owned(), format!("{value:?}")));
            }
        }
    }
    let mut values = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    add("", &serde_yaml_ng::from_str(text).ok()?, &mut values);
    Some(values)
}

fn toml(text: &str) -> Option<Values> {
    fn add(path: &str, value: &toml::Value, values: &mut Values) {
        match value {
            toml::Value::Table(entries) => {
                for (key, value) in entries {
                    add(&format!("{path}\u{1}{key}"), value, values);
                }
            }
            toml::Value::Array(items) => items.iter().for_each(|item| add(path, item, values)),
            value => values.push((path.to_owned(), value.to_string())),
        }
    }
    let mut values = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    add("", &toml::Value::Table(text.parse().ok()?), &mut values);
    Some(values)
}

/// The text that a difference makes of another, as `patch` reads it.
///
/// # Panics
/// If the difference does not fit the text.
pub fn patched(old: &str, diff: &str) -> String {
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let mut new = String::new();
    let mut at = 0;
    let mut diff = diff.split_inclusive('\n').skip(2).peekable();
    while let Some(head) = diff.next() {
        let range = head.strip_prefix("@@ -").and_then(|rest| rest.split(' ').next());
        let (start, count) = range.map(|it| it.split_once(',').unwrap_or((it, "1"))).expect(head);
        let (start, count): (usize, usize) =
            (start.parse().expect(head), count.parse().expect(head));
        let start = if count == 0 { start } else { start - 1 };
        new.extend(lines[at..start].iter().copied());
        at = start;
        while let Some(line) = diff.next_if(|line| !line.starts_with("@@ ")) {
            let is_cut = diff.next_if(|next| next.starts_with("\\ No newline")).is_some();
            let text = if is_cut { line[1..].trim_end_matches('\n') } else { &line[1..] };
            if line.starts_with([' ', '-']) {
                assert_eq!(lines.get(at), Some(&text), "{diff:?}", diff = line);
                at += 1;
            }
            if line.starts_with([' ', '+']) {
                new.push_str(text);
            }
        }
        assert_eq!(at, start + count);
    }
    new.extend(lines[at..].iter().copied());
    new
}
