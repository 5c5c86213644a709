//! The program with a channel in a folder, and with invalid requests. `tests/live/judge.py` tests served channels and
//! every fault of a network.
#![expect(clippy::disallowed_methods, reason = "tests run the program")]

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// The reply of the program.
fn ask(channel: &str, cache: &str, offline: bool, question: &Value) -> Value {
    let ask = json!({
        "protocol": 2, "channels": [channel], "subdirs": ["linux-64"], "cache": cache, "offline": offline,
        "patience": 1, "deadline": 60, "question": question,
    });
    let (code, stdout, stderr) = run(&ask.to_string());
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    serde_json::from_str(&stdout).expect("one JSON document")
}

fn run(input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_conda-torch-live"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn pytorch() -> Value {
    json!({"records": {"names": ["pytorch"]}})
}

fn cache() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8").to_owned();
    (folder, path)
}

/// A channel folder with one PyTorch that needs a driver.
fn channel(folder: &std::path::Path) {
    let record = |name: &str, version: &str, build: &str, depends: &[&str]| {
        json!({"name": name, "version": version, "build": build, "build_number": 0, "subdir": "linux-64",
            "depends": depends, "constrains": []})
    };
    let packages = json!({
        "pytorch-2.13.0-cuda129_0.conda": record("pytorch", "2.13.0", "cuda129_0", &["__cuda"]),
        "pytorch-gpu-2.13.0-cuda129_0.conda":
            record("pytorch-gpu", "2.13.0", "cuda129_0", &["pytorch 2.13.0 cuda*"]),
    });
    for (subdir, packages) in [("linux-64", packages), ("noarch", json!({}))] {
        let document =
            json!({"info": {"subdir": subdir}, "packages": {}, "packages.conda": packages});
        std::fs::create_dir_all(folder.join(subdir)).expect("a folder");
        std::fs::write(folder.join(subdir).join("repodata.json"), document.to_string())
            .expect("a file");
    }
}

#[test]
fn a_solve_depends_on_the_virtual_packages() {
    let (folder, cache) = cache();
    channel(folder.path());
    let solve = |virtual_packages: &[&str]| {
        let specs = ["pytorch-gpu=2.13.0"];
        let question = json!({"solve": {"specs": specs, "virtual_packages": virtual_packages}});
        ask(folder.path().to_str().expect("UTF-8"), &cache, false, &question)["told"]["solved"]
            .clone()
    };
    let solved = solve(&["__cuda=12.9=0"]);
    assert_eq!(solved["solution"]["records"][0]["name"], "pytorch", "{solved}");
    assert_eq!(solved["solution"]["records"][1]["name"], "pytorch-gpu", "{solved}");
    let solved = solve(&["__glibc=2.36=0"]);
    let why = solved["unsolvable"]["why"].as_str().unwrap_or_else(|| panic!("{solved}"));
    assert!(why.contains("__cuda"), "{why}");
}

#[test]
fn an_invalid_request_is_refused() {
    for (input, words) in [
        ("", "not JSON"),
        ("{}", "protocol 2"),
        (r#"{"protocol": 1}"#, "protocol 2"),
        (r#"{"protocol": 2, "channels": 5}"#, "invalid request"),
    ] {
        let (code, stdout, stderr) = run(input);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{input}");
        assert!(stderr.contains(words), "{input}: {stderr}");
    }
}

#[test]
fn an_invalid_name_is_a_fault() {
    let (_folder, cache) = cache();
    for question in [
        json!({"records": {"names": ["no/name"]}}),
        json!({"solve": {"specs": ["pytorch[["], "virtual_packages": []}}),
        json!({"solve": {"specs": [], "virtual_packages": ["=1"]}}),
    ] {
        let reply = ask("conda-forge", &cache, true, &question);
        assert_eq!(reply["told"]["failed"]["kind"], "other", "{reply}");
    }
}

#[test]
fn an_unreachable_server_and_a_cache_that_is_a_file_are_faults() {
    let (folder, cache) = cache();
    let reply = ask("http://127.0.0.1:9/channel", &cache, false, &pytorch());
    assert_eq!(reply["told"]["failed"]["kind"], "no_network", "{reply}");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let reply = ask("http://127.0.0.1:9/channel", file.to_str().expect("UTF-8"), false, &pytorch());
    assert_eq!(reply["told"]["failed"]["kind"], "cache", "{reply}");
}
