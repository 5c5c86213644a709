//! The answer as JSON.

use conda_torch_core::commands::TargetEnvironment;
use conda_torch_core::report;
use conda_torch_core::resolve::{Request, RequestedAccelerator};
use conda_torch_core::types::Companion;
use serde_json::Value;

use crate::common::machine_names;
use crate::render::case::{Case, json};

/// The errors of a value by a schema, with the keywords that our schemas use.
fn faults(value: &Value, schema: &Value, root: &Value, path: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        return faults(value, root.pointer(pointer).expect("it is there"), root, path);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let all: Vec<_> = any.iter().map(|one| faults(value, one, root, path)).collect();
        return if all.iter().any(Vec::is_empty) { Vec::new() } else { all.concat() };
    }
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{path}: the schema says `{other}`"),
    };
    let several = schema["type"].as_array().into_iter().flatten();
    let kinds: Vec<&str> = several.chain([&schema["type"]]).filter_map(Value::as_str).collect();
    let mut found = Vec::new();
    if !kinds.is_empty() && !kinds.iter().any(|kind| is(kind)) {
        found.push(format!("{path}: {value} is not {kinds:?}"));
    }
    for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.is_object() && value.get(key).is_none() {
            found.push(format!("{path}: no `{key}`"));
        }
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        let known = schema["properties"].get(key).or(schema.get("additionalProperties"));
        match known {
            Some(schema) => found.extend(faults(value, schema, root, &format!("{path}/{key}"))),
            None => found.push(format!("{path}: `{key}` is not in the schema")),
        }
    }
    for (at, value) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(faults(value, &schema["items"], root, &format!("{path}/{at}")));
    }
    found
}

#[track_caller]
fn check(document: &str) -> Value {
    let schema = include_str!("../../../docs/schema/advise-1.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let value: Value = serde_json::from_str(document).expect("JSON");
    let faults = faults(&value, &schema, &schema, "");
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(document.ends_with("}\n") && !document.contains("\n\n"), "one document");
    value
}

#[test]
fn every_document_is_valid() {
    let requests = [
        Request::default(),
        Request { accelerator: RequestedAccelerator::Cuda, ..Request::default() },
        Request {
            companions: vec![Companion::Torchvision, Companion::Torchaudio],
            ..Request::default()
        },
        Request {
            python: "3.9".parse().ok(),
            cuda_version: "12.4".parse().ok(),
            ..Request::default()
        },
    ];
    for name in machine_names() {
        for request in &requests {
            let mut case = Case::of(&name);
            case.request = request.clone();
            let document = check(&json(&case));
            let nothing = document["recommendation"].is_null();
            assert_eq!(document["status"] == "unsatisfiable", nothing, "{name}");
            assert_eq!(document["exit_code"], if nothing { 3 } else { 0 }, "{name}");
            assert_eq!(document["commands"].as_array().map(Vec::is_empty), Some(nothing), "{name}");
        }
    }
    let mut case = Case::of("no-gpu");
    case.all = true;
    let all = check(&json(&case));
    assert!(all["rejected"].as_array().map_or(0, Vec::len) > 100);
    let error = check(&report::advise::error(
        "cannot read the machine file `m.json`",
        report::ErrorCode::Unreadable,
    ));
    assert_eq!((&error["status"], &error["exit_code"]), (&"error".into(), &1.into()));
    assert_eq!(error["error"]["message"], "cannot read the machine file `m.json`");
    assert_eq!(error["error"]["code"], "unreadable");
}

#[test]
fn keys_have_their_documented_order() {
    let text = json(&Case::of("gtx1080ti-driver-580"));
    let top: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("  \"")?.split_once('"'))
        .map(|(key, _)| key)
        .collect();
    assert_eq!(
        top,
        [
            "format_version",
            "tool",
            "matrix",
            "status",
            "exit_code",
            "error",
            "machine",
            "request",
            "recommendation",
            "commands",
            "shell",
            "alternatives",
            "rejected",
            "diagnostics",
            "virtual_packages",
            "verify",
            "live"
        ]
    );
}

#[test]
fn the_recommendation_has_all_facts() {
    let document = check(&json(&Case::of("gtx1080ti-driver-580")));
    let mut recommendation = document["recommendation"].clone();
    recommendation["reasons"].take();
    insta::assert_json_snapshot!(recommendation, @r#"
    {
      "accelerator": "cuda",
      "arm_variant": null,
      "blas": "mkl",
      "build": "cuda129",
      "build_number": 302,
      "channels": [
        "conda-forge"
      ],
      "companions": {},
      "cuda_version": "12.9",
      "kernels": [
        {
          "compute_capability": "6.1",
          "gpu": 0,
          "support": "same-major"
        }
      ],
      "python": {
        "from": "3.10",
        "to": "3.14"
      },
      "pytorch": "2.13.0",
      "reasons": null,
      "specs": [
        "pytorch-gpu=2.13.0",
        "cuda-version=12.9"
      ],
      "virtual_packages": {
        "__cuda": "13.0"
      }
    }
    "#);
    assert_eq!(document["recommendation"]["reasons"][0]["code"], "no-kernels");
    assert_eq!(document["recommendation"]["reasons"][0]["build"], "cuda130");
    assert_eq!(document["recommendation"]["reasons"][0]["gpu"], 0);
}

#[test]
fn commands_are_null_if_a_shell_cannot_quote_a_name() {
    let mut case = Case::of("no-gpu");
    case.environment = TargetEnvironment::Name("50%".to_owned());
    let document = check(&json(&case));
    let install = &document["commands"][0];
    assert_eq!(install["step"], "install");
    assert!(install["cmd"].is_null() && install["posix"].is_string());
    assert_eq!(install["argv"][3], "50%");
}
