//! Every subcommand recognizes a channel in the same way: by name, on a mirror, with a token in its URL.

use crate::common::UP_TO;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// Forms of a channel: a name, a URL on Anaconda's host or on a mirror, a URL with secrets, a folder.
fn addresses(name: &str) -> [String; 6] {
    [
        name.to_owned(),
        format!("https://conda.anaconda.org/{name}"),
        format!("https://host.example/{name}"),
        format!("https://host.example/t/TOKEN/{name}"),
        format!("https://user:password@host.example/api/conda/{name}"),
        format!("file:///srv/mirror/{name}"),
    ]
}

/// An environment with one PyTorch package, and an `environment.yml`.
fn folder(name: &str, channel: &str, build: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("channels").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    let meta = folder.join("env/conda-meta");
    std::fs::create_dir_all(&meta).expect("folders");
    let record = json!({
        "name": "pytorch", "version": "2.5.1", "build": build, "build_number": 317,
        "subdir": "linux-64", "depends": [], "files": [], "channel": format!("{channel}/linux-64"),
        "fn": format!("pytorch-2.5.1-{build}.conda"),
    });
    let write = |path: PathBuf, text: &str| std::fs::write(path, text).expect("a file");
    write(meta.join(format!("pytorch-2.5.1-{build}.json")), &record.to_string());
    write(meta.join("history"), "==> 2025-03-01 10:00:00 <==\n# update specs: ['pytorch']\n");
    let file = format!("channels:\n  - {channel}\ndependencies:\n  - pytorch=2.5\n");
    write(folder.join("environment.yml"), &file);
    folder
}

/// The JSON output of a subcommand in a folder.
fn run(folder: &Path, arguments: &[&str]) -> Value {
    let machine = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/machines/rtx3080-driver-580.json");
    let output = Command::new(env!("CARGO_BIN_EXE_conda-torch"))
        .args(arguments)
        .args(["--machine", machine, "--json"])
        .current_dir(folder)
        .env_clear()
        .env(UP_TO.0, UP_TO.1)
        .env("HOME", folder)
        .output()
        .expect("the program runs");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn mirrors_of_pytorch_are_the_old_channel_to_all() {
    for channel in addresses("pytorch") {
        let folder = folder("pytorch", &channel, "py3.11_cuda12.1_cudnn9.1.0_0");
        let check = run(&folder, &["check", "-p", "env"]);
        assert_eq!(check["environments"][0]["findings"][0]["code"], "channel-ended", "{channel}");
        let migrate = run(&folder, &["migrate", "-p", "env"]);
        assert_eq!(migrate["in_place"]["remove"], json!(["pytorch"]), "{channel}");
        assert_eq!(migrate["new"]["channels"], json!(["conda-forge"]), "{channel}");
        let file = &run(&folder, &["migrate", "environment.yml"])["files"][0];
        // What is printed has no secrets.
        let after = channel.replace("pytorch", "conda-forge").replace("TOKEN", "***");
        let after = after.replace("user:password", "***");
        assert_eq!(file["changes"][0]["after"], json!([after]), "{channel}");
    }
}

#[test]
fn mirrors_of_conda_forge_are_conda_forge_to_all() {
    for channel in addresses("conda-forge") {
        let folder = folder("conda-forge", &channel, "cuda126_mkl_py312_h0a1b2c3_317");
        let check = run(&folder, &["check", "-p", "env"]);
        assert_eq!(check["environments"][0]["findings"][0]["code"], "newer-pytorch", "{channel}");
        let migrate = run(&folder, &["migrate", "-p", "env"]);
        assert_eq!(migrate["status"], "nothing-to-do", "{channel}");
        let file = &run(&folder, &["migrate", "environment.yml"])["files"][0];
        assert_eq!(file["changed"], false, "{channel}");
    }
}

#[test]
fn channels_of_others_stay_to_all() {
    for channel in ["corp", "https://host.example/corp", "https://host.example/t/TOKEN/corp"] {
        let folder = folder("other", channel, "cuda126_mkl_py312_h0a1b2c3_317");
        let check = run(&folder, &["check", "-p", "env"]);
        assert_eq!(check["environments"][0]["findings"][0]["code"], "build-not-known", "{channel}");
        let migrate = run(&folder, &["migrate", "-p", "env"]);
        assert_eq!(migrate["status"], "nothing-to-do", "{channel}");
        let file = &run(&folder, &["migrate", "environment.yml"])["files"][0];
        let changes = file["changes"].as_array().expect("changes");
        assert!(changes.iter().all(|change| change["before"] != channel), "{channel}");
    }
}
