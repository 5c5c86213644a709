//! Configuration files once more, line by line: for who wants to change them. Not on the way to an
//! advice.

use saphyr_parser::{Event, Parser};

use crate::host::Host;
use conda_torch_core::types::{Condarc, CondarcLine, ConfigFile, Machine};

use super::{clients, condarc};
use crate::probe::{Probe, SMALL};

/// Keys that say where packages come from, or hold versions.
const KEYS: [&str; 10] = [
    "channel_alias",
    "channel_priority",
    "channels",
    "custom_channels",
    "custom_multichannels",
    "default_channels",
    "mirrored_channels",
    "override_channels_enabled",
    "pinned_packages",
    "solver",
];

/// Reads the files that are in force, in their order.
#[must_use]
pub fn settings(host: &dyn Host, files: &[ConfigFile]) -> Vec<Condarc> {
    let read = |file: &ConfigFile| {
        let empty = Condarc { path: file.path.clone(), ..Condarc::default() };
        let failed = |problem: String| Condarc { problem: Some(problem), ..empty.clone() };
        match host.read(&file.path, SMALL) {
            Err(failure) => failed(failure.to_string()),
            Ok(bytes) => match std::str::from_utf8(&bytes) {
                Err(_) => failed("not UTF-8".to_owned()),
                Ok(text) => match lines(text) {
                    Err(problem) => failed(problem),
                    Ok(lines) => Condarc { lines, has_comments: comments(text), ..empty },
                },
            },
        }
    };
    files.iter().map(read).collect()
}

/// The same of the files that are in force on a host, of which nothing else is looked at.
#[must_use]
pub fn settings_of(host: &dyn Host) -> Vec<Condarc> {
    let mut probe = Probe::new(host, Machine::default());
    clients::detect(&mut probe);
    condarc::detect(&mut probe);
    settings(host, &probe.machine.config_files)
}

/// Whether a line is a comment, or ends in one.
fn comments(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with('#') || line.contains(" #"))
}

/// The lines of the keys above.
fn lines(text: &str) -> Result<Vec<CondarcLine>, String> {
    let mut lines = Vec::new();
    let mut path: Vec<Level> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| format!("not YAML: {error}"))?;
        match event {
            Event::MappingStart(..) => path.push(Level { key: None, is_list: false }),
            Event::SequenceStart(..) => path.push(Level { key: None, is_list: true }),
            Event::MappingEnd | Event::SequenceEnd => {
                path.pop();
                value_ended(&mut path);
            }
            Event::Alias(_) => value_ended(&mut path),
            Event::Scalar(value, ..) => match path.last_mut() {
                Some(level) if !level.is_list && level.key.is_none() => {
                    level.key = Some(value.into_owned());
                }
                Some(level) => {
                    let is_entry = level.is_list;
                    let key = key(&path);
                    let is_wanted = KEYS.contains(&key.split('.').next().unwrap_or_default())
                        && !matches!(&*value, "" | "~" | "null");
                    if is_wanted {
                        let (line, value) = (span.start.line(), value.into_owned());
                        lines.push(CondarcLine { line, key, value, is_entry });
                    }
                    value_ended(&mut path);
                }
                None if value.is_empty() || &*value == "~" => {}
                None => return Err("not a mapping of keys".to_owned()),
            },
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
    }
    Ok(lines)
}

/// A mapping or a list that is open.
struct Level {
    /// The key whose value comes next.
    key: Option<String>,
    is_list: bool,
}

/// After a value in a mapping the next scalar is a key.
fn value_ended(path: &mut [Level]) {
    if let Some(level) = path.last_mut().filter(|level| !level.is_list) {
        level.key = None;
    }
}

/// The keys from the top, with dots.
fn key(path: &[Level]) -> String {
    let keys: Vec<&str> = path.iter().filter_map(|level| level.key.as_deref()).collect();
    keys.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, String, String)> {
        let lines = lines(text).expect("YAML");
        lines.into_iter().map(|line| (line.line, line.key, line.value)).collect()
    }

    #[test]
    fn every_value_has_its_line() {
        let text = "# mine\nchannels:\n  - pytorch\n  - nvidia # for CUDA\nssl_verify: false\nchannel_priority: strict\ncustom_channels:\n  corp: https://host/\ndefault_channels: [https://repo.anaconda.com/pkgs/main]\n";
        let expected = [
            (3, "channels", "pytorch"),
            (4, "channels", "nvidia"),
            (6, "channel_priority", "strict"),
            (8, "custom_channels.corp", "https://host/"),
            (9, "default_channels", "https://repo.anaconda.com/pkgs/main"),
        ];
        let expected = expected.map(|(line, key, value)| (line, key.to_owned(), value.to_owned()));
        assert_eq!(read(text), expected);
        assert!(comments(text) && !comments("channels: [pytorch]\n"));
    }

    #[test]
    fn what_is_no_mapping_is_told() {
        for text in ["channels: [a, b", "just words", "a: b: c"] {
            assert!(lines(text).is_err(), "{text}");
        }
        assert_eq!(read(""), []);
        assert_eq!(read("channels:\n"), []);
    }
}
