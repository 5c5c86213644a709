//! Stands in until the readers are there.

use serde_json::Value;

use crate::advise::Choice;
use crate::model::ClientKind;

use super::dry_run::{DryRun, Planned};

/// Reads what a client of conda's form says.
#[must_use]
pub fn read(_client: ClientKind, code: i32, stdout: &str, stderr: &str) -> DryRun {
    let Ok(document) = serde_json::from_str::<Value>(stdout) else {
        return DryRun::Unreadable(stderr.chars().take(200).collect());
    };
    if code != 0 {
        let words = document["message"].as_str().map(str::to_owned);
        let problems = document["solver_problems"].as_array();
        let problems = problems.map(|all| all.iter().filter_map(Value::as_str).collect::<Vec<_>>());
        return match problems {
            Some(problems) => DryRun::Unsolvable(problems.join("\n")),
            None => DryRun::Failed(words.unwrap_or_default()),
        };
    }
    let rows = |key: &str| document["actions"][key].as_array().cloned().unwrap_or_default();
    let (fetched, linked) = (rows("FETCH"), rows("LINK"));
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let planned = linked.iter().map(|row| {
        let fetch = fetched.iter().find(|fetch| fetch["name"] == row["name"]);
        let build = text(row, "build_string");
        Planned {
            name: text(row, "name"),
            version: text(row, "version"),
            build: if build.is_empty() { text(row, "build") } else { build },
            channel: text(row, "channel"),
            size: fetch.and_then(|fetch| fetch["size"].as_u64()),
            to_download: Some(fetch.is_some()),
        }
    });
    DryRun::Would(planned.collect())
}

/// What is otherwise than the advice says: `what`, `promised`, `found`.
#[must_use]
pub fn differences(choice: &Choice<'_>, planned: &[Planned]) -> Vec<(String, String, String)> {
    let promised = format!("{} {}", choice.build.pytorch, choice.build.build_prefix());
    match planned.iter().find(|one| one.name == "pytorch") {
        Some(one)
            if one.version == choice.build.pytorch.to_string()
                && one.build.starts_with(&choice.build.build_prefix()) =>
        {
            Vec::new()
        }
        Some(one) => {
            vec![("pytorch".to_owned(), promised, format!("{} {}", one.version, one.build))]
        }
        None => vec![("pytorch".to_owned(), promised, "not there".to_owned())],
    }
}
