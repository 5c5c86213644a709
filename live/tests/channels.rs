//! The program on channels served on loopback: every form, the cache, and every fault.
#![expect(clippy::disallowed_methods, reason = "tests run the program")]

mod serve;

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use serve::{Fault, Server, sharded, whole};

/// Asks the program; its answer.
fn ask(channel: &str, cache: &str, offline: bool, question: &Value) -> Value {
    let ask = json!({
        "protocol": 1, "channels": [channel], "subdirs": ["linux-64"], "cache": cache, "offline": offline,
        "progress": false, "patience": 1, "question": question,
    });
    let (code, stdout, stderr) = run(&ask.to_string());
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    serde_json::from_str(&stdout).expect("one JSON document")
}

fn run(input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_conda-torch-live"))
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy")
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

fn solve(cuda: &str) -> Value {
    json!({"solve": {
        "specs": ["pytorch-gpu=2.13.0", "cuda-version=12.9"],
        "virtual_packages": [cuda, "__linux=6.1=0", "__unix=0=0"],
    }})
}

fn cache() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8").to_owned();
    (folder, path)
}

fn builds(reply: &Value) -> Vec<&str> {
    let records = reply["told"]["records"]["records"].as_array();
    records
        .unwrap_or_else(|| panic!("{reply}"))
        .iter()
        .filter_map(|record| record["build"].as_str())
        .collect()
}

#[test]
fn both_forms_give_the_same_records() {
    for (files, form) in [(whole(), "whole"), (sharded(), "sharded")] {
        let server = Server::start(files);
        let (_folder, cache) = cache();
        let reply = ask(&server.url, &cache, false, &pytorch());
        assert_eq!(builds(&reply), ["cpu_mkl_py312_h2_102", "cuda129_mkl_py312_h1_302"], "{form}");
        assert_eq!(reply["origins"][1]["form"], form);
        assert_eq!(reply["origins"][1]["age"], 0);
        assert_eq!(reply["told"]["records"]["records"][0]["timestamp"], 1_786_000_000_000_u64);
        assert_eq!(reply["told"]["records"]["records"][0]["channel"], server.url);
    }
}

#[test]
fn a_solve_heeds_the_virtual_packages() {
    for files in [whole(), sharded()] {
        let server = Server::start(files);
        let (_folder, cache) = cache();
        let reply = ask(&server.url, &cache, false, &solve("__cuda=12.9=0"));
        let names: Vec<_> = reply["told"]["solved"]["solution"]["records"]
            .as_array()
            .unwrap_or_else(|| panic!("{reply}"))
            .iter()
            .map(|record| record["name"].as_str().unwrap_or(""))
            .collect();
        assert_eq!(names, ["cuda-version", "python", "pytorch", "pytorch-gpu"]);
        let reply = ask(&server.url, &cache, false, &solve("__glibc=2.36=0"));
        let why = reply["told"]["solved"]["unsolvable"]["why"]
            .as_str()
            .unwrap_or_else(|| panic!("{reply}"));
        assert!(why.contains("__cuda"), "{why}");
    }
}

#[test]
fn the_second_time_the_server_only_vouches_for_what_is_kept() {
    for files in [whole(), sharded()] {
        let server = Server::start(files);
        let (_folder, cache) = cache();
        ask(&server.url, &cache, false, &pytorch());
        let (_, first) = server.counts();
        ask(&server.url, &cache, false, &pytorch());
        let (vouched, second) = server.counts();
        assert!(vouched > 0 && first > 400 && second < 50, "{vouched} {first} {second}");
    }
}

#[test]
fn offline_answers_from_what_is_kept_and_from_nothing_else() {
    for files in [whole(), sharded()] {
        let server = Server::start(files);
        let (_folder, cache) = cache();
        let reply = ask(&server.url, &cache, true, &pytorch());
        assert_eq!(reply["told"]["failed"]["kind"], "not_cached", "{reply}");
        ask(&server.url, &cache, false, &pytorch());
        server.counts();
        let reply = ask(&server.url, &cache, true, &pytorch());
        assert_eq!(builds(&reply).len(), 2);
        assert_eq!(server.counts(), (0, 0));
    }
}

/// Every fault, and what it is told as.
const FAULTS: &[(Fault, &str)] = &[
    (Fault::Status(401), "refused"),
    (Fault::Status(403), "refused"),
    (Fault::Status(404), "no_channel"),
    (Fault::Status(429), "too_many"),
    (Fault::Status(500), "server"),
    (Fault::Status(503), "server"),
    (Fault::Page, "captive_page"),
    (Fault::Loop, "moved"),
    (Fault::Silent, "slow"),
    (Fault::Stalled, "slow"),
    (Fault::CutShort, "cut_short"),
    (Fault::Damaged, "damaged"),
];

#[test]
fn a_fault_is_told_and_leaves_nothing_behind() {
    std::thread::scope(|scope| {
        for (fault, kind) in FAULTS {
            scope.spawn(move || {
                let server = Server::start(whole());
                let (_folder, cache) = cache();
                server.fails_with(*fault);
                let reply = ask(&server.url, &cache, false, &pytorch());
                assert_eq!(reply["told"]["failed"]["kind"], *kind, "{fault:?}: {reply}");
                server.fails_with(Fault::None);
                let reply = ask(&server.url, &cache, false, &pytorch());
                assert_eq!(builds(&reply).len(), 2, "{fault:?}, and then well");
            });
        }
    });
}

#[test]
fn where_the_network_fails_the_cache_stands_in_and_the_fault_is_told() {
    for (fault, kind) in [
        (Fault::Status(503), "server"),
        (Fault::Page, "captive_page"),
        (Fault::CutShort, "cut_short"),
    ] {
        let server = Server::start(whole());
        let (_folder, cache) = cache();
        ask(&server.url, &cache, false, &pytorch());
        // What is kept must not match, or the server would not send anything to be cut.
        server.fails_with(fault);
        let reply = ask(&server.url, &cache, false, &pytorch());
        assert_eq!(builds(&reply).len(), 2, "{fault:?}");
        let told = reply["origins"].as_array().expect("origins");
        assert!(told.iter().any(|origin| origin["fault"]["kind"] == kind), "{fault:?}: {reply}");
    }
}

#[test]
fn two_runs_at_once_on_one_cache_both_answer() {
    let server = Server::start(whole());
    let (_folder, cache) = cache();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                assert_eq!(builds(&ask(&server.url, &cache, false, &pytorch())).len(), 2);
            });
        }
    });
}

#[test]
fn what_is_no_question_is_refused() {
    for (input, words) in [
        ("", "no JSON document"),
        ("{}", "protocol 1"),
        (r#"{"protocol": 2}"#, "protocol 1"),
        (r#"{"protocol": 1, "channels": 5}"#, "not understood"),
    ] {
        let (code, stdout, stderr) = run(input);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{input}");
        assert!(stderr.contains(words), "{input}: {stderr}");
    }
}

#[test]
fn a_name_that_cannot_be_is_told() {
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
fn nobody_listening_and_a_cache_that_is_a_file_are_told() {
    let (folder, cache) = cache();
    let reply = ask("http://127.0.0.1:9/channel", &cache, false, &pytorch());
    assert_eq!(reply["told"]["failed"]["kind"], "no_network", "{reply}");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let reply = ask("http://127.0.0.1:9/channel", file.to_str().expect("UTF-8"), false, &pytorch());
    assert_eq!(reply["told"]["failed"]["kind"], "cache", "{reply}");
}
