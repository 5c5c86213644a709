//! Machines and advice from the output of other programs. Each case is a folder with `document.txt`,
//! `.json`, `.xml` or `.csv`, and `expected.txt`, written by hand.
//!
//! A line of `expected.txt` is `key = value`. In a value, `…` matches any rest, and `by document` matches
//! `by document:FORMAT`. The keys:
//!
//! - `format`: the recognized format;
//! - `arguments`: flags for lists of machines (`--platform linux-aarch64`);
//! - `advice.arguments`: flags of `advise` only;
//! - `advice.status`, `advice.specs`, `advice.codes` (these must be among the diagnostics),
//!   `advice.not-codes` (these must not), `advice.install` (the command for bash);
//! - `error`: the error if the document is refused;
//! - any other key: a fact in `probe --json`; `nothing` if it is missing.

use std::process::Command;

use crate::common::UP_TO;
use crate::common::facts;
use conda_torch_core::import::{read_machine, text_of};
use conda_torch_core::types::{Detected, Machine};
use serde_json::Value;

fn folder() -> String {
    format!("{}/tests/documents", env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("documents");
    let name =
        |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
    let mut names: Vec<String> = entries.filter_map(name).collect();
    names.sort_unstable();
    names
}

fn path(name: &str) -> String {
    let file = |ending: &str| format!("{}/{name}/document.{ending}", folder());
    let mut files = ["txt", "json", "xml", "csv"].into_iter().map(file);
    files.find(|path| std::fs::exists(path).is_ok_and(|is_there| is_there)).expect("a document")
}

/// The expected keys and values of a document.
fn expected(name: &str) -> Vec<(String, String)> {
    let path = format!("{}/{name}/expected.txt", folder());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let pair = |line: &str| {
        let (key, value) = line.split_once(" = ").unwrap_or_else(|| panic!("{path}: {line}"));
        (key.to_owned(), value.to_owned())
    };
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(pair).collect()
}

fn arguments(name: &str, key: &str) -> Vec<String> {
    let expected = expected(name);
    let given = expected.iter().find(|(other, _)| other == key).map(|(_, value)| value.clone());
    given.iter().flat_map(|text| text.split(' ')).map(str::to_owned).collect()
}

/// Runs the program with a document and an empty environment: exit code and stdout.
fn run(name: &str, subcommand: &str, more: &[&str]) -> (Option<i32>, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_conda-torch"))
        .env_clear()
        .env(UP_TO.0, UP_TO.1)
        .args([subcommand, "--machine", &path(name)])
        .args(arguments(name, "arguments"))
        .args(more)
        .output()
        .expect("the program runs");
    (ran.status.code(), String::from_utf8(ran.stdout).expect("UTF-8"))
}

fn json(name: &str) -> Value {
    let more = arguments(name, "advice.arguments");
    let more: Vec<&str> = more.iter().map(String::as_str).chain(["--json"]).collect();
    let (_, stdout) = run(name, "advise", &more);
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{name}: {error}: {stdout}"))
}

fn words(values: &Value, of: impl Fn(&Value) -> &Value) -> String {
    let texts = values.as_array().into_iter().flatten().filter_map(|value| of(value).as_str());
    texts.collect::<Vec<_>>().join(" ")
}

/// Whether a value matches the expected one.
fn fits(is: &str, expected: &str, format: &str) -> bool {
    let expected = match expected.strip_suffix(" by document") {
        Some(value) => format!("{value} by document:{format}"),
        None => expected.to_owned(),
    };
    expected.strip_suffix('…').map_or(is == expected, |start| is.starts_with(start))
}

/// The differences from the expected values.
fn differences(name: &str) -> Vec<String> {
    let answer = json(name);
    let facts = facts::flat(&answer["machine"]);
    let text = |value: &Value| value.as_str().unwrap_or("nothing").to_owned();
    let format = text(&answer["machine"]["document"]);
    let codes = words(&answer["diagnostics"], |diagnostic| &diagnostic["code"]);
    let reasons = words(&answer["recommendation"]["reasons"], |reason| &reason["code"]);
    let has = |code: &str| codes.split(' ').chain(reasons.split(' ')).any(|word| word == code);
    let command = answer["commands"].as_array().and_then(|commands| {
        commands.iter().find(|command| command["step"] == "install").map(|c| text(&c["posix"]))
    });
    let mut wrong = Vec::new();
    for (key, expected) in expected(name) {
        let (is, good) = match key.as_str() {
            "arguments" | "advice.arguments" => continue,
            "format" => (format.clone(), format == expected),
            "advice.status" => (text(&answer["status"]), answer["status"] == *expected),
            "advice.codes" => (format!("{codes} {reasons}"), expected.split(' ').all(has)),
            "advice.not-codes" => (format!("{codes} {reasons}"), !expected.split(' ').any(has)),
            "advice.specs" => {
                let specs = words(&answer["recommendation"]["specs"], |spec| spec);
                (specs.clone(), specs == expected)
            }
            "advice.install" => {
                let is = command.clone().unwrap_or_default();
                (is.clone(), fits(&is, &expected, &format))
            }
            "error" => {
                let is = text(&answer["error"]["message"]);
                (is.clone(), is.contains(&expected))
            }
            key => {
                let is = facts.get(key).map_or("nothing", String::as_str);
                (is.to_owned(), fits(is, &expected, &format))
            }
        };
        if !good {
            wrong.push(format!("{name}: {key}\n    is       {is}\n    expected {expected}"));
        }
    }
    wrong
}

#[test]
fn every_document_gives_its_expected_machine_and_advice() {
    let wrong: Vec<String> = documents().iter().flat_map(|name| differences(name)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_document_has_an_expected_format_or_error() {
    for name in documents() {
        let says = |key: &str| expected(&name).iter().any(|(said, _)| said == key);
        assert!(says("error") || says("format") && says("advice.status"), "{name}");
    }
}

#[test]
fn every_document_is_readable_at_80_columns() {
    for name in documents() {
        for subcommand in ["advise", "probe"] {
            let (code, text) = run(&name, subcommand, &[]);
            let refused = expected(&name).iter().any(|(key, _)| key == "error");
            assert_eq!(refused, !matches!(code, Some(0 | 3)), "{name}: {code:?} {text}");
            // A path or word longer than a line is not broken.
            let is_long = |line: &&str| line.chars().count() > 80 && line.trim().contains("  ");
            assert_eq!(text.lines().find(is_long), None, "{name}");
            assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{name}");
        }
    }
}

/// A document's text and its machine; `None` if it is refused.
fn read(name: &str) -> Option<(String, Machine)> {
    let bytes = std::fs::read(path(name)).expect("a document");
    let text = text_of(&bytes).into_owned();
    let machine = read_machine(&text, None).ok()?;
    Some((text, machine))
}

#[test]
fn artifacts_of_copying_are_ignored() {
    for name in documents() {
        let Some((text, machine)) = read(&name) else { continue };
        let lines = || text.lines().map(|line| line.trim_end_matches('\r'));
        let each = |add: &dyn Fn(&str) -> String| lines().map(add).collect::<String>();
        let copies = [
            each(&|line| format!("{line}\r\n")),
            each(&|line| format!("> {line}\n")),
            each(&|line| format!("> > {line}\r\n")),
            each(&|line| format!("    {line}\n")),
            each(&|line| format!("\x1b[0;32m{line}\x1b[0m\n")),
            format!("Here it is:\n\n```\n(base) ada@pc:~$ the command\n{text}\n```\n\nThanks!\n"),
            format!("{text}\n(base) ada@pc:~$ \n"),
        ];
        for copy in copies {
            let again = read_machine(&copy, None).unwrap_or_else(|e| panic!("{name}: {e}: {copy}"));
            assert_eq!(again, machine, "{name}: {copy}");
        }
    }
}

#[test]
fn a_truncated_document_only_reports_less() {
    for name in documents() {
        let Some((text, whole)) = read(&name) else { continue };
        for part in 1..50 {
            let cut = text.floor_char_boundary(text.len() * part / 50);
            let _ = read_machine(&text[..cut], None);
            // A truncated number is another number, so whole lines are cut off.
            let (before, _) = text[..cut].rsplit_once('\n').unwrap_or_default();
            let Ok(machine) = read_machine(before, None) else { continue };
            let (is, was) = (&machine.driver_cuda, &whole.driver_cuda);
            let is_open = matches!(is, Detected::Unknown { .. });
            // A list of devices may end before the NVIDIA one.
            let has_others = machine.gpus.is_empty() && !machine.adapters.is_empty();
            assert!(is_open || is == was || has_others, "{name}: {before}");
            let (is, was) = (&machine.glibc, &whole.glibc);
            let is_open = matches!(is, Detected::Unknown { .. });
            // Another format may be recognized in the rest, which reports the same.
            let is_same = is == was || is.is_found() && is.value() == was.value();
            assert!(is_open || is_same, "{name}: {before}");
        }
    }
}

#[test]
fn every_document_survives_saving_and_reading_back() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    for name in documents() {
        let answer = json(&name);
        if answer["status"] == "error" {
            continue;
        }
        let saved = format!("{folder}/document-{name}.json");
        std::fs::write(&saved, answer.to_string()).expect("a file");
        let ran = Command::new(env!("CARGO_BIN_EXE_conda-torch"))
            .env_clear()
            .env(UP_TO.0, UP_TO.1)
            .args(["advise", "--json", "--machine", &saved])
            .args(arguments(&name, "advice.arguments"))
            .output()
            .expect("the program runs");
        let again: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
        for key in ["machine", "status", "recommendation", "commands"] {
            assert_eq!(again[key], answer[key], "{name}: {key}");
        }
    }
}
