//! What a channel says, through a stand-in for `conda-torch-live` that says what a test wants.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::{Ran, finish, folder, program};

/// A program that reads what it is asked and gives this reply.
fn stand_in(name: &str, reply: &Value) -> String {
    let folder = folder("live");
    let (answer, path) = (format!("{folder}/{name}.json"), format!("{folder}/{name}"));
    std::fs::write(&answer, reply.to_string()).expect("a file");
    let script = format!("#!/bin/sh\ncat >'{folder}/{name}.ask'\ncat '{answer}'\n");
    std::fs::write(&path, script).expect("a file");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&path, mode).expect("its own file");
    path
}

/// A reply whose records are these, read now.
fn records(records: &[Value]) -> Value {
    let origin = |subdir| {
        json!({"channel": "https://conda.anaconda.org/conda-forge", "subdir": subdir,
            "form": "whole", "age": 0, "fetched": 1, "fault": null})
    };
    json!({"protocol": 1, "origins": [origin("linux-64"), origin("noarch")],
        "told": {"records": {"records": records}}})
}

/// A record of a package for linux-64.
fn record(name: &str, version: &str, build: &str, number: u64, depends: &[&str]) -> Value {
    let url =
        format!("https://conda.anaconda.org/conda-forge/linux-64/{name}-{version}-{build}.conda");
    json!({"name": name, "version": version, "build": build, "build_number": number,
        "subdir": "linux-64", "channel": "https://conda.anaconda.org/conda-forge", "url": url,
        "depends": depends})
}

fn with(live: &str, arguments: &[&str]) -> Ran {
    finish(program().env("CONDA_TORCH_LIVE", live).args(arguments), "")
}

#[test]
fn an_address_is_shown_without_its_secrets() {
    let python = "python >=3.12,<3.13.0a0";
    let build = record("pytorch", "2.14.0", "cpu_mkl_py312_h0_100", 100, &["mkl", python]);
    let channel = "https://me:PASSWORD@mirror.example/t/TOKEN/conda-forge";
    for (name, records) in [("some", records(&[build])), ("none", records(&[]))] {
        let live = stand_in(name, &records);
        let flags = ["matrix", "--diff", "--platform", "linux-64", "--channel", channel];
        let ran = with(&live, &flags);
        assert!(format!("{ran:?}").contains("mirror.example"), "{ran:?}");
        for secret in ["PASSWORD", "TOKEN"] {
            assert!(!format!("{ran:?}").contains(secret), "{ran:?}");
        }
    }
}
