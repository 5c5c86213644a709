//! Fields of a document: the keys of JSON, or `label : value` lines of text with further values on the lines below.

use serde_json::Value;

/// The most values of a key or label: environments, configuration files or virtual packages.
const MOST_VALUES: usize = 10_000;

/// Keys, or labels in lower case, with their values, in order.
#[derive(Debug, Default)]
pub(super) struct Fields {
    entries: Vec<(String, Vec<String>)>,
    /// A text may be cut off after its last entry.
    is_text: bool,
}

impl Fields {
    /// Reads every line with a label, and the lines without one below it.
    pub(super) fn of_text(text: &str) -> Self {
        let mut entries: Vec<(String, Vec<String>)> = Vec::new();
        let mut is_open = false;
        for line in text.lines() {
            let trimmed = line.trim();
            if let Some((label, value)) = label_and_value(trimmed) {
                let value = (!value.is_empty()).then(|| value.to_owned());
                entries.push((label, value.into_iter().collect()));
                is_open = true;
                continue;
            }
            // pixi writes `: value`, and indentation gets lost.
            let value = trimmed.strip_prefix(": ").unwrap_or(trimmed);
            let belongs = line.starts_with([' ', '\t', ':']) || value.starts_with("__");
            is_open &= belongs && !value.is_empty();
            if let Some((_, values)) = entries.last_mut().filter(|_| is_open)
                && values.len() < MOST_VALUES
            {
                values.push(value.to_owned());
            }
        }
        Self { entries, is_text: true }
    }

    /// Reads the texts of a JSON object, and those of inner objects as `KEY.NAME`.
    pub(super) fn of_json(value: &Value) -> Self {
        let mut entries = Vec::new();
        for (key, value) in value.as_object().into_iter().flatten() {
            match value {
                Value::String(text) => entries.push((key.clone(), vec![text.clone()])),
                Value::Array(items) => {
                    let values = items.iter().filter_map(item).take(MOST_VALUES);
                    entries.push((key.clone(), values.collect()));
                }
                // An empty list of mamba before 2.9.
                Value::Null => entries.push((key.clone(), Vec::new())),
                Value::Object(inner) => entries.extend(inner.iter().filter_map(|(name, value)| {
                    Some((format!("{key}.{name}"), vec![value.as_str()?.to_owned()]))
                })),
                Value::Bool(_) | Value::Number(_) => {}
            }
        }
        Self { entries, is_text: false }
    }

    pub(super) fn all(&self, label: &str) -> Option<&[String]> {
        let found = self.entries.iter().find(|(other, _)| other == label);
        found.map(|(_, values)| values.as_slice())
    }

    pub(super) fn first(&self, label: &str) -> Option<&str> {
        self.all(label)?.first().map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn first_of(&self, labels: &[&str]) -> Option<&str> {
        labels.iter().find_map(|label| self.first(label))
    }

    pub(super) fn has(&self, label: &str) -> bool {
        self.all(label).is_some()
    }

    /// Whether values of a label may be missing, because the text ends after it.
    pub(super) fn may_be_cut_off(&self, label: &str) -> bool {
        let place = self.entries.iter().position(|(other, _)| other == label);
        self.is_text && place.is_some_and(|place| place + 1 == self.entries.len())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries
            .iter()
            .map(|(label, values)| (label.as_str(), values.first().map_or("", String::as_str)))
    }
}

/// The text of an item: a virtual package is `"__cuda=12.4=0"`, `["__cuda", "12.4", "0"]` (conda), `["__cuda", "12.4"]`
/// (conda 4.8), or an object.
fn item(value: &Value) -> Option<String> {
    let parts: Vec<&str> = match value {
        Value::String(text) => return Some(text.clone()),
        Value::Array(parts) => parts.iter().filter_map(Value::as_str).collect(),
        Value::Object(keys) => {
            ["name", "version", "build"].iter().filter_map(|key| keys.get(*key)?.as_str()).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => return None,
    };
    Some(parts.join("="))
}

/// The label in lower case, and the value: `conda version : 24.1.0`, `Pixi version: 0.77.0`.
fn label_and_value(line: &str) -> Option<(String, &str)> {
    let (label, value) =
        line.split_once(": ").or_else(|| line.strip_suffix(':').map(|label| (label, "")))?;
    let label = label.trim_end();
    let is_label = label.len() <= 30
        && label.starts_with(|c: char| c.is_ascii_alphabetic())
        && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.'));
    is_label.then(|| (label.to_ascii_lowercase(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_continues_on_lines_without_a_label() {
        let text = "\n  virtual packages : __cuda=12.4=0\n                     __unix=0=0\n   platform : linux-64\n";
        let fields = Fields::of_text(text);
        assert_eq!(
            fields.all("virtual packages").expect("packages"),
            ["__cuda=12.4=0", "__unix=0=0"]
        );
        assert_eq!(fields.first("platform"), Some("linux-64"));
        assert!(!fields.has("unix"));
    }

    #[test]
    fn lines_of_pixi_and_lost_indentation_are_read() {
        let pixi = "Virtual packages: __unix=0=0\n                : __glibc=2.35=0\n";
        let fields = Fields::of_text(pixi);
        assert_eq!(fields.all("virtual packages").expect("two"), ["__unix=0=0", "__glibc=2.35=0"]);
        let flat = "virtual packages : __cuda=12.4=0\n__unix=0=0\nbase environment : /opt/conda\n";
        assert_eq!(Fields::of_text(flat).all("virtual packages").map(<[_]>::len), Some(2));
    }

    #[test]
    fn an_empty_line_ends_a_list() {
        let text = "populated config files : \n\n   /not/a/file\nuser config file :\n   C:\\rc\n";
        let fields = Fields::of_text(text);
        assert_eq!(fields.all("populated config files"), Some(&[][..]));
        assert_eq!(fields.first("user config file"), Some("C:\\rc"));
    }

    #[test]
    fn urls_and_paths_are_not_labels() {
        let text = "channel URLs : https://a/linux-64\n   https://b/noarch\n   C:\\Users\\a: b\n";
        assert_eq!(Fields::of_text(text).all("channel urls").map(<[_]>::len), Some(3));
    }

    #[test]
    fn a_package_in_json_is_read_in_the_form_of_each_client() {
        for item in [
            r#"["__cuda", "12.4", "0"]"#,
            r#""__cuda=12.4=0""#,
            r#"{"name": "__cuda", "version": "12.4", "build": "0"}"#,
        ] {
            let text = format!(r#"{{"virtual_pkgs": [{item}, 7, null]}}"#);
            let fields = Fields::of_json(&serde_json::from_str(&text).expect("JSON"));
            assert_eq!(fields.all("virtual_pkgs").expect("a list"), ["__cuda=12.4=0"], "{item}");
        }
        let other = r#"{"a": null, "env_vars": {"CONDA_EXE": "/x"}, "b": 7}"#;
        let fields = Fields::of_json(&serde_json::from_str(other).expect("JSON"));
        assert_eq!(fields.first("env_vars.CONDA_EXE"), Some("/x"));
        assert!(fields.has("a") && fields.first("a").is_none() && !fields.has("b"));
    }
}
