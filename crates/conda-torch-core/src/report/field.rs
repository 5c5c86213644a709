//! One value of a document as plain text, for scripts without a reader of JSON: `recommendation.pytorch`.

use serde_json::{Map, Value};

use crate::commands::shell::in_order;
use crate::types::Shell;

/// Why a document has no such value: a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoField(String);

/// A value of a document by its path: keys and positions, with dots between them. A key of a list is that of each of
/// its elements. `_` and `-` are the same.
///
/// The text has one line for each element of a list, and none for null. A fact about a machine is its value. Objects
/// are JSON. `command` are the required commands, as lines for the shell; `recommended` is `recommendation`.
///
/// # Errors
///
/// If the document has no such key, or if the shell cannot express a command.
pub fn field(document: &str, path: &str, shell: Shell) -> Result<String, NoField> {
    let document: Value =
        serde_json::from_str(document).map_err(|error| NoField(error.to_string()))?;
    if path == "command" {
        return command(&document, shell);
    }
    let mut values = vec![&document];
    for (at, key) in path.split('.').enumerate() {
        let key = if at == 0 && key == "recommended" { "recommendation" } else { key };
        let mut next = Vec::new();
        for value in values {
            step(value, key, &mut next)?;
        }
        values = next;
    }
    let mut lines = String::new();
    for value in values {
        write(value, &mut lines);
    }
    Ok(lines)
}

fn step<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v Value>) -> Result<(), NoField> {
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => match key.parse::<usize>() {
            Ok(at) => {
                found.extend(items.get(at));
                Ok(())
            }
            Err(_) => items.iter().try_for_each(|item| step(item, key, found)),
        },
        Value::Object(fields) => {
            let named =
                |(name, _): &(&String, &Value)| name.replace('_', "-") == key.replace('_', "-");
            let (_, value) = fields.iter().find(named).ok_or_else(|| unknown(key, fields))?;
            found.push(value);
            Ok(())
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Err(NoField(format!("no field `{key}`: the value before it has no fields")))
        }
    }
}

fn unknown(key: &str, fields: &Map<String, Value>) -> NoField {
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    NoField(format!("no field `{key}`\nhint: fields here: {}", names.join(", ")))
}

fn write(value: &Value, lines: &mut String) {
    match value {
        Value::Null => return,
        Value::String(text) => lines.push_str(text),
        Value::Array(items) => return items.iter().for_each(|item| write(item, lines)),
        Value::Object(fields) => {
            match fields.get("value").filter(|_| fields.contains_key("origin")) {
                Some(fact) => return write(fact, lines),
                None => lines.push_str(&value.to_string()),
            }
        }
        Value::Bool(_) | Value::Number(_) => lines.push_str(&value.to_string()),
    }
    lines.push('\n');
}

/// The required commands: of the answer, of a migration's new environment, or of each checked environment.
fn command(document: &Value, shell: Shell) -> Result<String, NoField> {
    let mut lists = Vec::new();
    let new = if document["way"] == "in-place" { "in_place.commands" } else { "new.commands" };
    for path in ["commands", new, "settings.commands", "environments.commands"] {
        let mut values = vec![document];
        for key in path.split('.') {
            let mut next = Vec::new();
            let known = values.into_iter().try_for_each(|value| step(value, key, &mut next));
            values = if known.is_ok() { next } else { Vec::new() };
        }
        lists.extend(values);
    }
    if lists.is_empty() && document["status"].is_null() {
        return Err(NoField("no field `command`: this answer has no commands".to_owned()));
    }
    let mut lines: Vec<Vec<String>> = Vec::new();
    let name = shell.as_str();
    for command in lists.into_iter().filter_map(Value::as_array).flatten() {
        if command["optional"] == Value::Bool(true) {
            continue;
        }
        let Some(line) = command[name].as_str() else {
            return Err(NoField(format!("{name} cannot express the command")));
        };
        lines.push(vec![line.to_owned()]);
    }
    // In place, a command after one that failed would do harm.
    let lines =
        if document["way"] == "in-place" { in_order(&lines, shell) } else { lines.concat() };
    Ok(lines.iter().fold(String::new(), |text, line| text + line + "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{
        "status": "ok",
        "exit_code": 0,
        "machine": {"glibc": {"status": "found", "value": "2.35", "origin": "ldd", "why": null}},
        "recommendation": {"pytorch": "2.13.0", "cuda_version": null, "specs": ["a", "b"]},
        "verify": null,
        "diagnostics": [{"code": "one", "gpu": 0}, {"code": "two", "gpu": null}],
        "commands": [
            {"optional": true, "posix": "conda config", "cmd": "conda config"},
            {"optional": false, "posix": "conda create", "cmd": null}
        ]
    }"#;

    fn of(path: &str) -> Result<String, String> {
        field(DOCUMENT, path, Shell::Posix).map_err(|NoField(why)| why)
    }

    #[test]
    fn a_value_is_plain_text() {
        assert_eq!(of("recommended.pytorch").as_deref(), Ok("2.13.0\n"));
        assert_eq!(of("recommendation.pytorch").as_deref(), Ok("2.13.0\n"));
        assert_eq!(of("exit-code").as_deref(), Ok("0\n"));
        assert_eq!(of("machine.glibc").as_deref(), Ok("2.35\n"));
        assert_eq!(of("machine.glibc.origin").as_deref(), Ok("ldd\n"));
    }

    #[test]
    fn a_list_has_a_line_for_each_element() {
        assert_eq!(of("recommendation.specs").as_deref(), Ok("a\nb\n"));
        assert_eq!(of("diagnostics.code").as_deref(), Ok("one\ntwo\n"));
        assert_eq!(of("diagnostics.1.code").as_deref(), Ok("two\n"));
        assert_eq!(of("diagnostics.0").as_deref(), Ok("{\"code\":\"one\",\"gpu\":0}\n"));
    }

    #[test]
    fn null_and_what_is_in_it_is_nothing() {
        assert_eq!(of("recommendation.cuda_version").as_deref(), Ok(""));
        assert_eq!(of("verify.status").as_deref(), Ok(""));
        assert_eq!(of("diagnostics.7.code").as_deref(), Ok(""));
    }

    #[test]
    fn command_is_what_must_be_run() {
        assert_eq!(of("command").as_deref(), Ok("conda create\n"));
        let refused = field(DOCUMENT, "command", Shell::Cmd);
        assert_eq!(refused, Err(NoField("cmd cannot express the command".to_owned())));
    }

    #[test]
    fn an_unknown_field_is_an_error_that_names_the_fields() {
        let why = "no field `torch`\nhint: fields here: cuda_version, pytorch, specs";
        assert_eq!(of("recommendation.torch"), Err(why.to_owned()));
        let why = "no field `x`: the value before it has no fields";
        assert_eq!(of("exit_code.x"), Err(why.to_owned()));
    }
}
